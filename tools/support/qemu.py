"""The command line of a virtual machine, for `make run` and for every test."""

import contextlib
import socket
from dataclasses import dataclass, field
from pathlib import Path

from support.packages import find_command
from support.project import Failure

# With the isa-debug-exit device the guest ends QEMU with status (value << 1) | 1. Only machines for tests have it.
DEBUG_EXIT = ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]

FIRMWARE = ("/usr/share/ovmf/OVMF.fd", "/usr/share/OVMF/OVMF.fd", "/usr/share/edk2/x64/OVMF.4m.fd",
            "/usr/share/edk2/ovmf/OVMF_CODE.fd")

NIC_DEVICES = {
    "legacy": "virtio-net-pci,disable-modern=on,disable-legacy=off",
    "modern": "virtio-net-pci,disable-legacy=on,disable-modern=off",
    "transitional": "virtio-net-pci,disable-legacy=off,disable-modern=off",
}


def uefi_firmware():
    for path in FIRMWARE:
        if Path(path).is_file():
            return path
    raise Failure("UEFI firmware for QEMU is missing (package ovmf)")


def free_port(preferred=None):
    """A TCP port of 127.0.0.1 that nobody listens on: `preferred` when it is free, else one the system chooses."""
    for port in ([preferred] if preferred else []) + [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Failure("no free TCP port on 127.0.0.1")


def free_ports(count):
    """So many different TCP ports of 127.0.0.1 that nobody listens on."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@dataclass
class Shape:
    """What a virtual machine looks like to capOS."""

    machine: str = "q35"                # or pc
    way: str = "bios"                   # bios or uefi: from the disk; kernel: -kernel and -initrd
    cpu: str = "max"
    smp: int = 1
    memory: int = 128                   # MiB
    accelerator: str = "tcg"
    nic: str | None = "transitional"    # a key of NIC_DEVICES, a -device argument of your own, or None
    nic_options: str = ""               # appended to the device, e.g. "rx_queue_size=1024"
    netdev: str = "user"                # user, or a -netdev argument without its id ("tap,ifname=t0,script=no")
    forwards: dict = field(default_factory=dict)    # user networking: guest TCP port -> host TCP port
    extra: list = field(default_factory=list)       # further arguments


def qemu_command(shape, *, disk=None, kernel=None, bundle=None, options="", serial="stdio"):
    """The argument list. `disk` for the ways bios and uefi (never written to), `kernel`, `bundle` and `options` (the
    kernel's command line) for the way kernel."""
    qemu = find_command("qemu-system-x86_64")
    if not qemu:
        raise Failure("qemu-system-x86_64 is missing (package qemu-system-x86)")
    accelerator = shape.accelerator
    if accelerator == "tcg" and shape.smp > 1:
        accelerator = "tcg,thread=multi"
    command = [qemu, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-vga", "std",
               "-machine", shape.machine, "-accel", accelerator, "-cpu", shape.cpu, "-smp", str(shape.smp),
               "-m", str(shape.memory), "-serial", serial]
    if shape.way == "kernel":
        command += ["-kernel", str(kernel), "-initrd", str(bundle)]
        if options:
            command += ["-append", options]
    else:
        if shape.way == "uefi":
            command += ["-bios", uefi_firmware()]
        command += ["-drive", f"file={disk},format=raw,snapshot=on"]
    if shape.nic is None:
        command += ["-nic", "none"]
    else:
        netdev = shape.netdev
        if netdev == "user":
            netdev += "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for guest, host in shape.forwards.items())
        device = NIC_DEVICES.get(shape.nic, shape.nic)
        # No boot ROM: the firmware would try to boot from the network first.
        command += ["-netdev", f"{netdev},id=net0", "-device",
                    f"{device},netdev=net0,romfile=" + (f",{shape.nic_options}" if shape.nic_options else "")]
    return command + list(shape.extra)
