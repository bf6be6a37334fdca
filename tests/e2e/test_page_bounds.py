"""Demand 3, the bounds that a load of well-behaved clients does not meet: too many connections, a client that never reads,
a kept connection that nobody uses. The waits run side by side."""

import json
import socket
import time

from harness.bundles import edited, make_bundle
from harness.facts import connect, http_connection, wait_until

MOST = 8                   # the option that the test gives; 96 by default
RESPONSE_SECONDS = 10      # for a response to be taken
IDLE_SECONDS = 30          # between requests of a kept connection
# More than the page's answers that guest, QEMU and this machine hold on their way: some 40 KiB each.
REQUESTS_NEVER_READ = 600


def get(client, path):
    client.request("GET", path)
    answer = client.getresponse()
    return answer.status, answer.read()


def never_read(machine):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", machine.port(80)))
    connection.settimeout(5)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: never-reads\r\n\r\n" * REQUESTS_NEVER_READ)
    return connection


def test_one_connection_too_many_an_unread_answer_and_an_idle_connection_meet_their_bounds(boot, tmp_path):
    made, bundle = make_bundle(tmp_path, edited('program = "web",', f'program = "web",\n  options = "connections={MOST}",'))
    assert made.returncode == 0, made.stderr
    machine = boot("dev", way="kernel", bundle=bundle)
    machine.wait_for_page()

    held = [http_connection(machine) for _ in range(MOST)]

    def counters():
        return json.loads(get(held[0], "/api/status")[1])["web"]

    wait_until(counters, lambda web: web["connections_open"] == 1)       # those that waited for the page are gone
    for client in held[1:]:
        assert get(client, "/favicon.ico")[0] == 200
    one_too_many = http_connection(machine)
    assert get(one_too_many, "/")[0] == 503
    one_too_many.close()
    web = wait_until(counters, lambda web: web["connections_refused"])
    assert (web["connections_refused"], web["connections_open"], web["connections_most"]) == (1, MOST, MOST)

    # Room again as soon as one leaves.
    for client in held[2:]:
        client.close()
    wait_until(counters, lambda web: web["connections_open"] == 2)

    idle = held[1]
    assert get(idle, "/favicon.ico")[0] == 200
    idle_since = time.monotonic()
    with never_read(machine):
        asked = time.monotonic()
        wait_until(counters, lambda web: web["connections_open"] == 3)
        web = wait_until(counters, lambda web: web["connections_open"] == 2, RESPONSE_SECONDS + 10)
        assert web["response_timeouts"] == 1
        assert RESPONSE_SECONDS - 1 <= time.monotonic() - asked <= RESPONSE_SECONDS + 8

    idle.sock.settimeout(IDLE_SECONDS + 5)
    assert counters()["connections_idle_closed"] == 0
    assert idle.sock.recv(1) == b""                                      # an end, and no reset
    assert IDLE_SECONDS - 1 <= time.monotonic() - idle_since <= IDLE_SECONDS + 3
    web = wait_until(counters, lambda web: web["connections_open"] == 1)
    assert (web["connections_idle_closed"], web["request_timeouts"], web["connections_refused"]) == (1, 0, 1)
    with connect(machine) as after:                                      # still well
        after.sendall(b"GET /favicon.ico HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert after.recv(4096).startswith(b"HTTP/1.1 200")
