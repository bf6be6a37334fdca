"""What the kernel itself does at its edges: a panic, a CPU that lacks something, protections on and off."""

import json
import re
import time

import pytest
from harness.debugger import Debugger, function
from support.project import ROOT

KERNEL = ROOT / "build" / "target" / "kernel" / "kernel.elf"
PANIC_STATUS = 42
ALIGNMENT_CHECK = 1 << 18


def test_a_non_maskable_interrupt_prints_the_whole_panic_block_and_ends_the_machine(boot):
    machine = boot("dev", way="kernel", nic=None)
    machine.wait_for_shell()
    time.sleep(1)                       # until it is idle
    machine.control.monitor("nmi")
    assert machine.wait_for_end() == PANIC_STATUS
    block = machine.text[machine.text.index("capos kernel panic:"):]
    assert block.startswith("capos kernel panic: non-maskable interrupt\n")
    assert re.search(r"^version \S+, CPU 0 \(.+\), \d+ us after start$", block, re.M)
    assert re.search(r"^vector 2, error code 0x0$", block, re.M)
    for register in ("rax", "rsp", "rip", "cr2", "cr3"):
        assert re.search(rf" {register} [0-9a-f]{{16}}", block)
    # The machine was idle: the backtrace begins where it waits, by name.
    assert re.search(r"^backtrace:\n  [0-9a-f]{16}  wait_for_interrupt \+0x", block, re.M)
    assert "last ring operations:" in block
    assert machine.text.count("capos kernel panic:") == 1


def test_a_panic_without_panic_exit_resets_after_ten_seconds_and_words_that_do_nothing_are_named(boot):
    machine = boot("dev", way="kernel", nic=None, options="panic=reset kpti=maybe")
    machine.wait_for_shell()
    assert 'kernel: warning: the command line\'s "kpti=maybe" does nothing; known are panic=' in machine.text
    machine.control.monitor("nmi")
    machine.wait_for("^reset in 10 seconds$")
    said = time.monotonic()
    assert machine.wait_for_end(25) == "off"
    assert time.monotonic() - said > 5          # time enough to read it; 10 s of a clock that need not be calibrated


def test_a_cpu_without_nx_is_refused_by_name(boot):
    machine = boot("dev", way="kernel", nic=None, cpu="max,-nx")
    machine.wait_for_landmark()
    machine.wait_for("^capos kernel panic: the CPU has no NX")


@pytest.mark.parametrize("cpu, absent", [("max", set()), ("Haswell", {"SMAP", "UMIP"}), ("SandyBridge", {"SMEP", "SMAP", "UMIP"}),
                                         ("qemu64", {"SMEP", "SMAP", "UMIP"})])
def test_protections_are_on_where_the_cpu_has_them(boot, cpu, absent):
    machine = boot("dev", way="kernel", cpu=cpu)
    machine.wait_for_page()
    mitigations = {entry["name"]: entry for entry in json.loads(machine.get("/api/status"))["mitigations"]}
    assert mitigations["W^X"]["active"] and mitigations["NX"]["active"]
    for name in ("SMEP", "SMAP", "UMIP"):
        assert mitigations[name]["active"] == (name not in absent)
        assert bool(mitigations[name]["note"]) == (name in absent)
    # AMD's CPUs (max and qemu64 say they are) do not speculate past page permissions; Intel's of these models do.
    assert mitigations["KPTI"]["active"] == (cpu in ("Haswell", "SandyBridge"))


@pytest.mark.parametrize("setting", ["on", "off"])
def test_separate_page_tables_can_be_forced_on_and_off(boot, setting):
    machine = boot("dev", way="kernel", cpu="Haswell" if setting == "off" else "max", options=f"kpti={setting}")
    machine.wait_for_page()
    mitigations = {entry["name"]: entry["active"] for entry in json.loads(machine.get("/api/status"))["mitigations"]}
    assert mitigations["KPTI"] == (setting == "on")


def test_the_clock_agrees_with_the_hosts_to_a_thousandth(boot):
    machine = boot("dev", way="kernel")
    machine.wait_for_page()

    def sample():
        time.sleep(0.3)                 # or the page's facts are those of the request before
        before = time.monotonic()
        seen = json.loads(machine.get("/api/status"))["system"]["uptime_ms"]
        return (before + time.monotonic()) / 2, (time.monotonic() - before), seen / 1e3

    time.sleep(1)                       # past the second measurement
    host1, slack1, guest1 = min((sample() for _ in range(5)), key=lambda entry: entry[1])
    time.sleep(8)
    host2, slack2, guest2 = min((sample() for _ in range(5)), key=lambda entry: entry[1])
    assert abs((guest2 - guest1) - (host2 - host1)) < 0.001 * (host2 - host1) + slack1 + slack2 + 0.002


def test_a_program_cannot_switch_smap_off_for_the_kernel(boot, tmp_path):
    """AC suspends SMAP, a program can set it, and an interrupt gate leaves it as it is: the way in has to clear it."""
    socket = tmp_path / "gdb"
    machine = boot("faulty", way="kernel", nic=None, cpu="max", extra=Debugger.arguments(socket))
    machine.wait_for("faulty: going to fault, as it is meant to$")
    with Debugger(socket) as debugger:
        # The program has set it right before its fault.
        debugger.stop_in(*function(KERNEL, "capos::kernel::on_user_fault"), lambda: None)
        assert debugger.flags() & ALIGNMENT_CHECK == 0
        debugger.let_go()
    machine.wait_for("kernel: process faulty .* fault 14 code 6 ")
