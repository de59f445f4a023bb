# SPDX-License-Identifier: MIT
"""The face of a way to a board: run a command, put bytes, get bytes, hold a channel open.

It knows nothing of firmware, slots or boards; `ssh`, `serial` and `local` are its bodies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rpikit.transport.address import SshAddress

__all__ = ["Channel", "Result", "SshAddress", "Transport"]


@dataclass(frozen=True)
class Result:
    """What a remote command left behind."""

    status: int
    out: str
    err: str


class Channel(Protocol):
    """A running remote command whose input and output are held open."""

    def read(self, size: int, timeout: float | None) -> bytes:
        """Return up to `size` bytes, b"" at the end; raise TimeoutError when nothing came."""
        ...

    def write(self, data: bytes) -> None:
        """Send `data` to the command's standard input."""
        ...

    def close(self) -> None:
        """End the channel and the remote command with it."""
        ...


class Transport(Protocol):
    """A way to a board; a lost connection or a timeout raises BoardError."""

    @property
    def name(self) -> str:
        """Say what messages call this way: `virtual-pi3 (ssh root@127.0.0.1:22022)`."""
        ...

    def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
        """Run `command` in the remote shell to its end."""
        ...

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write the file `data` to `remote`, which has its first `offset` bytes already.

        `progress` is told how many of its bytes are there so far, or on their way.
        """
        ...

    def get(self, remote: str) -> bytes:
        """Return the content of the remote file."""
        ...

    def start(self, command: str) -> Channel:
        """Start `command` in the remote shell and hold its streams open."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
