# SPDX-License-Identifier: MIT
"""A board behind a serial console: the shells of boards, over lines good and bad."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial_console import SHELLS, console

from rpikit.errors import BoardError
from rpikit.transport import Result
from rpikit.transport.serial import Serial, SerialAddress
from rpikit.virtual.line import Faults, Wire

BAD = Faults(drop=0.0005, flip=0.0005)


@pytest.fixture(params=SHELLS)
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    with console(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def serial(wire: Wire) -> Iterator[Serial]:
    with Serial(SerialAddress(wire.place), "desk") as made:
        yield made


def test_commands_bytes_and_channels_pass(serial: Serial, tmp_path: Path) -> None:
    assert serial.run("cat; echo bad >&2; exit 3", input=b"in") == Result(3, "in", "bad\n")
    assert serial.run("pwd").out.strip() == str(tmp_path)
    source = tmp_path / "source"
    source.write_bytes(random.Random(1).randbytes(20_000) + bytes(range(256)) * 40)
    steps: list[int] = []
    serial.put(source, "target of a put", progress=steps.append)
    assert (tmp_path / "target of a put").read_bytes() == source.read_bytes()
    assert serial.get("target of a put") == source.read_bytes()
    assert steps == sorted(steps)
    assert steps[-1] == source.stat().st_size
    with serial.start("while read word; do echo got $word; done") as channel:
        channel.write(b"one\n")
        assert channel.read(100, 20) == b"got one\n"
        assert serial.run("echo besides").out == "besides\n"
        with pytest.raises(TimeoutError):
            channel.read(100, 0)


def test_what_fails_is_said_in_the_boards_words(serial: Serial, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(BoardError, match=r"cannot write no/such: .*(nonexistent|No such file)"):
        serial.put(tmp_path / "file", "no/such")
    with pytest.raises(BoardError, match=r"cannot read gone: .*No such file"):
        serial.get("gone")
    with pytest.raises(BoardError, match=r"no end of 'echo so far; sleep 60' after 1 s; so far"):
        serial.run("echo so far; sleep 60", timeout=1)


def test_the_end_of_a_channel_is_told_and_its_close_ends_what_runs(
    serial: Serial, tmp_path: Path
) -> None:
    with serial.start("echo last") as channel:
        assert channel.read(100, 20) == b"last\n"
        assert channel.read(100, 20) == b""
    with serial.start("trap 'touch ended; exit' TERM; echo go; while :; do sleep 0.1; done") as c:
        assert c.read(100, 20) == b"go\n"
    assert (tmp_path / "ended").exists()


def test_a_shell_is_left_as_it_was_found(wire: Wire, tmp_path: Path) -> None:
    for _ in range(2):
        with Serial(SerialAddress(wire.place), "desk") as serial:
            before = serial.run("stty -a </dev/tty 2>/dev/null; pwd").out
        assert before
    assert not list(tmp_path.glob("rpikit-*/in.*"))


def test_a_console_that_was_stopped_goes_on(wire: Wire) -> None:
    with Path(wire.place).open("r+b", buffering=0) as port:
        said = b""
        while not said.endswith((b"# ", b"$ ", b"\x1b[6n")):  # before that a Ctrl-C would end it
            said += port.read(1)
        port.write(b"\x13")  # XOFF
    with Serial(SerialAddress(wire.place), "cut", patience=20.0) as serial:
        assert serial.run("echo here").out == "here\n"


@pytest.mark.parametrize("kind", ["dash", "busybox"])
def test_a_line_that_damages_each_thousandth_byte_carries_all(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(random.Random(2).randbytes(30_000))
    with (
        console(kind, tmp_path, baud=460800, faults=BAD, seed=3) as wire,
        Serial(SerialAddress(wire.place), "desk") as serial,
    ):
        serial.put(source, "target")
        assert (tmp_path / "target").read_bytes() == source.read_bytes()
        assert serial.run("cat; exit 5", input=b"given") == Result(5, "given", "")


def test_a_console_that_asks_who_it_is_gets_user_and_password(tmp_path: Path) -> None:
    getty = _getty(tmp_path)
    with console(getty, tmp_path) as wire:
        address = SerialAddress(wire.place, user="pi", password="secret")
        with Serial(address, "desk") as serial:
            assert serial.run("echo in").out == "in\n"


def test_a_console_that_is_not_known_names_what_is_missing(tmp_path: Path) -> None:
    getty = _getty(tmp_path)
    with console(getty, tmp_path) as wire:
        with pytest.raises(BoardError, match=r"asks for a user"):
            Serial(SerialAddress(wire.place), "desk").run("true")
        with pytest.raises(BoardError, match=r"refuses user 'pi' and the password"):
            Serial(SerialAddress(wire.place, user="pi", password="no"), "desk").run("true")


def test_a_dead_line_is_a_board_error(tmp_path: Path) -> None:
    with console("dash", tmp_path) as wire:
        wire.cut()
        with pytest.raises(BoardError, match=r"no shell at its console within 2 s; nothing comes"):
            Serial(SerialAddress(wire.place), "desk", patience=2).run("true")


def test_a_cut_upload_goes_on_in_the_next_session(tmp_path: Path) -> None:
    """Whoever held the line is gone, without a word; the receiver it left behind is ended."""
    source = tmp_path / "source"
    source.write_bytes(random.Random(4).randbytes(60_000))
    with console("busybox", tmp_path, baud=230400) as wire:
        first = Serial(SerialAddress(wire.place), "desk")

        def stop(sent: int) -> None:
            if sent > 30_000:
                raise KeyboardInterrupt

        process = first.run("echo $PPID").out
        with pytest.raises(KeyboardInterrupt):
            first.put(source, "target", progress=stop)
        assert first._session is not None
        first._session.port.close()  # as a killed process leaves it
        with Serial(SerialAddress(wire.place), "desk") as again:
            assert again.run("echo $PPID").out != process
            before = wire.there.carried
            again.put(source, "target")
            assert wire.there.carried - before < 50_000
        assert (tmp_path / "target").read_bytes() == source.read_bytes()


def test_a_line_that_breaks_for_a_while_loses_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(random.Random(5).randbytes(60_000))
    with (
        console("dash", tmp_path, baud=230400) as wire,
        Serial(SerialAddress(wire.place), "desk") as serial,
    ):
        serial.run("true")

        def unplug() -> None:
            time.sleep(0.8)
            wire.cut()
            time.sleep(1.5)
            wire.cut(whole=True)

        hand = threading.Thread(target=unplug)
        hand.start()
        serial.put(source, "target")
        hand.join()
        assert (tmp_path / "target").read_bytes() == source.read_bytes()


def _getty(folder: Path) -> Path:
    """Write a login program: it asks, hides what is typed, and takes one user only."""
    path = folder / "getty"
    path.write_text(
        """#!/bin/sh
while :; do
    printf 'Debian GNU/Linux 12 desk ttyS0\\n\\ndesk login: '
    read -r user || exit
    [ -n "$user" ] || continue
    stty -echo
    printf 'Password: '
    read -r password
    stty echo
    echo
    [ "$user:$password" != pi:secret ] || break
    echo 'Login incorrect'
done
PS1='$ ' exec sh -i
"""
    )
    path.chmod(0o755)
    return path


def test_a_board_that_restarts_is_told_at_once(tmp_path: Path) -> None:
    """A shell echoes what is typed, and a loader asks for the receiver again."""
    with console("dash", tmp_path) as wire, Serial(SerialAddress(wire.place), "desk") as serial:
        process = serial.run("echo $PPID").out
        os.kill(int(process), signal.SIGKILL)
        with pytest.raises(BoardError, match=r"a shell is at its console"):
            serial.run("true")


def test_a_long_command_says_that_it_runs_and_a_cut_is_told_before_its_end(tmp_path: Path) -> None:
    with (
        console("dash", tmp_path) as wire,
        Serial(SerialAddress(wire.place), "desk", dead=2.0) as serial,
    ):
        assert serial.run("sleep 9; echo late", timeout=60).out == "late\n"
        serial.start("true").close()
        wire.there.is_muted = wire.back.is_muted = True
        with pytest.raises(BoardError, match=r"the line is silent: no answer"):
            serial.run("sleep 600", timeout=600)
