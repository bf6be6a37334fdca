"""The contract of the `bench` manifest: what the benches, and systems they compare with, find on its four ports."""

import socket

from harness.bulk import expected_bulk
from harness.facts import connect, http_connection, read_to_end

PAGE_BYTES = 4096


def test_page_echo_sink_and_source_keep_their_contract(boot):
    machine = boot("bench", way="kernel", forwards=(80, 7, 9, 19))
    machine.wait_for(r"PEER-READY", 30, from_start=True)
    machine.wait_for_page(path="/")

    client = http_connection(machine)
    client.connect()
    kept = client.sock
    for _ in range(3):
        client.request("GET", "/anything")
        answer = client.getresponse()
        assert (answer.status, answer.headers["Content-Length"], len(answer.read())) == (200, str(PAGE_BYTES), PAGE_BYTES)
        assert client.sock is kept, "the connection was not kept"
    client.close()

    with connect(machine, 7) as echo, echo.makefile("rb") as echoed:
        for sent in (b"a", bytes(range(256)) * 20):
            echo.sendall(sent)
            assert echoed.read(len(sent)) == sent

    with connect(machine, 9) as sink:
        sink.sendall(b"x" * (1 << 20))
        sink.shutdown(socket.SHUT_WR)
        assert read_to_end(sink) == b"K"

    with connect(machine, 19, timeout=60) as source:
        assert read_to_end(source) == expected_bulk()
