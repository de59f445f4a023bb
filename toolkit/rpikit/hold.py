# SPDX-License-Identifier: MIT
"""What one process of this machine has for itself: a lock, and a note beside it of who has it.

The system takes the lock back when its holder is gone, however that happened. Processes of one
run, the workers of pytest-xdist, are told apart from strangers by the name of their run.
"""

import getpass
import hashlib
import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from rpikit import paths
from rpikit.closing import Closing
from rpikit.errors import BoardError, DescriptionError

WAIT = "RPIKIT_WAIT"
"""For how many seconds to wait for what somebody else has; 0 if not set."""
_GLANCE_SECONDS = 0.1


@dataclass(frozen=True)
class Holder:
    """Who has something, for whoever else wants to; `run` is of what run of tests, if of any."""

    user: str
    host: str
    pid: int
    since: float  # seconds of the epoch
    run: str = ""

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (process {self.pid})"


def holder(run: str = "") -> Holder:
    """Return who we are, from now on."""
    return Holder(getpass.getuser(), socket.gethostname(), os.getpid(), time.time(), run)


class Hold(Closing):
    """What we have until it is closed; Timeout if somebody else has it."""

    def __init__(self, folder: str, what: str, *, run: str = "") -> None:
        name = hashlib.sha256(what.encode()).hexdigest()[:16]
        self.note = paths.state_dir() / folder / f"{name}.holder"
        self._lock = FileLock(self.note.with_suffix(".lock"), thread_local=False)
        try:
            self.note.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            paths.write(self.note, json.dumps(asdict(holder(run))))
        except Timeout:
            raise
        except OSError:  # where the state folder cannot be written, there are no holds
            self._lock.release()

    @property
    def is_held(self) -> bool:
        """Whether there is a lock, too."""
        return self._lock.is_locked

    def close(self) -> None:
        """Let others have it."""
        if self._lock.is_locked:
            with suppress(OSError):
                self.note.unlink(missing_ok=True)
            self._lock.release()

    @classmethod
    def of_first(
        cls,
        folder: str,
        whats: dict[str, str],
        *,
        run: str = "",
        waiting: Callable[[str], None] = lambda line: None,
    ) -> tuple[str, Self]:
        """Return the first of several that nobody has, by its name, and the hold of it.

        For those of our own run we wait until they are done; for others as long as WAIT says.
        BoardError tells who has it, or them.
        """
        deadline = time.monotonic() + patience()
        is_told = False
        while True:
            holders = {}
            for name, what in whats.items():
                try:
                    return name, cls(folder, what, run=run)
                except Timeout:
                    holders[name] = noted(folder, what)
            is_ours = any(one is not None and run and one.run == run for one in holders.values())
            if not is_ours and time.monotonic() >= deadline:
                raise _taken(holders)
            if not is_told and not is_ours:
                waiting("; ".join(_sentence(name, one) for name, one in holders.items()))
                is_told = True
            time.sleep(_GLANCE_SECONDS)


def noted(folder: str, what: str) -> Holder | None:
    """Return who has something; None if that is being written, or taken away, right now."""
    name = hashlib.sha256(what.encode()).hexdigest()[:16]
    return read(paths.state_dir() / folder / f"{name}.holder")


def read(note: Path) -> Holder | None:
    """Return who is noted in a file."""
    try:
        return Holder(**json.loads(note.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def told(found: Holder | None) -> str:
    """Return a holder in words, with since when."""
    if found is None:
        return "another process of this machine"
    return f"{found} since {max(0, round(time.time() - found.since))} s"


def patience() -> float:
    """Return for how many seconds to wait for what somebody else has."""
    said = os.environ.get(WAIT, "0")
    try:
        seconds = float(said)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 604800:
        raise DescriptionError(f"{WAIT}={said}: write seconds, 0 to 604800")
    return seconds


def _sentence(name: str, found: Holder | None) -> str:
    return f"{name}: is in use by the tests of {told(found)}"


def _taken(holders: dict[str, Holder | None]) -> BoardError:
    return BoardError(
        "; ".join(_sentence(name, one) for name, one in holders.items()),
        hint=f"wait until they are done, or let {WAIT}=600 wait so many seconds for that",
    )
