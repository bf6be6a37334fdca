"""What is measured is a copy, so that a build beside it changes nothing under a running measurement:
build/bench/images/MANIFEST/ holds kernel, bundle, image and the programs with their symbols."""

import shutil

from support.build import artefacts, make_image
from support.project import BUILD, Failure

IMAGES = BUILD / "bench" / "images"


def take(manifest, build=True):
    """Builds the manifest's image (unless told not to) and copies it."""
    if build:
        make_image(manifest)
    place = IMAGES / manifest
    shutil.rmtree(place, ignore_errors=True)
    (place / "programs").mkdir(parents=True)
    for path in artefacts(manifest):
        if not path.is_file():
            raise Failure(f"{path} is missing: make image MANIFEST={manifest}")
        shutil.copyfile(path, place / path.name)
    for path in (BUILD / "target" / "programs").glob("*"):
        if path.suffix in ("", ".debug"):
            shutil.copyfile(path, place / "programs" / path.name)
    shutil.copyfile(BUILD / "target" / "kernel" / "kernel.elf.debug", place / "kernel.elf.debug")


def files(manifest):
    """(kernel, bundle, disk image, directory of programs) of the copy."""
    place = IMAGES / manifest
    if not (place / "bundle").is_file():
        raise Failure(f"nothing was built to measure {manifest}; run without --no-build")
    return place / "kernel.elf", place / "bundle", place / "disk.raw", place / "programs"
