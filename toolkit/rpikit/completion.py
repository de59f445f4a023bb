# SPDX-License-Identifier: MIT
"""What completion knows of boards without asking them: their guests, as they were seen last.

A name that is missing or gone costs the reader a Tab; so nothing here fails, and nothing waits.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from rpikit import paths

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


def keep(board: str, guests: Iterable[str]) -> None:
    """Keep the names of all guests of a board."""
    file = _file(board)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        paths.write(file, "".join(f"{name}\n" for name in sorted(set(guests))))


def add(board: str, guest: str) -> None:
    """Keep the name of one more."""
    keep(board, {*guests(board), guest})


def drop(board: str, guest: str) -> None:
    """Forget one."""
    keep(board, {*guests(board)} - {guest})


def guests(board: str) -> tuple[str, ...]:
    """Return the names that are kept of a board's guests."""
    try:
        lines = _file(board).read_text(errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(line for line in lines if _NAME.fullmatch(line))


def _file(board: str) -> Path:
    return paths.state_dir() / "guests" / board
