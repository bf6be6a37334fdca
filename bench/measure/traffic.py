"""Guest instructions, kernel entries, address-space switches, doorbells and interrupts of real traffic."""

import time

from measure import load
from measure.guest import Guest

# name, port, function, arguments of the counting run and of the (slower) tracing run
OPERATIONS = (
    ("get_keep_alive", 80, load.keep_alive, (1000,), (500,)),
    ("get_new_connection", 80, load.new_connections, (300,), (200,)),
    ("echo", 7, load.echo, (1000,), (500,)),
    ("mib_in", 9, load.into_guest, (16,), (16,)),
    ("mib_out", 19, load.out_of_guest, (), ()),
)
PER_OPERATION = ("instructions", "address_space_switches", "system_calls", "interrupt_returns", "port_writes")


def count_round():
    """One boot with the counting plugin: {figure: value}."""
    figures = {}
    with Guest(count=True) as guest:
        guest.wait_for_page()
        figures["reset_to_page.instructions"] = guest.counters()["instructions"]
        guest.wait_for("PEER-READY", 20)
        time.sleep(2)
        figures |= rest(guest, 3, "idle_second")
        for name, port, operate, arguments, _ in OPERATIONS:
            operate(guest.address(port), *arguments)        # warm
            before = guest.counters()
            times = operate(guest.address(port), *arguments)
            after = guest.counters()
            for counter in PER_OPERATION:
                figures[f"{name}.{counter}"] = (after[counter] - before[counter]) / times
        time.sleep(5)
        figures |= rest(guest, 10, "quiet_second")
    return figures


def rest(guest, seconds, name):
    """What a second of doing nothing costs."""
    before, since = guest.counters(), time.monotonic()
    time.sleep(seconds)
    after, seconds = guest.counters(), time.monotonic() - since
    return {f"{name}.{counter}": (after[counter] - before[counter]) / seconds
            for counter in ("instructions", "halts", "interrupt_returns", "address_space_switches")}


def event_round():
    """One boot with QEMU's trace events: doorbells and interrupts of each operation."""
    figures = {}
    with Guest(trace=True) as guest:
        guest.wait_for_page()
        time.sleep(1)
        for name, port, operate, _, arguments in OPERATIONS:
            operate(guest.address(port), *(arguments[:1] and (max(1, arguments[0] // 10),)))
            before = guest.events()
            times = operate(guest.address(port), *arguments)
            after = guest.events()
            for event in before:
                figures[f"{name}.{event}"] = (after[event] - before[event]) / times
    return figures
