"""What the `bench` manifest's source (port 19) sends: services/bench/README.md."""

import struct

BULK = 64 << 20
_GOLDEN = 0x9E3779B97F4A7C15        # word i is i * GOLDEN, little-endian 64 bits


def expected_bulk():
    return b"".join(struct.pack("<8192Q", *((index * _GOLDEN) & (2**64 - 1) for index in range(start, start + 8192)))
                    for start in range(0, BULK // 8, 8192))
