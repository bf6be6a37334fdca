#!/usr/bin/python3
"""Writes the seeds of the device fuzzers: inputs that reach the deep paths at once. Run from the repository's root."""
import pathlib
import struct

ROOT = pathlib.Path("tests/fuzz/corpus")


def save(target, name, data):
    directory = ROOT / target
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(data)


def post(slot, *buffers):
    """Operation 0: chain length, slot, then (shape, offset, length) for each buffer."""
    out = bytes([0, len(buffers), slot])
    for writes, offset, length in buffers:
        out += bytes([1 if writes else 0]) + struct.pack(">HH", offset, length)
    return out


PUBLISH = bytes([3])
ARM = bytes([7])
HONEST = bytes([5, 3])


def drain(most):
    return bytes([4, most])


def function(where, header, masks, edits):
    """One function as pci_config_fuzz.cpp reads it."""
    out = struct.pack(">H", where) + bytes(header)
    for mask in masks:
        out += bytes([0]) + struct.pack(">I", mask)
    out += bytes([len(edits)])
    for offset, value in edits:
        out += bytes([offset, value])
    return out


def words(offset, value, width=4):
    return [(offset + i, value >> 8 * i & 0xff) for i in range(width)]


def main():
    chains = b"".join(post(slot, (False, 0, 10), (False, 16, 100), (True, 200, 64)) for slot in range(6))
    save("queue_broker", "honest", bytes([2]) + chains + PUBLISH + HONEST * 6 + ARM + drain(4) + drain(16) + ARM)
    save("queue_broker", "full", bytes([1]) + b"".join(post(s, (True, 0, 512)) for s in range(12)) + PUBLISH + HONEST * 8
         + drain(16) + b"".join(post(s, (True, 0, 512)) for s in range(12)) + PUBLISH)
    save("queue_broker", "legacy-length", bytes([6]) + post(3, (False, 0, 60)) + PUBLISH + bytes([5, 0, 0, 1, 0])
         + drain(1))
    save("queue_broker", "bad-identifier", bytes([2]) + chains + PUBLISH + bytes([5, 0, 33, 0, 0]) + drain(8) + chains)
    save("queue_broker", "long-length", bytes([2]) + post(1, (True, 0, 10)) + PUBLISH + bytes([5, 0, 0, 1, 0]) + drain(8))
    save("queue_broker", "jump", bytes([3]) + chains + PUBLISH + bytes([5, 1, 0x80, 0]) + drain(8) + chains + PUBLISH)

    header = bytearray(64)
    header[0:4] = struct.pack("<HH", 0x1af4, 0x1041)
    header[6] = 0x10
    header[0x10:0x14] = struct.pack("<I", 0xfe000000)
    header[0x14:0x18] = struct.pack("<I", 0xfebff040)
    header[0x20:0x24] = struct.pack("<I", 0xfd000004)
    header[0x24:0x28] = struct.pack("<I", 8)
    header[0x34] = 0x40
    masks = [0xfffff000, 0xffffffc0, 0, 0, 0xffffc000, 0xffffffff]
    edits = []
    for offset, kind, following, start, length in ((0x40, 1, 0x50, 0, 0x38), (0x50, 3, 0x60, 0x1000, 4),
                                                   (0x60, 4, 0x70, 0x2000, 64), (0x70, 2, 0x98, 0x3000, 0x1000)):
        edits += [(offset, 9), (offset + 1, following), (offset + 2, 20 if kind == 2 else 16), (offset + 3, kind),
                  (offset + 4, 4)]
        edits += words(offset + 8, start) + words(offset + 12, length)
    edits += words(0x80, 4) + [(0x98, 0x11), (0x9a, 2)] + words(0x9c, 9) + words(0xa0, 1)
    modern = function(0x20, header, masks, edits)
    save("pci_config", "modern", bytes([0]) + modern)
    header[2:4] = struct.pack("<H", 0x1000)
    header[0x10:0x14] = struct.pack("<I", 0xc041)
    legacy = function(0x28, header, [0xffc0] + masks[1:], [(0x40, 0x11), (0x42, 2)] + words(0x44, 9) + words(0x48, 1))
    save("pci_config", "legacy", bytes([0]) + legacy)
    bridge = bytearray(64)
    bridge[0:4] = struct.pack("<HH", 0x1b36, 0xc)
    bridge[0x0e] = 0x81
    bridge[0x19] = 3
    save("pci_config", "bridge", bytes([2]) + function(0x10, bridge, masks, []) + modern + function(0x300, header, masks, []))
    loop = function(0x20, header, masks, [(0x40, 9), (0x41, 0x44), (0x44, 9), (0x45, 0x40)])
    save("pci_config", "loop", bytes([0]) + loop)


if __name__ == "__main__":
    main()
