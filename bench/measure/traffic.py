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
AT_REST = ("instructions", "halts", "system_calls", "interrupt_returns", "address_space_switches")
PER_OPERATION = ("instructions", "address_space_switches", "system_calls", "interrupt_returns", "port_writes")


def count_round():
    """One boot with the counting plugin: {figure: value}."""
    figures = {}
    with Guest(count=True) as guest:
        guest.wait_for_page()
        since_reset = guest.counters()
        figures |= {f"reset_to_page.{counter}": since_reset[counter] for counter in PER_OPERATION}
        guest.wait_for("PEER-READY", 20)
        time.sleep(2)
        figures |= rest(guest.counters, 3, "idle_second", AT_REST)
        for name, port, operate, arguments, _ in OPERATIONS:
            operate(guest.address(port), *arguments)        # warm
            before = guest.counters()
            times = operate(guest.address(port), *arguments)
            after = guest.counters()
            for counter in PER_OPERATION:
                figures[f"{name}.{counter}"] = (after[counter] - before[counter]) / times
        time.sleep(5)
        figures |= rest(guest.counters, 10, "quiet_second", AT_REST)
    return figures


def rest(look, seconds, name, kinds):
    """What a second of doing nothing costs, of what `look` counts."""
    before, since = look(), time.monotonic()
    time.sleep(seconds)
    after, seconds = look(), time.monotonic() - since
    return {f"{name}.{kind}": (after[kind] - before[kind]) / seconds for kind in kinds}


def event_round():
    """One boot with QEMU's trace events: doorbells and interrupts of each operation, of the start and of rest."""
    with Guest(trace=True) as guest:
        guest.wait_for_page()
        figures = {f"reset_to_page.{event}": count for event, count in guest.events().items()}
        guest.wait_for("PEER-READY", 20)
        time.sleep(2)
        figures |= rest(guest.events, 3, "idle_second", guest.events())
        for name, port, operate, _, arguments in OPERATIONS:
            operate(guest.address(port), *(arguments[:1] and (max(1, arguments[0] // 10),)))
            before = guest.events()
            times = operate(guest.address(port), *arguments)
            after = guest.events()
            for event in before:
                figures[f"{name}.{event}"] = (after[event] - before[event]) / times
    return figures
