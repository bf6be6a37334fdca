"""Which function of which program a block of executed code belongs to."""

import bisect
import re
import struct
import subprocess

from measure import snapshot
from support import llvm
from support.packages import find_command
from support.project import Failure

KERNEL_HALF = 1 << 63
FIRMWARE_TOP = 1 << 20
PAGE = 4096


class Program:
    """The code and the functions of one ELF file."""

    def __init__(self, path):
        self.name = path.name
        data = path.read_bytes()
        start, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        self._segments = []
        for i in range(count):
            kind, _, offset, address, _, bytes_, _, _ = struct.unpack_from("<IIQQQQQQ", data, start + i * size)
            if kind == 1:
                self._segments.append((address, data[offset:offset + bytes_]))
        with_symbols = path.with_name(path.name + ".debug")
        self._addresses, self._names = functions_of(with_symbols if with_symbols.is_file() else path)

    def code(self, address, size):
        for start, content in self._segments:
            if start <= address < start + len(content):
                return content[address - start:address - start + size]
        return b""

    def function(self, address):
        at = bisect.bisect_right(self._addresses, address) - 1
        return self._names[at] if at >= 0 else "?"

    def starts(self, address):
        at = bisect.bisect_right(self._addresses, address) - 1
        return at >= 0 and self._addresses[at] == address


def functions_of(path):
    nm = llvm.tool("llvm-nm") or find_command("nm")
    if not nm:
        raise Failure("nm is missing (package llvm-19 or binutils)")
    text = subprocess.run([nm, "-n", "-C", path], capture_output=True, text=True, check=True).stdout
    found = [(int(match[1], 16), match[2]) for match in re.finditer(r"^([0-9a-f]+) [tTwW] (.+)$", text, re.M)]
    return [address for address, _ in found], [name for _, name in found]


class Symbols:
    """The kernel and the programs of a build. Programs are linked at overlapping addresses, so a page of executed code
    is told by its bytes: the program that has them all at that place."""

    def __init__(self, manifest="bench"):
        kernel, _, _, programs = snapshot.files(manifest)
        self.kernel = Program(kernel)
        self.kernel.name = "kernel"
        self.programs = [Program(path) for path in sorted(programs.glob("*")) if path.suffix == ""]

    def owners(self, blocks):
        """{page of the host: Program} for the user code among the blocks."""
        pages = {}
        for address, page, code, *_ in blocks:
            if PAGE <= address < KERNEL_HALF:
                pages.setdefault((page // PAGE, address // PAGE), []).append((address, code))
        owners = {}
        for key, seen in pages.items():
            best, most = None, 0
            for program in self.programs:
                score = sum(len(code) for address, code in seen if program.code(address, len(code)) == code)
                if score > most:
                    best, most = program, score
            owners[key] = best
        return owners

    def attribute(self, before, after):
        """{(program, function): (instructions, calls)} of what was executed between two looks at blocks()."""
        was = [(block[3], block[4]) for block in before] + [(0, 0)] * (len(after) - len(before))
        owners = self.owners(after)
        found = {}
        for (address, page, _, executions, instructions), (executed, counted) in zip(after, was):
            if executions == executed:
                continue
            program = self.kernel if address >= KERNEL_HALF else owners.get((page // PAGE, address // PAGE))
            key = (program.name, program.function(address)) if program else ("other", f"{address:#x}")
            calls = executions - executed if program and program.starts(address) else 0
            old = found.get(key, (0, 0))
            found[key] = (old[0] + instructions - counted, old[1] + calls)
        return found
