"""A real browser: headless Chromium, spoken to through its debugging pipe (the Chrome DevTools Protocol)."""

import base64
import fcntl
import json
import os
import select
import subprocess
import sys
import time

from support.packages import BROWSERS, find_command


# Chromium reads commands from descriptor 3 and writes answers to 4.
START = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"


def _pipe():
    """A pipe whose ends are none of the numbers that the browser wants."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class BrowserFailure(AssertionError):
    """The browser did not do what it was asked for."""


class Browser:
    """One page at a time. `profile` is a folder of its own; `dark` is what the page hears about the user's taste."""

    def __init__(self, profile, width=1280, height=800, *, phone=False, dark=False):
        command = next(filter(None, map(find_command, BROWSERS)), None)
        if not command:
            raise BrowserFailure("there is no Chromium (Debian package chromium)")
        there, self._commands = _pipe()
        self._answers, back = _pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, str(there), str(back), command, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--hide-scrollbars", f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(there, back), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(back)
        self._number, self._unread, self._session = 0, b"", None
        try:
            page = next(target for target in self._call("Target.getTargets")["targetInfos"] if target["type"] == "page")
            self._session = self._call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
            self._call("Page.enable")
            self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1,
                       mobile=phone)
            self._call("Emulation.setEmulatedMedia",
                       features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        except BaseException:
            self.close()
            raise

    def _call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            while b"\0" in self._unread:
                answer, _, self._unread = self._unread.partition(b"\0")
                answer = json.loads(answer)
                if answer.get("id") == self._number:                     # all else are events
                    if "error" in answer:
                        raise BrowserFailure(f"{method}: {answer['error']}")
                    return answer["result"]
            if not select.select([self._answers], [], [], max(0, deadline - time.monotonic()))[0]:
                raise BrowserFailure(f"no answer to {method}")
            data = os.read(self._answers, 1 << 16)
            if not data:
                raise BrowserFailure(f"the browser ended before it answered {method}")
            self._unread += data

    def open(self, url):
        failure = self._call("Page.navigate", url=url).get("errorText")
        if failure:
            raise BrowserFailure(f"{url}: {failure}")
        self.wait_until("location.href !== 'about:blank' && document.readyState === 'complete'")

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page."""
        result = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise BrowserFailure(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait_until(self, expression, seconds=30):
        """The value of the expression, once it is true."""
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            if time.monotonic() > deadline:
                raise BrowserFailure(f"not true after {seconds} s: {expression}")
            time.sleep(0.1)
        return value

    def picture(self, path):
        """A PNG of what the window shows."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        try:
            self._session = None
            self._call("Browser.close")
            self._process.wait(10)
        except (OSError, BrowserFailure, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._answers)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
