# SPDX-License-Identifier: MIT
"""An upload over a line that damages it, with a receiver of a few lines and no clock."""

import random
import zlib

import pytest

from rpikit.transport.line.check import CHECKS, polynomial
from rpikit.transport.line.sender import Run, Sender

BATCH = 4096


class Sink:
    """What the receiver does with data, over a line that drops, flips and adds bytes."""

    def __init__(self, seed: int, damage: float, held: bytes = b"") -> None:
        self.random = random.Random(seed)
        self.damage = damage
        self.held = bytearray(held)

    def take(self, data: bytes, piece: int) -> list[tuple[int, int, int]]:
        told = []
        arrived = self._damaged(data)
        for start in range(0, len(arrived), piece):
            part = arrived[start : start + piece]
            if self.random.random() >= self.damage * 25:  # a line of 25 bytes goes the other way
                told.append((len(self.held), len(part), zlib.crc32(part)))
            self.held += part
        return told

    def joined(self, runs: list[Run]) -> bytes:
        return b"".join(self.held[one.offset : one.offset + one.size] for one in runs)

    def _damaged(self, data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            dice = self.random.random()
            if dice < self.damage / 2:
                continue
            out.append(byte ^ (1 << self.random.randrange(8)) if dice < self.damage else byte)
            if dice > 1 - self.damage / 20:
                out.append(self.random.randrange(256))
        return bytes(out)


def carry(sender: Sender, sink: Sink, piece: int, *, limit: int | None = None) -> int:
    """Send until all is there, or so many bytes were; return how many."""
    begun = sender.sent
    while not sender.is_done:
        data = sender.next(BATCH)
        if limit is not None and sender.sent - begun > limit:
            return sender.sent - begun
        for told in sink.take(data, piece) if data else ():
            sender.piece(*told)
        if not data:
            sender.quiet()
    return sender.sent - begun


def blob_of(size: int, seed: int = 1) -> bytes:
    """Half of it noise, half of it repeating: what pieces are told apart by is not always much."""
    noise = random.Random(seed).randbytes(size // 2)
    return noise + (b"\0" * 700 + b"again" * 100) * (size // 2 // 1200 + 1)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("damage", [0.0, 0.0001, 0.001, 0.01])
def test_a_blob_arrives_whole_over_any_damage(damage: float, seed: int) -> None:
    blob = blob_of(20_000, seed)
    sender, sink = Sender(blob, zlib.crc32), Sink(seed, damage)
    carry(sender, sink, 64)
    assert sink.joined(sender.runs()) == blob


def test_a_clean_line_carries_each_byte_once_and_one_run_is_left() -> None:
    blob = blob_of(50_000)
    sender, sink = Sender(blob, zlib.crc32), Sink(1, 0.0)
    assert carry(sender, sink, 1024) == len(blob)
    assert sender.runs() == [Run(0, 0, len(blob))]


def test_at_one_damaged_byte_in_a_thousand_less_than_a_fifth_is_sent_again() -> None:
    blob = random.Random(5).randbytes(200_000)
    sender, sink = Sender(blob, zlib.crc32), Sink(5, 0.001)
    assert carry(sender, sink, 64) < 1.2 * len(blob)
    assert sink.joined(sender.runs()) == blob


@pytest.mark.parametrize("seed", range(20))
def test_an_upload_goes_on_where_it_was_cut(seed: int) -> None:
    blob = random.Random(seed).randbytes(40_000)
    damage = random.Random(seed).choice([0.0, 0.001])
    sink = Sink(seed, damage)
    carry(Sender(blob, zlib.crc32), sink, 64, limit=30_000)
    held = bytes(sink.held)
    starts = range(0, len(held), 64)
    pieces = [(at, len(held[at : at + 64]), zlib.crc32(held[at : at + 64])) for at in starts]
    again = Sender(blob, zlib.crc32)
    again.resume(pieces)
    assert carry(again, sink, 64) < 20_000
    assert sink.joined(again.runs()) == blob


def test_what_another_blob_left_behind_is_of_no_harm() -> None:
    blob = random.Random(1).randbytes(10_000)
    sink = Sink(1, 0.0, held=b"something else" * 1000)
    sender = Sender(blob, zlib.crc32)
    sender.resume([(at, 64, zlib.crc32(sink.held[at : at + 64])) for at in range(0, 13952, 64)])
    sink.held = sink.held[:13952]
    carry(sender, sink, 64)
    assert sink.joined(sender.runs()) == blob


def test_a_stretch_of_hundreds_of_lost_bytes_is_found_and_sent_again() -> None:
    blob = random.Random(2).randbytes(30_000)
    sender, sink = Sender(blob, zlib.crc32), Sink(2, 0.0)
    first = sender.next(BATCH)
    for told in sink.take(first[:1000] + first[1777:], 64):
        sender.piece(*told)
    assert carry(sender, sink, 64) < len(blob) - BATCH + 1100
    assert sink.joined(sender.runs()) == blob


def test_pieces_that_are_told_of_after_they_were_given_up_still_count() -> None:
    """A slow board must not have the same bytes sent to it for ever."""
    blob = random.Random(3).randbytes(60_000)
    sender, sink = Sender(blob, zlib.crc32), Sink(3, 0.0)
    late: list[tuple[int, int, int]] = []
    for _ in range(60):
        data = sender.next(BATCH)
        told, late = late, sink.take(data, 256) if data else []
        sender.quiet()
        for one in told:
            sender.piece(*one)
        if sender.is_done:
            break
    assert sink.joined(sender.runs()) == blob
    assert sender.sent < 3 * len(blob)


@pytest.mark.parametrize(("damage", "wanted"), [(0.0, 4096), (0.0003, 256), (0.001, 64)])
def test_the_size_of_a_piece_follows_the_damage(damage: float, wanted: int) -> None:
    sender, sink = Sender(random.Random(1).randbytes(400_000), zlib.crc32), Sink(1, damage)
    piece = 1024
    for _ in range(90):
        for told in sink.take(sender.next(BATCH), piece):
            sender.piece(*told)
        advised = sender.advice(piece)
        if advised != piece:
            piece = advised
            sender.forget_damage()
    assert piece <= wanted if damage else piece == wanted


def test_the_checks_are_those_of_the_boards_programs() -> None:
    text = b"123456789"
    assert CHECKS[1](text) == 930766865  # POSIX's cksum
    assert CHECKS[2](text) == 0xCBF43926
    assert CHECKS[3] is polynomial
