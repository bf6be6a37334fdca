"""What documents say about the tree is true."""

import re
import subprocess
from pathlib import PurePath

from harness.tool import load
from support.project import ROOT

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
