"""The driver without MSI-X, without interrupts at all, armed all the time, and on half a queue; and what it learns of its
link. Everything else boots with MSI-X and in adaptive mode."""

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


def bundle_with_mode(folder, mode):
    text = edited('name = "virtio-net",\n  program = "virtio-net",', 'name = "virtio-net",\n  program = "virtio-net",\n'
                  f'  options = "mode={mode}",')
    made, bundle = make_bundle(folder, text)
    assert made.returncode == 0, made.stderr
    return bundle


def test_polled_the_driver_takes_no_interrupts(boot, tmp_path):
    device = serves_also_after_a_kill(boot("dev", way="kernel", bundle=bundle_with_mode(tmp_path, "polled")))
    assert device["interrupts"] == 0


def test_armed_all_the_time_it_serves(boot, tmp_path):
    device = serves_also_after_a_kill(boot("dev", way="kernel", bundle=bundle_with_mode(tmp_path, "interrupt")))
    assert device["interrupts"] > 0


def test_with_two_descriptors_a_frame_half_a_queue_serves(boot):
    machine = boot("dev", machine="pc", nic="legacy", nic_options="any_layout=off")
    serves_also_after_a_kill(machine)
    assert "virtio-net: running, receive 128 and transmit 128 frames, MSI-X" in machine.text


@pytest.mark.parametrize("vectors", [0, 1, 4], ids=["line", "one-vector", "a-vector-of-its-own"])
def test_a_pulled_cable_is_noticed_and_so_is_its_return(boot, vectors):
    machine = boot("dev", nic_options=f"vectors={vectors}")
    machine.wait_for_shell()
    machine.wait_for_page(timeout=60)
    machine.control.execute("set_link", name="net0", up=False)
    wait_until(lambda: machine.text, lambda text: "virtio-net: link down" in text)
    machine.control.execute("set_link", name="net0", up=True)
    wait_until(lambda: machine.text, lambda text: text.count("virtio-net: link up") == 2)
    assert b"capOS" in machine.wait_for_page(timeout=30)
