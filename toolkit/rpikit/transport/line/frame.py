# SPDX-License-Identifier: MIT
"""What travels: commands to the receiver as frames, its lines and blocks back, found in any noise.

A line is `#KIND A B C SUM;`. A damaged one is no line; what stands between them is noise: echoes,
prompts, the kernel's messages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from rpikit.transport.line.check import Check

FRAME_MAX = 4000
"""Bytes of a command; the receiver takes a batch of 4096 at once."""

_LINE = re.compile(rb"#([0-9]{1,2}) ([0-9]{1,15}) ([0-9]{1,15}) ([0-9]{1,15}) ([0-9]{1,6});\r?\n?")
_KEPT = 1 << 17


class Kind(IntEnum):
    """What a line tells; A, B and C of each."""

    PIECE = 1  # offset in the sink, bytes, check
    ANSWER = 2  # number of the command, status, a value of its own
    BLOCK = 3  # index, bytes, check; the bytes follow
    UNKNOWN = 4  # what came was no command
    HELLO = 5  # kind of check, process, bytes of a batch
    BUSY = 6  # number of the command that still runs


_KINDS = frozenset(map(int, Kind))


@dataclass(frozen=True)
class Told:
    """A line of the receiver; `data` is what followed a BLOCK."""

    kind: Kind
    a: int
    b: int
    c: int
    data: bytes = b""


def command(number: int, text: str, check: Check) -> bytes:
    """Return the frame of a command."""
    body = text.encode() + b"\n"
    return f"! {check(body)} {len(body)} {number}\n".encode() + body


def line(kind: Kind, a: int, b: int, c: int) -> bytes:
    """Return a line as the receiver tells it."""
    return f"#{kind} {a} {b} {c} {_sum(kind, a, b, c)};\n".encode()


class Listener:
    """Finds lines and blocks in what comes, in their order."""

    def __init__(self) -> None:
        self.check: Check | None = None
        self.noise = bytearray()  # the end of what is neither
        self._rest = b""

    def feed(self, data: bytes, *, final: bool = False) -> Iterator[Told]:
        """Give what `data` completes; when `final`, no more of a block that began will come."""
        self._rest += data
        at = 0
        while match := _LINE.search(self._rest, at):
            words = [int(word) for word in match.groups()]
            if words[0] not in _KINDS or words[4] != _sum(*words[:4]):
                at = self._hush(at, match.start() + 1)
                continue
            kind, a, b, c = Kind(words[0]), *words[1:4]
            if kind is not Kind.BLOCK:
                at = self._hush(at, match.start(), match.end())
                yield Told(kind, a, b, c)
                continue
            block = self._rest[match.end() : match.end() + b]
            if len(block) < b and not final:
                at = self._hush(at, match.start())
                break  # the rest of it comes
            at = self._hush(at, match.start(), match.end())
            if self.check is not None and len(block) == b and self.check(block) == c:
                at += b
                yield Told(kind, a, b, c, block)
        else:
            begun = self._rest.rfind(b"#", at)
            kept = begun if begun >= 0 and len(self._rest) - begun < 80 else len(self._rest)
            at = self._hush(at, kept)
        self._rest = self._rest[at:]

    def _hush(self, start: int, end: int, skip: int | None = None) -> int:
        self.noise += self._rest[start:end]
        del self.noise[:-_KEPT]
        return end if skip is None else skip


def _sum(kind: int, a: int, b: int, c: int) -> int:
    return (kind * 11 + a * 3 + b * 5 + c * 7) % 999983
