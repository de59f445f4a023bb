# SPDX-License-Identifier: MIT
"""The proof of a bench whose pins are memory: its wires, and what ran on the board."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from test_wires import RPIKIT_TOML

from rpikit import app as apps
from rpikit import benching, pressing
from rpikit.app import App
from rpikit.bench.fake import Fake
from rpikit.bench.host import HostPins
from rpikit.bench.proof import Proof, prove
from rpikit.bench.wires import Site, Wires
from rpikit.errors import BenchError, BoardError
from rpikit.half import Half
from rpikit.wiring import Target, Wire


@pytest.fixture
def app(tmp_path: Path) -> App:
    (tmp_path / "main.c").touch()
    (tmp_path / "rpikit.toml").write_text(RPIKIT_TOML)
    return apps.load(tmp_path)


@pytest.fixture
def pins(tmp_path: Path) -> Iterator[HostPins]:
    with HostPins(tmp_path / "pins") as pins:
        yield pins


class Running:
    """The device half of a board on which some guests run."""

    def __init__(self, *running: str, is_gone: bool = False) -> None:
        self.running = list(running)
        self.is_gone = is_gone

    def stop_all(self) -> tuple[str, ...]:
        stopped, self.running = tuple(self.running), []
        return stopped

    def of(self, name: str) -> "Running":
        self._guest = name
        return self

    @property
    def start(self) -> Callable[[], None]:
        guest = self._guest
        return lambda: self.running.append(guest)

    def greet(self, timeout: float) -> None:
        if self.is_gone:
            raise BoardError("desk: does not answer any more")


def proof(wires: Wires, half: Running, *, restart: bool = True) -> Proof:
    return prove(wires, cast("Half", half), restart=restart)


def target(**lines: int) -> Target:
    wires = {name: Wire(driver="host", line=line) for name, line in lines.items()}
    return Target(name="host", board="host", wires=wires)


def test_wires_as_described_are_proved_and_left_as_they_were(app: App, pins: HostPins) -> None:
    half = Running("lamp", "door")
    with Wires(app, target(), Site(host=pins), idle=False) as wires:
        found = proof(wires, half)
        found.check()
        assert [net.name for net in found.nets] == ["button", "lamp"]
        assert not any(pins.bench.drive), "nothing is driven that was not"
    assert found.stopped == ("lamp", "door")
    assert sorted(half.running) == ["door", "lamp"]
    assert not any(pins.guest.drive)


def test_inputs_at_idle_are_so_again_afterwards(app: App, pins: HostPins) -> None:
    with Wires(app, target(), Site(host=pins)) as wires:
        assert pins.read(17)
        proof(wires, Running())
        assert pins.read(17)
    assert not any(pins.bench.drive)


def test_swapped_wires_are_a_fault_of_the_bench(app: App, pins: HostPins) -> None:
    half = Running("lamp")
    with Wires(app, target(button=18, lamp=17), Site(host=pins), idle=False) as wires:
        found = proof(wires, half, restart=False)
    with pytest.raises(BenchError, match="button and lamp are swapped: line 18 of this machine "):
        found.check()
    assert half.running == ["lamp"], "what ran there runs again when nothing else follows"


def test_what_is_flashed_next_needs_no_start_of_what_was_there(app: App, pins: HostPins) -> None:
    half = Running("lamp")
    with Wires(app, target(), Site(host=pins), idle=False) as wires:
        proof(wires, half, restart=False).check()
    assert half.running == []


def test_every_fault_is_told_and_the_first_one_is_the_error(app: App, pins: HostPins) -> None:
    with Wires(app, target(button=27, lamp=22), Site(host=pins), idle=False) as wires:
        found = proof(wires, Running())
    with pytest.raises(BenchError, match=r"^button: no wire: GPIO 17 does not follow ") as caught:
        found.check("rpikit bench check")
    assert caught.value.hint == (
        "lamp: no wire: line 22 of this machine does not follow GPIO 18, it stays low\n"
        "rpikit bench check"
    )


def test_a_board_that_is_gone_is_no_fault_of_its_bench(app: App) -> None:
    """There is no shell that could move its lines."""
    wire = {"button": Wire(driver="fake", line=27)}
    with Wires(app, Target(name="desk", board="rpi3b", wires=wire), Site(fake=Fake())) as wires:
        with pytest.raises(BenchError, match="no shell on the board"):
            proof(wires, Running())
        with pytest.raises(BoardError, match="does not answer any more"):
            proof(wires, Running(is_gone=True))


class FakeBoard:
    """A board whose lines are the fake's own."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake

    def drive(self, line: int, high: bool) -> None:
        self._fake.set(line, high)

    def release(self, line: int) -> None:
        self._fake.set(line, False)

    def look(self, *lines: int) -> list[bool]:
        return [self._fake.is_high(line) for line in lines]

    def free(self, *lines: int) -> None:
        for line in lines:
            self.release(line)


class OnFakes(Wires):
    """Wires that end at fakes, at both sides."""

    fake: Fake

    def board_side(self) -> FakeBoard:
        return FakeBoard(self.fake)


@pytest.fixture
def half_wired(app: App) -> Iterator[benching.Bench]:
    """Give a bench at which the lamp alone has a wire."""
    lamp = {"lamp": Wire(driver="fake", line=18)}
    fake = Fake()
    with OnFakes(app, Target(name="desk", board="rpi3b", wires=lamp), Site(fake=fake)) as wires:
        wires.fake = fake
        yield benching.Bench(app, "desk", cast("Half", Running()), wires)


def test_a_device_without_a_wire_is_a_fault_that_is_told(half_wired: benching.Bench) -> None:
    proved = benching.check(half_wired)
    assert proved.faults == ("button: not wired: nothing leads to GPIO 17",)
    assert proved.status == 3
    assert str(proved).splitlines() == ["lamp: fake line 18 follows GPIO 18", *proved.faults]
    assert [net["ok"] for net in proved.values()["nets"]] == [False, True]


def test_a_device_without_a_wire_is_listed_as_such(half_wired: benching.Bench) -> None:
    listing = half_wired.listing()
    row = str(listing).splitlines()[1].split(maxsplit=6)
    assert row == ["button", "17", "driven", "low", "?", "-", "not wired: nothing is known of it"]
    first = listing.values()["pins"][0]
    assert (first["driver"], first["end"], first["level"]) == ("", None, None)
    assert half_wired.title == "desk: pins of follow; button is not wired"


def test_a_device_without_a_wire_cannot_be_pressed(half_wired: benching.Bench) -> None:
    with pytest.raises(BenchError, match="button: not wired: nothing at the bench can press it"):
        pressing.press(half_wired, "button", pressing.Strokes())
