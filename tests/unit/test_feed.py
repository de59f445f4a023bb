# SPDX-License-Identifier: MIT
"""The console as pytest-embedded's Dut sees it: matched, logged, and over when the guest ends."""

import importlib
import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from rpikit.bench.feed import Feed
from rpikit.errors import BoardError


class Said:
    """A console that says what it is told to."""

    def __init__(self) -> None:
        self._said: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def say(self, text: bytes | Exception) -> None:
        """Add what comes next: b"" is the end, an error is raised."""
        self._said.put(text)

    def read(self, size: int = 4096, timeout: float | None = None) -> bytes:
        """Return what came; raise TimeoutError when nothing came."""
        try:
            said = self._said.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(said, Exception):
            raise said
        return said


@pytest.fixture
def console() -> Said:
    return Said()


@pytest.fixture
def feed(console: Said, tmp_path: Path) -> Iterator[Feed]:
    with Feed(console, tmp_path / "console.log") as feed:
        yield feed


@pytest.fixture
def dut(feed: Feed, tmp_path: Path) -> Any:
    embedded = importlib.import_module("pytest_embedded")
    return embedded.Dut(feed.process, feed, embedded.App(), str(tmp_path / "console.log"), "test")


def test_lines_are_matched_in_order(console: Said, dut: Any) -> None:
    console.say(b"ready\nswitch ")
    console.say(b"on\nswitch off\n")
    assert dut.expect(r"switch (\w+)", timeout=5)[1] == b"on"
    assert dut.expect(r"switch (\w+)", timeout=5)[1] == b"off"


def test_what_does_not_come_fails_in_time_and_shows_what_did(console: Said, dut: Any) -> None:
    console.say(b"something else\n")
    with pytest.raises(pexpect.TIMEOUT, match="something else"):
        dut.expect("switch on", timeout=0.2)


def test_a_guest_that_ended_fails_at_once(console: Said, dut: Any) -> None:
    console.say(b"bye\n")
    console.say(b"")
    begun = time.monotonic()
    with pytest.raises(pexpect.EOF, match="bye"):
        dut.expect("switch on", timeout=30)
    with pytest.raises(pexpect.EOF):
        dut.expect("switch on", timeout=30)
    assert time.monotonic() - begun < 5


def test_the_end_itself_can_be_expected(console: Said, dut: Any) -> None:
    console.say(b"bye\n")
    console.say(b"")
    assert dut.expect(pexpect.EOF, timeout=5) == b"bye"


def test_everything_is_in_the_log(console: Said, dut: Any, tmp_path: Path) -> None:
    console.say(b"one\n")
    dut.expect("one", timeout=5)
    dut.write("two\n")
    dut.expect("two", timeout=5)
    assert (tmp_path / "console.log").read_bytes() == b"one\ntwo\n"


def test_waiting_for_a_sign_matches_nothing_away(console: Said, feed: Feed, dut: Any) -> None:
    console.say(b"test_switch: re")
    console.say(b"ady\n")
    assert feed.wait_for("test_switch: ready", 5)
    assert dut.expect("ready", timeout=1)


def test_a_sign_that_does_not_come_is_reported_with_the_last_line(
    console: Said, feed: Feed
) -> None:
    console.say(b"one\ntwo\n")
    console.say(b"")
    assert not feed.wait_for("ready", 5)
    assert feed.last_line == "two"


def test_a_board_that_is_lost_is_told_to_whoever_waits(console: Said, feed: Feed) -> None:
    console.say(BoardError("desk: the connection is gone"))
    with pytest.raises(BoardError, match="desk: the connection is gone"):
        feed.wait_for("ready", 5)


def test_whoever_listens_is_told_of_whole_lines(console: Said, tmp_path: Path) -> None:
    heard: list[str] = []
    with Feed(console, tmp_path / "console.log", heard.append) as feed:
        for part in (b"one\r\ntw", b"o\n", b"\xffthree"):
            console.say(part)
        console.say(b"")
        assert feed.wait_for_end(5)
    assert heard == ["one", "two"]
