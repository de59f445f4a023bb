# SPDX-License-Identifier: MIT
"""The serial line to a board without an operating system: its loader, and what that has started.

There is no shell behind it, so that of a transport it has nothing but the name and the end.
"""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

from rpikit.closing import Closing
from rpikit.errors import BoardError
from rpikit.loader.link import Loader, Sent
from rpikit.loader.protocol import BAUD, Who
from rpikit.transport import Channel, Result
from rpikit.transport.line.port import Port, SerialPort

_ENDED = re.compile(
    rb"underlay: (?P<name>[^:]+): (?:ended, status (?P<status>\d+)$|stopped, status 1: )"
)
_OVER = re.compile(rb"underlay: (?:all guests have ended$|parked: |nothing to run: )")
_LINE_MAX = 4096  # bytes of a line that are looked at
_KEPT = 4 << 20  # bytes of a console, for who comes late
_AT_ONCE = 64  # reads of the port, however much comes
_GLANCE_SECONDS = 0.05
_STOPPED = 143
"""The status of what was ended from outside, as a shell has it for SIGTERM."""


@dataclass(frozen=True)
class Run:
    """What a guest does, as far as the line tells."""

    running: bool
    exit: int | None


class MetalLine(Closing):
    """An open line; whatever runs goes on until an image is sent, or the board is told to stop."""

    def __init__(
        self, port: Port, place: str, board: str, serial_number: str | None = None
    ) -> None:
        """`board` is its name on the bench; one with another serial number is not touched."""
        self.name = f"{board} (serial {place})"
        self._board = board
        self._loader = Loader(port, self.name, serial_number=serial_number)
        self._image: tuple[bytes, bytes | None] | None = None
        self._said = _Said()
        self._runs: bool | None = None  # nobody knows
        self._was_launched = False

    @classmethod
    def open(cls, place: str, board: str, serial_number: str | None = None) -> Self:
        """Open the port `place` of this machine."""
        return cls(SerialPort(place, BAUD, board), place, board, serial_number)

    # What is loaded and runs.

    def identify(self) -> Who:
        """Return who the board is; what ran there has ended then."""
        who = self._loader.attention()
        self._runs = False
        return who

    def load(
        self,
        image: bytes,
        signature: bytes | None = None,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Sent:
        """Have an image in the board's memory, from where it can be started any number of times."""
        self.identify()
        self._image = image, signature
        self._was_launched = False
        return self._loader.send(image, progress=progress)

    def launch(self) -> None:
        """Start what was loaded, from its beginning."""
        if self._image is None:
            raise BoardError(
                f"{self.name}: nothing was loaded over this line that could be started",
                hint="rpikit flash loads and starts an application",
            )
        image, signature = self._image
        sent = self.load(image, signature)
        self._said = _Said()
        self._loader.start(sent.digest, sent.size, signature)
        self._runs = self._was_launched = True

    def stop(self) -> None:
        """End what runs; its console stays."""
        if self._runs is not False:
            self._listen(0.0)
            self.identify()

    def said(self, timeout: float = 0.0) -> bytes:
        """Return what was said since the start, the end of it; wait so long for more."""
        self._listen(timeout)
        return bytes(self._said.kept)

    def said_from(self, at: int, size: int, timeout: float = 0.0) -> tuple[int, bytes]:
        """Return up to `size` bytes of what was said, from byte `at` on, and where they begin.

        That is later when so much was said meanwhile that the bytes are not kept any more.
        """
        self._listen(timeout)
        at = max(at, self._said.begin)
        start = at - self._said.begin
        return at, bytes(self._said.kept[start : start + size])

    @property
    def was_started(self) -> bool:
        """Whether we have started what runs."""
        return self._runs is True

    def is_over(self) -> bool:
        """Whether no guest runs any more, as far as was heard."""
        return self._runs is False or self._said.is_over

    def exit_of(self, guest: str | None) -> int | None:
        """Return the status with which a guest ended last, None if it has not; None is any."""
        if guest in self._said.ended:
            return self._said.ended[guest]
        return _STOPPED if self._runs is False and self._was_launched else None

    def _listen(self, timeout: float) -> None:
        """Take what comes within `timeout`, and what is there then."""
        for _ in range(_AT_ONCE):
            if self._runs is False or not (data := self._loader.console(timeout)):
                return
            self._said.take(data)
            timeout = 0.0

    # What there is of a transport.

    def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
        self._refuse()

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._refuse()

    def get(self, remote: str) -> bytes:
        self._refuse()

    def start(self, command: str) -> Channel:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise BoardError(
            f"{self.name}: runs no operating system, which this would need",
            hint="there are flash, run, test, monitor and bench for such a board",
        )

    def open_console(self) -> Channel:
        """Open the console from the start of what runs; it ends when no guest runs any more."""
        return _Console(self)

    def close(self) -> None:
        """Let go of the port; what runs goes on."""
        self._loader.close()


class _Said:
    """A console since its start: the end of it, and what it told of guests."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.begin = 0  # of what is kept
        self.ended: dict[str | None, int] = {}  # guests, and None for the last one
        self.is_over = False
        self._held = b""  # half an end of a line
        self._line = b""  # that is not whole yet

    def take(self, data: bytes) -> None:
        """Take what came; the underlay ends lines as a terminal wants it."""
        data = self._held + data
        self._held = data[-1:] if data.endswith(b"\r") else b""
        data = data[: len(data) - len(self._held)].replace(b"\r\n", b"\n")
        self.kept += data
        surplus = len(self.kept) - _KEPT
        if surplus > 0:
            del self.kept[:surplus]
            self.begin += surplus
        *lines, rest = (self._line + data).split(b"\n")
        self._line = rest[:_LINE_MAX]
        for line in lines:
            self._look_at(line)

    def _look_at(self, line: bytes) -> None:
        if _OVER.match(line):
            self.is_over = True
        elif found := _ENDED.match(line):
            status = int(found["status"] or 1)
            self.ended[found["name"].decode(errors="replace")] = self.ended[None] = status


class _Console(Closing):
    """A console from its beginning."""

    def __init__(self, line: MetalLine) -> None:
        self._line = line
        self._at = 0

    def read(self, size: int, timeout: float | None) -> bytes:
        """Return what came, b"" at the end; raise TimeoutError when nothing came."""
        left = timeout
        step = 0.0
        while True:
            self._at, data = self._line.said_from(self._at, size, step)
            if data or self._line.is_over():
                self._at += len(data)
                return data
            if left is not None and left <= 0:
                raise TimeoutError
            step = _GLANCE_SECONDS if left is None else min(left, _GLANCE_SECONDS)
            left = None if left is None else left - step

    def write(self, data: bytes) -> None:
        raise BoardError(f"{self._line.name}: a guest has no input")

    def close(self) -> None:
        """Stop listening; what runs goes on."""


class MetalHalf:
    """What a board without an operating system can do with a guest of the image that it was sent.

    All guests of an image are started and ended together.
    """

    def __init__(self, line: MetalLine, guest: str | None = None) -> None:
        self._line = line
        self._guest = guest

    @property
    def transport(self) -> MetalLine:
        return self._line

    def of(self, guest: str) -> Self:
        """Return the same for the guest of that name."""
        other = copy.copy(self)
        other._guest = guest
        return other

    def greet(self, timeout: float) -> None:
        """Do nothing: a board that runs guests answers to nobody."""

    def status(self) -> Run:
        """Say what was heard of the guest."""
        self._line.said()
        ended = self._line.exit_of(self._guest)
        return Run(ended is None and not self._line.is_over(), ended)

    def start(self) -> Run:
        """Start what was loaded, from its beginning, unless it runs."""
        if self._line.is_over() or not self._line.was_started:
            self._line.launch()
        return self.status()

    def stop(self) -> Run:
        """End all guests: the board comes back to its loader."""
        self._line.stop()
        return self.status()

    def stop_all(self) -> tuple[str, ...]:
        """End all guests; none of them is started again by name."""
        self._line.stop()
        return ()

    def follow(self) -> Channel:
        """Open the console from the start of the image; it ends when no guest runs any more."""
        return self._line.open_console()
