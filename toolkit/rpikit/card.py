# SPDX-License-Identifier: MIT
"""What a Pi 3 boots from: an SD card's image with one partition, and the files in it.

Knows which files the chip's firmware is, what config.txt has to say so that our program runs, and
the disk around the file system; nothing of how any of it is built.
"""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rpikit import describe, fat, generate, payload
from rpikit.board import Board
from rpikit.errors import DescriptionError

KERNEL = "kernel8.img"
CONFIG = "config.txt"
LICENCE = "LICENCE.broadcom"
NEEDED = ("bootcode.bin", "start.elf", "fixup.dat", LICENCE)
"""The firmware of a Pi 3: ROM, bootcode.bin, start.elf, which fixup.dat adapts; and what allows us
to hand it on."""
OVERLAY = "overlays/disable-bt.dtbo"
TREES = ("bcm2710-rpi-3-b.dtb", "bcm2710-rpi-3-b-plus.dtb")
"""Device trees, without one of which the firmware lays no overlay over anything."""

MEMORY = 1024  # MiB of a Pi 3
GPU = 64  # MiB of them for the firmware: the least with which start.elf does all it can

SIZE_MIN = 64 << 20  # bytes
SIZE_MAX = 1 << 30
LABEL = "RPIKIT"
_FIRST = 2048  # the partition's first sector: 1 MiB in, where cards like it
_TYPE = 0x0C  # FAT32; the ROM of a Pi 3 takes no EFI partition: raspberrypi/firmware issue 1711
_ANYWHERE = b"\xfe\xff\xff"  # for cylinder, head and sector: count sectors instead


@dataclass(frozen=True)
class Firmware:
    """The chip's own files, by their names on the partition, and where they come from."""

    files: Mapping[str, bytes]
    source: str

    @property
    def overlay(self) -> bool:
        """Whether the firmware can give the PL011 to the header by its overlay."""
        return OVERLAY in self.files and any(tree in self.files for tree in TREES)


def firmware_in(folder: Path) -> Firmware:
    """Return the firmware in a folder, such as the boot partition of Raspberry Pi OS."""
    found: dict[str, bytes] = {}
    for name in (*NEEDED, OVERLAY, *TREES):
        try:
            found[name] = (folder / name).read_bytes()
        except OSError as error:
            if name in NEEDED:
                reason = (error.strerror or str(error)).lower()
                raise DescriptionError(
                    f"--firmware {folder}: {name}: {reason}",
                    hint=f"a folder with {', '.join(NEEDED)}, such as /boot/firmware of a Pi; "
                    "without --firmware they come from Debian's package",
                ) from None
    return Firmware(found, str(folder))


def config(*, kernel: str = KERNEL, overlay: bool) -> str:
    """Return the firmware's configuration for a kernel of ours, each line with its reason."""
    return generate.render(
        "card/config.txt.j2",
        kernel=kernel,
        address=f"{payload.IMAGE:#x}",
        overlay=overlay,
        gpu=GPU,
        left=MEMORY - GPU,
        used=payload.END >> 20,
    )


def image(kernel: bytes, firmware: Firmware, *, size: int | None = None, at: int = 0) -> bytes:
    """Return the image of a card that boots `kernel`; the same input gives the same bytes.

    `size` is a power of two, as QEMU has its cards, and the least that is enough unless given.
    `at` is the date of its files, in seconds since 1970.
    """
    files = {**firmware.files, KERNEL: kernel}
    files[CONFIG] = config(overlay=firmware.overlay).encode()
    sized = size or _size_of(files)
    check_size(sized)
    digest = hashlib.sha256(b"".join(name.encode() + files[name] for name in sorted(files)))
    serial, disk = struct.unpack_from("<II", digest.digest())
    try:
        volume = fat.volume(
            dict(sorted(files.items())),
            size=sized - _FIRST * fat.SECTOR,
            label=LABEL,
            serial=serial,
            hidden=_FIRST,
            at=at,
        )
    except ValueError as error:
        raise DescriptionError(
            f"--size {describe.format_size(sized)}: {error}", hint="a larger one: twice as much"
        ) from None
    return _partitioned(volume, disk)


def check_board(board: Board) -> None:
    """Refuse a board with less memory than what we build has for granted."""
    if board.memory < MEMORY << 20:
        raise DescriptionError(
            f"{board.name}: has {describe.format_size(board.memory)} of memory; without an "
            f"operating system a board has to have {describe.format_size(MEMORY << 20)}"
        )


def check_size(size: int) -> None:
    """Refuse a size that no card of QEMU has, or that nobody needs for a boot partition."""
    if size & (size - 1) or not SIZE_MIN <= size <= SIZE_MAX:
        least, most = describe.format_size(SIZE_MIN), describe.format_size(SIZE_MAX)
        raise DescriptionError(
            f"--size {describe.format_size(size)}: write a power of two from {least} to {most}"
        )


def _size_of(files: Mapping[str, bytes]) -> int:
    """Return the least power of two with room for files, their folders and the tables."""
    wanted = sum(len(data) for data in files.values()) * 65 // 64 + (4 << 20)
    return max(SIZE_MIN, 1 << (wanted - 1).bit_length())


def _partitioned(volume: bytes, disk: int) -> bytes:
    """Return a disk whose one partition holds a volume."""
    count = len(volume) // fat.SECTOR
    entry = struct.pack("<B3sB3sII", 0, _ANYWHERE, _TYPE, _ANYWHERE, _FIRST, count)
    head = bytes(440) + struct.pack("<IH", disk, 0) + entry + bytes(48) + b"\x55\xaa"
    return head + bytes(_FIRST * fat.SECTOR - len(head)) + volume
