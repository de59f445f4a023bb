# SPDX-License-Identifier: MIT
"""The verb doctor: look at this machine, and at a board if one is named; change nothing."""

from collections.abc import Iterator

from rpikit import connect
from rpikit.checks import About, Diagnosis, Finding, bench, board, host
from rpikit.errors import BoardError, RpikitError
from rpikit.report import Reporter
from rpikit.wiring import Target


def doctor(target: Target | None, *, reporter: Reporter) -> Diagnosis:
    """Return what was found."""
    reporter.step("look at this machine")
    findings = list(host.look())
    if target is not None:
        findings += _board(target, reporter)
        findings += bench.look(target, reporter.step)
    return Diagnosis.of(findings)


def _board(target: Target, reporter: Reporter) -> Iterator[Finding]:
    """Reach the board and look at it; a board out of reach is a finding, too."""
    try:
        with connect.connect(target, report=reporter.step) as there:
            yield from board.look(there, reporter.step)
    except RpikitError as error:
        yield About(target.name, BoardError.exit_code).error("reach", error)
