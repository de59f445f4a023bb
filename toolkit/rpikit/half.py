# SPDX-License-Identifier: MIT
"""The other half, on a board: of any kind, whatever it runs; what all of them can do.

With Linux on the board that is the device half (device.py), without an operating system the loader
and the underlay (metal_line.py).
"""

from typing import Protocol, Self

from rpikit.device import DeviceHalf
from rpikit.metal_line import MetalHalf, MetalLine
from rpikit.transport import Channel, Transport


class Doing(Protocol):
    """What a guest does."""

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        ...

    @property
    def exit(self) -> int | None:
        """Return the status with which it ended, None if it has not."""
        ...


class Half(Protocol):
    """The board's side of one of its guests."""

    @property
    def transport(self) -> Transport:
        """Return the way to the board."""
        ...

    def of(self, guest: str) -> Self:
        """Return the same for the guest of that name."""
        ...

    def greet(self, timeout: float) -> None:
        """Raise BoardError if the board is gone."""
        ...

    def status(self) -> Doing:
        """Ask what the guest does."""
        ...

    def start(self) -> Doing:
        """Start what was flashed, unless it runs."""
        ...

    def stop(self) -> Doing:
        """End the guest."""
        ...

    def stop_all(self) -> tuple[str, ...]:
        """End all guests; return the names of those that have to be started again."""
        ...

    def follow(self) -> Channel:
        """Open the console of the guest from its beginning; it ends with the guest."""
        ...


def half_of(transport: Transport, guest: str | None = None) -> Half:
    """Return the other half of the board that a transport leads to."""
    if isinstance(transport, MetalLine):
        return MetalHalf(transport, guest)
    return DeviceHalf(transport, guest=guest)
