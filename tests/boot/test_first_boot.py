"""The one boot of `make check`, and what comes first on the serial port."""

import re

import pytest

FIRST = "capos kernel starting"
# UEFI's firmware has the serial port as a console, and the boot loader speaks through the firmware.
FIRMWARE_LINE = r"|BdsDxe: (?:loading|starting) Boot.*|Welcome to GRUB!|WARNING: no console will be available to OS"


def test_the_image_boots_to_a_shell_serves_its_page_and_powers_off(boot):
    machine = boot("dev")
    machine.wait_for_landmark()
    assert machine.serial.raw.startswith(f"{FIRST}\r\n"), "a BIOS and its boot loader say nothing"
    machine.wait_for_shell()
    assert b"<html" in machine.wait_for_page().lower()
    assert machine.shell("version").strip()
    machine.send("poweroff\r")
    assert machine.wait_for_end() == "off"


@pytest.mark.parametrize("way", ["kernel", "uefi"])
def test_the_first_line_of_the_serial_port_is_the_kernels(boot, way):
    machine = boot("dev", way=way, nic=None)
    machine.wait_for_landmark()
    if way == "kernel":
        assert machine.serial.raw.startswith(f"{FIRST}\r\n")
    lines = machine.serial.lines()
    before = lines[:lines.index(FIRST)]
    assert [line for line in before if not re.fullmatch(FIRMWARE_LINE, line)] == []
