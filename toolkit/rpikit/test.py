# SPDX-License-Identifier: MIT
"""The verb test: run an application's tests on a board and say what they came to.

pytest runs in a process of its own, in the application's folder; rpikit's plugin inside it
reaches the board, flashes, and writes the verdict from which the exit status is made.
"""

import atexit
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rpikit import evidence
from rpikit.app import App
from rpikit.errors import EXIT_OK, DescriptionError, NothingRanError, ToolError
from rpikit.verdict import Verdict

# labgrid's plugin and pytest-embedded's both have a fixture `target`; together they skip every
# test. pytest-embedded asks for the older of pytest's JUnit families.
_OPTIONS = (
    *("-p", "no:labgrid", "-p", "rpikit"),
    *("-o", "junit_family=xunit1"),
    *("-W", "ignore:record_xml_attribute is an experimental feature"),
)

_PYTEST = """\
import os, sys
try:
    import pytest
    sys.argv[0] = "pytest"
    status = pytest.main()
    sys.stdout.flush()
    sys.exit(status)
except KeyboardInterrupt:  # before there is a session, pytest lets it through
    sys.exit("interrupted")
except BrokenPipeError:  # nobody reads on
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
"""
_TEMP_MAX = 107 - len("/pymp-12345678/listener-12345678")
"""Longest folder of temporary files in which multiprocessing can make a socket (unix(7))."""
_SHORT_TEMP = "/tmp"
_PYTHON = (sys.executable, "-c", _PYTEST)


def run(
    app: App,
    *,
    board_name: str,
    bench: Path | None = None,
    sanitize: bool | None = None,
    target: str = "auto",
    key: Path | None = None,
    pytest_args: Sequence[str] = (),
    report: Path | None = None,
    update_baseline: bool = False,
    check: bool = True,
    as_json: bool = False,
    boards: Sequence[str] = (),
    peers: Sequence[str] = (),
) -> int:
    """Run the tests in the application's folder `tests` and return the exit status.

    With `boards` they are spread over all of these, in as many processes, and `board_name` is not
    looked at. `peers` are further boards that each test has: "lamp=desk", or "lamp=desk:../lamp"
    with another application than this one.

    What proves the run is written to the folder `report`; with `update_baseline` the latencies
    that are measured become those that later runs are compared with. Unless `check` is false the
    wiring is proved before anything is flashed, and again when a test has failed.
    """
    status, verdict = judge(
        app,
        board_name=board_name,
        bench=bench,
        sanitize=sanitize,
        target=target,
        key=key,
        pytest_args=pytest_args,
        report=report,
        update_baseline=update_baseline,
        check=check,
        quiet=as_json,
        boards=boards,
        peers=peers,
    )
    if as_json:
        values = verdict.values() | {"status": status}
        if report is not None:
            values["report"] = str(report.absolute())
        print(json.dumps(values))
    elif status == NothingRanError.exit_code:
        print(f"rpikit: {app.name}: no test ran, so nothing was proved", file=sys.stderr)
    return status


def judge(
    app: App,
    *,
    board_name: str,
    bench: Path | None = None,
    sanitize: bool | None = None,
    target: str = "auto",
    key: Path | None = None,
    pytest_args: Sequence[str] = (),
    report: Path | None = None,
    update_baseline: bool = False,
    check: bool = True,
    quiet: bool = False,
    log: Path | None = None,
    boards: Sequence[str] = (),
    peers: Sequence[str] = (),
) -> tuple[int, Verdict]:
    """Run the same and return the exit status and the verdict.

    `quiet` leaves standard output alone: what pytest says goes to standard error. With `log` all
    of it goes into that file, and the tests of several boards may run at once, each in a thread.
    """
    tests = app.folder / "tests"
    if not tests.is_dir():
        raise NothingRanError(
            f"{tests}: there are no tests of {app.name}",
            hint="write tests/test_*.py; the fixtures dut and pins are there for them",
        )
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    if report is not None:
        evidence.prepare(report)
    with tempfile.TemporaryDirectory(prefix="rpikit-test-") as folder:
        verdict_file = Path(folder) / "verdict.json"
        options = [
            *_OPTIONS,
            *("--rootdir", str(app.folder)),
            *("--rpikit-app", str(app.folder)),
            *("--rpikit-board", board_name),
            *("--rpikit-target", target),
            *("--rpikit-verdict", str(verdict_file)),
        ]
        if boards:
            options += [*_spread(len(boards)), "--rpikit-boards", ",".join(boards)]
        options += [word for peer in peers for word in ("--rpikit-peer", _peer(peer))]
        if sanitize is not None:
            options += ["--rpikit-sanitize", "yes" if sanitize else "no"]
        if key is not None:
            options += ["--rpikit-key", str(key.absolute())]
        if bench is not None:
            options += ["--rpikit-bench", str(bench.absolute())]
        if report is not None:
            options += ["--rpikit-report", str(report.absolute())]
        if update_baseline:
            options.append("--rpikit-update-baseline")
        if not check:
            options.append("--rpikit-no-check")
        words = [*options, *pytest_args, str(tests)]
        if log is not None:
            pytest_status, interrupted = _pytest_aside(words, app.folder, log), False
        else:
            pytest_status, interrupted = _pytest(words, app.folder, quiet=quiet)
        verdict = Verdict.load(verdict_file)
        # pytest may end before our plugin in it is there to note that.
        verdict.interrupted |= interrupted and pytest_status != EXIT_OK
    status = verdict.exit_status(pytest_status)
    if report is not None:
        otherwise = evidence.empty({"name": app.name, "version": app.version}, begun=begun)
        evidence.conclude(report, status, verdict.fault, otherwise)
    return status, verdict


def _peer(text: str) -> str:
    """Return a further board as pytest is told of it, which runs in another folder than we."""
    found = re.fullmatch(r"([A-Za-z][A-Za-z0-9_-]*)=([A-Za-z0-9][A-Za-z0-9_-]*)(?::(.+))?", text)
    if found is None:
        raise DescriptionError(
            f"--peer {text}: write ROLE=BOARD, such as lamp=desk, or ROLE=BOARD:APP"
        )
    role, name, app = found.groups()
    return f"{role}={name}" + (f":{Path(app).absolute()}" if app else "")


def _spread(boards: int) -> tuple[str, ...]:
    """Return the options that have a process for each board, unless the user says otherwise."""
    if boards == 1:
        return ()
    if importlib.util.find_spec("xdist") is None:
        raise ToolError(
            "tests are spread over several boards by pytest-xdist, which is not installed",
            hint="pip install pytest-xdist; with --board NAME they run on one",
        )
    return ("-n", str(boards), "--dist", "load")


def _environment() -> dict[str, str]:
    """Return the environment of pytest, in which pytest-embedded can make its socket."""
    made = os.environ | {"PYTHONUNBUFFERED": "1"}  # a log shows each test as it ends
    if len(os.fsencode(tempfile.gettempdir())) > _TEMP_MAX:
        made["TMPDIR"] = _SHORT_TEMP
    return made


def _pytest_aside(arguments: Sequence[str], folder: Path, log: Path) -> int:
    """Run pytest to its end beside others of its kind; return its exit status.

    It is told to end if we are gone before.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_PYTHON, "-p", "no:cacheprovider", *arguments],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,  # so that a terminal's Ctrl-C lets it come to its end
        )

    def end() -> None:
        process.send_signal(signal.SIGINT)

    atexit.register(end)
    try:
        return process.wait()
    finally:
        atexit.unregister(end)


def _pytest(arguments: Sequence[str], folder: Path, *, quiet: bool) -> tuple[int, bool]:
    """Run pytest to its end, also when asked to stop: it has pins to let go of.

    Return its exit status, and whether it was asked to.
    """
    # A terminal's Ctrl-C reaches the whole group, pytest too. Elsewhere only we are told, and
    # pytest, in a group of its own, is told by us.
    shared = sys.stdin.isatty()
    process: subprocess.Popen[bytes] | None = None
    asked = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        if process is not None and not (shared and number == signal.SIGINT):
            process.send_signal(signal.SIGINT)

    stops = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, interrupt) for number in stops}
    try:
        process = subprocess.Popen(
            [*_PYTHON, *arguments],
            cwd=folder,
            env=_environment(),
            stdout=sys.stderr if quiet else None,
            process_group=None if shared else 0,
        )
        return process.wait(), asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
