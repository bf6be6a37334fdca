"""Demand 3: load, and everything back afterwards. On a network of the test's own: QEMU's user networking takes
connections one by one, and would hide what 64 at once do."""

import socket
import threading
import time

import pytest

from harness.facts import device_of, http_over, levels, read_to_end, settled_levels, status_over
from harness.namespace import Namespace

REQUESTS = 2000
AT_ONCE = 64
DRIP_SECONDS = 10          # the server's deadline for a whole request
TIME_WAIT_SECONDS = 120    # two maximum segment lifetimes
MOST_CONNECTIONS = 288     # of the stack, those in TIME_WAIT included
GREEDY = 16                # clients that ask and do not read
RECEIVE_SLOTS = 128        # frames that the stack lends to the driver for receiving
ADDRESS = "10.78.0.50"


class Drip(threading.Thread):
    """A client that sends a byte of its request every now and then and never finishes."""

    def __init__(self, connection):
        super().__init__(daemon=True)
        self.connection, self.closed_after, self.answer, self.sent_at = connection, None, b"", 0

    def still_open(self):
        """It has sent in the last half second, and nobody has closed it or answered."""
        return self.is_alive() and time.monotonic() - self.sent_at < 0.5 and self.answer == b""

    def run(self):
        start = time.monotonic()
        with self.connection as connection:
            connection.settimeout(0.25)
            try:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: drip\r\nX-Slow: ")
                while time.monotonic() - start < 4 * DRIP_SECONDS:
                    connection.sendall(b"x")
                    self.sent_at = time.monotonic()
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


def slow_client(connect):
    drip = Drip(connect())
    drip.start()
    return drip


def get_many(connect, count, keep_alive, wrong):
    client = None
    for _ in range(count):
        client = client or http_over(connect())
        client.request("GET", "/", headers={} if keep_alive else {"Connection": "close"})
        answer = client.getresponse()
        if answer.status != 200 or b"capOS" not in answer.read():
            wrong.append(answer.status)
        if not keep_alive:
            client.close()
            client = None
    if client:
        client.close()


def test_two_thousand_requests_each_way_and_64_connections_beside_a_slow_drip(boot, tmp_path):
    with Namespace("10.78.0.1/24") as network:
        network.serve_dhcp(tmp_path, f"--dhcp-range={ADDRESS},{ADDRESS},1h")
        machine = boot("dev", netdev=network.netdev, network_namespace=network.name)
        machine.wait_for(rf"bound {ADDRESS}", 40, from_start=True)

        def connect():
            return network.connect(ADDRESS, 80)

        def status():
            return status_over(connect())

        settled_levels(status)                     # the first of everything has been done
        before_load = status()
        before = settled_levels(status)

        # A slow client beside each part; each of them is closed by its deadline, not before.
        wrong, drips = [], [slow_client(connect)]
        get_many(connect, REQUESTS, True, wrong)
        drips.append(slow_client(connect))
        get_many(connect, REQUESTS, False, wrong)
        assert not wrong

        held = [connect() for _ in range(AT_ONCE)]
        drips.append(slow_client(connect))
        for connection in held:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = [read_to_end(connection) for connection in held]
        assert drips[-1].still_open(), "the slow client was gone before the 64 had their answers"
        for connection in held:
            connection.close()
        closed_at = time.monotonic()
        assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * AT_ONCE
        assert all(b"capOS" in answer for answer in answers)

        for drip in drips:
            drip.join(4 * DRIP_SECONDS)
            assert drip.closed_after is not None, "a slow client was never closed"
            assert DRIP_SECONDS - 1 <= drip.closed_after <= DRIP_SECONDS + 3
            assert drip.answer == b"" or drip.answer.startswith(b"HTTP/1.1 408")

        time.sleep(0.5)
        during = status()
        waiting = during["network"]["counters"]["time_wait"]
        assert during["web"]["connections_most"] >= AT_ONCE
        assert during["web"]["requests"] >= before_load["web"]["requests"] + 2 * REQUESTS + AT_ONCE
        assert during["network"]["counters"]["memory_failures"] == before_load["network"]["counters"]["memory_failures"]

        deadline = time.monotonic() + 20
        while (after := levels(status())) != before and time.monotonic() < deadline:
            time.sleep(0.5)
        assert after == before
        # The device has every frame for receiving again (one may be bringing the question), and none to send.
        slots = set()
        for _ in range(12):
            slots.add(device_of(status(), "virtio-net")["slots_in_flight"])
            time.sleep(0.3)
        assert slots <= {RECEIVE_SLOTS - 1, RECEIVE_SLOTS}

        # Closed connections rest for two maximum segment lifetimes, not less, and then are gone. There is a bound on
        # them; above it the oldest make room, so the last 64 rest their whole time.
        assert AT_ONCE <= waiting <= MOST_CONNECTIONS
        time.sleep(max(0.0, closed_at + TIME_WAIT_SECONDS - 4 - time.monotonic()))
        assert status()["network"]["counters"]["time_wait"] >= AT_ONCE, "their time was shortened"
        deadline = closed_at + DRIP_SECONDS + TIME_WAIT_SECONDS + 10
        while (left := status()["network"]["counters"]["time_wait"]) > 1 and time.monotonic() < deadline:
            time.sleep(2)
        assert left <= 1, "connections in TIME_WAIT do not expire"


def ask_without_reading(connections, seconds):
    """Each sends requests for as long as the machine takes them, and reads no answer."""
    requests = b"GET / HTTP/1.1\r\nHost: greedy\r\n\r\n" * 100
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for connection in connections:
            try:
                connection.send(requests)
            except BlockingIOError:
                pass
            except OSError:             # the machine has had enough of this one
                connections.remove(connection)
                connection.close()
                break
        time.sleep(0.01)


@pytest.mark.alone
def test_sixteen_clients_that_ask_and_do_not_read_leave_room_for_one_who_does(boot, tmp_path):
    with Namespace("10.78.0.1/24") as network:
        network.serve_dhcp(tmp_path, f"--dhcp-range={ADDRESS},{ADDRESS},1h")
        machine = boot("dev", netdev=network.netdev, network_namespace=network.name)
        machine.wait_for(rf"bound {ADDRESS}", 40, from_start=True)
        status_over(network.connect(ADDRESS, 80))          # the first of everything has been done
        greedy = [network.connect(ADDRESS, 80) for _ in range(GREEDY)]
        ask_without_reading(greedy, 3)
        slowest = 0.0
        for _ in range(5):
            start = time.monotonic()
            status = status_over(network.connect(ADDRESS, 80))
            slowest = max(slowest, time.monotonic() - start)
        assert slowest < 1, f"an honest request took {slowest:.2f} s"
        assert status["network"]["counters"]["memory_failures"] == 0, status["network"]["counters"]
        for connection in greedy:
            connection.close()
