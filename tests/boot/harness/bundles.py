"""Bundles with a manifest that only one test uses: an edited manifest/dev.capnp."""

import subprocess
import sys

from support.project import ROOT

MAKE_BUNDLE = ROOT / "tools" / "bundle" / "make-bundle"
PROGRAMS = ROOT / "build" / "target" / "programs"
DEV = (ROOT / "manifest" / "dev.capnp").read_text()


def edited(old, new):
    """The text of manifest/dev.capnp with the first `old` replaced."""
    assert old in DEV
    return DEV.replace(old, new, 1)


def make_bundle(folder, text, *arguments):
    """Makes folder/bundle; returns the tool's result and the bundle's path."""
    manifest = folder / "edited.capnp"
    manifest.write_text(text.replace("0xc0a505000000d001", "0xc0a505000000d0ee"))
    bundle = folder / "bundle"
    made = subprocess.run([sys.executable, MAKE_BUNDLE, "--manifest", manifest, "--programs", PROGRAMS, "--output", bundle,
                           *arguments], capture_output=True, text=True)
    return made, bundle
