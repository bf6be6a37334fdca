"""Init's own death: the kernel says so, takes back all that init granted, and starts it anew. A debugger makes it die."""

import re

from harness.debugger import Debugger, function
from harness.facts import process, status
from support.project import ROOT

INIT = ROOT / "build" / "target" / "programs" / "init"
ENDED = r"kernel: init has ended \(fault {} at [0-9a-f]+\): everything it granted is revoked, starting it anew$"
INVALID_INSTRUCTION = b"\x0f\x0b"


def stopped_in_init(machine, path):
    """A debugger on a machine that stands where init is asked for the list of services. The function is virtual, so no
    optimisation makes it part of its callers."""
    debugger = Debugger(path)
    address, code = function(INIT, "capos::init::Listing::route")
    debugger.stop_in(address, code, lambda: machine.send("ps\r"))
    return debugger, address


def own_pages(machine):
    return process(status(machine), "init")["pages"]["own"]


def test_when_init_dies_everything_is_started_anew(boot, tmp_path):
    socket = tmp_path / "gdb"
    machine = boot("dev", way="kernel", extra=Debugger.arguments(socket))
    machine.wait_for_shell()
    machine.wait_for_page()
    before, pages = machine.text, own_pages(machine)
    with stopped_in_init(machine, socket)[0] as debugger:
        debugger.jump_to(0)
        debugger.let_go()
    machine.wait_for(ENDED.format(14))
    machine.wait_for_shell()
    machine.wait_for_page()
    for name in ("shell", "netstack", "virtio-net", "web"):
        started = rf'init: service "{name}" started, pid (\d+)$'
        first, = re.findall(started, before, re.MULTILINE)
        assert int(re.findall(started, machine.text, re.MULTILINE)[-1]) > int(first)
    listed = machine.shell("ps")
    assert sorted(re.findall(r"^ *\d+ +([a-z-]+)", listed, re.MULTILINE)) == [
        "init", "netstack", "shell", "virtio-net", "web"], listed
    # The new init has another pid, and what it passed on to the others is still not counted as its own.
    assert abs(own_pages(machine) - pages) < 64
    memory = machine.shell("mem")
    assert abs(float(re.search(r"^init +([0-9.]+) MiB", memory, re.MULTILINE)[1]) - pages / 256) < 0.25
    assert "ledgers and the frame allocator differ" not in memory
    machine.send("poweroff\r")
    assert machine.wait_for_end() == "off"


def test_an_init_that_dies_three_times_within_a_minute_is_a_panic(boot, tmp_path):
    socket = tmp_path / "gdb"
    machine = boot("dev", way="kernel", nic=None, extra=Debugger.arguments(socket))
    machine.wait_for_shell()
    debugger, address = stopped_in_init(machine, socket)
    with debugger:
        # Every init is loaded from the same pages, so each dies where this one does: when its shell asks for the list.
        debugger.write(address, INVALID_INSTRUCTION)
        debugger.let_go()
    machine.wait_for(ENDED.format(6))
    machine.wait_for(ENDED.format(6))
    machine.wait_for(r"capos kernel panic: init died three times within a minute$")
    assert isinstance(machine.wait_for_end(), int)
