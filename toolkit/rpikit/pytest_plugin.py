# SPDX-License-Identifier: MIT
"""The pytest plugin: gives an application's tests their board, their dut and their pins.

pytest loads it in every run of an environment that has rpikit. It does nothing, and imports
nothing of weight, unless the run belongs to an application: `--rpikit-app` names its folder, or
pytest was started in it.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from rpikit.errors import RpikitError
from rpikit.verdict import Verdict

_DESCRIPTION = "rpikit.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `rpikit test` gives."""
    group = parser.getgroup("rpikit")
    group.addoption("--rpikit-app", type=Path, metavar="FOLDER", help="the application under test")
    group.addoption("--rpikit-board", metavar="NAME", help="a board of bench.toml")
    group.addoption("--rpikit-bench", type=Path, metavar="FILE", help="the lab's wiring")
    group.addoption(
        "--rpikit-target",
        choices=("auto", "hvt", "spt"),
        default="auto",
        help="what to build for; else what the board has",
    )
    group.addoption(
        "--rpikit-sanitize",
        choices=("yes", "no"),
        help="whether sanitizers check; else if they can",
    )
    group.addoption(
        "--rpikit-on-trial",
        action="store_true",
        help="the application is on the board already, on trial: test that",
    )
    group.addoption(
        "--rpikit-verdict", type=Path, metavar="FILE", help="where to write what the run came to"
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures last, so that they stand before pytest-embedded's of the same name."""
    folder: Path | None = config.getoption("rpikit_app")
    if folder is None and (config.invocation_params.dir / _DESCRIPTION).is_file():
        folder = config.invocation_params.dir
    if folder is None:
        return
    if config.pluginmanager.has_plugin("labgrid"):
        raise pytest.UsageError(
            "the plugins of labgrid and pytest-embedded both have a fixture `target` and together "
            "skip every test; start pytest with -p no:labgrid"
        )
    from rpikit import pytest_fixtures

    try:
        pytest_fixtures.register(config, folder)
    except RpikitError as error:
        raise pytest.UsageError(one_line(error)) from error
    config.pluginmanager.register(Recorder(config.getoption("rpikit_verdict")), "rpikit-recorder")


def _add_pins(item: pytest.Item, report: pytest.TestReport, error: BaseException | None) -> None:
    """Draw the pins of a test below its failure, unless that does so itself."""
    from rpikit.bench.pin import PinError

    panel = getattr(item, "funcargs", {}).get("pins")
    if panel is not None and not isinstance(error, PinError):
        report.sections.append(("Pins", panel.scope.draw()))


def one_line(error: RpikitError) -> str:
    """Return an error of ours as its sentence and its hint, which is all a reader needs."""
    return f"{error}\nhint: {error.hint}" if error.hint else str(error)


class Recorder:
    """Counts what happens for the verdict, and stops at a fault that is not the firmware's."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._verdict = Verdict()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show our own errors as a sentence, and what the pins did beside any other failure."""
        report = yield
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, RpikitError):
            self._verdict.note_fault(error)
            report.longrepr = one_line(error)
            if self._verdict.fault_code:
                item.session.shouldstop = self._verdict.fault
        elif report.failed:
            _add_pins(item, report, error)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once: when it is skipped, and else by how its call or its set-up went."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._verdict.skipped += 1
        elif report.when == "call":
            self._verdict.ran += 1
        if report.failed:
            self._verdict.failed += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a test file that cannot be read as failed."""
        if report.failed:
            self._verdict.failed += 1

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember Ctrl-C; a stop of pytest's own, or of ours, is a subclass of it."""
        self._verdict.interrupted = excinfo.type is KeyboardInterrupt

    def pytest_sessionfinish(self) -> None:
        """Write the verdict."""
        if self._path is not None:
            self._verdict.save(self._path)
