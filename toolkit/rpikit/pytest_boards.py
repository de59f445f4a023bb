# SPDX-License-Identifier: MIT
"""Which board a run of tests has, where any of several would do: a free one that is in order.

Each process of pytest-xdist takes one. Nobody else on this machine has it meanwhile. A board at
fault is set aside and told of, and who had it goes on with the next one that is free.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rpikit import board as boards
from rpikit import connect, wiring
from rpikit.app import App
from rpikit.connect import Connection
from rpikit.errors import BenchError, BoardError, RpikitError
from rpikit.half import half_of
from rpikit.hold import Hold
from rpikit.transport import SshAddress
from rpikit.wiring import Bench, Target

_RUN = "PYTEST_XDIST_TESTRUNUID"
_FOLDER = "tests"
_ALIVE_SECONDS = 30.0
_BOARDS_OWN = (BenchError.exit_code, BoardError.exit_code)


@dataclass
class Subject:
    """What the run is about: an application, and the boards of which any will do."""

    app: App
    bench: Bench
    names: tuple[str, ...]
    out: dict[str, RpikitError] = field(default_factory=dict)  # set aside, with the reason
    seat: "Seat | None" = None

    @property
    def left(self) -> tuple[str, ...]:
        """The boards that are not set aside."""
        return tuple(name for name in self.names if name not in self.out)

    @property
    def target(self) -> Target:
        """What the bench says of the board that is ours."""
        assert self.seat is not None
        return self.seat.target

    def set_aside(self, error: RpikitError) -> bool:
        """Take note that our board is at fault; say whether there is another one to go on with.

        One that is the only board from the beginning is not set aside.
        """
        if error.exit_code not in _BOARDS_OWN or self.seat is None or len(self.names) == 1:
            return False
        self.out[self.seat.target.name] = error
        return bool(self.left)


@dataclass(frozen=True)
class Seat:
    """A board that is ours: what it is granted, what the bench says of it, the way to it."""

    app: App
    target: Target
    connection: Connection


def subject(config: pytest.Config, folder: Path) -> Subject:
    """Read the application and its bench; refuse boards that do not fit before anything runs."""
    from rpikit import app as apps

    app = apps.load(folder)
    path: Path | None = config.getoption("rpikit_bench")
    bench = wiring.find(app.folder) if path is None else wiring.load(path)
    several: str = config.getoption("rpikit_boards") or ""
    one: str = config.getoption("rpikit_board") or boards.DEFAULT
    patterns = [word for word in several.split(",") if word]
    names = bench.select(patterns) if patterns else (one,)
    for name in names:
        bench.check(app, name)
        bench.granted(app, name)
    return Subject(app, bench, names)


@contextmanager
def seated(ours: Subject, report: Callable[[str], None], *, keep: bool = False) -> Iterator[Seat]:
    """Take the first board that is free and can be reached, for as long as this lasts."""
    while True:
        run = os.environ.get(_RUN, "")
        mine = run if len(ours.names) > 1 else str(os.getpid())
        places = {name: _place(ours.bench.target(name), keep, mine) for name in ours.left}
        name, held = Hold.of_first(_FOLDER, places, run=run, waiting=report)
        target = ours.bench.target(name)
        with ExitStack() as opened:
            opened.enter_context(held)
            try:
                there = opened.enter_context(connect.connect(target, report=report, keep=keep))
                if len(ours.names) > 1:  # else its first test finds out
                    half_of(there.transport).greet(_ALIVE_SECONDS)
            except (BoardError, BenchError) as error:
                if len(ours.left) == 1:
                    raise
                ours.out[name] = error
                report(f"{name} is set aside: {error}")
                continue
            ours.seat = Seat(ours.bench.granted(ours.app, name), target, there)
            try:
                yield ours.seat
            finally:
                ours.seat = None
            return


@contextmanager
def lines_of(app: App, target: Target, report: Callable[[str], None]) -> Iterator[None]:
    """Have the lines of bench computers that an application's wires lead to for us alone."""
    run = os.environ.get(_RUN, "")
    with ExitStack() as opened:
        for device in app.devices:
            wire = target.wires.get(device.name)
            if wire is None or not wiring.DRIVERS[wire.driver].has_host:
                continue
            what = f"{_computer(wire.host, target)}, line {wire.end}"
            _, held = Hold.of_first("lines", {what: what}, run=run, waiting=report)
            opened.enter_context(held)
        yield


def _computer(host: str | None, target: Target) -> str:
    """Return which computer has the other end of a wire."""
    if host is None:
        return "this machine"
    if host in target.hosts:
        return _place(target.hosts[host], True, "")
    address = SshAddress.parse(host)
    return f"ssh {address.host}:{address.port}"


def _place(target: Target, keep: bool, mine: str) -> str:
    """Return where a board is, whatever its name: that is what one run has for itself.

    This machine as a board is a new one for each, unless what runs there is to be kept; of several
    in one run each is there once.
    """
    kind = connect.board_of(target)
    if kind.platform == "loop":
        return f"host {target.name}" if keep else f"host {target.name} of {mine}"
    if kind.virtual is not None:
        return f"virtual {target.name}"
    if target.place is not None:
        return f"place {target.place}"
    if target.serial_number is not None:
        return f"chip {target.serial_number}"
    if target.ssh is not None:
        address = SshAddress.parse(target.ssh)
        return f"ssh {address.host}:{address.port}"
    return f"serial {target.serial}" if target.serial else f"{target.transport} {target.address}"
