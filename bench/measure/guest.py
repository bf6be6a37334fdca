"""One virtual machine as all figures are taken on it, and the counters of what it executes.

The machine is that of the published figures of others (bench/README.md): q35, -cpu max, one CPU, 256 MiB, a virtio NIC
on QEMU's user network, direct kernel boot, TCG.
"""

import mmap
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from measure import snapshot
from support.packages import find_command
from support.project import BUILD, ROOT, Failure, run
from support.qemu import free_ports

PLUGIN_SOURCE = ROOT / "bench" / "plugin" / "counter.c"
PLUGIN = BUILD / "bench" / "libcounter.so"
COUNTERS = ("instructions", "address_space_switches", "system_calls", "halts", "port_writes", "interrupt_returns",
            "msr_writes")
RECORD = struct.Struct("<QQQQII24s")
EVENTS = {"doorbells": b"virtio_queue_notify ", "interrupts": b"virtio_notify "}
GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def build_plugin():
    if PLUGIN.is_file() and PLUGIN.stat().st_mtime >= PLUGIN_SOURCE.stat().st_mtime:
        return
    PLUGIN.parent.mkdir(parents=True, exist_ok=True)
    compiler = find_command("cc") or find_command("gcc") or find_command("clang-19") or find_command("clang")
    if not compiler:
        raise Failure("a C compiler for the counting plugin is missing (package gcc or clang-19)")
    run([compiler, "-O2", "-Wall", "-fPIC", "-shared", "-o", PLUGIN, PLUGIN_SOURCE,
         "-Wl,--unresolved-symbols=ignore-all"])


class Guest:
    """Starts QEMU at once; `with` ends it.

    count    the plugin counts: counters()
    profile  the plugin records blocks too: blocks()
    trace    doorbells and interrupts are counted by QEMU's own trace events: events()
    """

    def __init__(self, manifest="bench", *, ports=(80, 7, 9, 19), memory=256, count=False, profile=False, trace=False,
                 netdev=None, extra=(), options="panic=exit"):
        kernel, bundle, _, _ = snapshot.files(manifest)
        self._scratch = Path(tempfile.mkdtemp(prefix="capos-bench-"))
        self.ports = {}
        command = [find_command("qemu-system-x86_64") or "qemu-system-x86_64", "-accel", "tcg", "-machine", "q35",
                   "-cpu", "max", "-smp", "1", "-m", str(memory), "-display", "none", "-no-reboot", "-monitor", "none",
                   "-serial", "stdio", "-kernel", str(kernel), "-initrd", str(bundle), "-append", options,
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
        if ports or netdev:
            self.ports = dict(zip(ports, free_ports(len(ports))))
            forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for guest, host in self.ports.items())
            command += ["-netdev", netdev or f"user,id=net0,restrict=on{forwards}", "-device",
                        "virtio-net-pci,netdev=net0"]
        else:
            command += ["-nic", "none"]
        self._counters = self._records = None
        if count or profile:
            build_plugin()
            arguments = f"{PLUGIN},out={self._scratch}/counters"
            if profile:
                arguments += f",profile={self._scratch}/blocks"
            command += ["-plugin", arguments]
        self._trace = self._scratch / "trace"
        if trace:
            command += ["-trace", "virtio_queue_notify", "-trace", "virtio_notify", "-D", str(self._trace)]
        command += list(extra)
        self.log = b""
        self.serial_times = []      # (seconds since the start, a line)
        self._errors = open(self._scratch / "errors", "w+")
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for file in (self._counters, self._records):
            if file is not None:
                file.close()
        self._errors.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _read(self):
        line = b""
        for data in iter(lambda: self.process.stdout.read1(65536), b""):
            self.log += data
            line += data
            while b"\n" in line:
                text, line = line.split(b"\n", 1)
                self.serial_times.append((time.monotonic() - self.started, text.decode("latin-1").strip("\r")))

    def failure(self, what):
        self._errors.flush()
        errors = (self._scratch / "errors").read_text().strip()
        return Failure(f"{what}; last lines on the serial port:\n{self.log.decode('latin-1')[-1500:]}\n{errors}")

    @property
    def running(self):
        return self.process.poll() is None

    def address(self, port):
        return ("127.0.0.1", self.ports[port])

    def wait_for(self, pattern, seconds):
        """Waits until the serial port has said it; returns the match."""
        end = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.log.decode("latin-1"))
            if match:
                return match
            if time.monotonic() > end or not self.running:
                raise self.failure(f"{pattern!r} did not come within {seconds} s")
            time.sleep(0.01)

    def wait_for_page(self, seconds=60, required=True):
        """A new GET every 20 ms, each given up after 0.4 s, at most ten at a time; the first 200 wins. Returns the
        seconds since the start."""
        asked = {}
        next_one = 0.0
        try:
            while time.monotonic() - self.started < seconds and self.running:
                now = time.monotonic()
                if now >= next_one and len(asked) < 10:
                    fresh = socket.socket()
                    fresh.setblocking(False)
                    fresh.connect_ex(self.address(80))
                    asked[fresh] = [now, False, b""]
                    next_one = now + 0.02
                readable, writable, _ = select.select(list(asked), [one for one in asked if not asked[one][1]], [], 0.005)
                for one in writable:
                    try:
                        one.send(GET)
                        asked[one][1] = True
                    except OSError:
                        asked.pop(one).clear()
                        one.close()
                for one in (one for one in readable if one in asked):
                    try:
                        data = one.recv(65536)
                    except OSError:
                        data = b""
                    asked[one][2] += data
                    if re.match(rb"HTTP/1\.. 200", asked[one][2]):
                        return time.monotonic() - self.started
                    if not data:
                        asked.pop(one)
                        one.close()
                for one in [one for one in asked if now - asked[one][0] > 0.4]:
                    asked.pop(one)
                    one.close()
        finally:
            for one in asked:
                one.close()
        if required:
            raise self.failure(f"no page within {seconds} s")
        return None

    def counters(self):
        """What was executed since the start, by name."""
        if self._counters is None:
            with open(self._scratch / "counters", "r+b") as file:
                self._counters = mmap.mmap(file.fileno(), 4096)
        return dict(zip(COUNTERS, struct.unpack_from(f"<{len(COUNTERS)}Q", self._counters)))

    def blocks(self):
        """(address, page, code, executions, instructions) of each block translated so far; see bench/plugin."""
        if self._records is None:
            with open(self._scratch / "blocks", "r+b") as file:
                self._records = mmap.mmap(file.fileno(), 0)
        found = []
        for at in range(0, len(self._records), RECORD.size):
            instructions, executions, address, page, length, size, code = RECORD.unpack_from(self._records, at)
            if length == 0:
                break
            found.append((address, page, code[:size], executions, instructions))
        return found

    def events(self):
        """Doorbells and interrupts of the virtio devices so far."""
        time.sleep(0.3)
        data = self._trace.read_bytes() if self._trace.exists() else b""
        return {name: data.count(word) for name, word in EVENTS.items()}
