"""What the tests read from /api/status, and how they talk HTTP without a library in between."""

import http.client
import json
import socket


def status(machine):
    return json.loads(machine.get("/api/status"))


def process(facts, name):
    """The newest process of that name that has not ended."""
    alive = [entry for entry in facts["processes"]["list"] if entry["name"] == name and entry["state"] != "ended"]
    return max(alive, key=lambda entry: entry["pid"])


def service(facts, name):
    return next(entry for entry in facts["services"]["list"] if entry["name"] == name)


def levels(facts):
    """What must be back where it was when a load is over: pages, slots, objects and open calls of the services that
    carried it, sockets of the stack and connections of the server. TIME_WAIT is not among them."""
    result = {}
    for name in ("web", "netstack", "virtio-net", "init", "shell"):
        entry = process(facts, name)
        result[name] = {"pages": entry["pages"]["used"], "slots": entry["slots"]["used"]}
    result["sockets"] = facts["network"]["counters"]["sockets_open"]
    result["connections"] = facts["web"]["connections_open"]
    result["drift"] = facts["system"]["memory"]["ledger_drift_pages"]
    return result


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
