# SPDX-License-Identifier: MIT
"""Where things are: the data that travels with rpikit, and the user's cache and state.

And how a file gets there: whole or not at all.
"""

import contextlib
import os
import secrets
import stat
from functools import cache
from pathlib import Path

import platformdirs


@cache
def data_root() -> Path:
    """Return the folder that holds boards/, c/, templates/ and SConstruct."""
    packaged = Path(__file__).parent / "_data"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def cache_dir() -> Path:
    """Return the folder of what can be made or fetched again; RPIKIT_CACHE moves it."""
    return Path(os.environ.get("RPIKIT_CACHE") or platformdirs.user_cache_dir("rpikit"))


def state_dir() -> Path:
    """Return the folder of what is running now: boards, locks; RPIKIT_STATE moves it."""
    return Path(os.environ.get("RPIKIT_STATE") or platformdirs.user_state_dir("rpikit"))


def write(file: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Give a file its content: whoever reads it finds all of it or what was there before.

    It is written aside, in the same folder, brought to the disk and renamed. A file that is there
    keeps its permissions and a link leads on; a new one has `mode`, or what the umask leaves.
    OSError if that cannot be done, with nothing left behind.
    """
    data = content.encode() if isinstance(content, str) else content
    place = Path(os.path.realpath(file))
    found = place.stat() if place.exists() else None
    if found is not None and not stat.S_ISREG(found.st_mode):  # a device or a pipe takes it as is
        place.write_bytes(data)
        return
    kept = mode if found is None or mode is not None else stat.S_IMODE(found.st_mode)
    aside = place.with_name(f".{secrets.token_hex(8)}.new")
    made = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if kept is None else 0o600)
    try:
        with os.fdopen(made, "wb") as out:
            out.write(data)
            out.flush()
            if kept is not None:
                os.fchmod(made, kept)
            os.fsync(made)
        aside.replace(place)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync(place.parent)


def _sync(folder: Path) -> None:
    """Have the name of a new file on the disk, too, where the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
