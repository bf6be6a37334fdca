"""`make run` as somebody at a terminal sees it."""

import os
import pty
import re
import select
import socket
import time
import urllib.request

import pytest

from support.project import ROOT

pytestmark = pytest.mark.alone


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *command, **environment):
        self.text = ""
        self.started = time.monotonic()
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvpe(command[0], command, {**os.environ, **environment})

    def wait_for(self, pattern, timeout):
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            left = deadline - time.monotonic()
            assert left > 0, f"no /{pattern}/ in {timeout} s:\n{self.text[-3000:]}"
            if select.select([self.descriptor], [], [], left)[0]:
                try:
                    data = os.read(self.descriptor, 65536)
                except OSError:
                    data = b""
                assert data, f"ended without /{pattern}/:\n{self.text[-3000:]}"
                self.text += data.decode(errors="replace").replace("\r", "")
        return re.search(pattern, self.text)

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def wait_for_end(self, timeout=20):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if select.select([self.descriptor], [], [], 0.1)[0]:
                try:
                    if not os.read(self.descriptor, 65536):
                        break
                except OSError:
                    break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_a_second_make_run_shows_the_page_within_ten_seconds_and_leaves_the_shell():
    terminal = Terminal("make", "run")
    url = terminal.wait_for(r"the page is up after [0-9.]+ s: (http://127\.0\.0\.1:\d+/)", 60)[1]
    assert time.monotonic() - terminal.started < 10
    assert "accelerator: " in terminal.text and "capos kernel starting" in terminal.text
    with urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.status == 200
    terminal.type("version\r")
    terminal.wait_for(r"capOS \w+", 10)
    terminal.type("poweroff\r")
    assert terminal.wait_for_end() == 0


def test_a_taken_port_is_a_clear_message_and_another_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        terminal = Terminal("make", "run", f"PORT={port}")
        other = terminal.wait_for(rf"port {port} of this machine is taken; the page will be on port (\d+)", 60)[1]
        terminal.wait_for(rf"the page is up after .*127\.0\.0\.1:{other}/", 60)
        terminal.type("\x01x")
        assert terminal.wait_for_end() == 0
