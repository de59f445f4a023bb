# SPDX-License-Identifier: MIT
"""What a run of tests leaves behind as proof: JSON, JUnit XML, one HTML page, a dump for each test.

Knows nothing of pytest and of boards: it is handed facts and writes them. Every form says in the
same words what the run came to, so that a fault of the bench is never read as failed firmware,
and a run in which nothing ran is never read as a pass.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from rpikit import __version__, junit, page, paths
from rpikit.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    BenchError,
    BoardError,
    DescriptionError,
    FirmwareError,
    NothingRanError,
    ToolError,
    VerificationError,
)
from rpikit.results_evidence import Outcome, Report, ReportedApp

JSON, JUNIT, PAGE, WAVES = "report.json", "junit.xml", "report.html", "waves"

OUTCOMES: Mapping[int, Outcome] = MappingProxyType(
    {
        EXIT_OK: "passed",
        FirmwareError.exit_code: "firmware failed",
        DescriptionError.exit_code: "wrong description",
        BenchError.exit_code: "bench fault",
        BoardError.exit_code: "board fault",
        ToolError.exit_code: "tool missing",
        VerificationError.exit_code: "verification failed",
        NothingRanError.exit_code: "nothing ran",
        EXIT_INTERRUPTED: "interrupted",
    }
)
"""What a run came to, by its exit status."""

_VERSION = 1


def empty(app: ReportedApp, *, begun: str) -> Report:
    """Return the report of a run in which nothing has happened yet."""
    return {
        "version": _VERSION,
        "rpikit": __version__,
        "status": NothingRanError.exit_code,
        "outcome": OUTCOMES[NothingRanError.exit_code],
        "fault": "",
        "begun": begun,
        "seconds": 0.0,
        "app": app,
        "image": None,
        "board": None,
        "boards": [],
        "peers": [],
        "set_aside": {},
        "wiring": [],
        "tests": [],
    }


def prepare(folder: Path) -> None:
    """Make the folder, and take away what an earlier run wrote there: it would look like ours."""
    try:
        (folder / WAVES).mkdir(parents=True, exist_ok=True)
        for name in (JSON, JUNIT, PAGE):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / WAVES)
        (folder / WAVES).mkdir()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(
            f"{folder}: cannot be the folder of a report ({reason})",
            hint="--report FOLDER names another one",
        ) from None


def write(folder: Path, report: Report) -> None:
    """Write all forms of a report."""
    told = json.dumps(report, ensure_ascii=False).encode(errors="replace")  # no lone surrogates
    report = json.loads(told)
    paths.write(folder / JSON, json.dumps(report, indent=1) + "\n")
    paths.write(folder / JUNIT, junit.text(report))
    paths.write(folder / PAGE, page.text(report))


def conclude(folder: Path, status: int, fault: str, otherwise: Report) -> None:
    """See that the folder has a report, and that it says what the run came to in the end.

    pytest may end before it could write one, or otherwise than it said.
    """
    file = folder / JSON
    report = (
        cast("Report", json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
    )
    if report is None or report["status"] != status:
        found = report or otherwise
        found["status"], found["outcome"] = status, outcome(status)
        found["fault"] = found["fault"] or fault
        write(folder, found)


def outcome(status: int) -> Outcome:
    """Return what an exit status means, in words."""
    return OUTCOMES.get(status, OUTCOMES[FirmwareError.exit_code])
