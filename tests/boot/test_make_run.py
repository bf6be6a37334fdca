"""`make run` as somebody at a terminal sees it."""

import socket
import time
import urllib.request

import pytest

from harness.terminal import Terminal


@pytest.fixture
def terminal():
    """terminal(command ...) starts it; whatever is left of it when the test ends is killed."""
    started = []

    def start(*command):
        started.append(Terminal(*command))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.mark.alone
def test_a_second_make_run_shows_the_page_within_ten_seconds_and_leaves_the_shell(terminal):
    run = terminal("make", "run")
    url = run.wait_for(r"the page is up after [0-9.]+ s: (http://127\.0\.0\.1:\d+/)", 60)[1]
    assert time.monotonic() - run.started < 10
    assert "accelerator: " in run.text and "capos kernel starting" in run.text
    with urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.status == 200
    run.type("version\r")
    run.wait_for(r"capOS \w+", 10)
    run.type("poweroff\r")
    assert run.wait_for_end() == 0


def test_a_taken_port_is_a_clear_message_and_another_port(terminal):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = terminal("make", "run", f"PORT={port}")
        other = run.wait_for(rf"port {port} of this machine is taken; the page will be on port (\d+)", 60)[1]
        run.wait_for(rf"the page is up after .*127\.0\.0\.1:{other}/", 60)
        run.type("\x01x")
        assert run.wait_for_end() == 0
