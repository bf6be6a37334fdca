#!/usr/bin/python3
"""Writes tests/fuzz/corpus/http: one file for each rule of lib/http/connection.hpp."""
import pathlib

HOST = "Host: a\r\n"
STREAMS = {
    "get": f"GET / HTTP/1.1\r\n{HOST}\r\n",
    "pipelined": f"GET /a?b HTTP/1.1\r\n{HOST}\r\nHEAD /c HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n",
    "absolute": f"GET http://h:80/p?q HTTP/1.1\r\n{HOST}\r\n",
    "absolute_bare": f"GET http://[::1] HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
    "absolute_bad": f"GET http://u@h/ HTTP/1.1\r\n{HOST}\r\n",
    "escaped_host": "GET / HTTP/1.1\r\nHost: %41.b\r\n\r\n",
    "bad_escape": "GET / HTTP/1.1\r\nHost: %4\r\n\r\n",
    "port": "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n",
    "bad_port": "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n",
    "bad_bracket": "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "no_host": "GET / HTTP/1.1\r\n\r\n",
    "two_hosts": f"GET / HTTP/1.1\r\n{HOST}{HOST}\r\n",
    "old": "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "oldest": "GET /\r\n\r\n",
    "newer": f"GET / HTTP/2.0\r\n{HOST}\r\n",
    "bad_version": f"GET / HTTP/x\r\n{HOST}\r\n",
    "post": f"POST / HTTP/1.1\r\n{HOST}Content-Length: 3\r\n\r\nabc",
    "unknown": f"BREW / HTTP/1.1\r\n{HOST}\r\n",
    "tls": "\x16\x03\x01\x00\x05",
    "length": f"GET / HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n{HOST}\r\n",
    "long_body": f"GET / HTTP/1.1\r\n{HOST}Content-Length: 9999\r\n\r\n",
    "bad_length": f"GET / HTTP/1.1\r\n{HOST}Content-Length: 5x\r\n\r\n",
    "two_lengths": f"GET / HTTP/1.1\r\n{HOST}Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
    "chunked": f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nHost: t\r\n\r\n",
    "bad_chunk": f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nq\r\n",
    "both": f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    "coding": f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: gzip, chunked\r\n\r\n",
    "two_codings": f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "other_coding": f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: identity\r\n\r\n",
    "expect": f"GET / HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
    "expect_other": f"GET / HTTP/1.1\r\n{HOST}Expect: tea\r\n\r\n",
    "upgrade": f"GET / HTTP/1.1\r\n{HOST}Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    "connect": f"CONNECT a:80 HTTP/1.1\r\n{HOST}\r\n",
    "folded": f"GET / HTTP/1.1\r\n{HOST}A: b\r\n c\r\n\r\n",
    "bad_field": f"GET / HTTP/1.1\r\n{HOST}A b: c\r\n\r\n",
    "fragment": f"GET /#x HTTP/1.1\r\n{HOST}\r\n",
    "long_target": f"GET /{'a' * 1030} HTTP/1.1\r\n{HOST}\r\n",
    "long_host": f"GET / HTTP/1.1\r\nHost: {'a' * 300}\r\n\r\n",
    "many_fields": f"GET / HTTP/1.1\r\n{HOST}{'a:b' + chr(13) + chr(10)}" * 1 + "c:d\r\n" * 70 + "\r\n",
    "long_head": f"GET / HTTP/1.1\r\n{HOST}A: {'x' * 300}\r\n\r\n",
}


def main() -> None:
    directory = pathlib.Path(__file__).resolve().parent.parent / "corpus" / "http"
    directory.mkdir(parents=True, exist_ok=True)
    for name, stream in STREAMS.items():
        for limits in (0, 1):
            data = bytes([limits, len(name)]) + stream.encode("latin1")
            (directory / f"{name}_{limits}").write_bytes(data)


if __name__ == "__main__":
    main()
