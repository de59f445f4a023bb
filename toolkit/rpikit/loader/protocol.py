# SPDX-License-Identifier: MIT
"""What travels between host and loader, byte for byte: c/loader/protocol.h in Python.

A frame is COBS-encoded between two zero bytes, so that the next zero is always the end of it,
whatever was lost. Its content is kind, number, payload and CRC-32; all integers are little-endian.
What stands between frames is text: the loader's own line, and the console of what it started.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

VERSION = 1
BAUD = 115200
"""Bits per second at which loader and underlay begin, 8N1."""
BLOCK = 4096
"""Bytes of a block: what has a CRC of its own, and is skipped where it is there already."""
PAYLOAD_MAX = BLOCK + 64
CRCS_MAX = 512
"""Blocks whose CRCs one answer tells."""
SIGNATURE_MAX = 512
"""Bytes of a signature."""
ATTENTION = b"\0RPKIT-LOADER\0"
"""Brings what runs back to the loader."""
WAITING = b"rpikit loader 1: waiting"
"""What the loader says about four times a second, while it hears no frame."""
NAMESPACE = "rpikit-metal"
"""That of signatures over images."""

_ANSWER = 0x80
_CRC = struct.Struct("<I")
_OVERHEAD = 2 + _CRC.size
_RUN = 254  # bytes that one code of COBS covers
FRAME_MAX = PAYLOAD_MAX + _OVERHEAD + (PAYLOAD_MAX + _OVERHEAD) // _RUN + 1
"""Bytes of a frame between its zeros."""

_WHO = struct.Struct("<IHHBBHIQIII16s")
_BLOCK = struct.Struct("<IHB")
_START = struct.Struct("<I32sH")


class Kind(IntEnum):
    """What the host asks for; an answer has the same kind, and the highest bit set."""

    HELLO = 1
    BAUD = 2
    CRCS = 3
    BLOCK = 4
    START = 5
    RESET = 6
    BOOT = 7


class Status(IntEnum):
    """The first byte of each answer."""

    OK = 0
    REQUEST = 1
    LZ4 = 2
    INDEX = 3
    SHA256 = 4
    UNSIGNED = 5
    SIGNATURE = 6
    SIZE = 7
    STORED = 8
    BAUD = 9


class Coding(IntEnum):
    """How the bytes of a block travel."""

    RAW = 0
    LZ4 = 1
    PART = 2
    """A u16 says where in the block the bytes are; the others stay as they are."""


class Flag(IntFlag):
    """What WHO tells besides numbers."""

    SIGNED_ONLY = 1
    WATCHDOG = 2


@dataclass(frozen=True)
class Frame:
    """A whole frame; `payload` of an answer is without its status."""

    kind: Kind
    number: int
    payload: bytes
    status: int | None = None
    """None for a request."""


def encoded(kind: Kind, number: int, payload: bytes = b"") -> bytes:
    """Return a request as it goes over the line."""
    return _framed(bytes((kind, number & 0xFF)) + payload)


def answer(kind: Kind, number: int, status: int, payload: bytes = b"") -> bytes:
    """Return an answer as a loader gives it."""
    return _framed(bytes((kind | _ANSWER, number & 0xFF, status)) + payload)


def decoded(data: bytes) -> Frame | None:
    """Return what stood between two zeros as a frame; None if it is none, or damaged."""
    content = unstuffed(data)
    if content is None or len(content) < _OVERHEAD:
        return None
    body, sum_ = content[: -_CRC.size], content[-_CRC.size :]
    if _CRC.unpack(sum_)[0] != zlib.crc32(body):
        return None
    kind = body[0] & ~_ANSWER
    is_answer = kind != body[0]
    if kind not in _KINDS or (is_answer and len(body) < 3):
        return None
    if is_answer:
        return Frame(Kind(kind), body[1], body[3:], body[2])
    return Frame(Kind(kind), body[1], body[2:])


class Decoder:
    """Finds frames in what comes; the rest is text."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes, in their order."""
        frames = []
        self._rest += data
        *parts, self._rest = self._rest.split(b"\0")
        for part in parts:
            frame = decoded(bytes(part))
            if frame is not None:
                frames.append(frame)
            else:
                self._keep(part)
        if len(self._rest) > FRAME_MAX:  # no frame ever
            self._keep(self._rest)
            self._rest = bytearray()
        return frames

    @property
    def text(self) -> bytes:
        """Return what is no frame, the last of it perhaps a frame that is not yet whole."""
        return bytes(self._text + self._rest)

    def take_text(self) -> bytes:
        """Return the text and forget it; where no frame is awaited any more."""
        text = self.text
        self.forget()
        return text

    def forget(self) -> None:
        """Forget text, and a frame that is not yet whole."""
        self._text.clear()
        self._rest.clear()

    def _keep(self, part: bytes | bytearray) -> None:
        self._text += part
        del self._text[:-_TEXT_MAX]


@dataclass(frozen=True)
class Who:
    """What a loader says of itself and of its board."""

    nonce: int
    protocol: int
    block: int
    """Bytes of a block."""
    window: int
    """BLOCK frames that may be without an answer."""
    flags: Flag
    errors: int
    """Frames that came to it damaged; it counts on after 65535 from 0."""
    revision: int
    """The board's, as its firmware tells it."""
    serial_number: str
    """16 hexadecimal digits."""
    limit: int
    """Bytes of an image."""
    max_baud: int
    clock: int
    """Hz of its UART's clock."""
    version: str
    """Of rpikit, from which the loader is."""

    @property
    def signed_only(self) -> bool:
        """Whether it starts signed images only."""
        return Flag.SIGNED_ONLY in self.flags

    @property
    def by_watchdog(self) -> bool:
        """Whether the watchdog reset the board before."""
        return Flag.WATCHDOG in self.flags

    @classmethod
    def parse(cls, payload: bytes) -> "Who":
        """Read what HELLO is answered with: ValueError if that is too short."""
        if len(payload) < _WHO.size:
            raise ValueError(f"{len(payload)} bytes, not {_WHO.size}")
        nonce, protocol, block, window, flags, errors, revision, number, *rest = _WHO.unpack_from(
            payload
        )
        limit, max_baud, clock, version = rest
        return cls(
            nonce,
            protocol,
            block,
            window,
            Flag(flags),
            errors,
            revision,
            f"{number:016x}",
            limit,
            max_baud,
            clock,
            version.rstrip(b"\0").decode(errors="replace"),
        )

    def packed(self) -> bytes:
        """Return it as a loader says it."""
        return _WHO.pack(
            self.nonce,
            self.protocol,
            self.block,
            self.window,
            self.flags,
            self.errors,
            self.revision,
            int(self.serial_number, 16),
            self.limit,
            self.max_baud,
            self.clock,
            self.version.encode(),
        )


def protocol_of(payload: bytes) -> int | None:
    """Return the protocol of whatever answers HELLO; None if it says none."""
    return struct.unpack_from("<H", payload, 4)[0] if len(payload) >= 6 else None


def hello(nonce: int) -> bytes:
    """Return what HELLO carries."""
    return struct.pack("<I", nonce)


def baud(rate: int) -> bytes:
    """Return what BAUD carries."""
    return struct.pack("<I", rate)


def crcs(first: int, count: int) -> bytes:
    """Return what CRCS carries."""
    return struct.pack("<II", first, count)


def crcs_of(payload: bytes) -> Sequence[int]:
    """Return the CRCs that an answer tells."""
    return struct.unpack(f"<{len(payload) // 4}I", payload[: len(payload) // 4 * 4])


def block(index: int, coding: Coding, size: int, data: bytes) -> bytes:
    """Return what BLOCK carries; `size` is that of the bytes themselves, before any coding."""
    return _BLOCK.pack(index, size, coding) + data


def part(index: int, at: int, data: bytes) -> bytes:
    """Return a BLOCK that is only some bytes of one."""
    return block(index, Coding.PART, len(data), struct.pack("<H", at) + data)


def start(size: int, digest: bytes, signature: bytes = b"") -> bytes:
    """Return what START carries; `digest` is the SHA-256 of the image's `size` bytes."""
    return _START.pack(size, digest, len(signature)) + signature


def message(size: int, digest: bytes) -> bytes:
    """Return what is signed of an image."""
    return f"rpikit-metal-image {digest.hex()} {size}".encode()


_KINDS = frozenset(map(int, Kind))
_TEXT_MAX = 1 << 16


def _framed(body: bytes) -> bytes:
    return b"\0" + stuffed(body + _CRC.pack(zlib.crc32(body))) + b"\0"


def stuffed(data: bytes) -> bytes:
    """Return bytes without a zero: each run of them behind its length, as COBS has it."""
    out = bytearray()
    runs = data.split(b"\0")
    for number, run in enumerate(runs):
        at = 0
        while len(run) - at >= _RUN:
            out += b"\xff" + run[at : at + _RUN]
            at += _RUN
        if number < len(runs) - 1 or at < len(run) or not run:
            out.append(len(run) - at + 1)
            out += run[at:]
    return bytes(out)


def unstuffed(data: bytes) -> bytes | None:
    """Return what stuffed() was given; None if a code leads past the end, or to a zero."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        run = data[at + 1 : at + code]
        if code == 0 or len(run) != code - 1 or 0 in run:
            return None
        out += run
        at += code
        if code <= _RUN and at < len(data):
            out.append(0)
    return bytes(out)
