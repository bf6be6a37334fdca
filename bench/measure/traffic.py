"""Guest instructions, kernel entries, address-space switches, doorbells and interrupts of real traffic."""

import json
import time
import urllib.request

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
REST_SECONDS = 5
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


def device_round():
    """One boot of the system as it ships: what its card has counted itself when it first tells (QEMU writes its trace in
    pieces of a hundred events, too coarse for so few), and in a second of rest."""
    with Guest("dev", ports=(80,)) as guest:
        guest.wait_for("dhcp: bound", 30)
        looks = [card_counters(guest)]
        for pause in (2, 2, 2 + REST_SECONDS):
            time.sleep(pause)
            looks.append(card_counters(guest))
    figures = {}
    for event, counter in (("doorbells", "doorbells"), ("interrupts", "interrupts")):
        counts = [look[counter] for look in looks]
        figures[f"reset_to_page.{event}"] = counts[0]
        # Between two looks there is always one to be paid for: the longer pause less the shorter.
        figures[f"idle_second.{event}"] = ((counts[3] - counts[2]) - (counts[2] - counts[1])) / REST_SECONDS
    return figures


def card_counters(guest):
    with urllib.request.urlopen(f"http://127.0.0.1:{guest.ports[80]}/api/status", timeout=30) as answer:
        return next(entry for entry in json.load(answer)["devices"]["list"] if entry["holder"] == "virtio-net")
