"""What is asked of a running machine: plain sockets, one operation after the other, so that nothing is in the way of
counting. Each function returns how many operations it made."""

import re
import socket

SOURCE_BYTES = 64 << 20


def connect(address, seconds=30):
    connection = socket.create_connection(address, seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def keep_alive(address, times=1000):
    with connect(address) as connection:
        for _ in range(times):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            data = b""
            while b"\r\n\r\n" not in data:
                data += receive(connection)
            head, body = data.split(b"\r\n\r\n", 1)
            left = int(re.search(rb"content-length: *(\d+)", head, re.I)[1]) - len(body)
            while left > 0:
                left -= len(receive(connection))
    return times


def receive(connection, size=65536):
    data = connection.recv(size)
    if not data:
        raise ConnectionError("the guest closed the connection early")
    return data


def new_connections(address, times=300, seconds=30):
    for _ in range(times):
        with connect(address, seconds) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            size = 0
            while data := connection.recv(65536):
                size += len(data)
            if size < 4096:
                raise ConnectionError("a short answer")
    return times


def echo(address, times=1000):
    with connect(address) as connection:
        for _ in range(times):
            connection.sendall(b"e")
            receive(connection, 1)
    return times


def into_guest(address, mebibytes=16):
    block = b"h" * 262144
    with connect(address, 120) as connection:
        for _ in range(mebibytes * 4):
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        if connection.recv(1) != b"K":
            raise ConnectionError("the sink did not confirm")
    return mebibytes


def out_of_guest(address):
    with connect(address, 120) as connection:
        size = 0
        while data := connection.recv(1 << 20):
            size += len(data)
    if size != SOURCE_BYTES:
        raise ConnectionError(f"the source sent {size} bytes of {SOURCE_BYTES}")
    return SOURCE_BYTES >> 20
