"""A virtual machine running capOS."""

import ctypes
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from harness.control import Control
from harness.namespace import IP
from harness.serial import Serial, SerialTimeout
from support.build import artefacts
from support.project import reproducible_environment
from support.qemu import DEBUG_EXIT, Shape, free_ports, qemu_command

LANDMARK = r"^capos kernel starting$"
PROMPT = r"^capOS> "
PORT_TAKEN = "Could not set up host forwarding rule"
PORT_ATTEMPTS = 4
ESP_OFFSET = "2M"                   # of the EFI system partition in the image


class BootFailure(AssertionError):
    """The machine could not be started."""


def _die_with_parent():
    # PR_SET_PDEATHSIG: a machine never outlives the test run that started it.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Machine:
    """Starts QEMU at once; close() (or the end of a `with` block) ends it, and only it.

    manifest    whose image is booted (out/MANIFEST), or give disk, kernel and bundle
    options     words for the kernel's command line; panic=exit is always added
    forwards    guest TCP ports to reach from the host: machine.port(80) is the host's port
    network_namespace   name of the namespace QEMU runs in (for tap devices)
    Everything else is a field of support.qemu.Shape: machine, way, cpu, smp, memory, nic, netdev, extra ...
    """

    def __init__(self, manifest="dev", *, options="", forwards=(80,), disk=None, kernel=None, bundle=None,
                 network_namespace=None, log=None, **shape):
        built_kernel, built_bundle, built_disk = artefacts(manifest)
        self.kernel = Path(kernel or built_kernel)
        self.bundle = Path(bundle or built_bundle)
        self._disk = Path(disk or built_disk)
        self._options = f"panic=exit {options}".strip()
        self._forwarded = tuple(forwards)
        self._namespace = network_namespace
        self._scratch = Path(tempfile.mkdtemp(prefix="capos-machine-"))
        self._log_path = Path(log) if log else self._scratch / "serial.log"
        self._log = open(self._log_path, "wb")
        self._process = None
        self.shape = Shape(**shape)
        self.control = Control(self._scratch / "control")
        try:
            # A port that was free may be taken by the time QEMU asks for it.
            for _ in range(PORT_ATTEMPTS):
                self._start()
                if self.control.connect(lambda: self.running) or PORT_TAKEN not in self.qemu_errors():
                    break
        except BaseException:
            self.close()
            raise

    # --- starting and ending ---

    def _start(self):
        self._end()
        disk = self._disk
        if self.shape.way != "kernel":
            disk = self._disk_with_options()
        if self.shape.nic is not None and self.shape.netdev == "user":
            self.shape.forwards = dict(zip(self._forwarded, free_ports(len(self._forwarded))))
        command = qemu_command(self.shape, disk=disk, kernel=self.kernel, bundle=self.bundle, options=self._options)
        command += [*DEBUG_EXIT, "-qmp", f"unix:{self._scratch}/control,server=on,wait=off"]
        if self._namespace:
            command = [IP, "netns", "exec", self._namespace, *command]
        self.command = command
        self._errors = open(self._scratch / "qemu.err", "w+")
        self.started = time.monotonic()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
                                         preexec_fn=_die_with_parent)
        self.serial = Serial(self._process.stdout, self._process.stdin, self._log)

    def _disk_with_options(self):
        """A copy of the image (sparse) whose capos.cfg has our options: the image that ships, with another line."""
        copy = self._scratch / "disk.raw"
        subprocess.run(["cp", "--sparse=always", self._disk, copy], check=True)
        configuration = self._scratch / "capos.cfg"
        configuration.write_text(f'set capos_options="{self._options}"\n')
        subprocess.run(["mcopy", "-o", "-i", f"{copy}@@{ESP_OFFSET}", configuration, "::/capos.cfg"], check=True,
                       env=reproducible_environment())
        return copy

    def _end(self):
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.kill()
        process.wait()
        self.serial.join(5)
        for pipe in (process.stdin, process.stdout):
            try:
                pipe.close()
            except OSError:
                pass
        self._errors.close()
        self._process = None

    def close(self):
        self._end()
        self._log.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def kill(self):
        """Pulls the plug."""
        self._process.kill()

    def wait_for_end(self, timeout=30):
        """Waits until the machine has ended by itself and returns what it ended with: "off" for a power-off or a reset,
        the number the kernel gave for an end through the debug port (a panic)."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise SerialTimeout(f"the machine still runs after {timeout} s; last lines:\n{self.tail()}") from None
        self.serial.join(5)
        if status == 0:
            return "off"
        if status > 0 and status & 1 and status != 1:
            return status >> 1
        raise BootFailure(f"QEMU ended with status {status}: {self.qemu_errors()}")

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        """QEMU's process id (for /proc/PID/stat and the like)."""
        return self._process.pid

    def qemu_errors(self):
        self._errors.flush()
        return (self._scratch / "qemu.err").read_text().strip()

    # --- the serial port ---

    @property
    def text(self):
        return self.serial.text

    def tail(self, lines=25):
        return "\n".join(self.serial.lines()[-lines:])

    def wait_for(self, pattern, timeout=20, from_start=False):
        """See Serial.wait_for. `from_start` looks at everything since power-on and moves nothing."""
        try:
            return self.serial.wait_for(pattern, timeout, from_start)
        except SerialTimeout as failure:
            if not self.running and self.qemu_errors():
                raise BootFailure(f"{failure}\nQEMU said: {self.qemu_errors()}") from None
            raise

    def send(self, text):
        self.serial.send(text)

    def wait_for_landmark(self, timeout=30):
        return self.wait_for(LANDMARK, timeout)

    def wait_for_shell(self, timeout=30):
        """Waits for the shell's first prompt."""
        return self.wait_for(PROMPT, timeout)

    def shell(self, line, timeout=15):
        """Types a line at the prompt and returns what the command printed, without echo and next prompt."""
        self.send(line + "\r")
        self.wait_for(re.escape(line) + r"\n", timeout)
        return self.wait_for(r"((?:.|\n)*?)" + PROMPT, timeout).group(1)

    # --- the network ---

    def port(self, guest_port):
        """The host's port that leads to a forwarded port of the guest."""
        return self.shape.forwards[guest_port]

    def url(self, path="/", guest_port=80):
        return f"http://127.0.0.1:{self.port(guest_port)}{path}"

    def get(self, path="/", guest_port=80, timeout=5):
        """One GET; returns the answer's body. Raises OSError when there is no good answer."""
        with urllib.request.urlopen(self.url(path, guest_port), timeout=timeout) as answer:
            return answer.read()

    def wait_for_page(self, path="/", guest_port=80, timeout=30):
        """Asks until the page answers 200; returns its body."""
        deadline = time.monotonic() + timeout
        patience = 0.3
        while True:
            try:
                return self.get(path, guest_port, timeout=patience)
            except (OSError, urllib.error.URLError, ValueError) as error:
                if time.monotonic() > deadline or not self.running:
                    raise SerialTimeout(f"no page at {self.url(path, guest_port)} in {timeout} s ({error}); "
                                        f"last lines on the serial port:\n{self.tail()}") from None
                # QEMU's user networking accepts before the guest does, and such a connection stays silent: ask again
                # soon, then more and more patiently.
                patience = min(patience * 1.5, 5)
                time.sleep(0.05)
