"""What the front door says when something is missing, taken or wrong."""

import functools
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from harness.tool import load
from support import packages
from support.project import ROOT, Failure
from support.qemu import free_port


@pytest.fixture
def tree(tmp_path):
    """A copy of tools/ and of the recipes, with nothing downloaded."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "third_party", tmp_path / "third_party", ignore=shutil.ignore_patterns("cache"))
    return tmp_path


def fetch(tree, **environment):
    return subprocess.run(["/usr/bin/python3", tree / "tools" / "third-party", "fetch"], capture_output=True, text=True,
                          env={**os.environ, **environment})


@pytest.fixture
def door(tree):
    """door(words for make ...): the front door of a tree in which setting up fails, and tells that it came to that."""
    shutil.copy(ROOT / "Makefile", tree)
    (tree / "tools" / "setup").write_text("#!/bin/sh\necho came to setting up >&2\nexit 1\n")
    return lambda *words: subprocess.run(["make", "-s", *words], cwd=tree, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("target, value, said", [
    ("run", "PORT=99999", "run: PORT=99999: allowed is 1 to 65535 (a TCP port of this machine)"),
    ("run", "PORT=0", "run: PORT=0: allowed is 1 to 65535"),
    ("run", "PORT=", "run: PORT=: allowed is 1 to 65535"),
    ("run", "MEMORY=0", "run: MEMORY=0: allowed is 17 to 65536 (MiB"),
    ("run", "MEMORY=lots", "run: MEMORY=lots: allowed is 17 to 65536 (MiB"),
    ("run", "MEMORY=55 FIRMWARE=uefi", "run: MEMORY=55: allowed is 56 to 65536 (MiB"),
    ("run", "CPUS=0", "run: CPUS=0: allowed is 1 to 64"),
    ("run", "CPUS=65", "run: CPUS=65: allowed is 1 to 64"),
    ("run", "NIC=e1000", "run: NIC=e1000: allowed is legacy, modern or transitional"),
    ("run", "FIRMWARE=none", "run: FIRMWARE=none: allowed is bios or uefi"),
    ("run", "MACHINE=virt", "run: MACHINE=virt: allowed is q35 or pc"),
    ("run", "ACCEL=fast", "run: ACCEL=fast: allowed is auto, tcg or kvm"),
    ("image", "SIZE=-1", "build: SIZE=-1: allowed is 35 to 131072 (MiB"),
    ("image", "SIZE=0", "build: SIZE=0: allowed is 35 to 131072 (MiB"),
    ("image", "SIZE=34", "build: SIZE=34: allowed is 35 to 131072 (MiB"),
    ("image", "SIZE=131073", "build: SIZE=131073: allowed is 35 to 131072 (MiB"),
    ("fuzz", "SECONDS=0", "fuzz: SECONDS=0: allowed is 1 to 604800"),
])
def test_a_value_that_is_not_allowed_is_one_line_before_anything_is_built(door, target, value, said):
    result = door(target, *value.split())
    lines = [line for line in result.stderr.splitlines() if not re.match(r"make(\[\d+\])?: \*\*\*", line)]
    assert result.returncode != 0 and result.stdout == ""
    assert len(lines) == 1 and lines[0].startswith(said)


@pytest.mark.parametrize("words", [["run", "MEMORY=17", "CPUS=64", "PORT=65535"], ["run", "FIRMWARE=uefi", "MEMORY=56"], ["run"],
                                   ["image", "SIZE=35"], ["image"], ["fuzz"]], ids=" ".join)
def test_what_is_allowed_goes_on_to_setting_up(door, words):
    assert "came to setting up" in door(*words).stderr


def test_everything_the_tests_need_is_installed():
    assert packages.missing(tests=True) == []


def test_elsewhere_than_on_debian_missing_packages_and_one_container_command_are_named(monkeypatch):
    setup = load("setup")
    real = packages.find_command
    monkeypatch.setattr(packages, "find_command", lambda name: None if name in ("capnp", "mformat") else real(name))
    monkeypatch.setattr(setup, "on_debian", lambda: False)
    monkeypatch.setattr("sys.argv", ["setup"])
    with pytest.raises(Failure) as failure:
        setup.command()
    text = str(failure.value)
    assert "capnproto" in text and "mtools" in text and "cmake" not in text
    # One command; the page, which is on the loopback of whoever runs QEMU, can be seen from outside of the container.
    assert len(re.findall(r"^  docker run .*--network host .*debian:12 .*make python3 && make run", text, re.M)) == 1


def test_a_python_that_is_too_old_is_told_so_before_anything_else():
    tried = subprocess.run(["/usr/bin/python3", "-c", "import sys; sys.version_info = (3, 9, 2); import support.packages"],
                           cwd=ROOT / "tools", capture_output=True, text=True)
    assert tried.returncode == 1
    assert tried.stderr.startswith("capOS's tools need Python 3.11 or later") and "3.9" in tried.stderr
    assert "Traceback" not in tried.stderr


def fake_tool(place, name, version):
    path = place / name
    path.write_text(f"#!/bin/sh\necho 'clang version {version}.0.6'\n")
    path.chmod(0o755)


def missing_with_path(place):
    """What is missing when the tools in `place` stand before nothing but the system's own shell."""
    return subprocess.run(["/usr/bin/python3", "-c", "from support import packages\n"
                           "print(*(need.package for need in packages.missing(tests=True)))"], cwd=ROOT / "tools", check=True,
                          capture_output=True, text=True, env={"PATH": str(place)}).stdout.split()


def test_a_compiler_older_than_clang_19_counts_as_missing(tmp_path):
    fake_tool(tmp_path, "clang++", 14)
    assert "clang-19" in missing_with_path(tmp_path)


def test_tools_of_another_version_than_the_compilers_count_as_missing(tmp_path):
    fake_tool(tmp_path, "clang++-19", 19)
    for name in ("ld.lld", "llvm-objcopy"):
        fake_tool(tmp_path, name, 14)
    lacking = missing_with_path(tmp_path)
    assert "clang-19" not in lacking
    assert {"lld-19", "llvm-19", "libclang-rt-19-dev", "libc++abi-19-dev"} <= set(lacking)


def test_a_library_that_cannot_be_fetched_is_named_with_its_place(tree, tmp_path):
    empty = tmp_path / "no-apt"
    empty.mkdir()
    for path in tree.glob("third_party/*/recipe.toml"):
        path.write_text(re.sub(r"https://[^/]*", f"http://127.0.0.1:{free_port()}", path.read_text()))
    result = fetch(tree, PATH=str(empty))
    assert result.returncode == 1
    assert "what:  http-parser_2.9.4.orig.tar.gz, sha256 467b9e30" in result.stderr
    assert "from:  Debian's source package http-parser" in result.stderr
    assert "where: put the file at third_party/cache/http-parser_2.9.4.orig.tar.gz" in result.stderr


@pytest.fixture
def served(tree, tmp_path):
    """A web server with the archives; the recipes of the tree name it, after an address where nobody is."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "served")
    shutil.copytree(ROOT / "third_party" / "cache", tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for path in tree.glob("third_party/*/recipe.toml"):
            text, archive = path.read_text(), re.search('^archive = "(.*)"', path.read_text(), re.M)[1]
            places = [f"http://127.0.0.1:{free_port()}/{archive}", f"http://127.0.0.1:{server.server_port}/{archive}"]
            path.write_text(re.sub(r"^urls = \[.*?^\]$", f"urls = {json.dumps(places)}", text, flags=re.M | re.S))
        yield tmp_path / "served"
        server.shutdown()


def test_without_apt_the_archives_come_from_the_addresses_in_the_recipes(tree, served, tmp_path):
    (tmp_path / "no-apt").mkdir()
    result = fetch(tree, PATH=str(tmp_path / "no-apt"))
    assert result.returncode == 0, result.stderr
    assert {path.name for path in (tree / "third_party" / "cache").iterdir()} == {path.name for path in served.iterdir()}
    assert (tree / "build" / "third_party" / "lwip" / "src" / "core" / "tcp.c").is_file()


def test_when_the_distribution_has_another_version_the_addresses_serve(tree, served, tmp_path):
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "apt-get").write_text("#!/bin/sh\ncase \"$*\" in *\\ source\\ *) echo newer > lwip_2.2.1.orig.tar.xz;; esac\n")
    (newer / "apt-get").chmod(0o755)
    result = fetch(tree, PATH=str(newer))
    assert result.returncode == 0, result.stderr
    assert (tree / "build" / "third_party" / "lwip" / ".sha256").is_file()


def test_what_an_address_gives_is_kept_only_with_the_right_hash(tree, served, tmp_path):
    (tmp_path / "no-apt").mkdir()
    (served / "http-parser_2.9.4.orig.tar.gz").write_bytes(b"something else")
    result = fetch(tree, PATH=str(tmp_path / "no-apt"))
    assert result.returncode == 1 and "what was fetched has sha256" in result.stderr
    assert "there is no apt-get here" in result.stderr and "where: put the file at third_party/cache" in result.stderr
    assert list((tree / "third_party" / "cache").iterdir()) == []


def test_an_archive_with_another_hash_is_refused(tree):
    cache = tree / "third_party" / "cache"
    cache.mkdir()
    (cache / "http-parser_2.9.4.orig.tar.gz").write_bytes(b"something else")
    result = fetch(tree)
    assert result.returncode == 1 and "not the archive that is wanted" in result.stderr
    assert not (tree / "build" / "third_party" / "http-parser").exists()


def test_archives_put_in_place_by_hand_need_no_network(tree, tmp_path):
    shutil.copytree(ROOT / "third_party" / "cache", tree / "third_party" / "cache")
    empty = tmp_path / "no-apt"
    empty.mkdir()
    assert fetch(tree, PATH=str(empty)).returncode == 0
    assert (tree / "build" / "third_party" / "lwip" / "src" / "core" / "tcp.c").is_file()


def test_a_taken_port_is_said_and_another_is_used(capsys):
    run = load("run")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = run.choose_port(port)
    assert chosen != port
    assert f"port {port} of this machine is taken; the page will be on port {chosen}" in capsys.readouterr().out


def test_without_kvm_the_accelerator_is_emulation_and_says_so(monkeypatch, capsys):
    run = load("run")
    monkeypatch.setattr(run.os, "access", lambda *_: False)
    assert run.choose_accelerator("auto", "disk") == "tcg"
    assert "accelerator: TCG" in capsys.readouterr().out


@pytest.mark.parametrize("behaviour, chosen, least, most, said", [
    ("echo 'capos kernel starting'; exec sleep 60", "kvm", 0, 1.5, "accelerator: KVM\n"),
    ("echo SeaBIOS; exec sleep 60", "tcg", 1.9, 3, "accelerator: TCG (emulation): under KVM the kernel had not started after 2 s\n"),
    ("exit 1", "tcg", 0, 1.5, "accelerator: TCG (emulation): under KVM the kernel did not start\n"),
], ids=["shows-the-landmark", "hangs", "ends"])
def test_kvm_is_used_only_when_our_landmark_was_seen_under_it(monkeypatch, capsys, tmp_path, behaviour, chosen, least, most, said):
    run = load("run")
    fake = tmp_path / "qemu-system-x86_64"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *"-accel kvm"*) {behaviour};; esac\nexit 2\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(run.os, "access", lambda *_: True)
    started = time.monotonic()
    assert run.choose_accelerator("auto", "disk") == chosen
    assert least <= time.monotonic() - started <= most
    assert capsys.readouterr().out == said


def test_an_unknown_manifest_names_those_that_exist():
    result = subprocess.run([ROOT / "tools" / "build", "image", "nonsense"], capture_output=True, text=True)
    assert result.returncode == 1
    assert "there is no manifest nonsense" in result.stderr and "dev" in result.stderr


def test_make_help_has_a_line_for_every_target():
    text = (ROOT / "Makefile").read_text()
    targets = set(re.search(r"^\.PHONY: (.*)$", text, re.M)[1].split())
    help_text = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+) ", help_text, re.M)) == targets
    assert targets == set(re.findall(r"^([a-z][a-z-]*):", text, re.M))


def test_the_notices_are_what_the_recipes_say():
    subprocess.run([ROOT / "tools" / "third-party-notices", "--check"], check=True)


def test_each_of_the_quick_mutants_has_its_turn_from_commit_to_commit():
    run = load("../tests/mutants/run")
    mutants = [run.Mutant(path) for path in sorted(run.HERE.glob("*.patch"))]
    quick = {mutant.name for mutant in mutants if mutant.cost[:2] == (False, False)}
    turns = [[mutant.name for mutant in run.in_turn(mutants, 3, f"{number:08x}" + 32 * "0")] for number in range(16)]
    assert len(quick) > 3 and all(len(set(turn)) == 3 for turn in turns)
    assert {name for turn in turns for name in turn} == quick == {turn[0] for turn in turns}
    assert len(run.in_turn(mutants, 3, "")) == 3


@pytest.mark.parametrize("text, alone, passes", [
    ("import pytest\n@pytest.mark.alone\ndef test_a(): pass\n", 1, True), ("def a(): pass\n", 0, False)],
    ids=["only-alone", "nothing"])
def test_a_file_of_tests_that_collects_nothing_fails(tmp_path, monkeypatch, text, alone, passes):
    test = load("test")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(text)
    (tmp_path / "tests" / "pytest.ini").write_text("[pytest]\nmarkers = alone\n")
    monkeypatch.setattr(test, "ROOT", tmp_path)
    monkeypatch.setattr(test, "RESULTS", tmp_path)
    jobs = test.machine_jobs(check=False)
    assert [job.alone for job in jobs] == [False] + [True] * alone
    results = [result for job in jobs for result in test.run_job(job)[0]]
    assert len(results) == 1 and results[0].passed == passes


def test_every_mutant_applies_to_the_tree_as_it_is():
    for mutant in sorted((ROOT / "tests" / "mutants").glob("*.patch")):
        applied = subprocess.run(["patch", "-p1", "--fuzz=0", "--dry-run", "--batch"], cwd=ROOT, input=mutant.read_text(),
                                 capture_output=True, text=True)
        assert applied.returncode == 0, f"{mutant.name}: {applied.stdout}"
