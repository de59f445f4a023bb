# SPDX-License-Identifier: MIT
"""Prepare an SD card's image for somebody to write: a file with all that a Pi 3 boots.

No device is ever written: which one is the card, a person knows better.
"""

import gzip
import hashlib
import lzma
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rpikit import card, describe, paths, results, wording
from rpikit.card import Firmware
from rpikit.errors import DescriptionError

EPOCH = "SOURCE_DATE_EPOCH"
_PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".xz": lambda data: lzma.compress(data, preset=1),
}
_UNPACK = {".gz": "gzip -dc {} | ", ".xz": "xz -dc {} | "}
_DD = "sudo dd{} of=/dev/sdX bs=4M conv=fsync"


@dataclass(frozen=True)
class Card:
    """An image that was written."""

    file: Path
    size: int
    """Bytes of the card, before they were packed."""
    digest: str
    """The SHA-256 of the file."""
    kernel: int
    """Bytes of kernel8.img."""
    guests: tuple[str, ...]
    firmware: str

    def __str__(self) -> str:
        runs = ", ".join(self.guests) or "a loader, which waits for what is flashed over its UART"
        return (
            f"{wording.path(self.file)}: a card of {describe.format_size(self.size)} that boots "
            f"{runs}\n"
            f"{card.KERNEL} of {self.kernel} bytes, {card.CONFIG}, and the chip's firmware, "
            f"{self.firmware}\n"
            f"write it with Raspberry Pi Imager, balenaEtcher, or: {self.command}\n"
            "(all that is on the card is lost; lsblk says which one /dev/sdX is)"
        )

    @property
    def command(self) -> str:
        """Return what writes it to a card."""
        name = shlex.quote(str(wording.path(self.file)))
        packed = _UNPACK.get(self.file.suffix)
        return packed.format(name) + _DD.format("") if packed else _DD.format(f" if={name}")

    def values(self) -> results.CardImage:
        """Return it as one object for programs."""
        return {
            "file": str(self.file),
            "size": self.size,
            "sha256": self.digest,
            "kernel": self.kernel,
            "guests": list(self.guests),
            "firmware": self.firmware,
            "command": self.command,
        }


def image(
    kernel: bytes,
    guests: tuple[str, ...],
    firmware: Firmware,
    *,
    output: Path,
    size: int | None = None,
) -> Card:
    """Write the image of a card that boots a kernel; a name that ends in .gz or .xz is packed."""
    check_output(output)
    made = card.image(kernel, firmware, size=size, at=moment())
    packed = _PACKED.get(output.suffix, bytes)(made)
    try:
        paths.write(output, packed)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(
            f"--output {output}: {reason}", hint="name a file in a folder that can be written"
        ) from None
    digest = hashlib.sha256(packed).hexdigest()
    return Card(output.absolute(), len(made), digest, len(kernel), guests, firmware.source)


def check_output(output: Path) -> None:
    """Refuse what is no file: a device could be the wrong one."""
    if output.exists() and not output.is_file():
        what = "a folder" if output.is_dir() else "no file"
        raise DescriptionError(
            f"--output {output}: is {what}",
            hint="name a file; what writes it to a card, rpikit tells, and does not do",
        )


def moment() -> int:
    """Return the date of all files, as SOURCE_DATE_EPOCH has it; else the earliest there is."""
    said = os.environ.get(EPOCH, "")
    if not said:
        return 0
    if not said.isascii() or not said.isdigit():
        raise DescriptionError(f"{EPOCH} = {said!r}: write seconds since 1970, a whole number")
    return int(said)
