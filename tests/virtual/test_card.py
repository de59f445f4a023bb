# SPDX-License-Identifier: MIT
"""A board with an SD card: power goes in a flash or a trial, and what ran before is back."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from local_board import make_bundle

from rpikit import board
from rpikit.device import DeviceHalf, Status
from rpikit.errors import BoardError
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine, qemu

NAME = "carded"
_WITHIN = 60.0  # seconds


@pytest.fixture(scope="module")
def card(virtual_state: Path) -> Iterator[None]:
    """Give a board with a card, on which version 1.0 is confirmed and starts when it boots."""
    with powered() as half:
        folder = virtual_state / "bundles"
        folder.mkdir(exist_ok=True)
        bundle = make_bundle(folder, version="1.0")
        flash(bundle, half.transport, reporter=Silent(), half=half)
        assert half.setup().boots
    yield
    machine.down(NAME)


@contextmanager
def powered() -> Iterator[DeviceHalf]:
    """Give the device half of the board, which is started if it is not up."""
    up = machine.up(board.load(board.DEFAULT), name=NAME, options=qemu.Options(card=True))
    assert not up.was_restored
    with Ssh(up.ssh, NAME) as way:
        yield DeviceHalf(way, guest="blink")


def after_boot(half: DeviceHalf) -> Status:
    """Return what runs once the board has started its guests."""
    deadline = time.monotonic() + _WITHIN
    while not half.status().running and time.monotonic() < deadline:
        time.sleep(0.2)
    return half.status()


def test_a_trial_does_not_outlive_a_power_cut(card: None, tmp_path: Path) -> None:
    with powered() as half:
        bundle = make_bundle(tmp_path, version="2.0")
        tried = flash(bundle, half.transport, reporter=Silent(), half=half, trial=3600)
        assert tried.status.running
        assert half.status().running_slot == tried.status.slot
        machine.cut(NAME)
    with powered() as half:
        status = after_boot(half)
        assert (status.version, status.running_slot, status.trial) == ("1.0", status.slot, None)
        assert status.returned == "blink 2.0 was on trial when the board ended"


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_power_that_goes_in_a_flash_leaves_a_whole_firmware_running(
    card: None, tmp_path: Path, seconds: float
) -> None:
    with powered() as half:
        before = half.status().version
        bundle = make_bundle(tmp_path, version=f"3.{seconds}")
        cut = threading.Timer(seconds, machine.cut, (NAME,))
        cut.start()
        with suppress(BoardError):
            flash(bundle, half.transport, reporter=Silent(), half=half)
        cut.join()
    with powered() as half:
        status = after_boot(half)
        half.verify()
        assert status.version in (before, bundle.manifest.version)
        assert status.running_slot == status.slot
        assert flash(bundle, half.transport, reporter=Silent(), half=half).status.running


def test_a_board_that_runs_without_a_card_gets_none(virtual_state: Path) -> None:
    """It would be taken for one that keeps its firmware."""
    kind = board.load(board.DEFAULT)
    try:
        machine.up(kind, name="cardless")
        with pytest.raises(BoardError, match="cardless: is running without an SD card"):
            machine.up(kind, name="cardless", options=qemu.Options(card=True))
    finally:
        machine.down("cardless")


def test_what_was_confirmed_survives(card: None, tmp_path: Path) -> None:
    with powered() as half:
        bundle = make_bundle(tmp_path, version="4.0")
        flash(bundle, half.transport, reporter=Silent(), half=half, trial=3600)
        assert half.confirm().version == "4.0"
        machine.cut(NAME)
    with powered() as half:
        assert after_boot(half).version == "4.0"
