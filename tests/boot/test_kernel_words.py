"""The kernel knows no network: none of its words stands in its symbols, strings or include paths."""

import re
import subprocess

import pytest

from support.project import ROOT

KERNEL = ROOT / "build" / "target" / "kernel" / "kernel.elf"
# No other word contains these.
LONG = r"(?i:lwip|dhcp|icmp|ethernet|virtio[-_]?net)"
# Others do contain these ("sharp"): a word, or a part of a name like TcpSocket, openTcp, TCPSocket, tcp_open, udpSocket.
SHORT = (r"(?<![A-Za-z])(?:arp|tcp|udp)(?![a-z])", r"(?:Arp|Tcp|Udp)(?![a-z])",
         r"(?<![A-Z])(?:ARP|TCP|UDP)(?![A-Z](?![a-z]))")
WORDS = re.compile("|".join((LONG, *SHORT)))


def found(lines):
    return sorted({line.strip() for line in lines if WORDS.search(line)})


@pytest.mark.parametrize("line", [
    "_ZN5capos3tcp4openEv", "no ARP entry", "lib/netcore/dhcp_message.hpp", "third_party/lwip/lwipopts.h", "lwip",
    "_ZN5capos9TcpSocketC2Ev", "EthernetFrame", "DhcpClient", "UdpSocket", "openTcp", "TCPSocket", "TCPv4", "udpSocket", "kArpTable",
    "ICMPv6", "IcmpEcho", "virtio_net", "VirtioNet", "services/virtio-net", "arp_table", "tcp6", "UDP/53"])
def test_the_check_finds_what_it_looks_for(line):
    assert found([line]) == [line]


@pytest.mark.parametrize("line", ["a sharp edge", "SHARP", "Sharpen", "carp", "harpoon", "ARPA", "a uniform tcpish", "virtio"])
def test_the_check_leaves_other_words_alone(line):
    assert found([line]) == []


def ninja(tool, *arguments):
    return subprocess.run(["ninja", "-C", ROOT / "build" / "target", "-t", tool, *arguments], capture_output=True, text=True,
                          check=True).stdout.splitlines()


def inputs(output):
    """What ninja makes `output` of."""
    lines = ninja("query", output)
    return [line.strip().lstrip("| ") for line in lines[:lines.index("  outputs:")][2:]]


def test_no_network_word_in_symbols_and_strings():
    symbols = subprocess.run(["nm", f"{KERNEL}.debug"], capture_output=True, text=True, check=True).stdout
    assert len(symbols.splitlines()) > 500
    strings = re.findall(rb"[\x20-\x7e]{3,}", KERNEL.read_bytes())
    assert len(strings) > 500
    assert found(symbols.splitlines()) == []
    assert found(string.decode() for string in strings) == []


def test_no_network_word_in_include_paths():
    # The targets of all that is linked into the kernel: its own objects and those of the libraries.
    linked = inputs("kernel/kernel.elf")
    linked += [name for archive in linked if archive.endswith(".a") for name in inputs(archive)]
    targets = {target for target, directory, _ in (line.partition(".dir/") for line in linked) if directory}
    assert {"kernel/CMakeFiles/kernel_objects", "lib/virtio/CMakeFiles/capos_virtio_kernel"} < targets and len(targets) > 7
    paths, ours, seen = set(), False, set()
    for line in ninja("deps"):
        if not line.startswith(" "):
            target = line.partition(".dir/")[0]
            ours = target in targets
            seen |= {target} & targets
        elif ours:
            paths.add(line.strip().removeprefix(str(ROOT)))
    assert seen == targets
    assert len(paths) > 200
    assert found({*linked, *paths}) == []
