"""The harness itself, where it has to cope with the machine it runs on."""

import socket

from harness import machine as harness_machine


def test_a_port_that_is_taken_before_qemu_asks_for_it_is_replaced(boot, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        lost = taken.getsockname()[1]
        real, given = harness_machine.free_ports, []

        def free_ports(count):
            given.append(real(count) if given else [lost, *real(count)[1:]])
            return given[-1]

        monkeypatch.setattr(harness_machine, "free_ports", free_ports)
        machine = boot("dev", way="kernel")
        machine.wait_for_landmark()
    assert given[0][0] == lost and machine.port(80) == given[-1][0] != lost
