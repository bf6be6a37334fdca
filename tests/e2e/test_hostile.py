"""Demand 7: a million hostile operations, and nobody else feels them."""

from harness.facts import process, settled_levels, status

OPERATIONS = 1_000_000
OTHERS = ("init", "netstack", "virtio-net", "web", "shell")
# The device that the program is given (manifest/hostile.capnp); legacy, as clouds have them.
ENTROPY_SOURCE = ["-object", "rng-builtin,id=entropy",
                  "-device", "virtio-rng-pci,rng=entropy,disable-modern=on,disable-legacy=off"]


def entropy_source(machine):
    return next(entry for entry in status(machine)["devices"]["list"] if entry["device"] == "1005")


def wait_for_end_of_run(machine):
    """The program's counters, once it has ended and init has seen it."""
    done = machine.wait_for(r"hostile: (?:done operations=(\d+) completed=(\d+) succeeded=(\d+) transport=(\d+) "
                            r"exceptions=(\d+) badring=(\d+)|FAILED.*)", 120)
    assert "FAILED" not in done.group(0), done.group(0)
    machine.wait_for(r'init: service "hostile": stopped \(exit 0\)', 20)
    return tuple(map(int, done.groups()))


def test_a_million_hostile_operations_meet_only_typed_errors_and_leave_nothing_behind(boot):
    machine = boot("hostile", memory=128, extra=ENTROPY_SOURCE)
    machine.wait_for_shell()
    wait_for_end_of_run(machine)
    machine.wait_for_page(timeout=60)
    machine.shell("ps")

    # Between two runs of the same system: whatever a run leaves behind shows.
    before = settled_levels(lambda: status(machine))
    assert before["drift"] == 0
    pids = {name: process(status(machine), name)["pid"] for name in OTHERS}
    device_before = entropy_source(machine)
    machine.send("restart hostile\r")
    operations, completed, succeeded, transport, exceptions, bad_ring = wait_for_end_of_run(machine)
    assert operations >= OPERATIONS
    assert completed + bad_ring == operations - 1 or completed + bad_ring == operations
    assert transport > OPERATIONS / 10 and exceptions > 1000 and succeeded > 1000 and bad_ring > 100

    # What it was refused is on the console, and does not flood it.
    assert 1 <= machine.text.count("kernel: refused: hostile ") <= 2 * 8
    assert machine.text.count("kernel: refused: ") < 60

    assert settled_levels(lambda: status(machine)) == before
    facts = status(machine)
    assert {name: process(facts, name)["pid"] for name in pids} == pids, "a service did not live through it"
    assert not [entry for entry in facts["processes"]["list"] if entry["name"] == "hostile" and entry["state"] != "ended"]

    # The device ran while its objects were attacked, wrote only where it was allowed to, and was taken back.
    device = entropy_source(machine)
    for counter, least in (("doorbells", 1000), ("completions", 1000), ("interrupts", 10), ("claims", 1)):
        assert device[counter] >= device_before[counter] + least, counter
    assert (device["misbehaviours"], device["slots_in_flight"]) == (0, 0)
    assert (device["regime"], device["holder"]) == ("unclaimed", "")
    assert "virtio-net" in machine.shell("ps")
