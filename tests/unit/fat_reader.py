# SPDX-License-Identifier: MIT
"""Reads a FAT32 file system by the specification, and refuses whatever is not as it says.

It shares nothing with rpikit/fat.py: a fault of the writer is not one of the reader, too.
"""

import struct
from dataclasses import dataclass

END = 0x0FFFFFF8  # and more


class WrongError(AssertionError):
    """The volume is not as the specification says."""


def need(holds: bool, what: str) -> None:
    if not holds:
        raise WrongError(what)


@dataclass(frozen=True)
class Read:
    """What is in a volume."""

    files: dict[str, bytes]
    folders: tuple[str, ...]
    shorts: dict[str, bytes]
    label: str
    serial: int
    hidden: int
    dates: frozenset[tuple[int, int]]
    sectors: int
    free: int


class _Volume:
    def __init__(self, data: bytes) -> None:
        self.data = data
        boot = data[:512]
        need(boot[510:512] == b"\x55\xaa", "boot signature")
        need(boot[0] == 0xEB and boot[1] == 0x58 and boot[2] == 0x90, "jump")
        need(boot[3:11] == b"MSWIN4.1", "name of the system")
        (size, self.per, reserved, tables, entries, small, media, short) = struct.unpack_from(
            "<HBHBHHBH", boot, 11
        )
        geometry, heads, self.hidden, total, length = struct.unpack_from("<HHIII", boot, 24)
        flags, version, self.root, info, copy = struct.unpack_from("<HHIHH", boot, 40)
        need(size == 512 and tables == 2 and reserved == 32, "bytes, tables, reserved")
        need(self.per in (1, 2, 4, 8, 16, 32, 64, 128), "sectors of a cluster")
        need(entries == 0 and small == 0 and short == 0, "fields of FAT16")
        need(media == 0xF8 and (geometry, heads) == (63, 255), "media, geometry")
        need(flags == 0 and version == 0 and info == 1 and copy == 6, "flags, version, places")
        need(boot[52:64] == bytes(12), "reserved in the boot sector")
        need(boot[64:67] == b"\x80\0\x29", "drive, signature")
        self.serial = struct.unpack_from("<I", boot, 67)[0]
        self.label = boot[71:82]
        need(boot[82:90] == b"FAT32   ", "type")
        need(boot[90:510] == bytes(420), "no program")
        need(total * 512 == len(data), "total")
        need(data[6 * 512 : 9 * 512] == data[: 3 * 512], "copy of the boot sectors")
        need(data[3 * 512 : 6 * 512] == bytes(3 * 512), "between them")
        need(data[9 * 512 : 32 * 512] == bytes(23 * 512), "behind them")
        need(data[2 * 512 : 3 * 512] == bytes(510) + b"\x55\xaa", "third sector")
        self.first = 32 + 2 * length
        self.clusters = (total - self.first) // self.per
        need(self.clusters >= 65525, "it is FAT16")
        need((self.clusters + 2) * 4 <= length * 512, "table too short")
        need((length - 1) * 128 < self.clusters + 2 + 2, "table too long")
        table = data[32 * 512 : (32 + length) * 512]
        need(data[(32 + length) * 512 : self.first * 512] == table, "the tables differ")
        self.table = struct.unpack(f"<{length * 128}I", table)
        need(self.table[0] == 0x0FFFFFF8 and self.table[1] == 0x0FFFFFFF, "first entries")
        need(not any(self.table[self.clusters + 2 :]), "entries of no cluster")
        lead, struct_, self.free, self.next, trail = struct.unpack("<I480xIII12xI", data[512:1024])
        need(lead == 0x41615252 and struct_ == 0x61417272 and trail == 0xAA550000, "information")
        self.seen: set[int] = set()

    def chain(self, first: int) -> bytes:
        found = []
        at = first
        while True:
            need(2 <= at < self.clusters + 2, f"cluster {at}")
            need(at not in self.seen, f"cluster {at} is used twice")
            self.seen.add(at)
            begin = (self.first + (at - 2) * self.per) * 512
            found.append(self.data[begin : begin + self.per * 512])
            at = self.table[at]
            if at >= END:
                need(at == 0x0FFFFFFF, "end")
                return b"".join(found)


def read(data: bytes) -> Read:
    """Return all that is in a volume; WrongError says what is not as it should be."""
    volume = _Volume(data)
    files: dict[str, bytes] = {}
    folders: list[str] = []
    dates: set[tuple[int, int]] = set()
    names: dict[str, bytes] = {}
    label = ""

    def folder(first: int, path: str, above: int | None) -> None:
        nonlocal label
        content = volume.chain(first)
        parts: list[tuple[int, int, bytes]] = []
        shorts: set[bytes] = set()
        entries = [content[at : at + 32] for at in range(0, len(content), 32)]
        used = next((n for n, one in enumerate(entries) if one[0] == 0), len(entries))
        need(not any(any(one) for one in entries[used:]), f"{path}: behind the end")
        need(used * 32 > len(content) - volume.per * 512, f"{path}: too many clusters")
        for number, one in enumerate(entries[:used]):
            if one[11] == 0x0F:
                need(one[12] == 0 and one[26:28] == b"\0\0", "long entry")
                parts.append((one[0], one[13], one[1:11] + one[14:26] + one[28:32]))
                continue
            short, kind, case = one[:11], one[11], one[12]
            need(one[13] == 0 and one[16:18] == one[18:20], "tenths, day of access")
            need(one[14:18] == one[22:26], "made and changed")
            stamp = struct.unpack_from("<HH", one, 22)
            dates.add((stamp[1], stamp[0]))
            place = (
                struct.unpack_from("<H", one, 20)[0] << 16 | struct.unpack_from("<H", one, 26)[0]
            )
            size = struct.unpack_from("<I", one, 28)[0]
            if kind == 0x08:
                need(above is None and number == 0 and place == 0 and size == 0, "label")
                need(short == volume.label and not parts and case == 0, "labels differ")
                label = short.decode().rstrip()
                continue
            need(short not in shorts, f"{short!r} twice")
            shorts.add(short)
            need(kind in (0x10, 0x20), f"attributes {kind:#x}")
            if above is not None and number < 2:
                need(short == (b".          ", b"..         ")[number], "dots")
                need(kind == 0x10 and size == 0 and not parts, "dots")
                need(place == (first, above)[number], "where dots lead")
                continue
            name = _name(short, case, parts)
            parts = []
            names[path + name] = short
            if kind == 0x10:
                need(size == 0, "a folder's size")
                folders.append(path + name)
                folder(place, f"{path}{name}/", 0 if above is None else first)
            elif size == 0:
                need(place == 0, "an empty file's place")
                files[path + name] = b""
            else:
                kept = volume.chain(place)
                need(0 <= len(kept) - size < volume.per * 512, f"{name}: clusters")
                need(not any(kept[size:]), f"{name}: behind its end")
                files[path + name] = kept[:size]
        need(not parts, "a long name of nothing")
        need(above is not None or bool(label), "no label")

    folder(volume.root, "", None)
    given = {number for number, one in enumerate(volume.table) if number > 1 and one}
    need(given == volume.seen, "clusters that are nobody's")
    need(volume.free == volume.clusters - len(given), "how many are free")
    need(volume.next == max(given) + 1, "from where on they are free")
    rest = (volume.first + (max(given) - 1) * volume.per) * 512
    need(not any(data[rest:].strip(b"\0")), "free clusters")
    return Read(
        files,
        tuple(folders),
        names,
        label,
        volume.serial,
        volume.hidden,
        frozenset(dates),
        volume.per,
        volume.free,
    )


def _name(short: bytes, case: int, parts: list[tuple[int, int, bytes]]) -> str:
    base, extension = short[:8].decode().rstrip(), short[8:].decode().rstrip()
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-~")
    need(base != "" and set(base + extension) <= allowed, f"short name {short!r}")
    if not parts:
        need(case in (0, 8, 16, 24) and "~" not in base, f"case of {short!r}")
        base = base.lower() if case & 8 else base
        extension = extension.lower() if case & 16 else extension
        return f"{base}.{extension}" if extension else base
    need(case == 0, "case of a name that has a long one")
    check = 0
    for byte in short:
        check = ((check >> 1) | ((check & 1) << 7)) + byte & 0xFF
    count = len(parts)
    text = b""
    for number, (order, found, piece) in enumerate(parts):
        need(order == (count - number | (0x40 if number == 0 else 0)), "order of a long name")
        need(found == check, "sum of a long name")
        text = piece + text
    units = [text[at : at + 2] for at in range(0, len(text), 2)]
    end = units.index(b"\0\0") if b"\0\0" in units else len(units)
    need(all(one == b"\xff\xff" for one in units[end + 1 :]), "behind a long name")
    need(end > (count - 1) * 13, "an entry too many for a long name")
    return b"".join(units[:end]).decode("utf-16-le")
