# SPDX-License-Identifier: MIT
"""The fixtures of an application's tests, and their order: board, wires, firmware, dut, pins.

A device of the application is a fixture of its own name, unless pytest or one of its plugins has
that name already; `pins` has them all.
"""

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from rpikit import host, paths, pytest_boards, pytest_peers, report
from rpikit.app import App
from rpikit.bench import baseline, proof
from rpikit.bench.baseline import Baselines
from rpikit.bench.pin import Pin
from rpikit.bench.session import open_wires
from rpikit.bench.wires import Panel, Wires
from rpikit.capture import Capture
from rpikit.connect import Connection
from rpikit.console import Console
from rpikit.device import DeviceHalf
from rpikit.errors import FirmwareError
from rpikit.flash import READY_WITHIN
from rpikit.half import Half, half_of
from rpikit.pytest_boards import Seat, Subject
from rpikit.pytest_peers import Peer, Stand, Stands

if TYPE_CHECKING:
    from rpikit.bench.scope import Scope


SUBJECT = pytest.StashKey[Subject]()
CONSOLE = "console.log"
FACTS = pytest.StashKey[dict[str, Any]]()
"""What the report says of board, wiring and image, as far as they are known."""
HAS_FAILED = pytest.StashKey[bool]()
"""Whether the call of a test has failed, or its set-up."""
STOPPED = pytest.StashKey[list[str]]()
"""Guests that were stopped to prove the wiring, and run again unless something is flashed."""


def register(config: pytest.Config, folder: Path) -> None:
    """Read the application and its bench, and register the fixtures."""
    subject = config.stash[SUBJECT] = pytest_boards.subject(config, folder)
    config.stash[FACTS] = {}
    pytest_peers.subjects(config, subject)
    config.pluginmanager.register(sys.modules[__name__], "rpikit-fixtures")
    taken = _fixture_names(config)
    names = [device.name for device in subject.app.devices if device.name not in taken]
    config.pluginmanager.register(_device_fixtures(names), "rpikit-devices")


def _fixture_names(config: pytest.Config) -> set[str]:
    """Return the names that the plugins loaded so far use for fixtures."""
    kind = type(pytest.fixture(lambda: None))
    return {"request"} | {
        getattr(member, "name", name)
        for plugin in config.pluginmanager.get_plugins()
        for name, member in inspect.getmembers_static(plugin)
        if isinstance(member, kind)
    }


def _device_fixtures(names: list[str]) -> object:
    """Return an object with one fixture for each device."""

    def fixture_of(name: str) -> object:
        def device(self: object, bench: Wires, pins: Panel) -> Pin:
            if name in bench.absent:
                pytest.skip(f"no wire leads to {name} on this board")
            return pins[name]

        device.__doc__ = f"Give the device {name} of the application as a pin."
        return pytest.fixture(name=name)(device)

    return type("DeviceFixtures", (), {f"pin_{name}": fixture_of(name) for name in names})()


@dataclass(frozen=True)
class Firmware:
    """The application on its board, flashed and known to get ready."""

    app: App
    half: Half

    def exit_status(self) -> int | None:
        """Return the status it ended with, None while it runs."""
        return self.half.status().exit

    @contextmanager
    def fresh(
        self, name: str, log: Path, heard: Callable[[str], None] = lambda line: None
    ) -> Iterator[Any]:
        """Start the firmware anew, and give its console as a dut once it is ready.

        `heard` is told of each line when it arrives.
        """
        from rpikit.bench.feed import Feed

        embedded = importlib.import_module("pytest_embedded")
        self.half.stop()
        self.half.start()
        with Console(self.half) as console, Feed(console, log, heard) as feed:
            if self.app.ready and not feed.wait_for(self.app.ready, READY_WITHIN):
                said = feed.last_line or "nothing"
                raise FirmwareError(
                    f"{self.app.name}: not ready {READY_WITHIN:.0f} s after its start: awaited "
                    f"{self.app.ready!r} on its console, which said last: {said}"
                )
            binaries = embedded.App(str(self.app.folder), "build")
            dut = embedded.Dut(feed.process, feed, binaries, str(log), name)
            yield dut
            found = host.sanitizer_report(log.read_bytes())
            if found is not None:  # its stack comes a moment later
                feed.wait_for_end(READY_WITHIN)
                found = host.sanitizer_report(log.read_bytes())
            dut.close()
        if found is not None:
            raise FirmwareError(f"{self.app.name}: a sanitizer stopped it:\n{found}")


@pytest.fixture(scope="session")
def rpikit_seat(request: pytest.FixtureRequest, rpikit_reporter: report.Reporter) -> Iterator[Seat]:
    """Give the board that this process has for itself, within reach."""
    keep = request.config.getoption("rpikit_on_trial")  # it is there that it was flashed
    subject = request.config.stash[SUBJECT]
    with pytest_boards.seated(subject, rpikit_reporter.step, keep=keep) as seat:
        yield seat


@pytest.fixture(scope="session")
def app(request: pytest.FixtureRequest) -> App:
    """Give the application under test, with what the board's operator grants it."""
    subject = request.config.stash[SUBJECT]
    if len(subject.names) == 1:
        return subject.bench.granted(subject.app, subject.names[0])
    seat: Seat = request.getfixturevalue("rpikit_seat")
    return seat.app


@pytest.fixture(scope="session")
def board(rpikit_seat: Seat) -> Connection:
    """Give the board under test within reach; a virtual one that was not up ends with the run."""
    return rpikit_seat.connection


@pytest.fixture(scope="session")
def bench(
    request: pytest.FixtureRequest,
    app: App,
    board: Connection,
    rpikit_reporter: report.Reporter,
) -> Iterator[Wires]:
    """Give the open wires of the board, proved, and then every switch at its idle level."""
    with proved(request.config, app, board, rpikit_reporter) as (wires, stopped):
        request.config.stash[STOPPED] = stopped
        request.config.stash[FACTS]["board"] = {
            "name": board.target.name,
            "kind": board.target.board,
            "reached": board.transport.name,
            "claim": wires.claim.is_made,
            "claim_text": wires.claim.text,
        }
        yield wires


@contextmanager
def proved(
    config: pytest.Config, app: App, board: Connection, reporter: report.Reporter
) -> Iterator[tuple[Wires, list[str]]]:
    """Open wires and prove them; give them and the guests that will be started again."""
    half = half_of(board.transport)
    stopped: list[str] = []
    with (
        pytest_boards.lines_of(app, board.target, reporter.step),
        open_wires(app, board, idle=False, report=reporter.step) as wires,
        ExitStack() as closing,
    ):
        stopped += _prove(config, wires, half, reporter, board.target.name, restart=False)
        closing.callback(_start, half, stopped)
        wires.idle()
        yield wires, stopped


def _prove(
    config: pytest.Config,
    wires: Wires,
    half: Half,
    reporter: report.Reporter,
    name: str,
    *,
    restart: bool = True,
) -> tuple[str, ...]:
    """Raise what is wrong with the wiring; what cannot be proved is told.

    Return the guests that were stopped for it; unless `restart` is false they run again.
    """
    if config.getoption("rpikit_no_check") or not wires.has_board or not wires.lines:
        return ()
    reporter.step("prove the wiring")
    try:
        found = proof.prove(wires, half, restart=restart)
    except proof.UnprovedError as error:
        reporter.step(f"  it is not proved: {error}")
        return ()
    found.check(f"rpikit bench check --board {name} looks at all nets again")
    return found.stopped


def _start(half: Half, names: list[str]) -> None:
    """Start guests again; none is left to be started."""
    while names:
        half.of(names.pop(0)).start()


def _wiring(app: App, wires: Wires) -> list[dict[str, Any]]:
    """Return what the report says of each device's wire."""
    found = []
    for device in app.devices:
        wire = wires.wired.get(device.name)
        end: dict[str, Any] = {"driver": "", "end": None, "host": None}
        if wire is not None:
            end = {"driver": wire.driver, "end": wire.end, "host": wire.host}
        line: dict[str, Any] = {
            "line": device.line,
            "direction": device.direction,
            "active": device.active,
        }
        found.append({"device": device.name} | line | end)
    return found


@pytest.fixture(scope="session")
def rpikit_bench(request: pytest.FixtureRequest, app: App, bench: Wires) -> Wires:
    """Give the open wires, whoever opened them, known to the report and with their baselines."""
    update: bool = request.config.getoption("rpikit_update_baseline")
    bench.baselines = Baselines(app.folder / baseline.FILE, update=update)
    request.config.stash[FACTS]["wiring"] = _wiring(app, bench)
    return bench


@pytest.fixture(scope="session")
def firmware(
    request: pytest.FixtureRequest,
    app: App,
    board: Connection,
    bench: Wires,
    rpikit_reporter: report.Reporter,
) -> Firmware:
    """Build the application and flash it; the wires are there before it runs."""
    facts = request.config.stash[FACTS]
    stopped = request.config.stash.get(STOPPED, [])
    if request.config.getoption("rpikit_on_trial"):
        _start(DeviceHalf(board.transport), stopped)
        half = DeviceHalf(board.transport, guest=app.name)
        facts["image"] = {"digest": half.status().digest, "target": ""}
        return Firmware(app, half)
    made, facts["image"] = flashed(request, app, board, rpikit_reporter)
    stopped.clear()  # what was flashed runs in their place
    return made


def flashed(
    request: pytest.FixtureRequest, app: App, board: Connection, reporter: report.Reporter
) -> tuple[Firmware, dict[str, str]]:
    """Build an application, flash it, and return it with what the report says of its image."""
    from rpikit import build, putting
    from rpikit import target as targets

    try:
        wanted: str = request.config.getoption("rpikit_target")
        kind = targets.chosen(board.board, wanted, board.transport, reporter.step)
        reporter.step(f"build {app.name} {app.version}")
        asked = request.config.getoption("rpikit_sanitize")
        sanitize = build.can_sanitize(board.board) if asked is None else asked == "yes"
        with _building(app):  # another board may be granted other things
            built = build.build(app, board=kind, sanitize=sanitize)
            put = putting.prepared(built, key=request.config.getoption("rpikit_key"))
        done = put(board.transport, reporter=reporter)
    except FirmwareError as error:  # every other test would only say so again
        request.session.shouldstop = str(error).partition("\n")[0]
        raise
    image = {"digest": done.digest, "target": built.board.platform}
    return Firmware(app, half_of(board.transport, app.name)), image


def _building(app: App) -> FileLock:
    """Return what only one of a run's processes has while it builds an application."""
    name = hashlib.sha256(str(app.folder.absolute()).encode()).hexdigest()[:16]
    folder = paths.state_dir() / "builds"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock")


@pytest.fixture
def pins(
    request: pytest.FixtureRequest,
    rpikit_bench: Wires,
    firmware: Firmware,
    rpikit_reporter: report.Reporter,
    tmp_path: Path,
) -> Iterator[Panel]:
    """Give the named pins; each goes back to its idle level after the test.

    Their waveform is in the test's folder of temporary files, also when the test has passed.
    When it has failed the wiring is proved again: it may be the bench that was at fault.
    """
    if "dut" in request.fixturenames:
        firmware.half.stop()  # so that the scope sees a whole run and nothing of one before
    with rpikit_bench.panel() as panel:
        yield panel
    if request.node.stash.get(HAS_FAILED, False):
        name = request.config.stash[SUBJECT].target.name
        _prove(request.config, rpikit_bench, firmware.half, rpikit_reporter, name)


@pytest.fixture
def dut(
    request: pytest.FixtureRequest, firmware: Firmware, pins: Panel, tmp_path: Path
) -> Iterator[Any]:
    """Give the firmware, started anew for this test and ready, as pytest-embedded's Dut."""
    with firmware.fresh(request.node.name, tmp_path / CONSOLE, pins.scope.hear) as dut:
        yield dut


@pytest.fixture(scope="session")
def rpikit_peers(
    request: pytest.FixtureRequest, firmware: Firmware, rpikit_reporter: report.Reporter
) -> Iterator[dict[str, Peer]]:
    """Give the further boards of the run by their roles, each with its firmware."""
    found = pytest_peers.subjects(request.config, request.config.stash[SUBJECT])
    with ExitStack() as opened:
        peers = {
            role: opened.enter_context(pytest_peers.taken(request, role, subject, rpikit_reporter))
            for role, subject in found.items()
        }
        request.config.stash[FACTS]["peers"] = [peer.values() for peer in peers.values()]
        yield peers


@pytest.fixture
def boards(
    request: pytest.FixtureRequest,
    app: App,
    board: Connection,
    rpikit_bench: Wires,
    pins: Panel,
    dut: Any,
    rpikit_peers: dict[str, Peer],
    tmp_path: Path,
) -> Iterator[Stands]:
    """Give all boards of the test by their roles; `dut` is that of the other fixtures."""
    main = Stand(pytest_peers.MAIN, app, board, rpikit_bench, pins, dut, tmp_path / CONSOLE)
    with pytest_peers.standing(request, rpikit_peers, main) as stands:
        yield stands


class Fresh:
    """Starts the firmware anew, with its pins at idle and an empty record, as often as called.

    It keeps what was recorded of the last time: of a property that failed, the shortest example.
    """

    def __init__(self, wires: Wires, firmware: Firmware, folders: pytest.TempPathFactory) -> None:
        self._wires = wires
        self._firmware = firmware
        self._folders = folders
        self.capture: Capture | None = None
        self.log: Path | None = None

    @contextmanager
    def __call__(self) -> Iterator[Panel]:
        """Give the pins of a firmware that has just become ready."""
        self.capture = self.log = None
        self._firmware.half.stop()
        with self._wires.panel() as panel:
            self.log = self._folders.mktemp("fresh") / CONSOLE
            try:
                with self._firmware.fresh("fresh", self.log, panel.scope.hear):
                    yield panel
            finally:
                self.capture = panel.scope.capture()


@pytest.fixture(scope="session")
def fresh(
    rpikit_bench: Wires, firmware: Firmware, tmp_path_factory: pytest.TempPathFactory
) -> Fresh:
    """Give what starts the firmware anew within a test: `with fresh() as pins: ...`."""
    return Fresh(rpikit_bench, firmware, tmp_path_factory)


@pytest.fixture
def scope(pins: Panel) -> "Scope":
    """Give the record of all named pins; `print(scope.draw())` shows it."""
    return pins.scope


@pytest.fixture(scope="session")
def rpikit_reporter(request: pytest.FixtureRequest) -> report.Reporter:
    """Give whoever is told of the steps before the first test."""
    return _Steps(request.config)


class _Steps(report.Silent):
    """Writes steps to pytest's own terminal, past its capture."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._begun = False

    def step(self, name: str) -> None:
        """Write the step's name on a line."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        if terminal is None:
            return
        with capture.global_and_fixture_disabled() if capture else ExitStack():
            if not self._begun:
                terminal.ensure_newline()
            self._begun = True
            terminal.write_line(name)
