# SPDX-License-Identifier: MIT
"""The verdict: which exit status a run of tests comes to."""

from pathlib import Path

import pytest

from rpikit.errors import BenchError, BoardError, FirmwareError, RpikitError
from rpikit.verdict import Verdict

OK, FAILED, INTERRUPTED, INTERNAL, USAGE, NO_TESTS = range(6)  # pytest.ExitCode


@pytest.mark.parametrize(
    ("verdict", "pytest_status", "status"),
    [
        (Verdict(ran=3), OK, 0),
        (Verdict(ran=3, failed=1), FAILED, 1),
        (Verdict(ran=1, skipped=2), OK, 0),
        (Verdict(skipped=2), OK, 7),
        (Verdict(), NO_TESTS, 7),
        (Verdict(), OK, 7),
        (Verdict(failed=1), INTERRUPTED, 1),
        (Verdict(), INTERNAL, 1),
        (Verdict(), USAGE, 2),
        (Verdict(ran=1, interrupted=True), INTERRUPTED, 130),
        (Verdict(ran=2, failed=1, fault_code=3), INTERRUPTED, 3),
        (Verdict(ran=1), -9, 1),
    ],
)
def test_the_exit_status(verdict: Verdict, pytest_status: int, status: int) -> None:
    assert verdict.exit_status(pytest_status) == status


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([BenchError("a")], 3),
        ([BoardError("a"), BenchError("b")], 4),
        ([FirmwareError("a"), BenchError("b")], 3),
        ([FirmwareError("a")], 0),
    ],
)
def test_the_first_fault_that_is_not_the_firmwares_counts(
    errors: list[RpikitError], code: int
) -> None:
    verdict = Verdict()
    for error in errors:
        verdict.note_fault(str(error), error.exit_code)
    assert verdict.fault_code == code


def test_it_survives_the_way_through_a_file(tmp_path: Path) -> None:
    verdict = Verdict(ran=2, failed=1, skipped=3, fault="desk: gone", fault_code=4)
    verdict.save(tmp_path / "verdict.json")
    assert Verdict.load(tmp_path / "verdict.json") == verdict


def test_without_a_file_nothing_ran(tmp_path: Path) -> None:
    assert Verdict.load(tmp_path / "verdict.json").exit_status(OK) == 7
