"""A debugger on the machine: QEMU's gdb stub, as far as tests need it. The packets are described in gdb's manual,
appendix E (Remote Protocol)."""

import socket
import struct
import subprocess
import time

RIP = 16 * 8                        # where the instruction pointer stands among the registers of a `g` packet
FLAGS = 17 * 8


def function(program, name):
    """(address, first bytes) of a function of an executable, by its name as C++ writes it."""
    lines = subprocess.run(["nm", "--demangle", f"{program}.debug"], check=True, capture_output=True, text=True).stdout
    address = next(int(line.split()[0], 16) for line in lines.splitlines() if line.split(" ", 2)[2].startswith(name + "("))
    image = program.read_bytes()
    headers, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for at in range(headers, headers + size * count, size):
        kind, _, offset, start, _, length = struct.unpack_from("<IIQQQQ", image, at)
        if kind == 1 and start <= address < start + length:
            return address, image[offset + address - start:][:16]
    raise ValueError(f"{name} is in no segment of {program}")


class Debugger:
    """Attaches to a machine started with `extra=Debugger.arguments(path)`; the machine stands still from then on."""

    @staticmethod
    def arguments(path):
        return ["-chardev", f"socket,path={path},server=on,wait=off,id=gdb0", "-gdb", "chardev:gdb0"]

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()

    # --- packets ---

    def _send(self, packet):
        self._socket.sendall(b"$%s#%02x" % (packet.encode(), sum(packet.encode()) & 0xff))

    def _receive(self):
        byte = self._socket.recv(1)
        while byte != b"$":                                             # acknowledgements
            if not byte:
                raise ConnectionError("QEMU closed its debugger socket")
            byte = self._socket.recv(1)
        packet = b""
        while not packet.endswith(b"#"):
            packet += self._socket.recv(1)
        self._socket.recv(2)
        self._socket.sendall(b"+")
        return packet[:-1].decode()

    def _wait_for_stop(self):
        while not self._receive().startswith("T"):
            pass

    def _exchange(self, packet):
        """The answer to a packet that does not let the machine run. QEMU tells that it has stopped for us when it likes."""
        self._send(packet)
        while (answer := self._receive()).startswith("T"):
            pass
        return answer

    def _done(self, packet):
        answer = self._exchange(packet)
        if answer != "OK":
            raise RuntimeError(f"{packet}: {answer}")

    # --- the machine ---

    def stop_in(self, address, code, when_running):
        """Lets the machine run until it is at `address` of the program whose bytes there are `code`; others have other
        code at the same address. `when_running` is called once it runs."""
        self._done(f"Z1,{address:x},1")
        self._send("c")
        when_running()
        deadline = time.monotonic() + 20
        while True:
            self._wait_for_stop()
            if self._exchange(f"m{address:x},{len(code):x}") == code.hex():
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"the program never came to 0x{address:x}")
            self._done(f"z1,{address:x},1")
            self._send("s")
            self._wait_for_stop()
            self._done(f"Z1,{address:x},1")
            self._send("c")
        self._done(f"z1,{address:x},1")

    def flags(self):
        """RFLAGS, where the machine stands."""
        return struct.unpack_from("<I", bytes.fromhex(self._exchange("g")), FLAGS)[0]

    def jump_to(self, address):
        registers = bytearray.fromhex(self._exchange("g"))
        struct.pack_into("<Q", registers, RIP, address)
        self._done("G" + registers.hex())

    def write(self, address, data):
        self._done(f"M{address:x},{len(data):x}:{data.hex()}")

    def let_go(self):
        """The machine runs on without the debugger."""
        self._done("D")
