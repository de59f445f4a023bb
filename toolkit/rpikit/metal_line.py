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
    rb"^underlay: (?P<name>[^:\r\n]+): "
    rb"(?:ended, status (?P<status>\d+)|stopped, status 1: .*)\r?\n",
    re.MULTILINE,
)
_OVER = re.compile(rb"^underlay: (?:all guests have ended|parked: |nothing to run: ).*\n", re.M)
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
        self._said = bytearray()
        self._held = b""  # half an end of a line
        self._runs: bool | None = None  # nobody knows

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
        self._said.clear()
        self._held = b""
        self._loader.start(sent.digest, sent.size, signature)
        self._runs = True

    def stop(self) -> None:
        """End what runs; its console stays."""
        if self._runs is not False:
            self._listen(0.0)
            self.identify()

    def said(self, timeout: float = 0.0) -> bytes:
        """Return all that was said since the start; wait so long for more of it."""
        self._listen(timeout)
        return bytes(self._said)

    @property
    def was_started(self) -> bool:
        """Whether we have started what runs."""
        return self._runs is True

    def is_over(self) -> bool:
        """Whether no guest runs any more, as far as was heard."""
        return self._runs is False or _OVER.search(self._said) is not None

    def exit_of(self, guest: str | None) -> int | None:
        """Return the status with which a guest ended last, None if it has not; None is any."""
        found = [
            one
            for one in _ENDED.finditer(self._said)
            if guest is None or one["name"] == guest.encode()
        ]
        if not found:
            return _STOPPED if self._runs is False and self._said else None
        return int(found[-1]["status"] or 1)

    def _listen(self, timeout: float) -> None:
        if self._runs is not False:
            came = self._held + self._loader.console(timeout)
            self._held = came[-1:] if came.endswith(b"\r") else b""
            # The underlay ends lines as a terminal wants it.
            self._said += came[: len(came) - len(self._held)].replace(b"\r\n", b"\n")

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


class _Console(Closing):
    """A console from its beginning."""

    def __init__(self, line: MetalLine) -> None:
        self._line = line
        self._at = 0

    def read(self, size: int, timeout: float | None) -> bytes:
        """Return what came, b"" at the end; raise TimeoutError when nothing came."""
        left = timeout
        while True:
            step = _GLANCE_SECONDS if left is None else min(left, _GLANCE_SECONDS)
            data = self._line.said()[self._at : self._at + size]
            if data or self._line.is_over():
                self._at += len(data)
                return data
            self._line.said(step)
            if left is not None:
                left -= step
                if left <= 0 and len(self._line.said()) <= self._at:
                    raise TimeoutError

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
