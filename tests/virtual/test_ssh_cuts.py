# SPDX-License-Identifier: MIT
"""Flashes over SSH that are cut: a few of what tests/faults/ssh_cuts.py does by the hundred."""

from collections.abc import Iterator

import pytest
from ssh_cuts import Cuts

from rpikit.virtual.machine import Machine

SEEDS = {1: "kill", 10: "reset", 6: "mute", 7: "kill"}  # what they draw: bytes, start, bytes, trial


@pytest.fixture(scope="module")
def cuts(virtual_board: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cuts]:
    """Give a board of its own, from the snapshot that the shared one left."""
    with Cuts(tmp_path_factory.mktemp("cuts")) as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_cut_a_confirmed_firmware_runs_and_the_next_flash_succeeds(
    cuts: Cuts, seed: int
) -> None:
    outcome = cuts.cut(seed)
    assert outcome.kind == SEEDS[seed]
    assert not outcome.fault, outcome
