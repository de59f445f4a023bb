# SPDX-License-Identifier: MIT
"""The speed of a serial line is raised where both sides can, and is what it was afterwards."""

import random
import threading
import time
from pathlib import Path

import pytest
from serial_console import console

from rpikit.transport.serial import Serial, SerialAddress
from rpikit.virtual.line import Faults, Wire

SLOW, FAST = 115200, 921600
BOTH = (SLOW, FAST)


def address(place: str, fast: int = FAST) -> SerialAddress:
    return SerialAddress(place, SLOW, fast)


def wait_for(wire: Wire, baud: int) -> None:
    """Wait until the board's end has this speed."""
    deadline = time.monotonic() + 30
    while wire.back.baud != baud and time.monotonic() < deadline:
        time.sleep(0.01)
    assert wire.back.baud == baud


@pytest.mark.parametrize("kind", ["dash", "busybox"])
def test_both_sides_go_faster_and_the_console_is_as_it_was_afterwards(
    kind: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(random.Random(6).randbytes(20_000))
    with console(kind, tmp_path, speeds=BOTH) as wire:
        for _ in range(2):
            with Serial(address(wire.place), "desk") as serial:
                serial.put(source, "target")
                assert wire.there.baud == wire.back.baud == FAST
            assert (tmp_path / "target").read_bytes() == source.read_bytes()
            wait_for(wire, SLOW)


def test_a_board_that_cannot_stays_at_its_speed(tmp_path: Path) -> None:
    with (
        console("dash", tmp_path, speeds=(SLOW,)) as wire,
        Serial(address(wire.place), "desk") as serial,
    ):
        assert serial.run("echo in").out == "in\n"
        assert wire.there.baud == wire.back.baud == SLOW


def test_a_port_that_cannot_stays_at_its_speed(tmp_path: Path) -> None:
    with (
        console("dash", tmp_path, speeds=BOTH) as wire,
        Serial(address(wire.place, fast=3_999_999), "desk") as serial,
    ):
        assert serial.run("echo in").out == "in\n"
        assert wire.there.baud == wire.back.baud == SLOW


@pytest.mark.parametrize("back", [False, True])
def test_what_is_lost_while_the_speed_changes_is_no_harm(back: bool, tmp_path: Path) -> None:
    """Nothing passes one way from the change on, for a while: neither side knows of the other."""
    with console("dash", tmp_path, speeds=BOTH) as wire:
        way = wire.back if back else wire.there
        serial = Serial(address(wire.place), "desk")

        def mute_until_later() -> None:
            while wire.there.baud != FAST:
                time.sleep(0.001)
            way.is_muted = True
            time.sleep(1.2)
            way.is_muted = False

        hand = threading.Thread(target=mute_until_later)
        hand.start()
        with serial:
            assert serial.run("echo in").out == "in\n"
            hand.join()
            assert wire.there.baud == wire.back.baud


def test_a_bad_line_is_raised_or_not_and_carries_all(tmp_path: Path) -> None:
    bad = Faults(drop=0.0005, flip=0.0005)
    with console("busybox", tmp_path, speeds=BOTH, faults=bad, seed=7) as wire:
        for number in range(2):
            with Serial(address(wire.place), "desk") as serial:
                assert serial.run(f"echo {number}").out == f"{number}\n"


def test_the_next_session_finds_a_line_that_was_left_fast(tmp_path: Path) -> None:
    """A process was killed: the board waits at a speed that is not its console's."""
    with console("dash", tmp_path, speeds=BOTH) as wire:
        first = Serial(address(wire.place), "desk")
        process = first.run("echo $PPID").out
        assert first._session is not None
        first._session.port.close()  # as a killed process leaves it
        wait_for(wire, FAST)
        with Serial(address(wire.place), "desk") as again:
            assert again.run("echo $PPID").out != process
        wait_for(wire, SLOW)


def test_a_session_that_knows_no_other_speed_finds_it_too(tmp_path: Path) -> None:
    """The board gives its console back once much has come that is nothing."""
    with console("dash", tmp_path, speeds=BOTH) as wire:
        first = Serial(address(wire.place), "desk")
        first.run("true")
        assert first._session is not None
        first._session.port.close()
        with Serial(address(wire.place, fast=0), "desk") as again:
            assert again.run("echo in").out == "in\n"
        wait_for(wire, SLOW)
