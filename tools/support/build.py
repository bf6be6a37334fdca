"""Building: what the Makefile, `make run` and `make test` have in common."""

import concurrent.futures
import re
import shutil
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


def configure_all(presets):
    """Side by side: configuring keeps one processor busy."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(configure, presets))


def build(preset, *targets):
    """Builds a flavour, and first the host programs that every other flavour uses."""
    if preset != "tools":
        build("tools")
    configure(preset)
    progress = sys.stdout.isatty()
    ninja = subprocess.Popen(["ninja", "-C", str(BUILD / preset), *targets], cwd=ROOT, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")
    shown = False
    for line in ninja.stdout:
        if re.match(r"\[\d+/\d+\] |ninja: |-- |$", line) and not line.startswith("ninja: error"):
            if progress and line.startswith("["):
                # One line that is overwritten: how far it is.
                print(f"\r\033[K{preset} {line.rstrip()[:110]}", end="", flush=True)
                shown = True
            continue
        if shown:
            print()
            shown = False
        print(line, end="", flush=True)
    if shown:
        print("\r\033[K", end="", flush=True)
    if ninja.wait() != 0:
        raise Failure(f"building {preset} failed")
    # A test or program that is no longer in the tree must not be run, or put into an image, any more.
    subprocess.run(["ninja", "-C", str(BUILD / preset), "-t", "cleandead"], stdout=subprocess.DEVNULL)


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


def make_image(manifest, size=64):
    """Builds kernel and programs and makes out/MANIFEST/{kernel.elf,bundle,disk.raw}; what is up to date is left alone."""
    source = ROOT / "manifest" / f"{manifest}.capnp"
    if not source.is_file():
        known = ", ".join(sorted(path.stem for path in source.parent.glob("*.capnp")))
        raise Failure(f"there is no manifest {manifest} (manifest/{manifest}.capnp); there are: {known or 'none'}")
    build("target")
    kernel, bundle, disk = artefacts(manifest)
    kernel.parent.mkdir(parents=True, exist_ok=True)
    copy_if_different(BUILD / "target" / "kernel" / "kernel.elf", kernel)
    make_bundle(source, bundle)
    inputs = [kernel, bundle, TOOLS / "image", ROOT / "LICENSE", ROOT / "THIRD_PARTY.md"]
    if newer_than(disk, inputs) and disk.stat().st_size == size << 20:
        return
    run([TOOLS / "image", "--kernel", kernel, "--bundle", bundle, "--output", disk, "--size", size])


def copy_if_different(source, target):
    if not target.is_file() or source.read_bytes() != target.read_bytes():
        target.unlink(missing_ok=True)
        shutil.copyfile(source, target)


def make_bundle(source, bundle):
    """Makes the bundle of a manifest; one that is younger than everything it is made of is left alone."""
    programs = BUILD / "target" / "programs"
    maker = TOOLS / "bundle" / "make-bundle"
    inputs = [source, maker, ROOT / "THIRD_PARTY.md", *(ROOT / "schema").glob("*.capnp"),
              *source.parent.glob("*.capnp"),           # one manifest takes parts of another
              *(path for path in programs.glob("*") if path.suffix != ".debug")]
    if newer_than(bundle, inputs):
        return
    fresh = bundle.with_suffix(".fresh")
    run([maker, "--manifest", source, "--programs", programs, "--output", fresh])
    copy_if_different(fresh, bundle)
    fresh.unlink()
    bundle.touch()
