# SPDX-License-Identifier: MIT
"""A tar archive in one form only: the same files give the same bytes, and no other form is read.

It knows regular files with a name, a mode and bytes; no owners, times, links, folders or sparse
files, so there is nothing in a header to be believed.
"""

import tarfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_BLOCK = tarfile.BLOCKSIZE
_MODES = (0o644, 0o755)


class Entry(NamedTuple):
    """A file of an archive."""

    name: str
    mode: int
    data: bytes


def pack(entries: Iterable[Entry]) -> bytes:
    """Return the archive of these files, in their order."""
    parts: list[bytes] = []
    for name, mode, data in entries:
        parts += (_header(name, mode, len(data)), data, bytes(-len(data) % _BLOCK))
    return b"".join((*parts, bytes(2 * _BLOCK)))


def unpack(data: bytes) -> tuple[Entry, ...]:
    """Return the files of an archive; ValueError says what `pack` would not have written."""
    entries = tuple(_entries(data))
    if pack(entries) != data:
        raise ValueError("does not end as it should")
    return entries


def _entries(data: bytes) -> Iterator[Entry]:
    at = 0
    names: set[str] = set()
    while data[at : at + _BLOCK].strip(b"\0"):
        header = data[at : at + _BLOCK]
        name = header[:100].rstrip(b"\0").decode("ascii", "backslashreplace")
        digits = header[124:135]
        if digits.strip(b"01234567") or not digits:
            raise ValueError(f"member {name!r} has no size")
        size = int(digits, 8)
        mode = next((mode for mode in _MODES if header == _header(name, mode, size)), None)
        if mode is None:
            raise ValueError(f"member {name!r} has a header that rpikit would not write")
        content = data[at + _BLOCK : at + _BLOCK + size]
        if len(content) != size:
            raise ValueError(f"member {name!r} is cut off after {len(content)} bytes")
        if name in names:
            raise ValueError(f"member {name!r} is there twice")
        names.add(name)
        yield Entry(name, mode, content)
        at += _BLOCK + size + -size % _BLOCK


def _header(name: str, mode: int, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.mode = mode
    info.size = size
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
    except ValueError:
        return b""  # no header holds such a name, so none is equal to this
