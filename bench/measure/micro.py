"""The kernel's own operations, timed inside the guest under -icount, where one instruction is one nanosecond."""

import re

from measure.guest import Guest

ICOUNT = ("-icount", "shift=0,sleep=off")


def measure():
    """{figure: [min, median, max]} in instructions; exact, the same on any machine."""
    with Guest("micro", ports=(), extra=ICOUNT) as guest:
        guest.wait_for("MICRO-END-COROUTINE|MICRO-ERROR", 120)
        guest.wait_for("MICRO-END\\b", 30)
        text = guest.log.decode("latin-1")
        if "MICRO-ERROR" in text:
            raise guest.failure("the micro benchmarks failed")
    return {match[1].replace("-", "_"): [int(match[i]) / 100 for i in (2, 3, 4)]
            for match in re.finditer(r"MICRO ([a-z0-9-]+) (\d+) (\d+) (\d+)", text)}
