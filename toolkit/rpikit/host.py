# SPDX-License-Identifier: MIT
"""This machine as a board: the folder its firmware lives in, kept or for one run.

What is flashed stays in the state folder and runs until it ends or is stopped. A run has a folder
of its own, so any number of them do not meet; its firmware ends when whoever made it is gone,
however that happened.
"""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from rpikit import paths
from rpikit.device import DeviceHalf
from rpikit.errors import BoardError
from rpikit.transport.local import Local

PINS = "run/pins"
"""Where the pins of all its guests are, from a board's folder on."""

PINS_FROM_SLOT = f"../../../../{PINS}"
"""Where they are for a tender: it starts in its slot, which the device half made."""

_OWNER = "owner"
_RUN = "run-"
_KEPT = "kept"


@dataclass(frozen=True)
class Home:
    """The folder of one board made of this machine, and the way there."""

    folder: Path
    transport: Local

    @property
    def pins(self) -> Path:
        """The file of its pins."""
        return self.folder / PINS


@contextlib.contextmanager
def home(name: str, *, keep: bool) -> Iterator[Home]:
    """Give the home of the board `name`: the one that is kept, or a new one that ends with us."""
    place = _place(name)
    if keep:
        kept = place / _KEPT
        _make(kept / "run")
        yield Home(kept, _transport(name, kept))
        return
    _make(place)
    _sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=_RUN, dir=place))
    owner = FileLock(folder / _OWNER)
    with owner:
        _make(folder / "run")
        made = Home(folder, _transport(name, folder, RPIKIT_OWNER=owner.lock_file))
        try:
            yield made
        finally:
            with contextlib.suppress(BoardError):
                DeviceHalf(made.transport).stop_all()
    shutil.rmtree(folder, ignore_errors=True)


def sanitizer_report(console: bytes) -> str | None:
    """Return what a sanitizer said on a console, from its first line on; None if none did."""
    text = console.decode(errors="replace")
    found = re.search(r"^.*(?:ERROR: AddressSanitizer|: runtime error: ).*", text, re.M)
    return text[found.start() :].strip() if found else None


def is_running(name: str) -> bool:
    """Whether firmware that was flashed runs now."""
    kept = _place(name) / _KEPT
    guests = DeviceHalf(_transport(name, kept)).ps() if kept.is_dir() else ()
    return any(guest.pid is not None for guest in guests)


def stop(name: str) -> bool:
    """End the firmware that was flashed; say whether it ran."""
    kept = _place(name) / _KEPT
    return kept.is_dir() and bool(DeviceHalf(_transport(name, kept)).stop_all())


def _place(name: str) -> Path:
    return paths.state_dir().absolute() / "host" / name


def _transport(name: str, folder: Path, **more: str) -> Local:
    return Local(folder, name=f"{name} (this machine)", RPIKIT_HOME=str(folder), **more)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BoardError(
            f"{folder}: cannot be made ({reason})",
            hint="RPIKIT_STATE=FOLDER keeps what runs elsewhere",
        ) from None


def _sweep(place: Path) -> None:
    """Take away what runs left behind that were killed; their firmware ended with them."""
    for left in place.glob(f"{_RUN}*"):
        owner = FileLock(left / _OWNER)
        with contextlib.suppress(Timeout, OSError), owner.acquire(timeout=0):
            shutil.rmtree(left, ignore_errors=True)
