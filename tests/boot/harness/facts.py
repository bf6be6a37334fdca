"""What the tests read from /api/status, and how they talk HTTP without a library in between."""

import http.client
import json
import socket
import time


def status(machine):
    return json.loads(machine.get("/api/status"))


def process(facts, name):
    """The newest process of that name that has not ended."""
    alive = [entry for entry in facts["processes"]["list"] if entry["name"] == name and entry["state"] != "ended"]
    return max(alive, key=lambda entry: entry["pid"])


def service(facts, name):
    return next(entry for entry in facts["services"]["list"] if entry["name"] == name)


def levels(facts):
    """What must be back where it was when a load is over: of each service that carried it, and of init (whose pages and
    object bytes include the shares of all processes that live), pages, kernel object bytes, slots and open calls; sockets
    of the stack and connections of the server. TIME_WAIT is not among them."""
    result = {}
    for name in ("web", "netstack", "virtio-net", "init", "shell"):
        entry = process(facts, name)
        result[name] = {kind: entry[kind]["used"] for kind in ("pages", "object_bytes", "slots")}
        result[name]["calls"] = entry["calls_outstanding"]
    result["sockets"] = facts["network"]["counters"]["sockets_open"]
    result["connections"] = facts["web"]["connections_open"]
    result["drift"] = facts["system"]["memory"]["ledger_drift_pages"]
    return result


def device_of(facts, holder):
    """The device that the process called `holder` has claimed, None while it has none."""
    return next((entry for entry in facts["devices"]["list"] if entry["holder"] == holder), None)


def settled_levels(read_status, seconds=20):
    """The levels once three looks in a row (facts are gathered four times a second) found the same."""
    deadline = time.monotonic() + seconds
    looks = []
    while time.monotonic() < deadline:
        looks.append(levels(read_status()))
        if len(looks) >= 3 and looks[-1] == looks[-2] == looks[-3]:
            return looks[-1]
        time.sleep(0.3)
    raise AssertionError(f"levels do not settle: {looks[-3:]}")


def wait_until(read, holds, seconds=20):
    """What `read` gives, once `holds` is true of it. The machine's facts are gathered four times a second."""
    deadline = time.monotonic() + seconds
    while not holds(seen := read()):
        assert time.monotonic() < deadline, f"after {seconds} s still {seen}"
        time.sleep(0.1)
    return seen


def connect(machine, port=80, timeout=20):
    return socket.create_connection(("127.0.0.1", machine.port(port)), timeout=timeout)


def http_connection(machine, timeout=20):
    return http.client.HTTPConnection("127.0.0.1", machine.port(80), timeout=timeout)


def http_over(connection):
    """An HTTP client on a connection that is there already."""
    client = http.client.HTTPConnection("capos")
    client.sock = connection
    client.auto_open = 0
    return client


def status_over(connection):
    client = http_over(connection)
    client.request("GET", "/api/status")
    facts = json.loads(client.getresponse().read())
    client.close()
    return facts


def read_to_end(connection):
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)
