"""The kernel knows no network: none of its words stands in its symbols, strings or include paths."""

import re
import subprocess

from support.project import ROOT

KERNEL = ROOT / "build" / "target" / "kernel" / "kernel.elf"
# A letter before or after makes it another word ("sharp"); digits and underscores do not.
WORDS = re.compile(r"(?<![a-z])(lwip|dhcp|arp|icmp|tcp|udp|ethernet|virtio_net)(?![a-z])", re.IGNORECASE)


def found(lines):
    return sorted({line.strip() for line in lines if WORDS.search(line)})


def test_the_check_finds_what_it_looks_for():
    assert found(["_ZN5capos3tcp4openEv", "no ARP entry", "a sharp edge", "lib/netcore/dhcp_message.hpp"]) == [
        "_ZN5capos3tcp4openEv", "lib/netcore/dhcp_message.hpp", "no ARP entry"]


def test_no_network_word_in_symbols_and_strings():
    symbols = subprocess.run(["nm", f"{KERNEL}.debug"], capture_output=True, text=True, check=True).stdout
    assert len(symbols.splitlines()) > 500
    strings = re.findall(rb"[\x20-\x7e]{3,}", KERNEL.read_bytes())
    assert len(strings) > 500
    assert found(symbols.splitlines()) == []
    assert found(string.decode() for string in strings) == []


def test_no_network_word_in_include_paths():
    dependencies = subprocess.run(["ninja", "-C", ROOT / "build" / "target", "-t", "deps"], capture_output=True, text=True,
                                  check=True).stdout
    paths, ours = [], False
    for line in dependencies.splitlines():
        if not line.startswith(" "):
            ours = line.startswith("kernel/CMakeFiles/kernel_objects.dir/")
        elif ours:
            paths.append(line.removeprefix(str(ROOT)))
    assert len(paths) > 500
    assert found(path.replace(str(ROOT), "") for path in paths) == []
