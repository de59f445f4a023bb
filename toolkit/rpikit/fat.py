# SPDX-License-Identifier: MIT
"""A FAT32 file system as bytes: the same files give the same bytes. Nothing is read or changed.

Layout: Microsoft, FAT: General Overview of On-Disk Format, 1.03 (2000); numbers in brackets are
its pages. It is our own because pyfatfs, the library there is, stamps what it writes with the
clock, and rests on PyFilesystem2, which is not kept up.
"""

import re
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass

SECTOR = 512  # bytes
EARLIEST = 315532800  # seconds since 1970: 1980-01-01, before which there are no dates [25]
LATEST = 4354819198  # the end of 2107

_RESERVED = 32  # sectors before the first table [9]
_COPIES = 2  # of the table
_END = 0x0FFFFFFF  # of a chain in the table [18]; what is free has 0
_FIRST = 2  # the first cluster there is; two entries of the table are none's
_ROOT = 2  # the cluster of the root folder
_CLUSTERS_MIN = 65525  # with fewer it would be FAT16, whatever it says [15]
_SMALL = 532480  # sectors up to which a cluster has one sector [20]
_LARGE = 8  # sectors of a cluster beyond
_LARGEST = 16777216  # sectors, where it should have more

_DIRECTORY, _LABEL, _LONG, _FILE = 0x10, 0x08, 0x0F, 0x20  # attributes [23]
_LOWER_BASE, _LOWER_EXTENSION = 0x08, 0x10  # beside a short name: Windows NT and Linux show it so
_PIECE = 13  # characters of a long name in one entry [28]
_ENTRY = struct.Struct("<11sBBBHHHHHHHI")
_LONG_ENTRY = struct.Struct("<B10sBBB12sH4s")

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_. -]{0,98}[A-Za-z0-9_-]|[A-Za-z0-9_-]")
_SHORT = re.compile(r"([A-Z0-9_-]{1,8}|[a-z0-9_-]{1,8})(?:\.([A-Z0-9_-]{1,3}|[a-z0-9_-]{1,3}))?")


@dataclass(frozen=True)
class _Stamp:
    """A moment as an entry of a folder has it [25]."""

    date: int
    time: int

    @classmethod
    def of(cls, seconds: int) -> "_Stamp":
        year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
        return cls((year - 1980) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2)


@dataclass(frozen=True)
class _Shape:
    """How a volume is divided."""

    total: int  # sectors
    cluster: int  # sectors
    table: int  # sectors

    @property
    def clusters(self) -> int:
        return (self.total - _RESERVED - _COPIES * self.table) // self.cluster

    @property
    def size(self) -> int:
        """Return the bytes of a cluster."""
        return self.cluster * SECTOR

    @classmethod
    def of(cls, size: int) -> "_Shape":
        total = size // SECTOR
        if size % SECTOR or total > _LARGEST:
            raise ValueError(f"{size} bytes: a volume has at most 8G, and whole sectors")
        cluster = 1 if total <= _SMALL else _LARGE
        table = 1
        while (shape := cls(total, cluster, table)).clusters + _FIRST > table * (SECTOR // 4):
            table += 1
        if shape.clusters < _CLUSTERS_MIN:
            raise ValueError(f"{size} bytes: FAT32 needs {_CLUSTERS_MIN} clusters, 33 MiB and more")
        return shape


class _Clusters:
    """Clusters in the order in which they were given out, and the table that chains them."""

    def __init__(self, shape: _Shape) -> None:
        self.shape = shape
        self.table = [0x0FFFFFF8, _END]  # the media byte; and: was left in order [18]
        self.content: list[bytes] = []

    def put(self, data: bytes) -> int:
        """Keep data in clusters of its own; return the first one, 0 for no data."""
        if not data:
            return 0
        first, size = len(self.table), self.shape.size
        count = -(-len(data) // size)
        self.content.append(data + bytes(count * size - len(data)))
        self.table += [*range(first + 1, first + count), _END]
        return first

    def reserve(self, size: int) -> int:
        """Give out clusters whose content follows; return the first one."""
        return self.put(bytes(size))

    def fill(self, first: int, data: bytes) -> None:
        """Give reserved clusters, as many as data needs, their content."""
        at = _FIRST
        for number, content in enumerate(self.content):
            if at == first:
                assert len(data) <= len(content)
                self.content[number] = data + bytes(len(content) - len(data))
                return
            at += len(content) // self.shape.size
        raise KeyError(first)


Folder = dict[str, "Folder | bytes"]


def volume(
    files: Mapping[str, bytes], *, size: int, label: str, serial: int, hidden: int, at: int
) -> bytes:
    """Return a volume of `size` bytes that holds files by their paths, in their order.

    `hidden` is how many sectors of the disk come before it, `serial` its 32 bits of identity, `at`
    the moment that all its dates are, in seconds since 1970. ValueError says what does not fit.
    """
    if not re.fullmatch(r"[A-Z0-9 _-]{1,11}", label):
        raise ValueError(f"{label!r}: a label has at most 11 capitals and digits")
    stamp = _Stamp.of(min(max(at, EARLIEST), LATEST))
    shape = _Shape.of(size)
    clusters = _Clusters(shape)
    begin = _entry(label.ljust(11).encode(), _LABEL, 0, 0, stamp)
    _add_folder(clusters, _tree(files), begin, stamp)
    used = len(clusters.table) - _FIRST
    if used > shape.clusters:
        short = (used - shape.clusters) * shape.size
        raise ValueError(f"its files need {short} bytes more than the {size} bytes have")
    boot = _boot_sector(shape, label, serial, hidden)
    head = boot + _information(shape.clusters - used, _FIRST + used) + _signed(b"")
    head += bytes(6 * SECTOR - len(head))
    head += head  # the copy that the sixth sector begins [11]
    table = struct.pack(f"<{len(clusters.table)}I", *clusters.table)
    table += bytes(shape.table * SECTOR - len(table))
    made = b"".join((head, bytes(_RESERVED * SECTOR - len(head)), table, table, *clusters.content))
    return made + bytes(size - len(made))


def _tree(files: Mapping[str, bytes]) -> Folder:
    """Return files in their folders; refuse names that would need more than we write."""
    root: Folder = {}
    for path, data in files.items():
        *folders, name = path.split("/")
        place = root
        for one in (*folders, name):
            if not _NAME.fullmatch(one):
                raise ValueError(f"{path!r}: {one!r} is no name for a FAT file system")
        for one in folders:
            below = place.setdefault(_known(one, place), {})
            if isinstance(below, bytes):
                raise ValueError(f"{path!r}: {one!r} is a file")
            place = below
        if _known(name, place) in place:
            raise ValueError(f"{path!r}: is there already")
        place[name] = data
    return root


def _known(name: str, folder: Folder) -> str:
    """Return a name as the folder has it, in whatever case; a new one as it is."""
    return next((one for one in folder if one.lower() == name.lower()), name)


def _add_folder(
    clusters: _Clusters, folder: Folder, begin: bytes, stamp: _Stamp, parent: int | None = None
) -> int:
    """Keep a folder and what is in it; return its first cluster. `begin` is what comes first."""
    shorts = _short_names(tuple(folder))
    slots = sum(1 + len(_long_entries(name, *shorts[name])) // _ENTRY.size for name in folder)
    own = 0 if parent is None else 2
    first = clusters.reserve(len(begin) + (slots + own) * _ENTRY.size)
    entries = begin
    if parent is not None:
        above = 0 if parent == _ROOT else parent  # the root is named by no number [26]
        entries += _entry(b".".ljust(11), _DIRECTORY, first, 0, stamp)
        entries += _entry(b"..".ljust(11), _DIRECTORY, above, 0, stamp)
    for name, content in folder.items():
        short, case = shorts[name]
        entries += _long_entries(name, short, case)
        if isinstance(content, bytes):
            place = clusters.put(content)
            entries += _entry(short, _FILE, place, len(content), stamp, case or 0)
        else:
            place = _add_folder(clusters, content, b"", stamp, first)
            entries += _entry(short, _DIRECTORY, place, 0, stamp, case or 0)
    clusters.fill(first, entries)
    return first


def _short_names(names: tuple[str, ...]) -> dict[str, tuple[bytes, int | None]]:
    """Return the short name of each, and the bits for its case; None if it needs a long one."""
    found: dict[str, tuple[bytes, int | None]] = {}
    taken: set[bytes] = set()
    for name in names:
        fit = _SHORT.fullmatch(name)
        if fit:
            base, extension = fit[1], fit[2] or ""
            case = (_LOWER_BASE if base != base.upper() else 0) | (
                _LOWER_EXTENSION if extension != extension.upper() else 0
            )
            short = (base.upper().ljust(8) + extension.upper().ljust(3)).encode()
            found[name] = short, case
            taken.add(short)
    for name in names:
        if name not in found:
            short = _numbered(name, taken)
            found[name] = short, None
            taken.add(short)
    return found


def _numbered(name: str, taken: set[bytes]) -> bytes:
    """Return a short name for a long one that no other has: LONGNA~1.EXT [31]."""
    base, dot, extension = name.rpartition(".")
    plain = re.sub(r"[^A-Z0-9_-]", "", (base if dot else extension).upper()) or "_"
    tail = re.sub(r"[^A-Z0-9_-]", "", extension.upper())[:3] if dot else ""
    number = 1
    while True:
        end = f"~{number}"
        short = ((plain[: 8 - len(end)] + end).ljust(8) + tail.ljust(3)).encode()
        if short not in taken:
            return short
        number += 1


def _long_entries(name: str, short: bytes, case: int | None) -> bytes:
    """Return the entries before that of a short name which hold the long one, the last first."""
    if case is not None:
        return b""
    check = 0
    for byte in short:  # [28]
        check = ((check & 1) << 7 | check >> 1) + byte & 0xFF
    text = name.encode("utf-16-le")
    if len(name) % _PIECE:
        text += b"\0\0"
        text += b"\xff" * (-len(text) % (2 * _PIECE))
    entries = b""
    count = len(text) // (2 * _PIECE)
    for number in range(count, 0, -1):
        piece = text[(number - 1) * 2 * _PIECE : number * 2 * _PIECE]
        order = number | (0x40 if number == count else 0)
        entries += _LONG_ENTRY.pack(order, piece[:10], _LONG, 0, check, piece[10:22], 0, piece[22:])
    return entries


def _entry(short: bytes, kind: int, cluster: int, size: int, stamp: _Stamp, case: int = 0) -> bytes:
    high, low = cluster >> 16, cluster & 0xFFFF
    made = (stamp.time, stamp.date, stamp.date)  # made, and looked at last
    return _ENTRY.pack(short, kind, case, 0, *made, high, stamp.time, stamp.date, low, size)


def _boot_sector(shape: _Shape, label: str, serial: int, hidden: int) -> bytes:
    """Return the first sector, without a program: a Pi has its own [8-12]."""
    common = struct.pack(
        "<3s8sHBHBHHBHHHII",
        b"\xeb\x58\x90",  # a jump over these fields
        b"MSWIN4.1",  # what the specification recommends
        SECTOR,
        shape.cluster,
        _RESERVED,
        _COPIES,
        0,  # entries of a root folder: FAT16's
        0,  # sectors, where 16 bits are enough
        0xF8,  # a fixed disk
        0,  # sectors of a FAT16 table
        63,
        255,  # the geometry that BIOSes pretend
        hidden,
        shape.total,
    )
    extended = struct.pack(
        "<IHHIHH12xBBBI11s8s",
        shape.table,
        0,  # both tables are kept alike
        0,  # version
        _ROOT,
        1,  # sector of the information
        6,  # sector of the copy
        0x80,
        0,
        0x29,  # serial, label and type follow
        serial,
        label.ljust(11).encode(),
        b"FAT32   ",
    )
    return _signed(common + extended)


def _information(free: int, following: int) -> bytes:
    """Return the sector that says how much is free, and from where on [21]."""
    begin = struct.pack("<I480xIII", 0x41615252, 0x61417272, free, following)
    return _signed(begin)


def _signed(data: bytes) -> bytes:
    return data + bytes(SECTOR - 2 - len(data)) + b"\x55\xaa"
