# SPDX-License-Identifier: MIT
"""What travels to a board: what its slot lacks, as one compressed archive, as small as it gets.

The same bundle and the same answer of the board give the same bytes, so that an upload that broke
off can go on.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property

from rpikit import bundle as bundles
from rpikit import delta
from rpikit.bundle import Bundle
from rpikit.device import Staged

_WORTH = 1024  # bytes: what compresses to less is sent whole
STEPS = ".steps."  # of the archive: how to make the file whose name follows; no file begins so
DATA = ".data."


@dataclass(frozen=True)
class Upload:
    """An archive; `deltas` are the files in it that travel as what differs."""

    data: bytes  # b"" if nothing is missing
    deltas: tuple[str, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """What the board knows it by; "" if nothing has to travel."""
        return hashlib.sha256(self.data).hexdigest() if self.data else ""


def make(bundle: Bundle, staged: Staged) -> Upload:
    """Return what the board misses of a bundle."""
    if not staged.missing:
        return Upload(b"")
    contents = bundle.slot_contents
    modes = {file.name: file.mode for file in bundle.slot_files}
    members: dict[str, bytes] = {}
    deltas = []
    for name in staged.missing:
        whole = {name: contents[name]}
        shorter = _shorter(name, contents[name], modes[name], staged)
        deltas += [name] if shorter else []
        members |= shorter or whole
    return Upload(_packed(members), tuple(deltas))


def _shorter(name: str, content: bytes, mode: int, staged: Staged) -> dict[str, bytes]:
    """Return the members that make a file of another version, if they are less than the whole."""
    base = staged.bases.get(name)
    whole = len(_packed({name: content}))
    if base is None or whole < _WORTH:
        return {}
    made = delta.make(base, content, mode)
    members = {STEPS + name: made.steps, DATA + name: made.data}
    return members if 8 * len(_packed(members)) < 7 * whole else {}  # each step costs, too


def _packed(members: dict[str, bytes]) -> bytes:
    return gzip.compress(bundles.pack(members), mtime=0)
