# SPDX-License-Identifier: MIT
"""Hostile guests of the underlay: a few of what tests/faults/metal_guests.py has by thousands."""

from pathlib import Path

import pytest
from metal_guests import Outcome, campaign

LIVES = 40
WITHIN = 120  # seconds, on a busy machine


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "without vectors, too"])
def test_hostile_guests_in_a_row_leave_a_good_one_its_share(
    built: Path, tmp_path: Path, counted: bool
) -> None:
    said = campaign(built, LIVES, 1, tmp_path, counted=counted, within=WITHIN)
    outcome = Outcome.of(said)
    assert list(outcome.faults(LIVES, counted)) == []
    assert len(outcome.ends) > 3, outcome  # they did different things


def test_what_is_not_as_it_must_be_is_told() -> None:
    end = "underlay: hostile: ended, status 0\n"
    alone = "[share] count 100 away 1 us\n" * 3
    said = f"{end}[share] count 9 away 1 us\n[share] count 30 away 7000 us\n{end}{alone}"
    outcome = Outcome.of(said)
    assert (outcome.lives, outcome.beside, outcome.alone) == (2, (30,), (100, 100))
    assert list(outcome.faults(3, counted=True)) == [
        "2 lives instead of 3",
        "the good guest had 0.300 of its time alone",
        "the good guest had 0.300 of its time alone in a window",
        "the good guest was away for 7000 us",
    ]
    assert list(outcome.faults(2, counted=False)) == []
    parked = Outcome.of(f"{said}underlay: parked: exception on core 0\n{end}{alone}")
    assert list(parked.faults(3, counted=False)) == ["the underlay itself went wrong"]
