# SPDX-License-Identifier: MIT
"""What differs between a file and another version of it, of which only checks are known.

The other side tells a check of each block of its version. Where a block lies in our file, at
whatever place, is found by rolling the same check over it; the rest has to be sent. A check is no
proof: what is put together is, by its SHA-256. It knows no files, boards or transports.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

MIN = 2048  # bytes of a file for which this is worth while
MAX = 2 << 20  # bytes of a file, so that a board has described it within seconds
BLOCK = 128  # bytes, in a file of up to BLOCKS of them; else twice as many, and so on
BLOCKS = 1024
STEPS = 256  # each is a process on the board
MODULUS = 99_999_999_977  # a check is a polynomial of 32-bit words, little-endian, modulo a prime
FACTOR = 65_599  # with which every step of it is exact in a double, awk's only number: below 2^53
WORD = 4  # bytes


@dataclass(frozen=True)
class Base:
    """The version that the other side has: its SHA-256, its size, and the checks of its blocks."""

    sha256: str
    size: int
    block: int
    checks: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `SHA-256 SIZE BLOCK CHECK...`; ValueError if it is not that."""
        sha256, *words = text.split()
        size, block, *checks = map(int, words)
        if block < WORD or block % WORD or len(sha256) != 64:
            raise ValueError(text[:100])
        return cls(sha256, size, block, tuple(checks[: size // block]))

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Return what the other side tells of a file with these bytes."""
        block = BLOCK
        while len(data) // block > BLOCKS:
            block *= 2
        words = [_word(data, at) for at in range(0, len(data) // block * block, WORD)]
        step = block // WORD
        checks = tuple(_check(words[at : at + step]) for at in range(0, len(words), step))
        return cls(hashlib.sha256(data).hexdigest(), len(data), block, checks)


@dataclass(frozen=True)
class Delta:
    """How to make a file: a line on the version it is made of, a line for each step; new bytes."""

    steps: bytes
    data: bytes


@dataclass(frozen=True)
class _Run:
    start: int  # in our file
    block: int  # in theirs
    count: int  # of blocks


def make(base: Base, new: bytes, mode: int) -> Delta:
    """Return how to make a file with these bytes and this mode from their version of it."""
    runs = sorted(_runs(base, new), key=lambda run: -run.count)[: STEPS // 2 - 1]
    lines = [f"{base.sha256} {base.block} {mode:o} {len(new)}"]
    data = bytearray()
    at = 0
    for run in [*sorted(runs, key=lambda one: one.start), _Run(len(new), 0, 0)]:
        if run.start > at:
            lines.append(f"data {run.start - at}")
            data += new[at : run.start]
        if run.count:
            lines.append(f"copy {run.block} {run.count}")
        at = run.start + run.count * base.block
    return Delta("".join(f"{line}\n" for line in lines).encode(), bytes(data))


def _runs(base: Base, new: bytes) -> Iterator[_Run]:
    """Find what of our file is theirs: from its beginning on, each part as long as it goes on."""
    places: dict[int, int] = {}
    for number, check in enumerate(base.checks):
        places.setdefault(check, number)
    found = dict(_hits(base, new, places))
    at = 0
    while at < len(new):
        if at not in found:
            at += 1
            continue
        first = places[found[at]]
        count = 1
        while (
            first + count < len(base.checks)
            and found.get(at + count * base.block) == base.checks[first + count]
        ):
            count += 1
        yield _Run(at, first, count)
        at += count * base.block


def _hits(base: Base, new: bytes, wanted: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Roll the check over our file; give each place where it is that of one of their blocks."""
    length = base.block // WORD
    last = pow(FACTOR, length, MODULUS)  # of the word that leaves
    for phase in range(WORD):
        words = [_word(new, at) for at in range(phase, len(new) - WORD + 1, WORD)]
        if len(words) < length:
            continue
        check = _check(words[:length])
        for number in range(len(words) - length + 1):
            if check in wanted:
                yield phase + number * WORD, check
            if number + length < len(words):
                check = (check * FACTOR + words[number + length] - words[number] * last) % MODULUS


def _check(words: list[int]) -> int:
    check = 0
    for word in words:
        check = (check * FACTOR + word) % MODULUS
    return check


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + WORD], "little")
