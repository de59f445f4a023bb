# SPDX-License-Identifier: MIT
"""A console kept in a file: its bytes as they came, up to a limit, then one file of before."""

import datetime
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from rpikit.closing import Closing

LIMIT = 4 << 20
"""Bytes after which a log is renamed to NAME.1, in place of the one of before."""


class KeptLog(Closing):
    """A log that is appended to; `stamps` puts the time in front of each line."""

    def __init__(self, path: Path, *, stamps: bool = False, limit: int = LIMIT) -> None:
        self.path = path
        self._stamps = stamps
        self._limit = limit
        self._file = path.open("ab")
        self._in_line = False

    def write(self, data: bytes) -> None:
        """Append what came."""
        for line in data.splitlines(keepends=True) if self._stamps else [data]:
            if self._stamps and not self._in_line:
                self._file.write(_now().encode() + b" ")
            self._file.write(line)
            self._in_line = not line.endswith(b"\n")
        self._file.flush()
        if self._file.tell() >= self._limit:
            self._rotate()

    def note(self, text: str) -> None:
        """Append a line of our own, which begins with --- and the time."""
        begin = "\n" if self._in_line else ""
        self._file.write(f"{begin}--- {_now()} {text}\n".encode(errors="backslashreplace"))
        self._file.flush()
        self._in_line = False

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        self._file = self.path.open("ab")


class OwnLog(KeptLog):
    """The log that is kept without being asked for: by one program at a time."""

    def __init__(self, path: Path, *, stamps: bool = False, limit: int = LIMIT) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path.with_suffix(".lock"))
        self._lock.acquire(timeout=0)
        super().__init__(path, stamps=stamps, limit=limit)

    @classmethod
    def open(cls, path: Path, *, stamps: bool = False) -> "OwnLog | None":
        """Return the log, None if another one keeps it already, or it cannot be written."""
        with suppress(Timeout, OSError):
            return cls(path, stamps=stamps)
        return None

    def close(self) -> None:
        """Close the file and let the next one have it."""
        super().close()
        self._lock.release()


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="milliseconds")
