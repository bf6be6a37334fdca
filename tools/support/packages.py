"""What must be installed, and what to say when it is not."""

import glob
import platform
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from support import llvm
from support.llvm import find_command
from support.project import Failure


@dataclass(frozen=True)
class Need:
    """One thing the project needs: there when any of `commands` is on the path, any of `files` (globs) exists, or `test`
    says so."""

    package: str                    # Debian's package
    why: str
    commands: tuple = field(default=())
    files: tuple = field(default=())
    test: Callable | None = None
    for_tests: bool = False         # needed by `make test` only

    def present(self):
        if any(find_command(command) for command in self.commands):
            return True
        if self.test is not None and self.test():
            return True
        return any(glob.glob(pattern) for pattern in self.files)


BROWSERS = ("chromium", "chromium-browser")     # names of the same one
LLVM = llvm.version()               # of the compiler that is there, or else of the one that will be installed

NEEDS = [
    Need(f"clang-{LLVM}", "compiler", test=llvm.compiler),
    Need(f"lld-{LLVM}", "linker", test=lambda: llvm.tool("ld.lld")),
    Need(f"llvm-{LLVM}", "archiver and object tools", test=lambda: llvm.tool("llvm-objcopy")),
    Need(f"libc++-{LLVM}-dev", "C++ library headers", test=lambda: llvm.has_header("expected")),
    Need("g++", "compiler of the build's own host programs", ("g++", "c++")),
    Need("cmake", "build", ("cmake",)),
    Need("ninja-build", "build", ("ninja",)),
    Need("make", "front door", ("make",)),
    Need("capnproto", "schema compiler", ("capnp",)),
    Need("libcapnp-dev", "schema compiler's library",
         files=("/usr/include/capnp/schema.capnp.h", "/usr/local/include/capnp/schema.capnp.h")),
    Need("grub-common", "boot loader", ("grub-mkimage",)),
    Need("grub-pc-bin", "boot loader for BIOS", files=("/usr/lib/grub/i386-pc/multiboot2.mod",)),
    Need("grub-efi-amd64-bin", "boot loader for UEFI", files=("/usr/lib/grub/x86_64-efi/multiboot2.mod",)),
    Need("mtools", "disk image", ("mformat",)),
    Need("gdisk", "disk image", ("sgdisk",)),
    Need("qemu-system-x86", "virtual machine", ("qemu-system-x86_64",)),
    Need("ca-certificates", "fetching the sources of libraries",
         files=("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")),
    # Tests only.
    Need(f"libc++abi-{LLVM}-dev", "tests on the host", for_tests=True,
         test=lambda: llvm.library("libc++abi.a") or llvm.library("libc++abi.so")),
    Need(f"libclang-rt-{LLVM}-dev", "sanitizers and fuzzer", for_tests=True, test=lambda: llvm.runtime_library("fuzzer")),
    Need("googletest", "unit tests", files=("/usr/src/googletest/googletest/src/gtest-all.cc",), for_tests=True),
    Need("python3-pytest", "tests in the virtual machine", for_tests=True,
         files=("/usr/lib/python3/dist-packages/pytest/__init__.py",)),
    Need("ovmf", "UEFI firmware", files=("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/ovmf/OVMF.fd"), for_tests=True),
    Need("curl", "web client", ("curl",), for_tests=True),
    Need("chromium", "web browser", BROWSERS, for_tests=True),
    Need("dnsmasq-base", "DHCP server", ("dnsmasq",), for_tests=True),
    Need("iproute2", "network namespaces", ("ip",), for_tests=True),
    Need("binutils", "inspection of the kernel's binary", ("objdump",), for_tests=True),
    Need("git", "version and mutants", ("git",), for_tests=True),
    Need("patch", "mutants", ("patch",), for_tests=True),
]

# The page is forwarded to the loopback of whoever runs QEMU, so the container shares the network of its host.
CONTAINER = ('docker run --rm -it --network host -v "$PWD":/capos -w /capos debian:12 '
             "sh -c 'apt-get update && apt-get install -y --no-install-recommends make python3 && make run'")


def on_debian():
    """True where packages can be installed by their Debian names."""
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return False
    return bool(re.search(r'^ID=debian$', release, re.M) and re.search(r'^VERSION_ID="?(12|13)"?$', release, re.M)
                and shutil.which("apt-get"))


def missing(tests):
    """The needs that are not met; those of the tests only when asked."""
    return [need for need in NEEDS if (tests or not need.for_tests) and not need.present()]


def describe(needs):
    return "\n".join(f"  {need.package:20} {need.why}" for need in needs)


def require_commands(*names):
    """For tools that are started by hand: a clear message instead of a traceback."""
    absent = [name for name in names if not find_command(name)]
    if absent:
        packages = {need.package for need in NEEDS if set(need.commands) & set(absent)}
        raise Failure(f"missing: {', '.join(absent)} (Debian package {', '.join(sorted(packages)) or 'unknown'}); "
                      "tools/setup installs what is missing")


def describe_machine():
    return f"{platform.system()} {platform.machine()}"
