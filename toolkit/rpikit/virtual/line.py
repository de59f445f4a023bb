# SPDX-License-Identifier: MIT
"""A serial line between two ends: as slow as a real one, and as bad as is asked.

`Direction` is one way of it, without a clock of its own; `Wire` lays both between a pty of its own
and another end. The same seed gives the same faults at the same bytes.
"""

import os
import random
import select
import termios
import threading
import time
import tty
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rpikit.closing import Closing

_CHUNK = 4096
_ROOM = 2048  # bytes that wait for the line, as in a driver's buffer
_STEP_SECONDS = 0.002


@dataclass(frozen=True)
class Faults:
    """What a line does to bytes; the rates are of each byte, in each direction."""

    drop: float = 0.0
    flip: float = 0.0
    repeat: float = 0.0  # a byte comes twice
    delay: float = 0.0  # seconds until a byte is at the other end
    cut_after: int | None = None  # bytes to the board, after which nothing passes any more
    cut_back_after: int | None = None  # the same of bytes from the board


class Direction:
    """One way of a line: bytes in, at most `baud / 10` of them a second out (8N1)."""

    def __init__(self, baud: int | None, faults: Faults, seed: int) -> None:
        self.carried = 0
        self.is_cut = False
        self.is_muted = False  # nothing passes this way
        self.is_garbled = False  # the two ends have different speeds
        self.baud = baud
        self._faults = faults
        self._random = random.Random(seed)
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._length = 0
        self._free = 0.0  # when the line has sent what it has

    @property
    def room(self) -> int:
        """Return how many bytes may be handed over now."""
        return max(0, _ROOM - self._length)

    def push(self, data: bytes, now: float) -> None:
        """Hand over bytes at a time."""
        for at in range(0, len(data), 16):
            part = data[at : at + 16]
            self._free = max(self._free, now)
            if self.baud:
                self._free += 10 * len(part) / self.baud
            self._waiting.append((self._free + self._faults.delay, part))
            self._length += len(part)

    def hold(self, until: float) -> None:
        """Let what is handed over from now on wait until a time."""
        self._free = max(self._free, until)

    def pull(self, now: float) -> bytes:
        """Return what has arrived at the other end by a time."""
        out = bytearray()
        while self._waiting and self._waiting[0][0] <= now:
            _, part = self._waiting.popleft()
            self._length -= len(part)
            out += self._damaged(part)
        return bytes(out)

    def due(self) -> float | None:
        """Return when the next bytes arrive."""
        return self._waiting[0][0] if self._waiting else None

    def _damaged(self, data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            self.carried += 1
            if self._faults.cut_after is not None and self.carried == self._faults.cut_after + 1:
                self.is_cut = True
            dice = self._random.random()
            bit = 1 << self._random.randrange(8)
            if self.is_cut or self.is_muted or dice < self._faults.drop:
                continue
            if self.is_garbled:
                byte = self._random.randrange(256)
            flips = dice < self._faults.drop + self._faults.flip
            out.append(byte ^ bit if flips else byte)
            if not flips and dice < self._faults.drop + self._faults.flip + self._faults.repeat:
                out.append(byte)
        return bytes(out)


class Wire(Closing):
    """A line between a new pty, at `place`, and what the descriptor `far` leads to."""

    def __init__(
        self,
        far: int,
        *,
        baud: int | None = 115200,
        faults: Faults | None = None,
        seed: int = 1,
        speeds: tuple[int, ...] = (),
        far_speed: Callable[[], int] | None = None,
    ) -> None:
        """`baud` is the speed of the line, None for one without a limit.

        With `speeds` each end has the speed of its terminal instead, the far one only if it is one
        of those; what one sends at a speed that is not the other's arrives as garbage. `far_speed`
        tells that of a far end which is no terminal.
        """
        faults = faults or Faults()
        self._speeds = speeds
        self._far_speed = far_speed or (lambda: _speed_of(self._far))
        self._far = far
        self._near, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.place = os.ttyname(self._slave)
        self.there = Direction(baud, faults, seed)
        back = replace(faults, cut_after=faults.cut_back_after)
        self.back = Direction(baud, back, seed + 1)
        for descriptor in (self._near, self._far):
            os.set_blocking(descriptor, False)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    @classmethod
    def to(
        cls, place: Path | str, *, baud: int | None, faults: Faults | None = None, seed: int = 1
    ) -> "Wire":
        """Lay a line to a port of this machine, such as a virtual board's serial1."""
        return cls(opened(place), baud=baud, faults=faults, seed=seed)

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes any more."""
        return self.there.is_cut

    def lead_to(self, far: int) -> None:
        """Take the line from where it led, and lay it to another end: a board that was off."""
        os.set_blocking(far, False)
        with self._lock:
            os.close(self._far)
            self._far = far

    def cut(self, *, whole: bool = False) -> None:
        """Let nothing pass any more in either direction, or all again."""
        with self._lock:
            self.there.is_cut = self.back.is_cut = not whole

    def stall(self, seconds: float) -> None:
        """Let nothing more pass for a while, after which all of it does."""
        with self._lock:
            for way in (self.there, self.back):
                way.hold(time.monotonic() + seconds)

    def close(self) -> None:
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        for descriptor in (self._near, self._slave, self._far):
            with suppress(OSError):
                os.close(descriptor)

    def _compare_speeds(self) -> None:
        if self._speeds:
            near, far = _speed_of(self._slave), self._far_speed()
            self.there.baud, self.back.baud = near, far
            is_garbled = near != far or far not in self._speeds
            self.there.is_garbled = self.back.is_garbled = is_garbled

    def _carry(self) -> None:
        left = {self.there: b"", self.back: b""}
        while not self._ended.is_set():
            waiting = [self._near] if self.there.room else []
            waiting += [self._far] if self.back.room else []
            with suppress(OSError, ValueError):
                select.select(waiting, [], [], _STEP_SECONDS)
            with self._lock:
                self._compare_speeds()
                if self.there.is_cut or self.back.is_cut:
                    self.there.is_cut = self.back.is_cut = True
                for source, way, target in (
                    (self._near, self.there, self._far),
                    (self._far, self.back, self._near),
                ):
                    if way.room:
                        with suppress(OSError):
                            way.push(os.read(source, min(_CHUNK, way.room)), time.monotonic())
                    left[way] += way.pull(time.monotonic())
                    if left[way]:
                        try:
                            left[way] = left[way][os.write(target, left[way]) :]
                        except BlockingIOError:
                            pass
                        except OSError:  # nobody is there to take it
                            left[way] = b""


def opened(place: Path | str) -> int:
    """Open a port of this machine as it is: what leads to the far end of a `Wire`."""
    port = os.open(place, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    return port


_SPEEDS = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name[:1] == "B" and name[1:].isdigit()
}


def _speed_of(descriptor: int) -> int:
    """Return the speed that a terminal was given, through either of its ends; 0 if none."""
    try:
        return _SPEEDS.get(termios.tcgetattr(descriptor)[5], 0)
    except termios.error:
        return 0
