"""The driver without MSI-X, and without interrupts at all. Everything else boots with MSI-X and in adaptive mode."""

import pytest

from harness.bundles import edited, make_bundle
from harness.facts import device_of, service, status, wait_until


def serves_also_after_a_kill(machine):
    """The device's facts after a page, the driver's end, and another page."""
    machine.wait_for_shell()
    assert b"capOS" in machine.wait_for_page(timeout=60)
    first = service(status(machine), "virtio-net")
    machine.shell("kill virtio-net")
    assert b"capOS" in machine.wait_for_page(timeout=30)
    # Facts are gathered at most four times a second: the first page after the kill may still show those of before.
    device = wait_until(lambda: device_of(status(machine), "virtio-net"),
                        lambda device: device and device["claims"] == 2 and device["completions"] > 10)
    assert device["misbehaviours"] == 0
    assert service(status(machine), "virtio-net")["restarts"] == first["restarts"] + 1
    return device


@pytest.mark.parametrize("shape", [{"machine": "pc", "nic": "legacy"}, {"machine": "q35", "nic": "modern"}],
                         ids=["pc-legacy", "q35-modern"])
def test_without_msi_x_the_line_interrupt_serves(boot, shape):
    machine = boot("dev", nic_options="vectors=0", **shape)
    device = serves_also_after_a_kill(machine)
    assert "virtio-net: running, receive 256 and transmit 256 frames, INTx" in machine.text
    assert device["msix_vectors"] == 0
    before = device["interrupts"]
    assert before > 0
    for _ in range(5):
        machine.get()
    wait_until(lambda: device_of(status(machine), "virtio-net")["interrupts"], lambda interrupts: interrupts > before)


def test_polled_the_driver_takes_no_interrupts(boot, tmp_path):
    text = edited('name = "virtio-net",\n  program = "virtio-net",', 'name = "virtio-net",\n  program = "virtio-net",\n'
                  '  options = "mode=polled",')
    made, bundle = make_bundle(tmp_path, text)
    assert made.returncode == 0, made.stderr
    device = serves_also_after_a_kill(boot("dev", way="kernel", bundle=bundle))
    assert device["interrupts"] == 0
