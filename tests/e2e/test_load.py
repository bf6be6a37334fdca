"""Demand 3: load, and everything back afterwards."""

import threading
import time

import pytest

from harness.facts import connect, http_connection, levels, read_to_end, status

REQUESTS = 2000
AT_ONCE = 64
DRIP_SECONDS = 10          # the server's deadline for a whole request
TIME_WAIT_SECONDS = 120    # two maximum segment lifetimes


class Drip(threading.Thread):
    """A client that sends a byte of its request every now and then and never finishes."""

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.machine, self.closed_after, self.answer = machine, None, b""

    def run(self):
        start = time.monotonic()
        with connect(self.machine, timeout=40) as connection:
            connection.settimeout(0.25)
            try:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: drip\r\nX-Slow: ")
                while time.monotonic() - start < 4 * DRIP_SECONDS:
                    connection.sendall(b"x")
                    try:
                        part = connection.recv(4096)
                    except TimeoutError:
                        continue
                    if not part:
                        break
                    self.answer += part
                else:
                    return
            except OSError:
                pass
        self.closed_after = time.monotonic() - start


def get_many(machine, count, keep_alive, wrong):
    connection = http_connection(machine)
    for _ in range(count):
        connection.request("GET", "/", headers={} if keep_alive else {"Connection": "close"})
        answer = connection.getresponse()
        if answer.status != 200 or b"capOS" not in answer.read():
            wrong.append(answer.status)
        if not keep_alive:
            connection.close()
    connection.close()


@pytest.mark.alone
def test_two_thousand_requests_each_way_and_64_connections_beside_a_slow_drip(boot):
    machine = boot("dev")
    machine.wait_for_page()
    status(machine)
    time.sleep(1)
    before = status(machine)

    drip = Drip(machine)
    drip.start()
    wrong = []
    get_many(machine, REQUESTS, True, wrong)
    get_many(machine, REQUESTS, False, wrong)
    assert not wrong

    held = [connect(machine) for _ in range(AT_ONCE)]
    for connection in held:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answers = [read_to_end(connection) for connection in held]
    for connection in held:
        connection.close()
    assert all(answer.startswith(b"HTTP/1.1 200") and b"capOS" in answer for answer in answers)

    drip.join(4 * DRIP_SECONDS)
    assert drip.closed_after is not None, "the slow client was never closed"
    assert DRIP_SECONDS - 1 <= drip.closed_after <= DRIP_SECONDS + 3
    assert drip.answer == b"" or drip.answer.startswith(b"HTTP/1.1 408")

    during = status(machine)
    waiting = during["network"]["counters"]["time_wait"]
    assert during["web"]["requests"] >= before["web"]["requests"] + 2 * REQUESTS + AT_ONCE
    assert during["network"]["counters"]["memory_failures"] == before["network"]["counters"]["memory_failures"]

    deadline = time.monotonic() + 20
    while levels(after := status(machine)) != levels(before) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert levels(after) == levels(before)

    # Closed connections rest for two maximum segment lifetimes, not less, and then are gone. A bound below the number
    # of connections recycles the oldest.
    assert 0 < waiting <= 64
    time.sleep(20)
    assert status(machine)["network"]["counters"]["time_wait"] > 0
    deadline = time.monotonic() + TIME_WAIT_SECONDS
    while (left := status(machine)["network"]["counters"]["time_wait"]) > 1 and time.monotonic() < deadline:
        time.sleep(4)
    assert left <= 1, "connections in TIME_WAIT do not expire"       # the asking connections themselves close last
