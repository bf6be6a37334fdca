"""The serial port of a virtual machine: everything it printed, and waiting for what comes next."""

import re
import threading
import time

# Escape sequences that the shell's line editing and a firmware write.
CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;=?]*[A-Za-z]|\x1b[()][A-Z0-9]")


class SerialTimeout(AssertionError):
    """What was waited for did not come; the message ends with what came instead."""


class Serial:
    """Reads `source` (a binary file) in a thread until it ends; keeps the text, and writes it to `log` as it comes."""

    def __init__(self, source, sink, log):
        self._source = source
        self._sink = sink
        self._log = log
        self._changed = threading.Condition()
        self._text = ""
        self._ended = False
        self._position = 0          # where the next wait_for starts
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self):
        while True:
            try:
                data = self._source.read1(65536)
            except (OSError, ValueError):
                data = b""
            if data:
                self._log.write(data)
                self._log.flush()
            with self._changed:
                if not data:
                    self._ended = True
                else:
                    self._text += data.decode("utf-8", "replace")
                self._changed.notify_all()
            if not data:
                return

    @property
    def text(self):
        """Everything so far, carriage returns and escape sequences taken out."""
        with self._changed:
            return self._clean(self._text)

    @property
    def raw(self):
        """Everything so far, as it came."""
        with self._changed:
            return self._text

    @property
    def ended(self):
        with self._changed:
            return self._ended

    def lines(self):
        return self.text.splitlines()

    @staticmethod
    def _clean(text):
        return CONTROL_SEQUENCE.sub("", text).replace("\r", "")

    def wait_for(self, pattern, timeout, from_start=False):
        """Waits for `pattern` (a regular expression, ^ and $ match at lines) in what came after the previous match, and
        returns the match. Raises SerialTimeout after `timeout` seconds, or at once when the machine has ended."""
        expression = re.compile(pattern, re.M)
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                start = 0 if from_start else self._position
                clean = self._clean(self._text[start:])
                match = expression.search(clean)
                if match:
                    if not from_start:
                        self._position = start + self._raw_offset(self._text[start:], match.end())
                    return match
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    reason = "the machine ended" if self._ended else f"nothing in {timeout} s"
                    tail = "\n".join(self._clean(self._text).splitlines()[-25:])
                    raise SerialTimeout(f"waited for /{pattern}/: {reason}; last lines on the serial port:\n{tail}")
                self._changed.wait(min(left, 1.0))

    @staticmethod
    def _raw_offset(raw, clean_offset):
        """The offset in `raw` that corresponds to an offset in its cleaned text."""
        position = clean = 0
        while clean < clean_offset:
            sequence = CONTROL_SEQUENCE.match(raw, position)
            if sequence:
                position = sequence.end()
                continue
            if raw[position] != "\r":
                clean += 1
            position += 1
        return position

    def send(self, text):
        self._sink.write(text.encode())
        self._sink.flush()

    def join(self, timeout):
        self._thread.join(timeout)
