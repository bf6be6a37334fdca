"""What init does with services that stay, fault, exit, and wait for a device that is not there (manifest test-services)."""

import re

import pytest


def start(boot):
    return boot("test-services", way="kernel", nic=None)


def lines_of(machine, source):
    return re.findall(rf"^\[ *[0-9.]+\] {source}: (.*)$", machine.text, re.MULTILINE)


def test_a_service_tells_its_clients_apart_by_the_numbers_in_the_manifest(boot):
    machine = start(boot)
    for number in (7, 8, 9):
        machine.wait_for(rf"tagger: #{number} says: two$", from_start=True)
    tagged = lines_of(machine, "tagger")
    for number in (7, 8, 9):
        assert tagged.index(f"#{number} says: one") < tagged.index(f"#{number} says: two")
    # An error of the service arrives as what it is.
    machine.wait_for(r"stays: a line of 300 bytes: InvalidArgument$", from_start=True)
    machine.wait_for(r"stays: slept long enough$", from_start=True)


@pytest.mark.alone
def test_a_fault_is_recorded_with_names_and_restarted_with_growing_pauses(boot):
    machine = start(boot)
    machine.wait_for(r'init: warning: service "faults": next start in 200 ms', from_start=True)
    records = [line for line in lines_of(machine, "init") if "crash: process faults" in line]
    assert len(records) == 3
    assert all(re.search(r"page fault \(write to 0x10\) at 0x[0-9a-f]+$", record) for record in records)
    assert re.search(r"crash:   #0 \(anonymous\)::fault\+0x", machine.text)
    assert re.search(r"crash:   #1 capos_main", machine.text)
    starts = re.findall(r'^\[ *([0-9.]+)\] init: service "faults" started', machine.text, re.MULTILINE)
    first_death = re.search(r"^\[ *([0-9.]+)\] init: .*crash: process faults", machine.text, re.MULTILINE)
    # The first restart follows at once.
    assert float(starts[1]) - float(first_death[1]) < 0.1
    # The clients of the same service were not disturbed.
    assert not re.search(r"process (tagger|stays)", machine.text)


def test_policies_end_where_they_say(boot):
    machine = start(boot)
    machine.wait_for(r'init: service "exits": stopped \(exit 3\)$', from_start=True)
    machine.wait_for(r'init: warning: service "waits": waiting, there is no device for grant "device"$', from_start=True)
    machine.wait_for(r'init: error: service "faults": given up after 9 deaths within 5 s of start$', 60, from_start=True)
    assert machine.text.count('service "exits" started') == 1
    assert machine.running
