# SPDX-License-Identifier: MIT
"""Where the console that is watched comes from: a board's kept one, or a serial line.

An origin gives events, comes back after a loss, and ends only if it was told not to.
"""

import contextlib
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import serial

from rpikit import elf
from rpikit.console import HEAD_END, Head
from rpikit.device import DeviceHalf
from rpikit.errors import BoardError, RpikitError
from rpikit.transport import Channel, Transport

STEP_SECONDS = 0.1
_ASK_SECONDS = 8.0  # of silence, after which a board is asked whether it is there
_ANSWER_SECONDS = 10.0
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each new try, the last one again and again
_BAUD = 115200
_CHUNK = 65536
_HEAD_MAX = 65536


@dataclass(frozen=True)
class Text:
    """Bytes of the console."""

    data: bytes


@dataclass(frozen=True)
class Note:
    """Something about the console that is not in it."""

    text: str


@dataclass(frozen=True)
class Began:
    """A guest whose console follows; `image` finds out its build, None if nobody knows."""

    image: Callable[[], str | None]


@dataclass(frozen=True)
class Ended:
    """The guest has ended, with this status if it is known."""

    status: int | None


@dataclass(frozen=True)
class Quiet:
    """Nothing came for a moment."""


Event = Text | Note | Began | Ended | Quiet


class Origin(Protocol):
    """A console that is watched."""

    name: str  # for the log: board:log, or the port

    def events(self) -> Iterator[Event]:
        """Give what comes."""
        ...


class _Returning(ABC):
    """What comes back: a loss is told in one line, tried again ever less often, its end told."""

    def __init__(self, name: str, reconnect: bool) -> None:
        self.name = name
        self._reconnect = reconnect
        self._seen = False  # whether it ever was there
        self._lost_at: float | None = None

    def events(self) -> Iterator[Event]:
        pauses: Iterator[float] = iter(())
        while True:
            try:
                yield from self._attached()
                return
            except BoardError as error:
                if not self._reconnect or not self._seen:
                    raise
                if self._lost_at is None:
                    self._lost_at = time.monotonic()
                    pauses = itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1]))
                    yield Note(f"{error}; trying again until it is back")
            yield from _wait(next(pauses, _PAUSES[-1]))

    @abstractmethod
    def _attached(self) -> Iterator[Event]:
        """Give what is said, as long as it is here; BoardError says that it is not."""

    def _is_here(self) -> Iterator[Event]:
        """Note that it is here, and tell so after a loss."""
        self._seen = True
        if self._lost_at is not None:
            yield Note(f"back after {time.monotonic() - self._lost_at:.0f} s")
            self._lost_at = None


class BoardConsole(_Returning):
    """The console that the device half keeps: of the guest that runs, and of those after it."""

    def __init__(
        self,
        name: str,
        reach: Callable[[], AbstractContextManager[Transport]],
        *,
        tail: int | None = 100,
        reconnect: bool = True,
        half: Callable[[Transport], DeviceHalf] = DeviceHalf,
    ) -> None:
        super().__init__(name, reconnect)
        self._reach = reach
        self._half = half
        self._run = "-"
        self._since = "0" if tail is None else f"-{tail}"
        self._at = 0
        self._head: Head | None = None

    def _attached(self) -> Iterator[Event]:
        with self._reach() as transport:
            half = self._half(transport)
            status = half.status()
            yield from self._is_here()
            if self._head is None and (status.slot, status.pid, status.exit) == (None,) * 3:
                yield Note("the board has no firmware yet; waiting for it")
            while True:
                yield from self._one(half)
                if self._since == "end" and not self._reconnect:
                    return

    def _one(self, half: DeviceHalf) -> Iterator[Event]:
        """Give the console of one guest to its end, or as far as it is kept."""
        with contextlib.closing(half.watch(self._run, self._since)) as channel:
            head, data = yield from self._open(channel, half)
            yield from self._introduce(head, half)
            while data:
                self._at += len(data)
                self._since = str(self._at)
                yield Text(data)
                data = yield from _read(channel, half)
        status = (half.of(head.name) if head.name else half).status()
        if status.pid == head.pid:
            return  # it goes on: a part was not kept
        self._since = "end"
        yield Ended(None if status.running else status.exit)

    def _open(
        self, channel: Channel, half: DeviceHalf
    ) -> Generator[Event, None, tuple[Head, bytes]]:
        """Read the head, which comes when there is a guest to watch; return what follows it."""
        said = b""
        while HEAD_END not in said:
            data = yield from _read(channel, half)
            said += data
            if not data or len(said) > _HEAD_MAX:
                Head.parse(said)
                raise BoardError(f"{half.transport.name}: the console ended before it began")
        text, _, data = said.partition(HEAD_END)
        data = data or (yield from _read(channel, half))
        return Head.parse(text), data

    def _introduce(self, head: Head, half: DeviceHalf) -> Iterator[Event]:
        """Say whose console follows, and what of it is missing."""
        first = self._head is None
        guest = f"{head.name} {head.version}".strip() or "a guest"
        if head.run == self._run:
            if head.begin > self._at:
                yield Note(f"{head.begin - self._at} bytes were not kept by the board")
        else:
            yield Began(lambda: _build_of(half, head))
            state = "is running" if first and head.running else "ran" if first else "was started"
            if first and not head.running:
                state = "has ended"
            more = f"; {head.begin} bytes before are not shown" if head.begin else ""
            yield Note(f"{guest}, process {head.pid}, {state}{more}")
        self._head, self._run, self._at = head, head.run, head.begin
        self._since = str(self._at)


class SerialPort(_Returning):
    """A serial port of this machine, to which nobody else may listen."""

    def __init__(self, name: str, port: Callable[[], str], *, reconnect: bool = True) -> None:
        super().__init__(name, reconnect)
        self._port = port

    def _attached(self) -> Iterator[Event]:
        port = self._port()
        try:
            opened = serial.serial_for_url(port, _BAUD, timeout=STEP_SECONDS, do_not_open=True)
            with contextlib.suppress(ValueError, NotImplementedError, AttributeError):
                opened.exclusive = True
            opened.open()
        except (serial.SerialException, OSError) as error:
            raise _unopened(self.name, port, error) from error
        with opened:
            yield from self._is_here()
            yield Began(lambda: None)
            while True:
                try:
                    data = opened.read(max(1, min(opened.in_waiting, _CHUNK)))
                except (serial.SerialException, OSError, TypeError) as error:
                    raise BoardError(
                        f"board {self.name!r}: its serial port {port} is gone"
                    ) from error
                yield Text(data) if data else Quiet()


class SerialLog(_Returning):
    """What a virtual board says on a serial line: all of it is kept, for any number of readers."""

    def __init__(
        self,
        name: str,
        log: Callable[[], Path],
        *,
        tail: int | None = 100,
        reconnect: bool = True,
    ) -> None:
        super().__init__(name, reconnect)
        self._log = log
        self._tail = tail

    def _attached(self) -> Iterator[Event]:
        path = self._log()
        with path.open("rb") as file:
            yield from self._is_here()
            yield Began(lambda: None)
            earlier = _seek_tail(file, self._tail)
            if earlier:
                yield Note(f"{earlier} bytes before are not shown")
            self._tail = None  # what a board says after its next start is shown from its beginning
            asked = time.monotonic()
            while True:
                data = file.read(_CHUNK)
                if data:
                    yield Text(data)
                    continue
                time.sleep(STEP_SECONDS / 2)
                yield Quiet()
                if time.monotonic() - asked > 1.0:
                    asked = time.monotonic()
                    self._check(path, file)

    def _check(self, path: Path, file: BinaryIO) -> None:
        """Raise BoardError if the board has ended, or is another one by now."""
        try:
            same = self._log() == path and path.stat().st_ino == _inode(file)
        except OSError:
            same = False
        if not same or path.stat().st_size < file.tell():
            raise BoardError(f"board {self.name!r}: was started anew")


def _read(channel: Channel, half: DeviceHalf) -> Generator[Event, None, bytes]:
    """Return what came, b"" at the end; a board that is silent for long is asked if it is there."""
    asked = time.monotonic()
    while True:
        try:
            return channel.read(_CHUNK, STEP_SECONDS)
        except TimeoutError:
            yield Quiet()
        if time.monotonic() - asked > _ASK_SECONDS:
            half.transport.run(":", timeout=_ANSWER_SECONDS)
            asked = time.monotonic()


def _wait(seconds: float) -> Iterator[Event]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(STEP_SECONDS)
        yield Quiet()


def _build_of(half: DeviceHalf, head: Head) -> str | None:
    """Return the build of the guest that runs, from its file on the board."""
    if not head.unikernel:
        return None
    try:
        return elf.build_id_in(half.transport.get(head.unikernel), head.unikernel)
    except RpikitError:
        return None


def _seek_tail(file: BinaryIO, lines: int | None) -> int:
    """Go to the last lines of a file; return how many bytes are before them."""
    if lines is None:
        return 0
    data = file.read()
    keep = data.splitlines(keepends=True)[-lines:] if lines else []
    return file.seek(len(data) - sum(map(len, keep)))


def _inode(file: BinaryIO) -> int:
    import os

    return os.fstat(file.fileno()).st_ino


def _unopened(name: str, port: str, error: Exception) -> BoardError:
    if "exclusively lock" in str(error) or getattr(error, "errno", None) == 16:  # EBUSY
        return BoardError(
            f"board {name!r}: another program has its serial port {port}",
            hint=f"end that one; fuser {port} names it",
        )
    return BoardError(
        f"board {name!r}: its serial port {port} does not open: {error}",
        hint="is it plugged in, and are you in the group dialout?",
    )
