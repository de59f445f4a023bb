# SPDX-License-Identifier: MIT
"""The console of a started guest: its bytes from the beginning, and how it ended.

Knows no tests and no terminals; whoever wants lines, patterns or time stamps builds on `read`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from rpikit.closing import Closing
from rpikit.device import Answer
from rpikit.errors import BoardError
from rpikit.half import Half

HEAD_END = b"console=\n"


@dataclass(frozen=True)
class Head:
    """What stands before the console that `DeviceHalf.watch` gives."""

    run: str  # tells this start of a guest from every other
    pid: int
    name: str
    version: str
    unikernel: str  # its file on the board
    running: bool
    begin: int  # the byte with which the console begins; those before it are not given

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read a head, which ends with HEAD_END; BoardError says what came instead."""
        answer = Answer(text.decode(errors="replace"))
        run, begin = answer.one("run"), answer.one("from")
        pid = run.partition(".")[0]
        if not pid.isdecimal() or not begin.isdecimal():
            last = text.decode(errors="replace").strip().rpartition("\n")[2]
            raise BoardError(f"the board's console does not open: {last or 'nothing was said'}")
        return cls(
            run=run,
            pid=int(pid),
            name=answer.one("name"),
            version=answer.one("version"),
            unikernel=answer.one("unikernel"),
            running=answer.one("running") == "yes",
            begin=int(begin),
        )


class Console(Closing):
    """A guest's console, open until the guest ends or we close it."""

    def __init__(self, half: Half) -> None:
        self._half = half
        self._channel = half.follow()

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
