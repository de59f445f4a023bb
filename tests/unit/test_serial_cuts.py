# SPDX-License-Identifier: MIT
"""A few of the cuts of tests/faults/serial_cuts.py, which makes hundreds."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import device

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from serial_board import ShellBoard
from serial_cuts import Campaign


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShellBoard]:
    monkeypatch.setattr(device, "BOOT_ID", device.BOOT_ID)  # the board has one of its own
    with ShellBoard(tmp_path, "dash") as made:
        yield made
    monkeypatch.undo()
    device.script.cache_clear()


def test_a_board_lives_through_a_flash_that_is_killed_and_one_without_power(
    board: ShellBoard,
) -> None:
    campaign = Campaign(board)
    for kind, seed in (("kill", 1), ("power", 5)):
        campaign.only = kind
        outcome = campaign.cut(seed)
        assert not outcome.fault, outcome
