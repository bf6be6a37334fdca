"""The disk image itself: what is in it, that it is reproducible, and what is said when it is damaged."""

import hashlib
import os
import shutil
import struct
import subprocess

import pytest

from harness.machine import ESP_OFFSET
from support.build import artefacts
from support.project import ROOT
from support.values import ESP_FIRST, LEAST_IMAGE, SECTOR


def make(output, *options, **environment):
    kernel, bundle, _ = artefacts("dev")
    subprocess.run([ROOT / "tools" / "image", "--kernel", kernel, "--bundle", bundle, "--output", output, *options],
                   env={**os.environ, **environment}, check=True)
    return output


def file_in(image, name):
    return subprocess.run(["mtype", "-i", f"{image}@@{ESP_OFFSET}", f"::/{name}"], check=True, capture_output=True).stdout


def test_the_same_input_gives_the_same_bytes(tmp_path):
    # One is made with the path that an ordinary user has.
    made = [make(tmp_path / "a.raw"), make(tmp_path / "b.raw", PATH="/usr/local/bin:/usr/bin:/bin")]
    digests = {hashlib.sha256(image.read_bytes()).hexdigest() for image in made}
    assert digests == {hashlib.sha256(artefacts("dev")[2].read_bytes()).hexdigest()}


def test_the_partition_table_verifies_and_names_both_boot_partitions():
    disk = artefacts("dev")[2]
    assert "No problems found" in subprocess.run(["/usr/sbin/sgdisk", "--verify", disk], capture_output=True, text=True).stdout
    table = subprocess.run(["/usr/sbin/sgdisk", "--print", disk], capture_output=True, text=True).stdout
    assert "EF02" in table and "EF00" in table


@pytest.mark.parametrize("name", ["LICENSE", "THIRD_PARTY.md"])
def test_licences_are_in_the_image(name):
    assert file_in(artefacts("dev")[2], name) == (ROOT / name).read_bytes()


def test_kernel_and_bundle_in_the_image_are_those_beside_it():
    kernel, bundle, disk = artefacts("dev")
    assert file_in(disk, "capos/kernel.elf") == kernel.read_bytes()
    assert file_in(disk, "capos/bundle") == bundle.read_bytes()


def test_options_for_the_kernel_cannot_run_boot_loader_commands(tmp_path):
    kernel, bundle, _ = artefacts("dev")
    result = subprocess.run([ROOT / "tools" / "image", "--kernel", kernel, "--bundle", bundle, "--output",
                             tmp_path / "x.raw", "--options", '"; reboot; "'], capture_output=True, text=True)
    assert result.returncode == 1 and "would interpret" in result.stderr


@pytest.mark.parametrize("size", [LEAST_IMAGE, 131072])
def test_the_least_and_the_largest_image_hold_the_system_in_a_fat32(tmp_path, size):
    disk = make(tmp_path / "disk.raw", "--size", str(size))
    assert disk.stat().st_size == size << 20
    assert "No problems found" in subprocess.run(["/usr/sbin/sgdisk", "--verify", disk], capture_output=True, text=True).stdout
    assert file_in(disk, "capos/bundle") == artefacts("dev")[1].read_bytes()
    with open(disk, "rb") as file:
        file.seek(ESP_FIRST * SECTOR)
        boot_sector = file.read(512)
    cluster, reserved, tables = struct.unpack_from("<BHB", boot_sector, 13)
    sectors, table = struct.unpack_from("<II", boot_sector, 32)
    assert (sectors - reserved - tables * table) // cluster >= 65525


def test_an_image_that_is_too_small_for_fat32_is_refused(tmp_path):
    kernel, bundle, _ = artefacts("dev")
    result = subprocess.run([ROOT / "tools" / "image", "--kernel", kernel, "--bundle", bundle, "--output",
                             tmp_path / "x.raw", "--size", str(LEAST_IMAGE - 1)], capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr.startswith(f"image: SIZE={LEAST_IMAGE - 1}: allowed is {LEAST_IMAGE} to ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["capos/bundle", "capos/kernel.elf"])
def test_the_boot_loader_says_which_file_is_missing(boot, tmp_path, name):
    disk = tmp_path / "disk.raw"
    shutil.copyfile(artefacts("dev")[2], disk)
    subprocess.run(["mdel", "-i", f"{disk}@@{ESP_OFFSET}", f"::/{name}"], check=True)
    machine = boot(disk=disk, nic=None)
    machine.wait_for(f"file `/{name}' not found")
    machine.wait_for("could not be loaded")
