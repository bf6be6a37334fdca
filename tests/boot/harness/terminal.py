"""A command as somebody at a terminal sees it."""

import os
import pty
import re
import select
import signal
import time

from support.project import ROOT


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *command, cwd=ROOT, **environment):
        self.text = ""
        self.started = time.monotonic()
        self.ended = False
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
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
        status = os.waitpid(self.pid, 0)[1]
        self.ended = True
        return os.waitstatus_to_exitcode(status)

    def close(self):
        """Ends the command with all that it started: a session of its own."""
        if not self.ended:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)
