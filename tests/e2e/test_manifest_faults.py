"""Demand 4: a manifest or bundle that does not hold is told in one line, and only the rescue shell starts."""

import re

import pytest

from harness.bundles import DEV, edited, make_bundle


def type_poweroff(machine):
    machine.send("poweroff\r")
    return "shell"


def press_the_button(machine):
    machine.control.monitor("system_powerdown")
    return "init"


def boots_into_rescue(boot, bundle, fault, end=type_poweroff):
    """`fault` is what init's one line says after "manifest fault: "."""
    line = re.escape(f"init: error: manifest fault: {fault}")
    machine = boot("dev", way="kernel", bundle=bundle)
    machine.wait_for(rf"^\[ *[0-9.]+\] {line}$", 20, from_start=True)
    machine.wait_for_shell()
    assert "Rescue mode: the manifest did not hold" in machine.text
    listed = machine.shell("ps")
    names = re.findall(r"^\s*\d+\s+([a-z0-9-]+)", listed, re.MULTILINE)
    assert sorted(names) == ["init", "shell"], listed
    assert re.findall(r"^\[ *[0-9.]+\] init: (error: .*)$", machine.text, re.MULTILINE) == [f"error: manifest fault: {fault}"]
    # What an operator needs to find out what is wrong, and to end the machine.
    assert re.search(r"^shell +\S+ +[KM]iB ", machine.shell("mem"), re.MULTILINE)
    assert re.search(rf"^ \[ *[0-9.]+\] {line}$", machine.shell("dmesg"), re.MULTILINE)
    asked_by = end(machine)
    assert machine.wait_for_end() == "off"
    assert re.search(rf"kernel: power off, asked for by {asked_by}$", machine.text, re.MULTILINE)


def test_an_unknown_field_is_a_build_error_with_its_line(tmp_path):
    text = edited("heapPages = 64,", "heapPagse = 64,")
    line = next(number for number, content in enumerate(text.splitlines(), 1) if "heapPagse" in content)
    made, bundle = make_bundle(tmp_path, text)
    assert made.returncode != 0 and not bundle.exists()
    assert f":{line}:" in made.stderr and "heapPagse" in made.stderr


@pytest.mark.parametrize("old, new, fault", [
    pytest.param('export = "tcp-listen"', 'export = "tcp-listne"',
                 'service "web": grant "listen": service "netstack" has no export "tcp-listne"', id="no-such-export"),
    pytest.param('(service = "netstack", export = "uplink"', '(service = "netstakc", export = "uplink"',
                 'service "virtio-net": grant "uplink": there is no service "netstakc"', id="no-such-service"),
    pytest.param('(kernel = "Entropy")', '(kernel = "Entorpy")',
                 'service "netstack": grant "entropy": kernel: there is no "Entorpy"', id="no-such-kernel-object"),
    pytest.param('(name = "manager", interface = "NetworkManager"', '(name = "manager", interface = "Uplink"',
                 'service "shell": grant "manager": interface: asked for Uplink, the source is NetworkManager',
                 id="wrong-interface"),
])
def test_a_grant_that_cannot_be_given_is_named(boot, tmp_path, old, new, fault):
    made, bundle = make_bundle(tmp_path, edited(old, new))
    assert made.returncode == 0, made.stderr
    boots_into_rescue(boot, bundle, fault)


def test_a_missing_program_is_named(boot, tmp_path):
    made, bundle = make_bundle(tmp_path, DEV, "--leave-out", "web")
    assert made.returncode == 0, made.stderr
    boots_into_rescue(boot, bundle, 'service "web": program "web": not in the bundle')


def test_a_damaged_program_is_named(boot, tmp_path):
    made, bundle = make_bundle(tmp_path, DEV, "--damage", "netstack")
    assert made.returncode == 0, made.stderr
    boots_into_rescue(boot, bundle, 'service "netstack": program "netstack": damaged (checksum does not match)')


def test_a_damaged_bundle_is_named(boot, tmp_path):
    made, bundle = make_bundle(tmp_path, DEV, "--damage-table")
    assert made.returncode == 0, made.stderr
    boots_into_rescue(boot, bundle, "bundle: ChecksumMismatch: the table does not match its checksum", press_the_button)


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


HEADER, ENTRY = 32, 72          # abi/bundle.hpp


@pytest.mark.parametrize("damage, fault", [
    pytest.param(lambda data: data[:2 * len(data) // 3], "Malformed: cut short", id="cut-short"),
    pytest.param(lambda data: flip(data, 0), "Malformed: not a bundle", id="magic"),
    pytest.param(lambda data: flip(data, HEADER + 4 * ENTRY + 40), "ChecksumMismatch: the table does not match its checksum",
                 id="where-a-program-is"),
])
def test_a_bundle_damaged_elsewhere_is_named(boot, tmp_path, damage, fault):
    made, bundle = make_bundle(tmp_path, DEV)
    assert made.returncode == 0, made.stderr
    bundle.write_bytes(damage(bundle.read_bytes()))
    boots_into_rescue(boot, bundle, f"bundle: {fault}")


def test_without_an_intact_shell_one_line_says_what_to_do(boot, tmp_path):
    made, bundle = make_bundle(tmp_path, DEV, "--damage", "shell")
    assert made.returncode == 0, made.stderr
    machine = boot("dev", way="kernel", bundle=bundle)
    machine.wait_for(r"init: error: manifest fault: service \"shell\": program \"shell\": damaged", 20, from_start=True)
    machine.wait_for(r"init: warning: the rescue shell is damaged, too, or missing: write the disk image anew")
    press_the_button(machine)
    assert machine.wait_for_end() == "off"
    assert len(re.findall(r"init: (?:error|warning)", machine.text)) == 2


def test_without_an_intact_init_the_kernel_says_what_is_damaged(boot, tmp_path):
    made, bundle = make_bundle(tmp_path, DEV, "--damage", "init")
    assert made.returncode == 0, made.stderr
    machine = boot("dev", way="kernel", bundle=bundle)
    machine.wait_for(r"kernel panic: init cannot be loaded: .*init is damaged", 20, from_start=True)
    assert isinstance(machine.wait_for_end(20), int)
