# SPDX-License-Identifier: MIT
"""The console of a started guest: its bytes from the beginning, and how it ended.

Knows no tests and no terminals; whoever wants lines, patterns or time stamps builds on `read`.
"""

from collections.abc import Iterator
from typing import Self

from rpikit.device import DeviceHalf
from rpikit.errors import BoardError


class Console:
    """A guest's console, open until the guest ends or we close it."""

    def __init__(self, half: DeviceHalf) -> None:
        self._half = half
        self._channel = half.follow()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, size: int = 4096, timeout: float | None = None) -> bytes:
        """Return what came, b"" once the guest has ended; TimeoutError when nothing came."""
        return self._channel.read(size, timeout)

    def chunks(self) -> Iterator[bytes]:
        """Give what comes as it comes, until the guest has ended."""
        while data := self.read():
            yield data

    def lines(self) -> Iterator[str]:
        """Give each line without its end, until the guest has ended."""
        rest = b""
        for data in self.chunks():
            *lines, rest = (rest + data).split(b"\n")
            yield from (line.rstrip(b"\r").decode(errors="replace") for line in lines)
        if rest:
            yield rest.decode(errors="replace")

    def exit_status(self) -> int:
        """Return the status of the guest that ended; ask only at the console's end."""
        status = self._half.status()
        if status.exit is None:
            name = self._half.transport.name
            what = "is still running" if status.running else "left no exit status"
            raise BoardError(f"{name}: the console ended, but the guest {what}")
        return status.exit

    def close(self) -> None:
        """Stop following; the guest goes on."""
        self._channel.close()
