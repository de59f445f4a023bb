# SPDX-License-Identifier: MIT
"""The end of a trial by proof: the firmware is kept only if its tests pass on that very board."""

from dataclasses import replace
from pathlib import Path

from rpikit import connect, test
from rpikit.app import App
from rpikit.device import DeviceHalf
from rpikit.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    BenchError,
    BoardError,
    DescriptionError,
    FirmwareError,
    NothingRanError,
    RpikitError,
    ToolError,
    VerificationError,
)
from rpikit.flash import Flashed
from rpikit.report import Reporter
from rpikit.verdict import Verdict
from rpikit.wiring import Target

TESTS_WITHIN = 1800  # seconds; the board rolls back by itself if we are gone
_KINDS = (
    FirmwareError,
    DescriptionError,
    BenchError,
    BoardError,
    ToolError,
    VerificationError,
    NothingRanError,
)


def prove(
    flashed: Flashed,
    app: App,
    target: Target,
    *,
    asked: str,
    bench: Path | None,
    reporter: Reporter,
    quiet: bool,
    log: Path | None = None,
) -> Flashed:
    """Run the tests of the application on what is on trial; keep it if they pass, else roll back.

    `quiet` leaves standard output to the result; with `log` all that the tests say goes there.
    """
    reporter.step(f"test {app.name} {app.version} on trial")
    is_proved = False
    try:
        status, verdict = test.judge(
            app,
            board_name=target.name,
            bench=bench,
            target=asked,
            pytest_args=("--rpikit-on-trial",),
            quiet=quiet,
            log=log,
        )
        is_proved = status == EXIT_OK
    finally:
        if not is_proved:
            returned = _roll_back(target, app)
    if not is_proved:
        raise _refusal(flashed, status, verdict, returned, log)
    reporter.step("confirm it")
    with connect.reached(target) as transport:
        confirmed = DeviceHalf(transport, guest=app.name).confirm()
    return replace(flashed, status=confirmed)


def _roll_back(target: Target, app: App) -> str:
    """End the trial, unless the board has done so; return what came of it."""
    with connect.reached(target) as transport:
        half = DeviceHalf(transport, guest=app.name)
        try:
            return half.roll_back().returned
        except BoardError:
            returned = half.status().returned
            if not returned:
                raise
            return returned


def _refusal(
    flashed: Flashed, status: int, verdict: Verdict, returned: str, log: Path | None
) -> RpikitError:
    """Return why it was not kept, as the fault that the tests found."""
    if status == EXIT_INTERRUPTED:
        raise KeyboardInterrupt
    kind = next((kind for kind in _KINDS if kind.exit_code == status), FirmwareError)
    why = verdict.fault or f"{flashed.board}: {verdict.why}"
    if kind is NothingRanError:
        why = f"{flashed.board}: no test ran, so nothing was proved"
    return kind(f"{why}; {returned}", hint=f"what they said: {log}" if log else None)
