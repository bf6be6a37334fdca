"""The serial shell as an operator uses it: what each command shows of a running system, and the keys."""

import re

from harness.facts import process, status
from support.project import ROOT

SERVICES = ("init", "netstack", "shell", "virtio-net", "web")
LEFT, UP, HOME, BACKSPACE = "\x1b[D", "\x1b[A", "\x01", "\x7f"


def rows(text):
    """The words of each line of a table, without its head."""
    return [line.split() for line in text.splitlines()[1:]]


def press(machine, keys, shown):
    """Presses keys and Enter; `shown`, from the prompt of the finished line on, must follow, and then a prompt."""
    machine.send(keys + "\r")
    machine.wait_for(rf"capOS> {shown}(?:.|\n)*?\ncapOS> ", 10)


def test_what_the_commands_show_is_what_the_system_is_and_keys_edit_the_line(boot):
    machine = boot("dev")
    machine.wait_for_shell()
    machine.wait_for_page()
    facts = status(machine)
    machine.wait_for(r"netstack: dhcp: bound 10\.0\.2\.15/24", from_start=True)

    # Who is there, what it may do, what it uses.
    listed = {row[1]: row for row in rows(machine.shell("ps"))}
    assert sorted(listed) == sorted(SERVICES)
    for name in SERVICES:
        assert int(listed[name][0]) == process(facts, name)["pid"]
        assert listed[name][2] in ("running", "ready", "waiting")
    held = machine.shell("caps web")
    assert held.startswith(f"web (pid {process(facts, 'web')['pid']}) holds ")
    shown = rows(held.partition("\n")[2])
    interfaces = [capability["interface"] for capability in process(facts, "web")["capabilities"]]
    interfaces.remove("TcpSocket")                                      # the connection that asked
    assert sorted(row[1] for row in shown) == sorted(interfaces)
    # The README shows it too (tools/record tour).
    tour = re.search(r"    capOS> caps web\n    web .*\n((?:    .*\n)+)", (ROOT / "README.md").read_text())[1]
    assert [row[1] for row in rows(tour)] == [row[1] for row in shown]
    assert "TcpListenAuthority    netstack.tcp-listen, port 80, 256 connections" in held
    memory = machine.shell("mem")
    assert re.match(r"memory \d+ MiB, used [0-9.]+ MiB \(\d+ %\), free \d+ MiB", memory)
    assert sorted(row[0] for row in rows(memory.partition("\n")[2])) == sorted(SERVICES)
    assert "differ" not in memory                                       # the books balance

    # What it is, how it came up, what it said.
    version = machine.shell("version")
    assert version.startswith(f"capOS {facts['system']['version']}, image {facts['system']['image']}, booted by multiboot2-bios")
    assert "\n  on   NX\n" in version
    steps = [re.match(r"(.*?) +([0-9.]+) (us|ms|s) +[0-9.]+ (?:us|ms|s) ", line) for line in machine.shell("boot").splitlines()[1:]]
    unit = {"us": 1, "ms": 1000, "s": 1_000_000}
    names, times = [step[1] for step in steps], [float(step[2]) * unit[step[3]] for step in steps]
    assert times == sorted(times) and times[-1] < 20_000_000
    for step in ("clock calibrated", "bundle checked", "devices scanned", "init started", "web started", "address bound"):
        assert step in names
    log = machine.shell("dmesg")
    assert re.search(r'^ \[ *[0-9.]+\] init: manifest "dev": 4 services$', log, re.MULTILINE)
    assert machine.shell("dmesg 3") == "".join(log.splitlines(keepends=True)[-3:])
    assert re.match(r"up 00:0\d:\d\d$", machine.shell("uptime").strip())

    # The network.
    network = machine.shell("net")
    for line in (r"state +bound", r"address +10\.0\.2\.15/24", r"gateway +10\.0\.2\.2", r"route +0\.0\.0\.0/0 via 10\.0\.2\.2",
                 r"LISTEN +80"):
        assert re.search(rf"^{line}\s*$", network, re.MULTILINE), network
    assert re.search(r"^2 of 2 answered, quickest ", machine.shell("ping 10.0.2.2 2"), re.MULTILINE)

    # What is wrong is told, with what would be right.
    assert machine.shell("pign 10.0.2.2") == 'there is no command "pign"; did you mean ping?\n'
    assert machine.shell("frobnicate") == 'there is no command "frobnicate"; help lists them\n'
    assert "an argument is missing. Usage: caps NAME" in machine.shell("caps")
    assert "too many arguments. Usage: ps" in machine.shell("ps all")
    assert machine.shell("caps nobody") == 'caps: there is no process "nobody"; ps lists them.\n'
    assert "is no IPv4 address" in machine.shell("ping example.org")
    commands = re.findall(r"^  ([a-z]+) ", machine.shell("help"), re.MULTILINE)
    assert {"ps", "caps", "net", "ping", "dmesg", "mem", "boot", "kill", "restart", "version", "poweroff", "help"} <= set(commands)
    for command in commands:
        assert f"Example: {command}" in machine.shell(f"help {command}")

    # Keys: completion of commands and services, history, editing in the middle.
    press(machine, "ver\t", r"version \ncapOS \S+, image ")
    press(machine, "caps vi\t", r"caps virtio-net \nvirtio-net \(pid ")
    machine.send("p\t\t")
    machine.wait_for(r"ping +poweroff +ps\n")
    press(machine, BACKSPACE + "uptime", r"uptime\nup ")
    press(machine, UP + UP, r"caps virtio-net \nvirtio-net \(pid ")
    press(machine, "vrsion" + 5 * LEFT + "e", r"version\ncapOS \S+, image ")
    press(machine, "time" + HOME + "upp" + BACKSPACE, r"uptime\nup ")
