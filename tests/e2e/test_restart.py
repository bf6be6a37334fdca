"""Demand 5: faults, kills, and connections that live through them."""

import re
import threading
import time

import pytest

from harness.bulk import BULK, expected_bulk
from harness.facts import connect, service, settled_levels, status


def wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except (OSError, KeyError, ValueError):
            pass
        time.sleep(0.05)
    return False


def seconds_until_the_page_is_back(machine, name):
    """Kills a service from the shell; the time from before the command was typed until `/` answered again."""
    start = time.monotonic()
    machine.send(f"kill {name}\r")
    machine.wait_for(f"^kill: {name} ended$")             # what answers from here on is what came after
    assert wait_until(lambda: b"capOS" in machine.get("/", timeout=0.5), 20)
    return time.monotonic() - start


@pytest.mark.alone
def test_a_killed_web_service_has_its_page_back_within_a_second(boot):
    machine = boot("dev")
    machine.wait_for_shell()
    machine.wait_for_page()
    first = service(status(machine), "web")
    assert seconds_until_the_page_is_back(machine, "web") < 1.0
    after = service(status(machine), "web")
    assert after["pid"] != first["pid"]
    assert after["restarts"] == first["restarts"] + 1 and after["last_end"] == "killed"


@pytest.mark.alone
def test_a_killed_network_stack_comes_back_with_driver_address_and_page_and_leaves_nothing_behind(boot):
    machine = boot("dev")
    machine.wait_for_shell()
    machine.wait_for_page()
    machine.shell("ps")
    before = settled_levels(lambda: status(machine))
    first = {entry["name"]: entry for entry in status(machine)["services"]["list"]}
    kills = 6
    for _ in range(kills):
        # All of it anew: the driver's device, an address by DHCP, the listener. Measured: 0.3 to 0.7 s.
        assert seconds_until_the_page_is_back(machine, "netstack") < 3.0
    assert settled_levels(lambda: status(machine)) == before
    after = {entry["name"]: entry for entry in status(machine)["services"]["list"]}
    assert after["netstack"]["restarts"] == first["netstack"]["restarts"] + kills
    assert after["netstack"]["last_end"] == "killed"
    for name in ("web", "virtio-net", "shell"):
        assert after[name]["pid"] == first[name]["pid"], f"{name} did not live through it"


def test_a_service_that_faults_leaves_a_crash_record_and_comes_back(boot):
    machine = boot("faulty")
    machine.wait_for_shell()
    record = machine.wait_for(r"init: error: crash: process faulty pid \d+: page fault \(write to 0x0\) at 0x[0-9a-f]+\n"
                              r".*#0 fault_at_the_bottom\+0x.*\n.*#1 fault_in_the_middle\+0x.*\n.*#2 fault_at_the_top\+0x",
                              20, from_start=True).group(0)
    assert wait_until(lambda: service(status(machine), "faulty")["restarts"] >= 1, 15), record
    crashes = status(machine)["services"]["crashes"]
    assert any(crash["process"] == "faulty" for crash in crashes)
    assert "fault_at_the_bottom+0x" in machine.shell("crashes")
    assert "going to fault" in machine.shell("dmesg")


def test_a_download_completes_although_the_driver_is_killed_in_the_middle(boot):
    machine = boot("bench", forwards=(80, 19))
    machine.wait_for_shell()
    machine.wait_for(r"PEER-READY", 30, from_start=True)
    received = bytearray()
    failures = []

    def download():
        try:
            with connect(machine, 19, timeout=60) as connection:
                while part := connection.recv(1 << 20):
                    received.extend(part)
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=download)
    thread.start()
    kills = 3
    for number in range(1, kills + 1):
        # What is left is more than QEMU and this machine hold in between: the driver is needed for it.
        assert wait_until(lambda: len(received) > BULK * number // 8, 60)
        assert thread.is_alive() and len(received) < BULK * 3 // 4, f"kill {number} would come after the download"
        machine.shell("kill virtio-net")
    thread.join(180)
    assert not thread.is_alive() and not failures
    assert len(received) == BULK
    assert bytes(received) == expected_bulk()
    listed = machine.shell("ps")
    assert re.search(rf"^ *\d+ +virtio-net +\w+ +{kills} ", listed, re.MULTILINE), listed
