"""Records of long targets: written from a committed tree only, and stale as soon as a file that they cover changed."""

import json
import shutil
import subprocess

import pytest

from support.project import ROOT

RECORD = """
import subprocess
from support import evidence
before = evidence.state()
{meanwhile}
evidence.record("soak", before=before, covers=["kernel"], duration=12.34, counts={{"boots": 3}}, seed=7, coverage={{"ring": 91.5}})
"""


@pytest.fixture
def tree(tmp_path):
    """A small project under git with the tools of this one."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "main.cpp").write_text("one\n")
    (tmp_path / "page.html").write_text("one\n")
    (tmp_path / ".gitignore").write_text("__pycache__/\n")
    run(tmp_path, "git", "init", "-q")
    commit(tmp_path)
    return tmp_path


def run(tree, *command, status=0):
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def commit(tree):
    run(tree, "git", "add", "-A")
    run(tree, "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")


def record(tree, meanwhile=""):
    return run(tree / "tools", "/usr/bin/python3", "-c", RECORD.format(meanwhile=meanwhile))


def evidence(tree, *arguments, status=0):
    return run(tree, "/usr/bin/python3", "tools/evidence", *arguments, status=status)


def test_a_record_says_what_it_was_made_of_and_goes_stale_with_what_it_covers(tree):
    assert "recorded in docs/evidence/soak.json" in record(tree)
    entry = json.loads((tree / "docs" / "evidence" / "soak.json").read_text())
    assert entry["commit"] == run(tree, "git", "rev-parse", "HEAD").strip()
    assert (entry["seed"], entry["duration_s"], entry["counts"], entry["coverage"]) == (7, 12.3, {"boots": 3}, {"ring": 91.5})
    commit(tree)
    assert "fresh  soak" in evidence(tree, "--check")
    (tree / "page.html").write_text("two\n")
    assert "fresh  soak" in evidence(tree, "--check")
    (tree / "kernel" / "main.cpp").write_text("two\n")
    said = evidence(tree, "--check", status=1)
    assert "STALE  soak" in said and "changed since: kernel/main.cpp" in said


def test_a_new_file_among_those_covered_makes_a_record_stale(tree):
    record(tree)
    (tree / "kernel" / "more.cpp").write_text("more\n")
    commit(tree)
    assert "STALE  soak" in evidence(tree)


def test_a_tree_that_is_not_committed_is_no_evidence(tree):
    (tree / "page.html").write_text("two\n")
    assert "not recorded as evidence: 1 files differ from the commit (page.html" in record(tree)
    assert not (tree / "docs").exists()
    assert "no records yet" in evidence(tree, "--check", status=1)


def test_what_was_built_from_another_commit_is_no_evidence(tree):
    said = record(tree, 'subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", '
                        '"-m", "x"], check=True)')
    assert "the commit changed while it ran" in said
    assert not (tree / "docs").exists()
