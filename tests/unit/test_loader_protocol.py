# SPDX-License-Identifier: MIT
"""The loader's protocol: the numbers are those of the board's side, and frames survive noise."""

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpikit import paths
from rpikit.loader import protocol
from rpikit.loader.protocol import Coding, Decoder, Flag, Kind, Status, Who

HEADER = (paths.data_root() / "c/loader/protocol.h").read_text()
WHO = Who(
    7, 1, 4096, 8, Flag.SIGNED_ONLY, 3, 0xA02082, "00000000deadbeef", 1 << 20, 3_000_000, 48, "0.1"
)


def defined(name: str) -> str:
    found = re.search(rf"^#define {name}\s+(.+?)(?:\s*/\*.*)?$", HEADER, re.M)
    assert found is not None, name
    return found[1]


def enum(name: str) -> dict[str, int]:
    (body,) = re.findall(rf"enum {name} \{{(.*?)\}};", HEADER, re.S)
    found = re.findall(r"LOADER_(\w+) = (0x[0-9a-f]+|\d+)", body)
    return {word: int(number, 0) for word, number in found}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROTOCOL", protocol.VERSION),
        ("BLOCK", protocol.BLOCK),
        ("PAYLOAD_MAX", protocol.PAYLOAD_MAX),
        ("CRCS_MAX", protocol.CRCS_MAX),
        ("SIGNATURE", protocol.SIGNATURE_MAX),
        ("BAUD", protocol.BAUD),
        ("SIGNED_ONLY", Flag.SIGNED_ONLY),
        ("WAS_WATCHDOG", Flag.WATCHDOG),
    ],
)
def test_both_sides_have_the_same_numbers(name: str, value: int) -> None:
    assert int(defined(f"LOADER_{name}"), 0) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WAITING", protocol.WAITING + b"\r\n"),
        ("ATTENTION", protocol.ATTENTION),
        ("NAMESPACE", protocol.NAMESPACE.encode()),
    ],
)
def test_both_sides_have_the_same_words(name: str, value: bytes) -> None:
    text = defined(f"LOADER_{name}").strip('"')
    assert text.encode().decode("unicode_escape").encode() == value


def test_both_sides_sign_the_same_message() -> None:
    said = defined("LOADER_MESSAGE").strip('"') % ("ab" * 32, 123)
    assert protocol.message(123, bytes.fromhex("ab" * 32)) == said.encode()


def test_kinds_are_those_of_the_board() -> None:
    theirs = enum("loader_kind")
    assert theirs.pop("ANSWER") == 0x80
    names = [name.split("_")[0] for name in theirs]  # the board has BAUD_RATE and BLOCK_IS
    assert dict(zip(names, theirs.values(), strict=True)) == {one.name: one for one in Kind}


def test_statuses_are_those_of_the_board() -> None:
    theirs = {name.removeprefix("E_"): value for name, value in enum("loader_status").items()}
    assert theirs == {one.name: one for one in Status}


def test_codings_are_those_of_the_board() -> None:
    assert enum("loader_coding") == {one.name: one for one in Coding}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("hello_answer", len(WHO.packed())),
        ("block", len(protocol.block(0, Coding.RAW, 0, b""))),
        ("start", len(protocol.start(0, bytes(32)))),
    ],
)
def test_what_frames_carry_is_as_long_on_both_sides(name: str, size: int) -> None:
    assert f"sizeof(struct loader_{name}) == {size}," in HEADER


def test_a_loader_is_read_as_it_said_who_it_is() -> None:
    assert Who.parse(WHO.packed()) == WHO
    assert (WHO.signed_only, WHO.by_watchdog) == (True, False)
    with pytest.raises(ValueError, match="51 bytes, not 52"):
        Who.parse(WHO.packed()[:-1])


# The content of frames, and between their zeros: examples of the paper that describes COBS.
STUFFED = [
    (b"\0", "0101"),
    (b"\0\0", "010101"),
    (b"\x11\x22\0\x33", "0311220233"),
    (b"\x11\0\0\0", "0211010101"),
    (bytes(range(1, 255)), "ff" + bytes(range(1, 255)).hex()),
    (bytes(range(255)), "01ff" + bytes(range(1, 255)).hex()),
    (bytes(range(1, 256)), "ff" + bytes(range(1, 255)).hex() + "02ff"),
    (bytes([*range(2, 256), 0]), "ff" + bytes(range(2, 256)).hex() + "0101"),
]


@pytest.mark.parametrize(("content", "between"), STUFFED)
def test_zeros_go_as_cobs_has_them(content: bytes, between: str) -> None:
    assert protocol.stuffed(content).hex() == between
    assert protocol.unstuffed(bytes.fromhex(between)) == content


@pytest.mark.parametrize("damaged", ["03", "0511", "ff01", "021100", "00"])
def test_what_is_no_cobs_is_none(damaged: str) -> None:
    assert protocol.unstuffed(bytes.fromhex(damaged)) is None


@given(st.binary(max_size=700), st.integers(0, 255), st.sampled_from(Kind))
def test_a_frame_comes_out_as_it_went_in(payload: bytes, number: int, kind: Kind) -> None:
    frame = protocol.encoded(kind, number, payload)
    assert frame.count(0) == 2
    (found,) = Decoder().feed(frame)
    assert (found.kind, found.number, found.payload, found.status) == (kind, number, payload, None)
    (found,) = Decoder().feed(protocol.answer(kind, number, 5, payload))
    assert (found.kind, found.number, found.payload, found.status) == (kind, number, payload, 5)


@given(st.lists(st.binary(max_size=60), max_size=5), st.data())
def test_frames_are_found_in_pieces_and_among_noise(
    payloads: list[bytes], data: st.DataObject
) -> None:
    stream = b""
    for number, payload in enumerate(payloads):
        stream += data.draw(st.binary(max_size=20)) + protocol.answer(Kind.CRCS, number, 0, payload)
    decoder, found = Decoder(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += decoder.feed(stream[:size])
        stream = stream[size:]
    assert [one.payload for one in found] == payloads


@given(st.binary(max_size=80), st.data())
def test_a_damaged_frame_is_none(payload: bytes, data: st.DataObject) -> None:
    frame = bytearray(protocol.encoded(Kind.BLOCK, 1, payload))
    at = data.draw(st.integers(1, len(frame) - 2))
    frame[at] ^= data.draw(st.integers(1, 255))
    assert not Decoder().feed(bytes(frame))


def test_what_is_no_frame_is_text() -> None:
    decoder = Decoder()
    said = protocol.WAITING + b"\r\n"
    assert not decoder.feed(said)
    assert decoder.text == said
    assert len(decoder.feed(protocol.answer(Kind.HELLO, 1, 0) + b"and on")) == 1
    assert decoder.take_text() == said + b"and on"
    assert decoder.text == b""


def test_noise_without_an_end_takes_no_memory_without_an_end() -> None:
    decoder = Decoder()
    for _ in range(100):
        assert not decoder.feed(b"\xff" * 4096)
    assert len(decoder.text) < 100_000
    assert len(decoder.feed(protocol.answer(Kind.HELLO, 1, 0))) == 1


def test_a_kind_that_nobody_knows_is_no_frame() -> None:
    body = bytes((99, 1))
    made = protocol.stuffed(body + zlib.crc32(body).to_bytes(4, "little"))
    assert protocol.decoded(made) is None
