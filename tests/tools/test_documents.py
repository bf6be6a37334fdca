"""What documents say about the tree is true."""

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import PurePath

from harness.terminal import Terminal
from harness.tool import load
from support.project import BUILD, OUT, ROOT
from support.qemu import free_port

# Places that a reader is led past: data, and folders whose shape somebody else's rules give.
WITHOUT_README = re.compile(r"tests/fuzz/corpus(/.*)?|lib/libc/include/.+|tests/unit/codegen/fake/.+")


def tracked():
    return subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def test_every_directory_has_a_readme():
    files = set(tracked())
    directories = {str(parent) for name in files for parent in PurePath(name).parents if str(parent) != "."}
    assert len(directories) > 100
    lacking = sorted(name for name in directories if not WITHOUT_README.fullmatch(name) and f"{name}/README.md" not in files)
    assert lacking == []


def test_the_readme_of_a_directory_names_what_is_there():
    """Manifests and tools are listed by name, all of them."""
    manifests = (ROOT / "manifest" / "README.md").read_text()
    assert [path.name for path in (ROOT / "manifest").glob("*.capnp") if f"`{path.name}`" not in manifests] == []
    tools = (ROOT / "tools" / "README.md").read_text()
    programs = {PurePath(name).parts[1] for name in tracked() if name.startswith("tools/") and not name.endswith(".md")}
    assert sorted(name for name in programs if not re.search(rf"`{name}/?`", tools)) == []


def test_the_trusted_lines_are_those_of_the_threat_model():
    tool = load("trusted-lines")
    counted = {name: lines for name, _, lines, _ in tool.count()}
    shown = tool.documented()
    assert shown.keys() == counted.keys()
    wrong = {name: (shown[name], lines) for name, lines in counted.items() if abs(shown[name] - lines) > lines / 10}
    assert wrong == {}, "tools/trusted-lines --update"


DEBUGGING = (ROOT / "docs" / "debugging.md").read_text()


def answer_of_the_stub(port):
    """What is said on `port` when gdb's protocol asks why the machine stands."""
    deadline = time.monotonic() + 5
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as stub:
                stub.sendall(b"$?#3f")
                answer = b""
                while not re.search(rb"#[0-9a-f]{2}$", answer):
                    more = stub.recv(200)
                    assert more, f"the stub went away after {answer}"
                    answer += more
                return answer
        except (ConnectionError, TimeoutError):
            assert time.monotonic() < deadline, f"nobody answers on port {port}"
            time.sleep(0.05)


def test_the_commands_for_gdb_start_a_machine_that_answers_it_from_an_interactive_shell(tmp_path):
    block = re.search(r"^    make image\n    (qemu(?:.*\\\n)+.*&)\n    (gdb(?:.*\\\n)+.*)\n", DEBUGGING, re.M)
    start, connect = (re.sub(r"\s*\\\n\s*", " ", command) for command in block.groups())
    assert " -s " in start and "target remote :1234" in connect
    (tmp_path / "out").symlink_to(OUT)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "target").symlink_to(BUILD / "target")
    port = free_port()
    with closing(Terminal("bash", "--norc", "-i", cwd=tmp_path, PS1="ready> ", TERM="dumb")) as shell:
        shell.wait_for("ready> $", 5)
        # -s is this with port 1234, which may be somebody else's.
        shell.type(start.replace(" -s ", f" -gdb tcp:127.0.0.1:{port} ") + " echo started $!.\r")
        machine = int(shell.wait_for(r"\nstarted (\d+)\.", 5)[1])
        try:
            assert re.match(rb"\+?\$T05thread:", answer_of_the_stub(port))
            shell.type("jobs\r")
            assert "Stopped" not in shell.wait_for(r"\n\[1\].*", 5)[0]
        finally:
            os.kill(machine, signal.SIGKILL)
    assert (tmp_path / "build" / "serial.log").is_file()


def test_the_files_for_a_debugger_are_where_the_document_says():
    named = set(re.findall(r"build/target/[\w./]+\.debug", DEBUGGING.replace("/NAME.", "/web.")))
    assert named == {f"build/target/{name}.debug" for name in ("kernel/kernel.elf", "programs/web", "programs/netstack")}
    for name in named:
        assert ".debug_line" in subprocess.run(["objdump", "--section-headers", ROOT / name], check=True, capture_output=True,
                                               text=True).stdout
