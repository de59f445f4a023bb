# SPDX-License-Identifier: MIT
"""The payload: the guests that the underlay finds behind its image, and where their memory is.

Knows the layout of c/underlay/payload.h, and of the board's memory in c/underlay/layout.h; nothing
of how guests come to be.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rpikit import describe, elf
from rpikit.app import App
from rpikit.attachment import SECTOR
from rpikit.errors import DescriptionError
from rpikit.life import CORES as CORES
from rpikit.life import COUNT_MAX, RESTARTS, WATCHDOG_MAX, WEIGHT_MAX, Metal

# Also in c/underlay; tests/unit/test_payload.py compares them.
IMAGE = 0x80000
OWN = 0x1000000
GUESTS = 0x2000000
END = 0x3B000000
GUESTS_MAX = 16
MAGIC = 0x474B5052
VERSION = 3
KINDS = ("line", "block")
"""What is granted; in the order of enum payload_kind."""
READ_ONLY = 1
PAGE = 0x1000
STEP = 0x200000

FLAGS = tuple(
    f"MFT_LINE_{word.upper().replace('-', '_')}"
    for word in (*elf.LINE_FLAGS, "edge-rising", "edge-falling")
)
"""The bits of enum mft_line_flag in c/abi/manifest.h, the lowest first."""

_USUAL = Metal()
_NAME = 68
_HEADER = struct.Struct("<IIQIIQQ")
_GUEST = struct.Struct(f"<{_NAME}sI6QQQ6I")
_GRANT = struct.Struct(f"<{_NAME}sIIIQQII")
_LINUX = struct.Struct("<12QII")


@dataclass(frozen=True)
class Grant:
    """A line that a guest is given by the name it has in the guest's manifest."""

    name: str
    line: int
    flags: int = 0
    """Bits of enum mft_line_flag, c/abi/manifest.h."""


@dataclass(frozen=True)
class Storage:
    """Sectors of the SD card that are a block device of that name in the guest's manifest."""

    name: str
    first: int
    """The first sector, of SECTOR bytes."""
    count: int
    read_only: bool = False
    block_size: int = SECTOR
    """Bytes that the guest moves at once."""

    def shares(self, other: "Storage") -> bool:
        """Whether another has some of the same sectors, and one of both may write there."""
        apart = self.first + self.count <= other.first or other.first + other.count <= self.first
        return not apart and not (self.read_only and other.read_only)


@dataclass(frozen=True)
class Guest:
    """A unikernel for hvt, and what it is given; `memory` in bytes, on core `core`."""

    name: str
    unikernel: bytes
    memory: int
    words: str = ""
    grants: tuple[Grant | Storage, ...] = ()
    core: int = 0
    weight: int = _USUAL.weight
    """Its part of the core's time, beside those of the core's other guests: 1 to WEIGHT_MAX."""
    patience_ms: int = 0
    """It is stopped when it computes, or waits for what never comes, for that long without a call;
    0: it may. Time that other guests take does not count, nor does a wait in a call."""
    restart: str = _USUAL.restart
    """Whether it begins again when it has ended: one of RESTARTS."""
    restarts: int = _USUAL.restarts
    """How often at most."""
    pause_ms: int = _USUAL.pause_ms
    """Before the first restart; before each further one twice as long, up to a minute."""


@dataclass(frozen=True)
class File:
    """A file of Linux's: whoever loads the image places it at `at`, and Linux finds it at `to`."""

    at: int
    size: int
    to: int


@dataclass(frozen=True)
class Linux:
    """A Linux beside the guests: its memory, files, cores from 0 on, and the lines it may have."""

    memory_at: int
    memory_size: int
    kernel: File
    device_tree: File
    initramfs: File
    cores: int
    lines: frozenset[int]


def grants_of(app: App) -> tuple[Grant | Storage, ...]:
    """Return what an application is granted: each line, and storage on the card, as declared."""
    lines = tuple(
        Grant(one.name, one.line, sum(1 << FLAGS.index(flag) for flag in one.mft_flags))
        for one in app.devices
    )
    storage = tuple(
        Storage(
            one.name, one.card.first, one.card.count, one.card.read_only, one.sector_size or SECTOR
        )
        for one in app.attachments
        if one.card is not None
    )
    return lines + storage


def memory_end(guests: Sequence[Guest]) -> int:
    """Return where the memory ends that guests are given."""
    return GUESTS + _blocks(one.memory for one in guests)


def check_memory(sizes: Sequence[int]) -> None:
    """Refuse guests that do not fit into the board's memory together, each of so many bytes."""
    needed = _blocks(sizes)
    if needed > END - GUESTS:
        raise DescriptionError(
            f"the guests need {describe.format_size(needed)} of memory; the board has "
            f"{describe.format_size(END - GUESTS)} for them",
            hint="give them less: firmware.memory",
        )


def check_storage(grants: Mapping[str, Sequence[Grant | Storage]]) -> None:
    """Refuse sectors that two block devices have, of guests by their names."""
    known: list[tuple[str, Storage]] = []
    for guest, granted in grants.items():
        for one in granted:
            if not isinstance(one, Storage):
                continue
            for name, other in known:
                if one.shares(other):
                    raise DescriptionError(
                        f"{guest}: {one.name} has sectors of the card that {name} has, too; "
                        "only what both can only read may be shared",
                        hint="give each sectors of its own: devices.NAME.card",
                    )
            known.append((f"{one.name} of {guest}", one))


def _check_card_is_free(guests: Sequence[Guest]) -> None:
    """Refuse storage of guests that have a Linux beside them: it has the card for itself."""
    for guest in guests:
        for one in guest.grants:
            if isinstance(one, Storage):
                raise DescriptionError(
                    f"{guest.name}: {one.name} is on the SD card, which is Linux's beside it",
                    hint="run it without Linux, or without storage",
                )


def pack(guests: Sequence[Guest], watchdog: int = 0, beside: Linux | None = None) -> bytes:
    """Return guests as the underlay reads them, each with memory of its own in their order.

    `watchdog`: the chip resets the board when the underlay hangs for so many seconds; 0: it does
    not. `beside`: a Linux that runs beside them, or alone.
    """
    if not (beside is None) <= len(guests) <= GUESTS_MAX:
        raise DescriptionError(f"{len(guests)} guests: the underlay runs 1 to {GUESTS_MAX}")
    if not 0 <= watchdog <= WATCHDOG_MAX:
        raise DescriptionError(
            f"watchdog {watchdog}: the chip's waits for 1 to {WATCHDOG_MAX} seconds; 0: it is off"
        )
    check_storage({one.name: one.grants for one in guests})
    if beside is not None:
        _check_card_is_free(guests)
    first = _HEADER.size + len(guests) * _GUEST.size
    table, parts, memory = b"", b"", GUESTS
    for one in guests:
        places = []
        for content in (one.unikernel, one.words.encode() + b"\0", _grants(one)):
            parts += bytes(-(first + len(parts)) % 8)
            places += [first + len(parts), len(content)]
            parts += content
        size = -(-one.memory // STEP) * STEP
        table += _GUEST.pack(_name(one.name), one.core, *places, memory, size, *_life(one))
        memory += size
    check_memory([one.memory for one in guests])
    place = (0, 0)
    if beside is not None:
        parts += bytes(-(first + len(parts)) % 8)
        place = (first + len(parts), _LINUX.size)
        parts += _linux(beside)
    size = first + len(parts)
    return _HEADER.pack(MAGIC, VERSION, size, len(guests), watchdog, *place) + table + parts


def image(
    underlay: bytes, guests: Sequence[Guest], watchdog: int = 0, beside: Linux | None = None
) -> bytes:
    """Return what the firmware loads: the underlay, and the guests behind it; pack()."""
    made = underlay + bytes(-len(underlay) % PAGE) + pack(guests, watchdog, beside)
    room = OWN - IMAGE
    if len(made) > room:
        raise DescriptionError(
            f"kernel8.img: its {len(made)} bytes are {len(made) - room} too many",
            hint="the unikernels in it have to be smaller, or fewer",
        )
    return made


def unpack(made: bytes) -> tuple[Guest, ...]:
    """Return the guests behind the underlay in an image; DescriptionError if there is no payload.

    Those of another version have another layout, and are refused, too.
    """
    at = next((at for at in range(0, len(made), PAGE) if _begins(made, at)), None)
    if at is None:
        raise DescriptionError(
            f"there are no guests in it that this rpikit knows (payload version {VERSION})",
            hint="rpikit build --target metal makes such a kernel8.img",
        )
    packed = made[at:]
    count = _HEADER.unpack_from(packed)[3]
    return tuple(_unpack(packed, _HEADER.size + i * _GUEST.size) for i in range(count))


def _begins(made: bytes, at: int) -> bool:
    """Whether a whole payload lies there, to the image's end."""
    if len(made) - at < _HEADER.size:
        return False
    magic, version, size, count, *_ = _HEADER.unpack_from(made, at)
    whole = size == len(made) - at and _HEADER.size + count * _GUEST.size <= size
    return (magic, version) == (MAGIC, VERSION) and whole


def _unpack(packed: bytes, at: int) -> Guest:
    name, core, *numbers = _GUEST.unpack_from(packed, at)
    places, (_, memory), life = numbers[:6], numbers[6:8], numbers[8:]
    parts = zip(places[::2], places[1::2], strict=True)
    elf_, words, grants = (packed[first : first + size] for first, size in parts)
    weight, patience_ms, restart, restarts, pause_ms, *_ = life
    return Guest(
        name=_text(name),
        unikernel=elf_,
        memory=memory,
        words=_text(words),
        grants=tuple(_granted(*fields) for fields in _GRANT.iter_unpack(grants)),
        core=core,
        weight=weight,
        patience_ms=patience_ms,
        restart=RESTARTS[restart],
        restarts=restarts,
        pause_ms=pause_ms,
    )


def _granted(
    name: bytes, line: int, flags: int, kind: int, first: int, count: int, size: int, _: int
) -> Grant | Storage:
    if kind == KINDS.index("line"):
        return Grant(_text(name), line, flags)
    return Storage(_text(name), first, count, flags & READ_ONLY != 0, size)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="replace")


def _linux(one: Linux) -> bytes:
    files = (one.kernel, one.device_tree, one.initramfs)
    places = (place for file in files for place in (file.at, file.size, file.to))
    lines = sum(1 << line for line in one.lines)
    return _LINUX.pack(one.memory_at, one.memory_size, *places, lines, one.cores, 0)


def _blocks(sizes: Iterable[int]) -> int:
    """Return the bytes that guests of these sizes take, each in whole blocks of its own."""
    return sum(-(-size // STEP) * STEP for size in sizes)


def _life(guest: Guest) -> tuple[int, ...]:
    """Return weight, patience, restart, restarts and pause, and what is reserved."""
    if not 1 <= guest.weight <= WEIGHT_MAX:
        raise DescriptionError(
            f"{guest.name}: weight {guest.weight}: a guest has a weight of 1 to {WEIGHT_MAX}"
        )
    restarts = [str(one) for one in RESTARTS]
    if guest.restart not in restarts:
        known = ", ".join(restarts)
        raise DescriptionError(f"{guest.name}: restart {guest.restart!r}: write one of {known}")
    for name in ("patience_ms", "restarts", "pause_ms"):
        if not 0 <= getattr(guest, name) <= COUNT_MAX:
            raise DescriptionError(f"{guest.name}: {name} {getattr(guest, name)}: it has 32 bits")
    how = restarts.index(guest.restart)
    return guest.weight, guest.patience_ms, how, guest.restarts, guest.pause_ms, 0


def _grants(guest: Guest) -> bytes:
    return b"".join(_GRANT.pack(_name(one.name), *_values(one)) for one in guest.grants)


def _values(one: Grant | Storage) -> tuple[int, ...]:
    """Return line, flags, kind, first sector, sectors, size of a block, and what is reserved."""
    if isinstance(one, Grant):
        return one.line, one.flags, KINDS.index("line"), 0, 0, 0, 0
    flags = READ_ONLY if one.read_only else 0
    return 0, flags, KINDS.index("block"), one.first, one.count, one.block_size, 0


def _name(name: str) -> bytes:
    found = name.encode()
    if len(found) >= _NAME or b"\0" in found:
        raise DescriptionError(f"{name!r}: a name has at most {_NAME - 1} characters")
    return found
