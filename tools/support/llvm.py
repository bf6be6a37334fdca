"""Which LLVM is used: one clang of version 19 or later, and the tools that belong to it. cmake/find_clang.cmake has the
same rule. Tools of another version cannot read what the compiler writes (bitcode, profiles), so they do not count."""

import functools
import re
import shutil
import subprocess
from pathlib import Path

OLDEST = 19
VERSIONS = (19, 20, 21, 22)


def find_command(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


@functools.cache
def version_of(command):
    """The major version a tool of LLVM's reports, 0 when it reports none."""
    try:
        text = subprocess.run([command, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    found = re.search(r"(?:version |LLD )(\d+)", text)
    return int(found[1]) if found else 0


def compiler():
    """The path of clang++, "" when there is none of a version that will do."""
    for name in [f"clang++-{version}" for version in VERSIONS] + ["clang++"]:
        path = find_command(name)
        if path and version_of(path) >= OLDEST:
            return path
    return ""


def version():
    """The compiler's major version; the one that would be installed when there is no compiler."""
    return version_of(compiler()) if compiler() else OLDEST


def tool(name):
    """The path of a tool that belongs to the compiler: beside it, or by its version. "" when there is none."""
    if not compiler():
        return ""
    beside = Path(compiler()).resolve().parent / name
    for path in (str(beside) if beside.is_file() else None, find_command(f"{name}-{version()}"), find_command(name)):
        if path and version_of(path) == version():
            return path
    return ""


def library(name):
    """The path of a library file that the compiler would link, "" when it does not know it."""
    if not compiler():
        return ""
    path = subprocess.run([compiler(), "-stdlib=libc++", f"-print-file-name={name}"], capture_output=True,
                          text=True).stdout.strip()
    return path if Path(path).is_absolute() and Path(path).is_file() else ""


def runtime_library(name):
    """The path of one of the compiler's run-time libraries (sanitizers, fuzzer), "" when it is not installed."""
    if not compiler():
        return ""
    place = subprocess.run([compiler(), "-print-resource-dir"], capture_output=True, text=True).stdout.strip()
    found = sorted(Path(place).glob(f"lib/*/libclang_rt.{name}*.a"))
    return str(found[0]) if found else ""


def has_header(name):
    """Whether the compiler finds a header of libc++."""
    if not compiler():
        return False
    return subprocess.run([compiler(), "-std=c++23", "-stdlib=libc++", "-E", "-x", "c++", "-"], input=f"#include <{name}>\n",
                          capture_output=True, text=True).returncode == 0
