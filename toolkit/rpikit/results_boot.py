# SPDX-License-Identifier: MIT
"""What `image` and `boot` print: the part of results that is about what a board boots."""

from typing import Literal

from typing_extensions import TypedDict


class CardImage(TypedDict):
    """An SD card's image that was written."""

    file: str
    size: int
    """Of the card; the file is smaller if its name ends in .gz or .xz."""
    sha256: str
    """Of the file."""
    kernel: int
    """Bytes of its kernel8.img."""
    guests: list[str]
    """Name and version of each application in it."""
    firmware: str
    """The package, or the folder, from which the chip's firmware is."""
    command: str
    """What writes it to a card; the device is left to be named."""


class BootPartition(TypedDict):
    """What a board with Linux boots, now and next."""

    board: str
    partition: str
    """Where it is mounted on the board."""
    boots: Literal["linux", "image"]
    """What the next start boots, but for a trial."""
    image: str | None
    """The SHA-256 of what was installed to boot without an operating system; null for nothing."""
    state: Literal["none", "ready", "armed", "confirmed"]
    """ready: can be tried; armed: the next restart tries it, once; confirmed: it is what boots."""
    way: Literal["partition", "tryboot"] | None
    """How the firmware is told to try it once."""
    size: int | None
    """Bytes of the image."""
    free: int
    """Bytes that the partition has left."""
