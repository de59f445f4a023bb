# SPDX-License-Identifier: MIT
"""What a unikernel's ELF file says: segments, notes, manifest, sizes. Reads, never runs."""

import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
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
TYPES = {1: "block", 2: "net", 0x40000000: "reserved", LINE: "line"}
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


@dataclass(frozen=True)
class Unikernel:
    """One unikernel file."""

    path: Path
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


def read(path: Path) -> Unikernel:
    """Read a unikernel file; what is no Solo5 unikernel is refused."""
    try:
        with path.open("rb") as file:
            return _read(path, ELFFile(file))
    except (ELFError, struct.error, UnicodeDecodeError, OSError) as error:
        raise FirmwareError(f"{path}: is no Solo5 unikernel: {error}") from error


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
        line = struct.unpack_from("<I", rest)[0] if kind == LINE else None
        text = name.split(b"\0")[0].decode("ascii")
        entries.append(Entry(text, TYPES.get(kind, f"{kind:#x}"), line))
    return tuple(entries)


def differing(one: Path, other: Path) -> list[str]:
    """Return the names of the sections that two programs do not share byte for byte.

    The build id, which differs whenever anything does, is named only if nothing else is.
    """
    with one.open("rb") as left, other.open("rb") as right:
        ours, theirs = _contents(ELFFile(left)), _contents(ELFFile(right))
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return [name for name in names if name != BUILD_ID] or names


def _contents(elf: ELFFile) -> dict[str, tuple[int, bytes]]:
    return {section.name: (section["sh_size"], section.data()) for section in elf.iter_sections()}
