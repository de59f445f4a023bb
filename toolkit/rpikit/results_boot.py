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


State = Literal["none", "ready", "confirmed"]
Way = Literal["tryboot", "partition"]


class BootPartition(TypedDict):
    """What a board with Linux boots, now and next."""

    board: str
    partition: str
    """Where it is mounted on the board."""
    boots: Literal["linux", "image"]
    """What every start boots."""
    state: State
    """none: nothing is installed beside Linux; ready: an image can be tried, once; confirmed: it is
    what boots."""
    way: Way
    """How the firmware is told to try it."""
    image: str | None
    """The SHA-256 of the image."""
    size: int | None
    """Of the image."""
    free: int
    """Bytes left where images go."""
    restarts: bool
    """Whether the board restarts now, to try the image."""
