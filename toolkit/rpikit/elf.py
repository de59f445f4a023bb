# SPDX-License-Identifier: MIT
"""What a unikernel's ELF file says: segments, notes, manifest, sizes. Reads, never runs."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from elftools.elf.segments import Segment

from rpikit.errors import FirmwareError

OWNER = b"Solo5\0\0\0"
NOTE_ABI = 0x31494241
NOTE_MANIFEST = 0x3154464D
DESCRIPTOR_AT = 20
MANIFEST_AT = 24
ENTRY = struct.Struct("<68sI16sQB7x")
BUILD_ID = ".note.gnu.build-id"
GUEST_MIN = 0x100000
LINE = 0x52500001
LINE_FLAGS = ("in", "out", "active-low", "pull-up", "pull-down", "open-drain", "open-source")
"""The bits of a line's properties, lowest first (abi/manifest.h)."""

TYPES = {
    1: "block",
    2: "net",
    0x40000000: "reserved",
    LINE: "line",
    0x52500002: "i2c",
    0x52500003: "spi",
    0x52500004: "pwm",
}
TARGETS = {1: "hvt", 2: "spt", 3: "virtio", 4: "muen", 5: "genode", 6: "xen"}


@dataclass(frozen=True)
class LoadSegment:
    """One PT_LOAD."""

    address: int
    file_size: int
    memory_size: int
    flags: str


@dataclass(frozen=True)
class Entry:
    """One entry of the manifest, without the reserved one."""

    name: str
    type: str
    line: int | None = None
    flags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join([self.type if self.line is None else f"line {self.line}", *self.flags])


@dataclass(frozen=True)
class Unikernel:
    """One unikernel file."""

    path: Path
    size: int
    entry: int
    build_id: str | None
    target: str
    abi_version: int
    segments: tuple[LoadSegment, ...]
    manifest: tuple[Entry, ...]

    @property
    def loaded(self) -> int:
        """Return the bytes of text and data: what the file brings along."""
        return sum(segment.file_size for segment in self.segments)

    @property
    def zeroed(self) -> int:
        """Return the bytes of memory that start as zeros: bss."""
        return sum(segment.memory_size - segment.file_size for segment in self.segments)

    @property
    def end(self) -> int:
        """Return the address above all it occupies; heap and stack are beyond."""
        ends = [one.address + one.memory_size for one in self.segments if one.memory_size]
        return max(ends, default=GUEST_MIN)


def read(path: Path) -> Unikernel:
    """Read a unikernel file; what is no Solo5 unikernel is refused."""
    with opened(path, "Solo5 unikernel") as elf:
        return _read(path, elf)


@contextmanager
def opened(path: Path, kind: str) -> Iterator[ELFFile]:
    """Open an ELF file; what is wrong with its bytes is said in one line, whatever they are."""
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            _check_ends(elf, path.stat().st_size)
            yield elf
    except OSError as error:
        raise FirmwareError(f"{path}: {error.strerror}; name a {kind}") from error
    except (ELFError, struct.error, ValueError, OverflowError) as error:
        raise FirmwareError(f"{path}: is no {kind}: {error}") from error


def _check_ends(elf: ELFFile, size: int) -> None:
    """Refuse a file that ends before its parts do, so that nobody asks for their bytes."""
    ends = [one["p_offset"] + one["p_filesz"] for one in elf.iter_segments() if one["p_filesz"] > 0]
    ends += [
        one["sh_offset"] + one["sh_size"]
        for one in elf.iter_sections()
        if one["sh_type"] != "SHT_NOBITS"
    ]
    if max(ends, default=0) > size:
        raise ELFError(f"it is cut: it has {size} bytes of {max(ends)}")


def _read(path: Path, elf: ELFFile) -> Unikernel:
    loads: list[LoadSegment] = []
    notes: dict[int, bytes] = {}
    for segment in elf.iter_segments():
        if segment["p_type"] == "PT_LOAD":
            loads.append(_load(segment))
        elif segment["p_type"] == "PT_NOTE":
            data = segment.data()
            if data[12:20] == OWNER:
                notes[struct.unpack_from("<I", data, 8)[0]] = data
    for kind, name in ((NOTE_ABI, "ABI"), (NOTE_MANIFEST, "manifest")):
        if kind not in notes:
            raise ELFError(f"it has no {name} note")
    target, version = struct.unpack_from("<II", notes[NOTE_ABI], DESCRIPTOR_AT)
    return Unikernel(
        path=path,
        size=path.stat().st_size,
        entry=elf["e_entry"],
        build_id=build_id_of(elf),
        target=TARGETS.get(target, str(target)),
        abi_version=version,
        segments=tuple(loads),
        manifest=_manifest(notes[NOTE_MANIFEST]),
    )


def _load(segment: Segment) -> LoadSegment:
    flags = "".join(
        letter if segment["p_flags"] & bit else "-"
        for letter, bit in (("r", 4), ("w", 2), ("x", 1))
    )
    return LoadSegment(segment["p_vaddr"], segment["p_filesz"], segment["p_memsz"], flags)


def _manifest(note: bytes) -> tuple[Entry, ...]:
    _version, count = struct.unpack_from("<II", note, MANIFEST_AT)
    entries = []
    for index in range(1, count):
        name, kind, rest, _host, _attached = ENTRY.unpack_from(
            note, MANIFEST_AT + 8 + index * ENTRY.size
        )
        text = name.split(b"\0")[0].decode("ascii")
        if kind == LINE:
            line, bits = struct.unpack_from("<II", rest)
            flags = tuple(word for at, word in enumerate(LINE_FLAGS) if bits >> at & 1)
            entries.append(Entry(text, TYPES[kind], line, flags))
        else:
            entries.append(Entry(text, TYPES.get(kind, f"{kind:#x}")))
    return tuple(entries)


def build_id_of(elf: ELFFile) -> str | None:
    """Return the build id of an open file, if it has one."""
    section = elf.get_section_by_name(BUILD_ID)
    return None if section is None else section.data()[16:].hex()


def build_id(path: Path) -> str | None:
    """Return what tells this build of a program from every other, if it has that."""
    with opened(path, "program") as elf:
        return build_id_of(elf)


def build_id_in(data: bytes, name: str) -> str | None:
    """Return the build id of a program that was read already; `name` is for messages."""
    try:
        return build_id_of(ELFFile(io.BytesIO(data)))
    except (ELFError, struct.error, ValueError, OverflowError) as error:
        raise FirmwareError(f"{name}: is no program: {error}") from error


def functions(path: Path) -> dict[str, int]:
    """Return the size in bytes of each function of a program that still has its symbols."""
    with opened(path, "program") as elf:
        table = elf.get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            return {}
        return {
            symbol.name: symbol["st_size"]
            for symbol in table.iter_symbols()
            if symbol["st_info"]["type"] == "STT_FUNC"
        }


def differing(one: Path, other: Path) -> list[str]:
    """Return the names of the sections that two programs do not share byte for byte.

    The build id, which differs whenever anything does, is named only if nothing else is.
    """
    with opened(one, "program") as left, opened(other, "program") as right:
        ours, theirs = _contents(left), _contents(right)
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return [name for name in names if name != BUILD_ID] or names


def _contents(elf: ELFFile) -> dict[str, tuple[int, bytes]]:
    return {section.name: (section["sh_size"], section.data()) for section in elf.iter_sections()}
