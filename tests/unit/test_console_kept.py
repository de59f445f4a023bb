# SPDX-License-Identifier: MIT
"""The console that a board keeps: up to a limit, from any byte on, for any number of readers."""

import os
import time
from pathlib import Path

import pytest
from local_board import NAME, LocalBoard, make_bundle

from rpikit.console import HEAD_END, Console, Head
from rpikit.device import DeviceHalf
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.transport import Channel

PART = 512 * 1024  # bytes, at most
KEPT = 3 * PART

LOUD = """\
echo ready
i=0
while [ $i -lt %d ]; do
    i=$((i + 1))
    printf '%%06d 4567890123456789012345678901234567890123456789012345678901234567\\n' $i
done
echo the last line
"""
LINES = 30_000
SIZE = 72  # bytes of a line
WAITING = LOUD.replace("echo ready\n", "echo ready\nread -r word < ../../go\n")


def put(board: LocalBoard, guest: str, out: Path) -> None:
    flash(make_bundle(out, guest), board.transport, reporter=Silent(), half=board.half)


def read_all(channel: Channel) -> bytes:
    said = b""
    while data := channel.read(65536, 60):
        said += data
    channel.close()
    return said


def watch(board: LocalBoard, run: str = "-", since: str = "0") -> tuple[Head, bytes]:
    text, _, said = read_all(board.half.watch(run, since)).partition(HEAD_END)
    return Head.parse(text), said


def await_end(board: LocalBoard) -> None:
    deadline = time.monotonic() + 60
    while board.half.status().running:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kept(board: LocalBoard) -> int:
    files = (board.guest / "run/console").glob("[0-9]*")
    return sum(file.stat().st_size for file in files)


def test_a_loud_guest_takes_no_more_room_than_three_parts(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, LOUD % LINES, tmp_path)
    await_end(board)
    assert 0 < kept(board) <= KEPT
    head, said = watch(board)
    assert head.begin > 0
    assert head.begin + len(said) == len(b"ready\n") + LINES * SIZE + len(b"the last line\n")
    assert said.endswith(b"the last line\n")
    assert len(said) >= PART // 8


def test_who_follows_from_the_beginning_misses_nothing(board: LocalBoard, tmp_path: Path) -> None:
    go = board.guest / "go"
    board.guest.mkdir(parents=True, exist_ok=True)
    os.mkfifo(go)
    put(board, WAITING % LINES, tmp_path)
    channel = board.half.watch()
    raw = Console(board.half)
    head = b""
    while HEAD_END not in head:
        head += channel.read(4096, 30)
    go.write_text("go\n")
    said = head.partition(HEAD_END)[2] + read_all(channel)
    # A reader that is slower than the guest is told, and goes on where something is kept.
    at = len(said)
    run = Head.parse(head.partition(HEAD_END)[0]).run
    while not said.endswith(b"the last line\n"):
        again, more = watch(board, run, str(at))
        assert again.run == run
        assert again.begin >= at
        said, at = said + b"~" * (again.begin - at) + more, again.begin + len(more)
    assert len(said) == len(b"ready\n") + LINES * SIZE + len(b"the last line\n")
    followed = b"".join(raw.chunks())
    raw.close()
    assert followed.startswith(b"ready\n000001 ")
    assert followed.endswith(b"the last line\n")


def test_who_follows_sooner_than_the_console_begins_waits_for_it(
    board: LocalBoard, tmp_path: Path
) -> None:
    board.guest.mkdir(parents=True, exist_ok=True)
    os.mkfifo(board.guest / "go")
    put(board, "echo ready\nread -r word < ../../go\necho gone\n", tmp_path)
    console = board.guest / "run/console"
    console.rename(console.with_name("not yet"))
    channel = board.half.follow()
    time.sleep(0.3)
    console.with_name("not yet").rename(console)
    assert channel.read(6, 60) == b"ready\n"
    board.half.stop()
    read_all(channel)


def test_a_guest_that_ended_without_a_word_is_followed_to_its_end(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, "echo ready\n", tmp_path)
    await_end(board)
    for part in (board.guest / "run/console").glob("[0-9]*"):
        part.unlink()
    channel = board.half.follow()
    assert read_all(channel) == b""


@pytest.mark.parametrize(("since", "expected"), [("-1", 1), ("-3", 3), ("-0", 0), ("0", 5)])
def test_the_tail_is_as_long_as_it_was_asked_for(
    board: LocalBoard, tmp_path: Path, since: str, expected: int
) -> None:
    put(board, "for i in ready 2 3 4 5; do echo $i; done", tmp_path)
    await_end(board)
    head, said = watch(board, "-", since)
    lines = [b"ready\n", b"2\n", b"3\n", b"4\n", b"5\n"]
    assert said == b"".join(lines[5 - expected :])
    assert head.begin == len(b"".join(lines[: 5 - expected]))
    assert (head.name, head.version, head.running) == ("blink", "1.0.0", False)


def test_a_reader_goes_on_where_it_was(board: LocalBoard, tmp_path: Path) -> None:
    put(board, "echo ready; echo two", tmp_path)
    head, said = watch(board)
    assert (head.begin, said) == (0, b"ready\ntwo\n")
    again, rest = watch(board, head.run, "8")
    assert (again.run, again.begin, rest) == (head.run, 8, b"o\n")
    end, nothing = watch(board, head.run, str(len(said)))
    assert (end.begin, nothing) == (len(said), b"")


def test_the_next_guest_is_watched_from_its_beginning(board: LocalBoard, tmp_path: Path) -> None:
    put(board, "echo ready; echo one", tmp_path)
    first, _ = watch(board)
    channel = board.half.watch(first.run, "end")
    with pytest.raises(TimeoutError):
        channel.read(10, 0.5)
    put(board, "echo ready; echo two", tmp_path)
    text, _, said = read_all(channel).partition(HEAD_END)
    second = Head.parse(text)
    assert second.run != first.run
    assert (second.begin, said) == (0, b"ready\ntwo\n")
    other, said = watch(board, first.run, "3")
    assert (other.run, other.begin, said) == (second.run, 0, b"ready\ntwo\n")


def test_a_guest_goes_on_when_its_console_finds_no_room(board: LocalBoard, tmp_path: Path) -> None:
    shell = f"sh -c 'ulimit -f 128; exec {board.shell} \"$@\"' sh"  # files of 64 KiB
    board.half = DeviceHalf(board.transport, guest=NAME, home=str(board.home), shell=shell)
    put(board, LOUD.replace("ready", "ready; sleep 2") % 8000, tmp_path)
    await_end(board)
    assert board.half.status().exit == 0
    run, _ = watch(board)
    pieces, at, lost = b"", 0, 0
    while True:
        head, said = watch(board, run.run, str(at))
        lost += head.begin - at
        pieces += said
        if not said:
            break
        at = head.begin + len(said)
    assert 0 < len(pieces) <= KEPT
    assert lost > 0
