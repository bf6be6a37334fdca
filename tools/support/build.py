"""Building: what the Makefile, `make run` and `make test` have in common."""

import json
import subprocess
import sys

from support.project import BUILD, OUT, ROOT, Failure, run

TOOLS = ROOT / "tools"


def set_up(tests=False):
    run([TOOLS / "setup", *(["--tests"] if tests else [])])
    run([TOOLS / "third-party", "fetch"])


def configure(preset):
    """Configures a flavour that has not been configured; ninja does it again by itself when it has to."""
    if (BUILD / preset / "build.ninja").is_file():
        return
    result = subprocess.run(["cmake", "--preset", preset], cwd=ROOT, capture_output=True, text=True)
    if result.returncode != 0:
        (BUILD / preset / "CMakeCache.txt").unlink(missing_ok=True)
        raise Failure(f"cmake --preset {preset} failed:\n{result.stdout}{result.stderr}")


def build(preset, *targets):
    """Builds a flavour, and first the host programs that every other flavour uses."""
    if preset != "tools":
        build("tools")
    configure(preset)
    ninja = ["ninja", "--quiet", "-C", str(BUILD / preset), *targets]
    if sys.stdout.isatty():
        ninja.remove("--quiet")
    result = subprocess.run(ninja, cwd=ROOT)
    if result.returncode != 0:
        raise Failure(f"building {preset} failed")


def newer_than(output, inputs):
    """True when `output` is there and no input is younger."""
    if not output.is_file():
        return False
    made = output.stat().st_mtime_ns
    return all(path.is_file() and path.stat().st_mtime_ns <= made for path in inputs)


def artefacts(manifest):
    """(kernel, bundle, disk image) of a manifest."""
    place = OUT / manifest
    return place / "kernel.elf", place / "bundle", place / "disk.raw"
