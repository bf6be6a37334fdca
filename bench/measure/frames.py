"""What a received frame costs up to the stack, in batches of 32.

QEMU's `dgram` back end takes Ethernet frames from a socket of ours, and its buffer filter delivers what came within 20 ms
at once, so a batch is a batch. The frames are broadcasts of an EtherType that nobody speaks (0x88b5, reserved for local
experiments): the driver hands them over, the stack takes a private copy, gives the slot back and drops them.
"""

import socket
import time

from measure.guest import Guest
from measure.symbols import Symbols
from support.qemu import free_ports

BATCH = 32
INTERVAL = 0.02
FRAME_BYTES = 60


def batches(guest_port, own_port, count):
    frame = b"\xff" * 6 + bytes.fromhex("02ca90500001") + b"\x88\xb5" + b"\0" * (FRAME_BYTES - 14)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        sender.bind(("127.0.0.1", own_port))
        for _ in range(count):
            for _ in range(BATCH):
                sender.sendto(frame, ("127.0.0.1", guest_port))
            time.sleep(INTERVAL * 2)
    time.sleep(0.2)


def guest_of(**arguments):
    """(guest, the port to send frames to, the port they must come from)."""
    there, here = free_ports(2)
    guest = Guest(ports=(), netdev=f"socket,id=net0,udp=127.0.0.1:{here},localaddr=127.0.0.1:{there}",
                  extra=["-object", f"filter-buffer,id=batches,netdev=net0,queue=tx,interval={int(INTERVAL * 1e6)}"],
                  **arguments)
    return guest, there, here


def profile_round(count=100):
    """(blocks before, blocks after, frames): profiled over what the system does besides (DHCP is retried meanwhile)."""
    guest, there, here = guest_of(profile=True)
    with guest:
        guest.wait_for("discover|DHCP|dhcp", 20)
        time.sleep(2)
        batches(there, here, 20)
        before = guest.blocks()
        batches(there, here, count)
        return before, guest.blocks(), count * BATCH


def measure(count=100):
    """{figure: instructions a frame}, by who executed them; what an idle system does is in it too, and is small."""
    before, after, done = profile_round(count)
    programs = {}
    for (program, _), (instructions, _) in Symbols().attribute(before, after).items():
        programs[program] = programs.get(program, 0) + instructions / done
    figures = {"instructions": sum(programs.values()),
               "driver_and_kernel": programs.get("virtio-net", 0) + programs.get("kernel", 0)}
    return figures | {name.replace("-", "_"): value for name, value in programs.items()}
