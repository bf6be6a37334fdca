"""Boots capOS in QEMU and talks to it: Machine is the whole interface."""

from harness.machine import BootFailure, Machine
from harness.serial import SerialTimeout

__all__ = ["BootFailure", "Machine", "SerialTimeout"]
