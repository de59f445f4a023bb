# SPDX-License-Identifier: MIT
"""This program's own terminal: raw while a session lasts, its size, its keys.

Knows no boards; without a terminal it reads standard input as it is.
"""

import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ESCAPE = b"\x1d"
"""Ctrl-], which ends a session as it does in telnet."""


def is_interactive() -> bool:
    """Say whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def kind_and_size() -> tuple[str, int, int]:
    """Return the terminal's kind, its columns and its lines."""
    size = shutil.get_terminal_size()
    return os.environ.get("TERM", "dumb"), size.columns, size.lines


@contextmanager
def raw() -> Iterator[None]:
    """Hand each key on as it is pressed; a standard input that is no terminal stays as it is."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin, termios.TCSADRAIN)  # what was typed early is kept
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


@contextmanager
def keys() -> Iterator[None]:
    """Hand each key on as it is pressed, as `raw` does, but leave Ctrl-C and output as they are.

    A program in the background has no keys and touches nothing.
    """
    if not sys.stdin.isatty() or os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def pressed() -> bytes:
    """Return the keys that were pressed since, of a terminal; b"" if none were."""
    if not sys.stdin.isatty() or os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp():
        return b""
    return read() if select.select([sys.stdin], [], [], 0)[0] else b""


@contextmanager
def resized(tell: Callable[[int, int], None]) -> Iterator[None]:
    """Tell columns and lines each time the window changes."""

    def changed(number: int, frame: FrameType | None) -> None:
        _, columns, lines = kind_and_size()
        tell(columns, lines)

    before = signal.signal(signal.SIGWINCH, changed)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def read(size: int = 4096) -> bytes:
    """Return what was typed or piped in, b"" at its end."""
    return os.read(sys.stdin.fileno(), size)


def show(data: bytes) -> None:
    """Print bytes as they are, at once."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def complain(data: bytes) -> None:
    """Print bytes to standard error as they are, at once."""
    sys.stderr.buffer.write(data)
    sys.stderr.buffer.flush()
