"""What must be installed, and what to say when it is not."""

import glob
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from support.project import Failure


@dataclass(frozen=True)
class Need:
    """One thing the project needs: there when any of `commands` is on the path or any of `files` (globs) exists."""

    package: str                    # Debian's package
    why: str
    commands: tuple = field(default=())
    files: tuple = field(default=())
    for_tests: bool = False         # needed by `make test` only

    def present(self):
        if any(find_command(command) for command in self.commands):
            return True
        return any(glob.glob(pattern) for pattern in self.files)


def clang(name):
    """The names under which a tool of clang 19 or later is found."""
    return tuple(f"{name}-{version}" for version in (19, 20, 21, 22)) + (name,)


NEEDS = [
    Need("clang-19", "compiler", clang("clang++")),
    Need("lld-19", "linker", clang("ld.lld")),
    Need("llvm-19", "archiver and object tools", clang("llvm-objcopy")),
    Need("libc++-19-dev", "C++ library headers",
         files=("/usr/lib/llvm-*/include/c++/v1/expected", "/usr/include/c++/v1/expected")),
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
    Need("ipxe-qemu", "virtual machine's network boot ROMs", files=("/usr/lib/ipxe/qemu/*virtio*", "/usr/share/qemu/efi-virtio.rom")),
    Need("dpkg-dev", "unpacking source packages", ("dpkg-source",)),
    Need("ca-certificates", "fetching source packages", files=("/etc/ssl/certs/ca-certificates.crt",)),
    # Tests only.
    Need("libc++abi-19-dev", "tests on the host", for_tests=True,
         files=("/usr/lib/llvm-*/lib/libc++abi.a", "/usr/lib/libc++abi.*")),
    Need("libclang-rt-19-dev", "sanitizers and fuzzer", for_tests=True,
         files=("/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a",
                "/usr/lib/clang/*/lib/*/libclang_rt.fuzzer*.a")),
    Need("googletest", "unit tests", files=("/usr/src/googletest/googletest/src/gtest-all.cc",), for_tests=True),
    Need("python3-pytest", "tests in the virtual machine", for_tests=True,
         files=("/usr/lib/python3/dist-packages/pytest/__init__.py",)),
    Need("ovmf", "UEFI firmware", files=("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/ovmf/OVMF.fd"), for_tests=True),
    Need("curl", "web client", ("curl",), for_tests=True),
    Need("chromium", "web browser", ("chromium", "chromium-browser"), for_tests=True),
    Need("dnsmasq-base", "DHCP server", ("dnsmasq",), for_tests=True),
    Need("iproute2", "network namespaces", ("ip",), for_tests=True),
    Need("binutils", "inspection of the kernel's binary", ("objdump",), for_tests=True),
    Need("git", "version and mutants", ("git",), for_tests=True),
    Need("patch", "mutants", ("patch",), for_tests=True),
]

CONTAINER = ('docker run --rm -it -p 8080:8080 -v "$PWD":/capos -w /capos debian:12 '
             "sh -c 'apt-get update && apt-get install -y --no-install-recommends make python3 && make run'")


def find_command(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def on_debian():
    """True where packages can be installed by their Debian names."""
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return False
    return bool(re.search(r'^ID=debian$', release, re.M) and re.search(r'^VERSION_ID="?(12|13)"?$', release, re.M)
                and shutil.which("apt-get"))


def clang_version():
    """The major version of the compiler that will be used, 0 when there is none."""
    for name in clang("clang++"):
        if shutil.which(name):
            text = subprocess.run([name, "--version"], capture_output=True, text=True).stdout
            match = re.search(r"version (\d+)", text)
            return int(match[1]) if match else 0
    return 0


def missing(tests):
    """The needs that are not met; those of the tests only when asked."""
    lacking = [need for need in NEEDS if (tests or not need.for_tests) and not need.present()]
    if 0 < clang_version() < 19 and not any(need.package == "clang-19" for need in lacking):
        lacking.insert(0, NEEDS[0])
    return lacking


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
