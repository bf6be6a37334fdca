"""How long a start takes, step by step, and how little memory serves."""

import json
import re
import time
import urllib.request

from measure import load
from measure.guest import Guest

LANDMARKS = (("kernel_starting", "capos kernel starting"), ("init", "init: manifest"),
             ("driver_running", "virtio-net: running"), ("dhcp_bound", "dhcp: bound"))


def start_round():
    """One start of the system as it ships: ({figure: seconds by the host's clock}, {step: seconds by the guest's})."""
    with Guest("dev", ports=(80,)) as guest:
        guest.wait_for("dhcp: bound", 30)
        page = first_answer(guest)
        time.sleep(0.2)
        with urllib.request.urlopen(f"http://127.0.0.1:{guest.ports[80]}/api/status", timeout=10) as answer:
            status = json.load(answer)
        host = {}
        for name, words in LANDMARKS:
            host[name] = next((at for at, line in guest.serial_times if words in line), None)
        host["page"] = page
        steps = {step["name"]: step["at_us"] / 1e6 for step in status["boot"]["steps"]}
        for words, name in (("init: manifest", "manifest checked"), ("driver attached", "driver attached"),
                            ("virtio-net: running", "driver running"), ("dhcp: discovering", "DHCP: discovering"),
                            ("dhcp: requesting", "DHCP: requesting"), ("dhcp: bound", "DHCP: bound")):
            match = re.search(r"\[ *([0-9.]+)\] [^\n]*" + re.escape(words), guest.log.decode("latin-1"))
            if match:
                steps[name] = float(match[1])
        return host, dict(sorted(steps.items(), key=lambda entry: entry[1])), status


def first_answer(guest):
    """Seconds from the start to the first 200, asked from the moment in which there is an address."""
    while True:
        try:
            load.new_connections(guest.address(80), 1, seconds=0.1)
            return time.monotonic() - guest.started
        except OSError:
            if time.monotonic() - guest.started > 60:
                raise guest.failure("no page within 60 s") from None
            time.sleep(0.005)


def serves(memory):
    """Whether the system as it ships, the manifest dev, started with so many MiB, answers 50 requests."""
    with Guest("dev", ports=(80,), memory=memory) as guest:
        if guest.wait_for_page(15, required=False) is None:
            return False
        try:
            load.keep_alive(guest.address(80), 50)
        except OSError:
            return False
        return True


def least_memory(low=1, high=64):
    """The smallest -m, in MiB, that serves."""
    if not serves(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if serves(middle):
            high = middle
        else:
            low = middle
    return high


def sizes(status):
    """Bytes of what is shipped, and 4 KiB pages on each process's ledger of a running system."""
    from measure import snapshot
    kernel, bundle, disk, programs = snapshot.files("dev")
    found = {"kernel_bytes": kernel.stat().st_size, "bundle_bytes": bundle.stat().st_size,
             "disk_bytes": disk.stat().st_size, "disk_used_bytes": used_bytes(disk)}
    processes = {}
    for process in status["processes"]["list"]:
        program = programs / process["name"]
        processes[process["name"]] = {"pages": process["pages"]["own"], "object_bytes": process["object_bytes"]["own"],
                                      "program_bytes": program.stat().st_size if program.is_file() else None}
    found["processes"] = processes
    memory = status["system"]["memory"]
    found["memory_used_bytes"] = memory["total_bytes"] - memory["free_bytes"]
    return found


def used_bytes(path):
    """Bytes of a disk image that are not zero, in 4 KiB pages."""
    zero = bytes(4096)
    with open(path, "rb") as file:
        return sum(4096 for page in iter(lambda: file.read(4096), b"") if page != zero)
