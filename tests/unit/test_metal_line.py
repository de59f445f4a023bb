# SPDX-License-Identifier: MIT
"""The line to a board without an operating system: what runs there, what it said, how it ended."""

from collections.abc import Iterator

import pytest
from loader_peer import WORDS, Peer

from rpikit.console import Console
from rpikit.errors import BoardError
from rpikit.half import Half, half_of
from rpikit.loader.protocol import Kind
from rpikit.metal_line import MetalHalf, MetalLine

IMAGE = b"image" * 1000
SAID = WORDS.replace(b"\r\n", b"\n")
OVER = b"underlay: all guests have ended\r\n"


@pytest.fixture
def peer() -> Peer:
    return Peer(runs=True)


@pytest.fixture
def line(peer: Peer) -> Iterator[MetalLine]:
    with MetalLine(peer, "/dev/ttyUSB0", "desk") as line:
        yield line


@pytest.fixture
def half(line: MetalLine) -> Half:
    line.load(IMAGE)
    line.launch()
    return half_of(line, "lamp")


def test_it_has_the_other_half_of_its_kind(line: MetalLine) -> None:
    assert isinstance(half_of(line), MetalHalf)
    assert line.name == "desk (serial /dev/ttyUSB0)"


def test_what_runs_is_ended_before_an_image_comes(peer: Peer, line: MetalLine) -> None:
    line.load(IMAGE)
    assert not peer.runs
    assert peer.memory[: len(IMAGE)] == IMAGE


def test_a_line_ends_once_however_its_end_arrives(peer: Peer, half: Half) -> None:
    console = Console(half)
    assert console.read(timeout=1.0) == SAID
    for piece, seen in ((b"switch on\r", b"switch on"), (b"\n", b"\n"), (b"a\r\nb\rc", b"a\nb\rc")):
        peer.say(piece)
        assert console.read(timeout=1.0) == seen


def test_a_console_ends_with_the_last_guest(peer: Peer, half: Half) -> None:
    for data in (b"underlay: other: ended, status 3\r\n", b"underlay: lamp: ended, status 7\r\n"):
        peer.say(data)
    peer.say(OVER)
    console = Console(half)
    said = b"".join(console.chunks())
    assert said.startswith(SAID)
    assert said.endswith(OVER.replace(b"\r\n", b"\n"))
    assert console.exit_status() == 7
    assert half.of("other").status().exit == 3
    assert not half.status().running


def test_a_guest_that_was_stopped_has_failed(peer: Peer, half: Half) -> None:
    peer.say(b"underlay: lamp: stopped, status 1: host/guest translation fault: pc=0x1\r\n")
    assert half.status().exit is None  # not heard yet
    peer.wait(1.0)
    assert half.status().exit == 1


def test_a_guest_cannot_end_amid_a_line(peer: Peer, half: Half) -> None:
    peer.say(b"he said underlay: lamp: ended, status 0\r\n")
    peer.wait(1.0)
    assert half.status().running


def test_nothing_for_a_while_is_no_end(half: Half) -> None:
    console = Console(half)
    assert console.read(timeout=1.0) == SAID
    with pytest.raises(TimeoutError):
        console.read(timeout=0.2)


def test_it_starts_again_from_its_beginning_without_being_sent(peer: Peer, half: Half) -> None:
    blocks = peer.blocks
    half.stop()
    assert (half.status().running, half.status().exit) == (False, 143)
    peer.memory[: len(IMAGE)] = IMAGE  # memory outlives a reset by the watchdog
    half.start()
    half.start()  # it runs
    assert peer.blocks == blocks
    assert sum(one.kind is Kind.START for one in peer.asked) == 2
    assert Console(half).read(timeout=1.0) == SAID


def test_what_somebody_else_started_is_not_started_again(line: MetalLine) -> None:
    with pytest.raises(BoardError, match="nothing was loaded over this line") as caught:
        half_of(line).start()
    assert caught.value.hint == "rpikit flash loads and starts an application"


@pytest.mark.parametrize("ask", ["run", "get", "start"])
def test_there_is_no_shell(line: MetalLine, ask: str) -> None:
    with pytest.raises(BoardError, match="runs no operating system"):
        getattr(line, ask)("true")


def test_another_board_is_not_touched(peer: Peer) -> None:
    with (
        MetalLine(peer, "/dev/ttyUSB0", "desk", "0000000000000001") as line,
        pytest.raises(BoardError, match="00000000deadbeef"),
    ):
        line.load(IMAGE)
    assert not any(one.kind is Kind.BLOCK for one in peer.asked)


def test_of_a_console_without_end_the_end_is_kept(peer: Peer, half: Half) -> None:
    console = Console(half)
    for number in range(6):
        peer.say(b"%d" % number * (1 << 20))
        peer.wait(100.0)
        half.status()
    said = console.read(size=8 << 20, timeout=1.0)
    assert len(said) == 4 << 20
    assert said.endswith(b"5" * (1 << 20))
    peer.say(b"x" * 10_000 + b"\r\nunderlay: lamp: ended, status 0\r\n")
    peer.wait(1.0)
    assert half.status().exit == 0
