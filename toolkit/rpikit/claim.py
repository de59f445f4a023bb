# SPDX-License-Identifier: MIT
"""One flash at a time per board, among those who flash from this machine as this user.

A claim is a lock that the system takes back when its holder is gone, however that happened, and
a note beside it of who that is. Those of other machines and users the board's own lock keeps away.
Each flash has a token, by which the board knows its lock. The last one is kept here: who has the
claim may tell the board that the flash of that token is over, however it ended.
"""

import contextlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import Timeout

from rpikit import hold, paths
from rpikit.errors import BoardError
from rpikit.transport import Transport
from rpikit.transport.local import Local

_FOLDER = "claims"


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
    try:
        held = hold.Hold(_FOLDER, _place(transport))
    except Timeout:
        first = hold.told(hold.noted(_FOLDER, _place(transport)))
        raise BoardError(
            f"{transport.name}: is being flashed by {first}",
            hint="wait until that is done; the claim ends with the process that has it",
        ) from None
    with held:
        if held.is_held:
            token = held.note.with_suffix(".token")
            with contextlib.suppress(OSError):
                claim = replace(claim, before=_last(token))
                paths.write(token, claim.token)
        yield claim


def _place(transport: Transport) -> str:
    """Return where a board is, without the name that a bench gave it."""
    if isinstance(transport, Local):
        return str(transport.folder.absolute())
    board, _, place = transport.name.partition(" ")
    return place or board


def _last(token: Path) -> str:
    """Return the token of the last flash, "" if none is known."""
    try:
        found = token.read_text()
    except (FileNotFoundError, ValueError):
        return ""
    return found if re.fullmatch("[0-9a-f]{16}", found) else ""
