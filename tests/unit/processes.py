# SPDX-License-Identifier: MIT
"""The processes that belong to a board on this machine."""

import contextlib
from pathlib import Path


def of_home(home: str | Path) -> list[int]:
    """Return all that run: the device half gives every one of them the board's home."""
    mark = f"RPIKIT_HOME={home}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "environ").read_bytes().split(b"\0")
            is_zombie = b") Z " in (entry / "stat").read_bytes()
            if any(word == mark or word.startswith(mark + b"/") for word in words):
                found += [] if is_zombie else [int(entry.name)]
    return found
