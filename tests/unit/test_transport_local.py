# SPDX-License-Identifier: MIT
"""This machine as a board: run, put, get, start."""

import time
from pathlib import Path

import pytest

from rpikit.errors import BoardError
from rpikit.transport import Result, Transport
from rpikit.transport.local import Local


@pytest.fixture
def local(tmp_path: Path) -> Transport:
    return Local(tmp_path)


def test_run_gives_status_and_both_streams(local: Transport) -> None:
    assert local.run("cat; echo bad >&2; exit 3", input=b"in") == Result(3, "in", "bad\n")


def test_run_works_in_its_folder(local: Transport, tmp_path: Path) -> None:
    assert local.run("pwd").out.strip() == str(tmp_path.resolve())


def test_run_that_does_not_end_is_a_board_error(local: Transport) -> None:
    started = time.monotonic()
    with pytest.raises(BoardError, match=r"no end of 'echo so far; sleep 60' after 0\.3 s; so far"):
        local.run("echo so far; sleep 60", timeout=0.3)
    assert time.monotonic() - started < 5


def test_put_and_get_are_a_round_trip_with_progress(local: Transport, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 1000)
    steps: list[int] = []
    local.put(source, "target", progress=steps.append)
    assert local.get("target") == source.read_bytes()
    assert steps == sorted(steps)
    assert steps[-1] == 256_000


def test_what_cannot_be_written_or_read_is_named(local: Transport, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.touch()
    with pytest.raises(BoardError, match="cannot write no/such: no such file"):
        local.put(source, "no/such")
    with pytest.raises(BoardError, match="cannot read nothing: no such file"):
        local.get("nothing")


def test_a_channel_talks_both_ways(local: Transport) -> None:
    channel = local.start("while read word; do echo got $word; done")
    channel.write(b"one\n")
    assert channel.read(100, 5.0) == b"got one\n"
    with pytest.raises(TimeoutError):
        channel.read(100, 0.05)
    channel.close()


def test_a_channel_ends_with_its_command(local: Transport) -> None:
    channel = local.start("echo out; echo err >&2")
    said = b""
    while data := channel.read(100, 5.0):
        said += data
    assert said == b"out\nerr\n"
    channel.close()


def test_closing_a_channel_ends_all_it_started(local: Transport, tmp_path: Path) -> None:
    channel = local.start("sleep 600 & echo $! > pid; wait")
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.01)
    channel.close()
    assert local.run("kill -0 $(cat pid)").status != 0
