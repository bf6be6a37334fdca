"""QEMU's control socket (QMP): power button, network cable, status."""

import json
import socket
import time


class Control:
    """Connects on first use."""

    def __init__(self, path):
        self._path = str(path)
        self._file = None

    def connect(self, alive=lambda: True):
        """Waits until QEMU has built the machine and listens. False when it is not `alive` before."""
        deadline = time.monotonic() + 10
        while alive():
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self._path)
            except OSError:
                connection.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
                continue
            self._file = connection.makefile("rw", encoding="utf-8")
            connection.close()
            try:
                if self._file.readline():
                    self._exchange({"execute": "qmp_capabilities"})
                    return True
            except ConnectionError:                              # it ends, and has said why
                pass
            self._file = None
        return False

    def _exchange(self, command):
        self._file.write(json.dumps(command) + "\n")
        self._file.flush()
        while True:
            line = self._file.readline()
            if not line:
                raise ConnectionError("QEMU closed its control socket")
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error'].get('desc')}")
            if "return" in answer:
                return answer["return"]

    def execute(self, command, **arguments):
        """Runs a QMP command and returns its result."""
        if self._file is None:
            self.connect()
        return self._exchange({"execute": command, "arguments": arguments} if arguments else {"execute": command})

    def monitor(self, line):
        """Runs a line of the human monitor and returns its text."""
        return self.execute("human-monitor-command", **{"command-line": line})
