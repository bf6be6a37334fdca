"""Demand 7: a million hostile operations, and nobody else feels them."""

import re
import time

import pytest

from harness.facts import levels, process, status

OPERATIONS = 1_000_000


@pytest.mark.alone
def test_a_million_hostile_operations_meet_only_typed_errors(boot):
    machine = boot("hostile", memory=128)
    machine.wait_for_page(timeout=60)
    pids = {name: process(status(machine), name)["pid"] for name in ("init", "netstack", "virtio-net", "web", "shell")}
    done = machine.wait_for(r"hostile: (?:done operations=(\d+) completed=(\d+) succeeded=(\d+) transport=(\d+) "
                            r"exceptions=(\d+) badring=(\d+)|FAILED.*)", 240, from_start=True)
    assert "FAILED" not in done.group(0), done.group(0)
    operations, completed, succeeded, transport, exceptions, bad_ring = map(int, done.groups())
    assert operations >= OPERATIONS
    assert completed + bad_ring == operations - 1 or completed + bad_ring == operations
    assert transport > OPERATIONS / 10 and exceptions > 1000 and succeeded > 1000 and bad_ring > 100
    machine.wait_for(r'init: .*"?hostile"?.*exit', 20, from_start=True)

    time.sleep(1)
    facts = status(machine)
    assert {name: process(facts, name)["pid"] for name in pids} == pids, "a service did not live through it"
    assert not [entry for entry in facts["processes"]["list"] if entry["name"] == "hostile" and entry["state"] != "ended"]
    after = levels(facts)
    assert after["drift"] == 0
    # Beside the same system that never met it.
    calm = boot("dev", memory=128)
    calm.wait_for_page(timeout=60)
    quiet = levels(status(calm))
    for name in ("netstack", "web", "virtio-net", "shell"):
        assert abs(after[name]["pages"] - quiet[name]["pages"]) <= 2, (name, after[name], quiet[name])
        assert after[name]["slots"] == quiet[name]["slots"], (name, after[name], quiet[name])
    assert re.search(r"web", machine.shell("ps"))
