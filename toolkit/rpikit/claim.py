# SPDX-License-Identifier: MIT
"""One flash at a time per board, among those who flash from this machine as this user.

A claim is a lock that the system takes back when its holder is gone, however that happened, and
a note beside it of who that is. Those of other machines and users the board's own lock keeps away.
Each flash has a token, by which the board knows its lock. The last one is kept here: who has the
claim may tell the board that the flash of that token is over, however it ended.
"""

import contextlib
import getpass
import hashlib
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from rpikit import paths
from rpikit.errors import BoardError
from rpikit.transport import Transport
from rpikit.transport.local import Local


@dataclass(frozen=True)
class Holder:
    """Who flashes, for whoever else wants to."""

    user: str
    host: str
    pid: int
    since: float  # seconds of the epoch

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (process {self.pid})"


def holder() -> Holder:
    """Return who we are, from now on."""
    return Holder(getpass.getuser(), socket.gethostname(), os.getpid(), time.time())


@dataclass(frozen=True)
class Claim:
    """One flash of a board, by its token; `before` is that of the last from here, "" if unknown."""

    token: str
    before: str = ""


@contextlib.contextmanager
def claimed(transport: Transport) -> Iterator[Claim]:
    """Hold the board for one flash; BoardError says who does already, and since when.

    Where the state folder cannot be written the board's own lock has to do.
    """
    claim = Claim(secrets.token_hex(8))
    name = hashlib.sha256(_place(transport).encode()).hexdigest()[:16]
    note = paths.state_dir() / "claims" / f"{name}.holder"
    lock = FileLock(note.with_suffix(".lock"))
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        paths.write(note, json.dumps(asdict(holder())))
        claim = replace(claim, before=_last(note))
        paths.write(note.with_suffix(".token"), claim.token)
    except Timeout:
        raise BoardError(
            f"{transport.name}: is being flashed by {_noted(note)}",
            hint="wait until that is done; the claim ends with the process that has it",
        ) from None
    except OSError:
        lock.release()
    try:
        yield claim
    finally:
        if lock.is_locked:
            note.unlink(missing_ok=True)
            lock.release()


def _place(transport: Transport) -> str:
    """Return where a board is, without the name that a bench gave it."""
    if isinstance(transport, Local):
        return str(transport.folder.absolute())
    board, _, place = transport.name.partition(" ")
    return place or board


def _last(note: Path) -> str:
    """Return the token of the last flash, "" if none is known."""
    try:
        found = note.with_suffix(".token").read_text()
    except (FileNotFoundError, ValueError):
        return ""
    return found if re.fullmatch("[0-9a-f]{16}", found) else ""


def _noted(note: Path) -> str:
    try:
        found = Holder(**json.loads(note.read_text()))
    except (OSError, ValueError, TypeError):  # it is being written, or taken away, right now
        return "another process of this machine"
    return f"{found} since {max(0, round(time.time() - found.since))} s"
