"""The machine's orderly end: the power button and `poweroff` end the services from the last of the manifest to the first,
then the power goes off."""

import re
import socket

import pytest

SERVICES = ["web", "virtio-net", "netstack", "shell"]        # of manifest/dev.capnp, from the last to the first


def started(boot, **shape):
    machine = boot("dev", way="kernel", **shape)
    machine.wait_for_shell()
    machine.wait_for_page()
    return machine


def check_the_end(machine, why, last_line):
    assert machine.wait_for_end(15) == "off"
    text = machine.text.replace("capOS> ", "")               # the prompt, written anew after each line
    text = text[text.index("init: shutting down: "):]
    assert text.startswith(f"init: shutting down: {why}\n")
    assert re.findall(r'^\[ *[0-9.]+\] init: service "([a-z-]+)" pid \d+: stopped$', text, re.MULTILINE) == SERVICES
    assert "going on" not in text and "started" not in text
    assert re.search(rf"init: all services have ended\n\[ *[0-9.]+\] kernel: {last_line}, asked for by init\n$", text), text


@pytest.mark.parametrize("chipset", ["q35", "pc"])
def test_the_power_button_shuts_down_in_order(boot, chipset):
    machine = started(boot, machine=chipset)
    machine.control.monitor("system_powerdown")
    check_the_end(machine, "power button", "power off")


def test_poweroff_shuts_down_in_order_and_connections_are_closed(boot):
    machine = started(boot)
    with socket.create_connection(("127.0.0.1", machine.port(80)), timeout=10) as connection:
        connection.sendall(b"GET /favicon.ico HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        machine.send("poweroff\r")
        rest = b""
        while part := connection.recv(65536):                # an end, and no reset
            rest += part
    assert b"svg" in rest or not rest
    check_the_end(machine, "asked for by the operator", "power off")


def test_reboot_shuts_down_in_order(boot):
    machine = started(boot)
    machine.send("reboot\r")
    check_the_end(machine, "asked for by the operator", "reset")
