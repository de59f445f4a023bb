# SPDX-License-Identifier: MIT
"""An image in blocks: what is there is not sent, what is lost is sent again, in smaller frames."""

import random
import struct
import zlib

import lz4.block
from hypothesis import given, settings
from hypothesis import strategies as st

from rpikit.loader.blocks import Image, Window
from rpikit.loader.protocol import BLOCK, Coding

MUCH = 1e9  # bytes of room
NOISE = random.Random(1).randbytes(3 * BLOCK)


def crcs(data: bytes | bytearray) -> list[int]:
    return [zlib.crc32(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]


def stored(memory: bytearray, payload: bytes) -> None:
    """Do with a BLOCK what the board does."""
    index, size, coding = struct.unpack_from("<IHB", payload)
    data, at = payload[7:], 0
    if coding == Coding.PART:
        (at,), data = struct.unpack_from("<H", data), data[2:]
    elif coding == Coding.LZ4:
        data = lz4.block.decompress(data, uncompressed_size=size)
    assert len(data) == size
    memory[index * BLOCK + at : index * BLOCK + at + size] = data


def test_only_blocks_that_differ_are_missing() -> None:
    image = Image(NOISE)
    there = bytearray(NOISE)
    assert image.missing(crcs(there)) == []
    there[BLOCK] ^= 1
    assert image.missing(crcs(there)) == [1]
    assert image.missing(crcs(bytes(3 * BLOCK))) == [0, 1, 2]


def test_the_last_block_is_filled_up_with_zeros() -> None:
    image = Image(NOISE[: BLOCK + 10])
    assert image.missing(crcs(NOISE[: BLOCK + 10] + bytes(BLOCK - 10))) == []
    assert image.missing(crcs(NOISE[: 2 * BLOCK])) == [1]


def test_a_block_is_compressed_if_that_makes_it_smaller() -> None:
    window = Window(Image((b"word " * 1000)[:BLOCK] + NOISE[: BLOCK + 192]), range(3), 8)
    codings = [(window.next(n, 0.0, MUCH) or b"")[6] for n in range(3)]
    assert codings == [Coding.LZ4, Coding.RAW, Coding.LZ4]  # the last one ends with zeros


def test_no_more_frames_are_under_way_than_the_loader_takes() -> None:
    window = Window(Image(NOISE), range(3), 2)
    assert window.next(1, 0.0, MUCH)
    assert window.next(2, 0.0, MUCH)
    assert window.next(3, 0.0, MUCH) is None
    assert window.answered(1) == 0.0
    assert window.next(3, 0.0, MUCH)


def test_no_more_bytes_are_under_way_than_the_line_has_room_for() -> None:
    window = Window(Image(NOISE), range(3), 8)
    assert window.next(1, 0.0, 100.0)
    assert window.next(2, 0.0, 100.0)  # two always are, so that the line is never idle
    assert window.next(3, 0.0, 100.0) is None


def test_an_answer_tells_that_what_went_before_it_is_lost() -> None:
    window = Window(Image(NOISE), range(3), 8)
    sent = [window.next(n, float(n), MUCH) for n in range(3)]
    assert window.answered(1) == 1.0
    assert window.lost == 1
    assert window.next(3, 3.0, MUCH) == sent[0]
    assert window.answered(2) == 2.0
    assert window.answered(3) == 3.0
    assert window.is_done
    assert window.left == 0


def test_an_answer_that_comes_after_all_counts() -> None:
    window = Window(Image(NOISE[:BLOCK]), [0], 8)
    window.next(7, 1.0, MUCH)
    window.silent()
    assert [window.is_done, window.answered(7), window.is_done] == [False, 1.0, True]
    assert window.answered(7) is None
    assert window.answered(9) is None


def test_silence_makes_frames_smaller_and_good_luck_larger_again() -> None:
    window = Window(Image(random.Random(2).randbytes(40 * BLOCK)), range(40), 8)
    window.next(0, 0.0, MUCH)
    window.silent()
    assert window.size == 1024
    number = 1
    while window.size == 1024:
        data = window.next(number, 0.0, MUCH)
        assert data is not None
        assert len(data) == 7 + 2 + 1024
        assert window.answered(number) is not None
        number += 1
    assert window.size == BLOCK
    assert number == 17


def test_frames_of_which_many_are_lost_become_as_small_as_they_can() -> None:
    window = Window(Image(NOISE), range(3), 1)
    for number in range(60):
        window.next(number, 0.0, MUCH)
        window.silent()
    assert window.size == 64
    assert window.loss == 1.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.0, 0.6), st.integers(1, 8), st.integers(1, 9000))
def test_all_arrives_whatever_is_lost(seed: int, loss: float, frames: int, size: int) -> None:
    dice = random.Random(seed)
    data = dice.randbytes(size // 2) + bytes(size - size // 2)
    image = Image(data)
    memory = bytearray(dice.randbytes(len(image.blocks) * BLOCK))
    window = Window(image, image.missing(crcs(memory)), frames)
    number = 0
    answers: list[int] = []
    while not window.is_done:
        payload = window.next(number, 0.0, MUCH)
        if payload is None:
            if not answers:
                window.silent()
            for one in answers:
                window.answered(one)
            answers = []
            continue
        if dice.random() >= loss:
            stored(memory, payload)
            if dice.random() >= loss:
                answers.append(number)
        number = (number + 1) & 0xFF
    assert image.missing(crcs(memory)) == []
    assert window.left == 0
