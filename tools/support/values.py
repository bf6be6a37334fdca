"""What the front door's variables may be. Each is the `type` of an argument: a value that is not allowed ends the tool with
one line that names the variable, before anything is built."""

from dataclasses import dataclass

from support.project import Failure

SECTOR = 512
BIOS_FIRST, BIOS_LAST = 2048, 4095      # sectors of an image: BIOS boot partition, 1 MiB at 1 MiB
ESP_FIRST = 4096                        # then the EFI system partition, to the end
TABLE_AT_THE_END = 33                   # sectors of the second partition table

# A FAT with fewer clusters is no FAT32, whatever it says (Microsoft, FAT specification, 3.5), and firmware may refuse it.
FAT32_CLUSTERS = 65525
FAT32_BEFORE_CLUSTERS = 32 + 2 * -(-(FAT32_CLUSTERS + 2) * 4 // SECTOR)     # sectors: the reserved ones and two tables
LEAST_IMAGE = -(-(ESP_FIRST + FAT32_BEFORE_CLUSTERS + FAT32_CLUSTERS + TABLE_AT_THE_END) * SECTOR // (1 << 20))     # MiB


@dataclass(frozen=True)
class Range:
    """A whole number from `least` to `most`, both allowed."""

    variable: str
    least: int
    most: int
    why: str                            # what the value is, with its unit, and why not less

    def __call__(self, text):
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not self.least <= value <= self.most:
            raise Failure(f"{self.variable}={text}: allowed is {self.least} to {self.most} ({self.why})")
        return value


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    variable: str
    words: tuple

    def __call__(self, text):
        if text not in self.words:
            raise Failure(f"{self.variable}={text}: allowed is {', '.join(self.words[:-1])} or {self.words[-1]}")
        return text

    def __str__(self):
        return "|".join(self.words)


PORT = Range("PORT", 1, 65535, "a TCP port of this machine")
CPUS = Range("CPUS", 1, 64, "processors; capOS runs on the first")
SIZE = Range("SIZE", LEAST_IMAGE, 131072, f"MiB of the disk image; its FAT32 partition does not fit in less than {LEAST_IMAGE}")
SECONDS = Range("SECONDS", 1, 604800, "seconds for each fuzz target")
# The least with which the manifest `dev` starts and serves the page.
MEMORY = {
    "bios": Range("MEMORY", 17, 65536, "MiB; the manifest dev does not start with less than 17"),
    "uefi": Range("MEMORY", 56, 65536, "MiB; with FIRMWARE=uefi, the firmware and capOS need about 56"),
}
ACCELERATOR = OneOf("ACCEL", ("auto", "tcg", "kvm"))
FIRMWARE = OneOf("FIRMWARE", ("bios", "uefi"))
MACHINE = OneOf("MACHINE", ("q35", "pc"))
NIC = OneOf("NIC", ("legacy", "modern", "transitional"))
