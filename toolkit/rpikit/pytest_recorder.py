# SPDX-License-Identifier: MIT
"""Watches a run of tests: counts for the verdict, shows what the pins did, and keeps the evidence.

What a test leaves travels with pytest's own report of it, as plain values, so that it also comes
through from the processes of pytest-xdist.
"""

import contextlib
import re
import time
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from rpikit import evidence
from rpikit.errors import FirmwareError, RpikitError
from rpikit.pytest_fixtures import CONSOLE, FACTS, HAS_FAILED, SUBJECT
from rpikit.results_evidence import Report, ReportedTest
from rpikit.verdict import Verdict

if TYPE_CHECKING:
    from rpikit.bench.wires import Panel
    from rpikit.pytest_fixtures import Fresh

DUMP = "pins.vcd"
_ADDED = "rpikit"  # the attribute of pytest's report


def one_line(error: RpikitError) -> str:
    """Return an error of ours as its sentence and its hint, which is all a reader needs."""
    return f"{error}\nhint: {error.hint}" if error.hint else str(error)


def _told_by(error: BaseException) -> BaseException:
    """Return an error itself, or the first of several of ours that a test ended with."""
    if isinstance(error, BaseExceptionGroup):
        _, others = error.split(RpikitError)
        if others is None:
            return _told_by(error.exceptions[0])
    return error


class Recorder:
    """Counts what happens, keeps it, and stops at a fault that is not the firmware's."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._verdict = Verdict()
        self._begun = time.monotonic()
        self._tests: dict[str, ReportedTest] = {}
        self._waves: set[str] = set()
        subject = config.stash[SUBJECT]
        begun = datetime.now(UTC).isoformat(timespec="seconds")
        app = subject.app
        self._report: Report = evidence.empty(
            {"name": app.name, "version": app.version}, begun=begun
        )
        self._folder: Path | None = config.getoption("rpikit_report")
        self._subject = subject
        self._is_leaving = False
        if self._folder is not None and self._is_first:
            evidence.prepare(self._folder)

    @property
    def _is_first(self) -> bool:
        """Whether this is the process that hears of all tests, and no worker of pytest-xdist."""
        return not hasattr(self._config, "workerinput")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show our own errors as a sentence, and what the pins did beside any other failure."""
        report = yield
        error = _told_by(call.excinfo.value) if call.excinfo else None
        added: dict[str, Any] = {"fault_code": 0, "facts": item.config.stash.get(FACTS, {})}
        seat = self._subject.seat
        added["board"] = seat.target.name if seat is not None else ""
        if isinstance(error, RpikitError):
            report.longrepr = one_line(error)
            if error.exit_code != FirmwareError.exit_code:
                added |= {"fault": str(error), "fault_code": error.exit_code}
                if self._subject.set_aside(error):
                    self._is_leaving = True
                else:
                    item.session.shouldstop = str(error)
        added["set_aside"] = {
            name: (str(why), why.exit_code) for name, why in self._subject.out.items()
        }
        item.stash[HAS_FAILED] = report.failed
        added |= _taken(item, report, error)
        setattr(report, _ADDED, added)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Leave a board at fault after the test that met it: the next begins on another one."""
        done = yield
        if self._is_leaving:
            self._is_leaving = False
            with contextlib.suppress(Exception):  # what is at fault does not end well
                item.session._setupstate.teardown_exact(None)
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once: when it is skipped, and else by how its call or its set-up went."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._verdict.skipped += 1
        elif report.when == "call":
            self._verdict.ran += 1
        if report.failed:
            self._verdict.failed += 1
        added = getattr(report, _ADDED, {})
        if added.get("fault_code"):
            self._verdict.note_fault(added["fault"], added["fault_code"])
        for name, (why, code) in added.get("set_aside", {}).items():
            self._verdict.set_aside.setdefault(name, why)
            self._verdict.note_fault(why, code)
        if (name := added.get("board")) and name not in self._verdict.boards:
            self._verdict.boards.append(name)
        if self._is_first:
            self._keep(report, added)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a test file that cannot be read as failed."""
        if report.failed:
            self._verdict.failed += 1
            test = self._tests.setdefault(report.nodeid, _unknown(report.nodeid))
            test["outcome"] = "failed"
            test["text"] = report.longreprtext
            test["message"] = _first_line(report.longreprtext)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember Ctrl-C; a stop of pytest's own, or of ours, is a subclass of it."""
        self._verdict.interrupted = excinfo.type is KeyboardInterrupt

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the verdict, and the report if one is wished for."""
        if not self._is_first:
            return
        path: Path | None = self._config.getoption("rpikit_verdict")
        if path is not None:
            self._verdict.save(path)
        if self._folder is not None:
            status = self._verdict.exit_status(int(exitstatus))
            self._report["status"], self._report["outcome"] = status, evidence.outcome(status)
            self._report["fault"] = self._verdict.fault
            self._report["set_aside"] = self._verdict.set_aside
            self._report["seconds"] = time.monotonic() - self._begun
            self._report["tests"] = list(self._tests.values())
            evidence.write(self._folder, self._report)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which boards were set aside, and where the report is."""
        for name, why in self._verdict.set_aside.items():
            terminalreporter.write_line(f"{name} was set aside: {why}", yellow=True)
        if self._folder is not None and (self._folder / evidence.PAGE).is_file():
            terminalreporter.write_line(f"report: {self._folder / evidence.PAGE}")

    def _keep(self, report: pytest.TestReport, added: dict[str, Any]) -> None:
        """Add a phase of a test to what is known of it."""
        facts = added.get("facts", {})
        told = cast("dict[str, Any]", self._report)
        board = facts.get("board")
        if board is not None and board not in self._report["boards"]:
            self._report["boards"].append(board)
        for name, fact in facts.items():
            if not told.get(name):
                told[name] = fact
        test = self._tests.setdefault(report.nodeid, _unknown(report.nodeid))
        test["board"] = added.get("board") or test["board"]
        test["seconds"] += report.duration
        for key in ("console", "capture", "latencies"):
            if added.get(key):
                test[key] = added[key]
        if test["capture"] is not None and test["vcd"] is None and self._folder is not None:
            test["vcd"] = self._dump(report.nodeid, added["dump"])
        if hasattr(report, "wasxfail"):
            test["outcome"] = "xfailed" if report.skipped else "xpassed"
            test["message"] = report.wasxfail
        elif report.skipped:
            test["outcome"] = "skipped"
            test["message"] = _reason(report)
        elif report.failed and test["outcome"] not in ("failed", "fault"):
            test["fault_code"] = added.get("fault_code", 0)
            test["outcome"] = "fault" if test["fault_code"] else "failed"
            test["text"] = report.longreprtext
            test["message"] = _message(report)
        elif added.get("fault_code") and test["outcome"] == "failed":  # it was not the firmware
            test["fault_code"], test["outcome"] = added["fault_code"], "fault"
            test["text"] += f"\n{report.longreprtext}"
            test["message"] = added["fault"]

    def _dump(self, nodeid: str, text: str) -> str:
        """Write the waveform of a test beside the report, and return where, from the report on."""
        assert self._folder is not None
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", nodeid.rpartition("/")[2].replace(".py::", "."))
        name = stem = stem.strip("-.")[:120]
        number = 1
        while name in self._waves:
            number += 1
            name = f"{stem}-{number}"
        self._waves.add(name)
        file = Path(evidence.WAVES, f"{name}.vcd")
        (self._folder / file).write_text(text, encoding="utf-8")
        return str(file)


def _taken(
    item: pytest.Item, report: pytest.TestReport, error: BaseException | None
) -> dict[str, Any]:
    """Return what a test left, once its call is over or its set-up failed; show it if it failed."""
    from rpikit import vcd
    from rpikit.bench.pin import PinError

    known = getattr(item, "funcargs", {})
    log = known["tmp_path"] / CONSOLE if "tmp_path" in known else None
    again: Fresh | None = known.get("fresh")
    if again is not None and again.log is not None:
        log = again.log
    taken: dict[str, Any] = {}
    if log is not None and log.is_file():
        taken["console"] = log.read_text(encoding="utf-8", errors="replace")
    panel: Panel | None = known.get("pins")
    if report.when == "teardown" or not (report.when == "call" or report.failed):
        return taken
    capture = again.capture if again is not None else None
    latencies = []
    if panel is not None:
        capture = panel.scope.capture()
        latencies = [measured.values() for measured in panel.scope.measured]
    if capture is None:
        return taken
    dump = vcd.written(capture)
    if log is not None:
        log.with_name(DUMP).write_text(dump, encoding="utf-8")
    if report.failed and not isinstance(error, RpikitError):
        if panel is not None and not isinstance(error, PinError):
            report.sections.append(("Pins", panel.scope.draw()))
        if log is not None:
            report.sections.append(("Waveform", str(log.with_name(DUMP))))
    return taken | {"capture": capture.values(), "dump": dump, "latencies": latencies}


def _unknown(name: str) -> ReportedTest:
    return {
        "name": name,
        "board": "",
        "outcome": "passed",
        "fault_code": 0,
        "seconds": 0.0,
        "message": "",
        "text": "",
        "console": "",
        "capture": None,
        "vcd": None,
        "latencies": [],
    }


def _message(report: pytest.TestReport) -> str:
    """Return the first line of what was wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    said = report.longreprtext if crash is None else crash.message
    return _first_line(said.removeprefix("rpikit.bench.pin.PinError: "))


def _reason(report: pytest.TestReport) -> str:
    """Return why a test was skipped."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return _first_line(report.longreprtext)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
