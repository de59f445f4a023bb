# SPDX-License-Identifier: MIT
"""The verb monitor: show a console, whatever becomes of its guest, and explain its failures."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from rpikit import connect, console_text, paths, serial_line, terminal
from rpikit.console_text import LINE_MAX, Splitter
from rpikit.crash import Decoder, Library
from rpikit.errors import EXIT_OK, DescriptionError, FirmwareError
from rpikit.kept_log import KeptLog, OwnLog
from rpikit.origin import (
    Began,
    BoardConsole,
    Ended,
    Event,
    Note,
    Origin,
    SerialLog,
    SerialPort,
    Text,
)
from rpikit.screen import Line, Patterns, Screen
from rpikit.wiring import Target

_CHUNK = 65536


class Ending:
    """When to end by itself: at a line, after some seconds, or with the guest."""

    def __init__(
        self,
        *,
        until: re.Pattern[str] | None = None,
        timeout: float | None = None,
        with_guest: bool = False,
    ) -> None:
        self.until = until
        self.timeout = timeout
        self.with_guest = with_guest
        self._start = time.monotonic()

    def is_over(self) -> bool:
        """Say whether the time is up."""
        return self.timeout is not None and time.monotonic() - self._start >= self.timeout

    def missed(self, why: str, last: str) -> FirmwareError:
        """Return the error of a line that did not come."""
        assert self.until is not None
        shown = console_text.printable(last, colours=False)
        return FirmwareError(
            f"no line matched {self.until.pattern!r} {why}; "
            + (f"the last one was {shown!r}" if last else "nothing came")
        )


class Monitor:
    """A console on its way to a screen and a log."""

    def __init__(self, screen: Screen, decoder: Decoder, log: KeptLog | None = None) -> None:
        self.last = ""  # line that came
        self._screen = screen
        self._decoder = decoder
        self._log = log
        self._splitter = Splitter()
        self._text = ""
        self._at: float | None = None

    def take(self, event: Event, until: re.Pattern[str] | None = None) -> bool:
        """Show an event; say whether a line of it is the one that is waited for."""
        if isinstance(event, Text):
            if self._log is not None:
                self._log.write(event.data)
            self._screen.raw(event.data)
            pieces = self._splitter.feed(event.data)
            return any(self._piece(text, ends, until) for text, ends in pieces)
        if isinstance(event, Began):
            self.flush()
            self._decoder.begin(event.image)
        elif isinstance(event, Note):
            self.note(event.text)
        elif isinstance(event, Ended):
            self.flush()
            status = "" if event.status is None else f" with status {event.status}"
            self.note(f"the guest has ended{status}")
        return False

    def note(self, text: str) -> None:
        """Say something that is not in the console."""
        self.flush()
        self._screen.note(text)
        if self._log is not None:
            self._log.note(text)

    def flush(self) -> None:
        """Show what was begun: no more of it comes."""
        for text, _ in self._splitter.end():
            self._text += text
        if self._text:
            self._show(whole=False)

    def _piece(self, text: str, ends: bool, until: re.Pattern[str] | None) -> bool:
        self._at = time.time() if self._at is None else self._at
        self._text += text
        found = until is not None and bool(until.search(console_text.strip(self._text)))
        if self._text.strip():
            self.last = self._text
        if ends or len(self._text) >= LINE_MAX:
            self._show(whole=ends)
        else:
            self._screen.begun(Line(self._text, False, self._at))
        return found

    def _show(self, *, whole: bool) -> None:
        at = time.time() if self._at is None else self._at
        text, self._text, self._at = self._text, "", None
        explained = self._decoder.explain(console_text.strip(text))
        self._screen.line(Line(text, whole, at, explained))


def monitor(
    origin: Origin,
    screen: Screen,
    library: Library,
    *,
    log: KeptLog | None = None,
    ending: Ending | None = None,
    keys: Callable[[], bytes] = terminal.pressed,
) -> int:
    """Show a console until Ctrl-], or as `ending` says; return the exit code.

    FirmwareError if the line that is waited for did not come.
    """
    ending = ending or Ending()
    notes: list[str] = []
    shown = Monitor(screen, Decoder(library, notes.append), log)
    status = EXIT_OK
    with terminal.keys(), _ended(shown, screen):
        for event in origin.events():
            found = shown.take(event, ending.until)
            while notes:
                shown.note(notes.pop(0))
            if found:
                return EXIT_OK
            if isinstance(event, Ended):
                status = event.status or EXIT_OK
            if ending.is_over():
                if ending.until is None:
                    return EXIT_OK
                raise ending.missed(f"within {ending.timeout:g} s", shown.last)
            if terminal.ESCAPE in keys():
                return EXIT_OK
    if ending.until is not None:
        raise ending.missed("before the guest ended", shown.last)
    return FirmwareError.exit_code if status else EXIT_OK


@contextmanager
def _ended(shown: Monitor, screen: Screen) -> Iterator[None]:
    """Show what was begun, whatever ends the rest."""
    try:
        yield
    finally:
        shown.flush()
        screen.close()


def decode(source: BinaryIO, screen: Screen, library: Library) -> None:
    """Show a console that was kept, with its failures explained."""
    notes: list[str] = []
    shown = Monitor(screen, Decoder(library, notes.append))
    for data in iter(lambda: source.read(_CHUNK), b""):
        shown.take(Text(data))
    shown.flush()
    for note in notes:
        shown.note(note)
    screen.close()


def compiled(patterns: tuple[str, ...], option: str) -> tuple[re.Pattern[str], ...]:
    """Return patterns; DescriptionError says what is wrong with one."""
    made = []
    for pattern in patterns:
        try:
            made.append(re.compile(pattern))
        except re.error as error:
            raise DescriptionError(
                f"{option} {pattern!r}: is no regular expression: {error}",
                hint="write \\ before one of . * + ? ( ) [ ] { } that is meant as it stands",
            ) from None
    return tuple(made)


def patterns(
    filters: tuple[str, ...], excluded: tuple[str, ...], marked: tuple[str, ...]
) -> Patterns:
    """Return what is shown and marked; a filter that begins with ! excludes."""
    wanted = tuple(one for one in filters if not one.startswith("!"))
    negated = tuple(one[1:] for one in filters if one.startswith("!"))
    return Patterns(
        wanted=compiled(wanted, "--filter"),
        unwanted=(*compiled(negated, "--filter !"), *compiled(excluded, "--exclude")),
        marked=compiled(marked, "--highlight"),
    )


def origin_of(
    target: Target, *, line: int | None, by_serial: bool, tail: int | None, reconnect: bool
) -> Origin:
    """Return where a board's console comes from: its kept one, or a serial line.

    A board that nothing but its serial port leads to is watched there, unless that is named as the
    way to it.
    """
    board = connect.board_of(target)
    is_virtual = board.virtual is not None
    only_serial = not is_virtual and target.ssh is None and target.transport is None
    named = os.environ.get(connect.VIA) or target.via  # then its guest's log comes that way
    watched = only_serial and target.serial is not None and named is None
    watched |= board.platform == "metal"
    if not (by_serial or line is not None or watched):
        reach = partial(connect.reached, target)
        return BoardConsole(target.name, reach, tail=tail, reconnect=reconnect)
    port = partial(serial_line.port_of, target, is_virtual=is_virtual, line=line)
    if is_virtual:
        log = partial(_log_at, port)
        return SerialLog(target.name, log, tail=tail, reconnect=reconnect)
    return SerialPort(target.name, port, reconnect=reconnect)


def library_of(folder: Path, program: Path | None) -> Library:
    """Return the symbols of an application's last build, and of a program that was named."""
    return Library([program]) if program is not None else Library.of_folder(folder)


@contextmanager
def log_of(name: str, path: Path | None, *, wanted: bool, stamps: bool) -> Iterator[KeptLog | None]:
    """Open the log: the one named, else the board's own if nobody else keeps it already."""
    own = paths.state_dir() / "consoles" / f"{name}.log"
    if path is not None:
        log: KeptLog | None = KeptLog(path, stamps=stamps)
    else:
        log = OwnLog.open(own, stamps=stamps) if wanted else None
    if log is None:
        yield None
        return
    with log:
        yield log


def _log_at(port: Callable[[], str]) -> Path:
    path = Path(port())
    return path.with_name(f"{path.name}.log")
