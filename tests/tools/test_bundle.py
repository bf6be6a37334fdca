"""tools/bundle/make-bundle: reproducible, and clear about what it cannot do."""

import struct
import subprocess
import sys

import pytest

from support.project import ROOT

MAKE_BUNDLE = ROOT / "tools" / "bundle" / "make-bundle"
MANIFEST = """@0xc0a505000000d0ee;
using Schema = import "/schema/manifest.capnp";
const manifest :Schema.Manifest = (name = "t", services = [(name = "web", program = "web", grants = [%s])]);
"""
FILE_GRANT = '(name = "page", interface = "MemoryObject", source = (file = "page"))'


@pytest.fixture
def make(tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("init", "shell", "web"):
        (programs / name).write_bytes(name.encode() * 3000)

    def run(*arguments, grants="", name="bundle"):
        manifest = tmp_path / "test.capnp"
        manifest.write_text(MANIFEST % grants)
        output = tmp_path / name
        made = subprocess.run([sys.executable, MAKE_BUNDLE, "--manifest", manifest, "--programs", programs, "--output",
                               output, *arguments], capture_output=True, text=True)
        return made, output

    return run


def entries(bundle):
    magic, version, count, total, _ = struct.unpack_from("<QIIQQ", bundle)
    assert magic.to_bytes(8, "little") == b"capOSBND" and version == 1 and total == len(bundle)
    for index in range(count):
        name, offset, size, _, kind, _ = struct.unpack_from("<40sQQQII", bundle, 32 + 72 * index)
        assert offset % 4096 == 0
        yield name.rstrip(b"\0").decode(), kind, bundle[offset:offset + size]


def test_the_same_inputs_give_the_same_bytes_and_hold_what_the_manifest_names(make):
    made, first = make()
    assert made.returncode == 0, made.stderr
    _, second = make(name="again")
    assert first.read_bytes() == second.read_bytes()
    held = list(entries(first.read_bytes()))
    assert [(name, kind) for name, kind, _ in held] == [("manifest", 1), ("init", 2), ("shell", 2), ("web", 2)]
    assert held[3][2] == b"web" * 3000


def test_a_program_that_is_not_built_is_named(make, tmp_path):
    (tmp_path / "programs" / "web").unlink()
    made, output = make()
    assert made.returncode == 1 and not output.exists()
    assert 'program "web"' in made.stderr and "not built" in made.stderr


def test_a_file_that_is_not_given_is_named(make, tmp_path):
    made, _ = make(grants=FILE_GRANT)
    assert made.returncode == 1 and 'file "page"' in made.stderr
    (tmp_path / "page.html").write_text("<p>")
    made, output = make("--file", f"page={tmp_path / 'page.html'}", grants=FILE_GRANT)
    assert made.returncode == 0, made.stderr
    assert ("page", 3, b"<p>") in entries(output.read_bytes())


def test_a_wrong_type_stops_the_build_and_leaves_nothing_half_written(make):
    made, output = make(grants='(name = 5)')
    assert made.returncode == 1 and not output.exists()
    assert "test.capnp:3:" in made.stderr


def test_damage_for_tests_changes_one_byte(make):
    _, whole = make()
    _, damaged = make("--damage", "web", name="damaged")
    different = [a != b for a, b in zip(whole.read_bytes(), damaged.read_bytes(), strict=True)]
    assert sum(different) == 1
