# SPDX-License-Identifier: MIT
"""The further boards of a test: each has a role, an application, pins and a dut of its own.

They are taken, flashed and proved as the board under test is, and their pins stand on the same
axis: in the record of a test they are called after their role, `lamp.led`.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from rpikit import pytest_boards, report
from rpikit.app import App
from rpikit.bench.wires import Panel, Wires
from rpikit.connect import Connection
from rpikit.errors import DescriptionError
from rpikit.pytest_boards import Subject

if TYPE_CHECKING:
    from rpikit.pytest_fixtures import Firmware

MAIN = "dut"
"""The role of the board that the fixtures `dut`, `pins` and `board` are about."""


@dataclass(frozen=True)
class Peer:
    """A board that is ours for the whole run, with its application on it."""

    role: str
    app: App
    board: Connection
    wires: Wires
    firmware: "Firmware"
    image: Mapping[str, str]

    def values(self) -> dict[str, str]:
        """Return what the report says of it."""
        return {
            "role": self.role,
            "app": f"{self.app.name} {self.app.version}",
            "digest": self.image["digest"],
            "name": self.board.target.name,
            "kind": self.board.target.board,
            "reached": self.board.transport.name,
        }


@dataclass(frozen=True)
class Stand:
    """A board in one test: its pins at idle in the beginning, its firmware started anew."""

    role: str
    app: App
    board: Connection
    bench: Wires
    pins: Panel
    dut: Any
    log: Path


class Stands(Mapping[str, Stand]):
    """The boards of one test by their roles."""

    def __init__(self, stands: Mapping[str, Stand]) -> None:
        self._stands = MappingProxyType(dict(stands))

    def __getitem__(self, role: str) -> Stand:
        if role not in self._stands:
            raise DescriptionError(
                f"boards: no board has the role {role!r}; there are {', '.join(self._stands)}",
                hint=f"rpikit test --peer {role}=BOARD; {role}=BOARD:APP has another application",
            )
        return self._stands[role]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stands)

    def __len__(self) -> int:
        return len(self._stands)


def subjects(config: pytest.Config, main: Subject) -> dict[str, Subject]:
    """Return what each further role is about; refuse what does not fit before anything runs."""
    from rpikit import app as apps

    found: dict[str, Subject] = {}
    for text in config.getoption("rpikit_peer"):
        role, _, rest = text.partition("=")
        name, _, folder = rest.partition(":")
        if role in found or role == MAIN:
            raise DescriptionError(f"--peer {text}: the role {role} is taken; give another name")
        if name in main.names:
            raise DescriptionError(f"--peer {text}: {name} is the board under test already")
        app = apps.load(Path(folder)) if folder else main.app
        main.bench.check(app, name)
        main.bench.granted(app, name)
        found[role] = Subject(app, main.bench, (name,))
    return found


@contextmanager
def taken(
    request: pytest.FixtureRequest, role: str, subject: Subject, reporter: report.Reporter
) -> Iterator[Peer]:
    """Take the board of a role, prove its wires, and put its application on it."""
    from rpikit import pytest_fixtures as fixtures

    with (
        pytest_boards.seated(subject, reporter.step) as seat,
        fixtures.proved(request.config, seat.app, seat.connection, reporter) as (wires, stopped),
    ):
        firmware, image = fixtures.flashed(request, seat.app, seat.connection, reporter)
        stopped.clear()  # what was flashed runs in their place
        yield Peer(role, seat.app, seat.connection, wires, firmware, image)


@contextmanager
def standing(
    request: pytest.FixtureRequest, peers: Mapping[str, Peer], main: Stand
) -> Iterator[Stands]:
    """Start the firmware of every further board anew, for one test."""
    stands = {MAIN: main}
    scope = main.pins.scope
    with ExitStack() as opened:
        for role, peer in peers.items():
            peer.firmware.half.stop()
            pins = opened.enter_context(peer.wires.panel(scope, prefix=f"{role}."))
            log = main.log.with_name(f"{role}.log")

            def hear(line: str, role: str = role) -> None:
                scope.hear(f"{role}: {line}")

            name = f"{request.node.name}-{role}"
            dut = opened.enter_context(peer.firmware.fresh(name, log, hear))
            stands[role] = Stand(role, peer.app, peer.board, peer.wires, pins, dut, log)
        yield Stands(stands)
