# SPDX-License-Identifier: MIT
"""The agent of a bench computer where no virtual Pi has the library, the version or the fault.

The genuine libraries are tested on the virtual bench, in tests/virtual/test_bench_pi.py.
"""

import ast
import errno
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rpikit.bench.agent import main as far
from rpikit.bench.agent.gpiod_line import Gpiod2Line
from rpikit.bench.agent.kernel import Kernel
from rpikit.bench.agent.line import FaultError
from rpikit.bench.agent.rpi_line import Library, RpiGpio, RpiLine, Standby
from rpikit.bench.bench_pi import BenchPi
from rpikit.errors import BenchError
from rpikit.transport.local import Local, LocalChannel

AGENT = Path(far.__file__).parent
HOUR_NS = 3600 * 10**9


# The agent itself, on this machine.


@pytest.fixture
def here(tmp_path: Path) -> Local:
    """Give the way to this machine, with no library of a driver."""
    (tmp_path / "gpiod.py").write_text("raise ImportError('none', name='gpiod')\n")
    return Local(tmp_path, name="this machine", PYTHONPATH=str(tmp_path))


def test_its_clock_is_this_machines(here: Local) -> None:
    with BenchPi(here) as agent:
        agent.ask("time")
        now = time.monotonic_ns()
        assert abs(agent.clock.here(now) - now) <= agent.clock.uncertainty_ns()


def test_a_library_that_is_missing_is_named_with_its_package(here: Local) -> None:
    with BenchPi(here) as agent, pytest.raises(BenchError) as caught:
        agent.line(17, "gpiod", "none")
    assert str(caught.value) == "this machine: the Python module gpiod is missing"
    assert caught.value.hint == "there: sudo apt install python3-libgpiod"


def test_what_it_refuses_is_told(here: Local) -> None:
    with BenchPi(here) as agent:
        with pytest.raises(BenchError, match="this machine: line 17 is not open"):
            agent.ask("get", 17)
        with pytest.raises(BenchError, match="there is no request 'fly 17'"):
            agent.ask("fly", 17)
        assert agent.ask("time") == ""


def test_an_agent_that_ended_says_so_to_everybody(here: Local) -> None:
    with BenchPi(here) as agent:
        with pytest.raises(BenchError, match="this machine: the bench agent ended"):
            agent.ask("end")
        with pytest.raises(BenchError, match="this machine: the bench agent ended"):
            agent.ask("time")


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("exit 1", "this machine: the bench agent ended at its start"),
        ("echo Segmentation fault; exit 139", "ended at its start; it said last: Segmentation"),
        ("echo 'error: Python 3.9 or newer is needed, this is 3.7'", "this is 3.7"),
    ],
)
def test_a_python_that_does_not_work_is_told(tmp_path: Path, script: str, wanted: str) -> None:
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    way = Local(tmp_path, name="this machine", PATH=f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(BenchError) as caught:
        BenchPi(way)
    assert wanted in str(caught.value)


class Garbled(Local):
    """A way on which something else writes as well."""

    def start(self, command: str) -> LocalChannel:
        noise = "-e '/ready/a edge x y z' -e '/ready/a \u00b2 ok' -e '/ready/a lost'"
        return super().start(f"( {command} ) | sed -u {noise} -e 's/^2 ok .*/2 ok soon/'")


def test_an_answer_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="answered 'soon' to 'time': something else writes"):
        BenchPi(Garbled(tmp_path, name="this machine"))


@pytest.mark.parametrize("part", [file.name for file in sorted(AGENT.glob("*.py"))])
def test_it_is_written_for_python_3_9(part: str) -> None:
    text = (AGENT / part).read_text()
    ast.parse(text, feature_version=(3, 9))
    assert part == "__init__.py" or "from __future__ import annotations" in text


# gpiod 2, which no Debian for Python 3.11 has.


class _Value(Enum):
    INACTIVE = 0
    ACTIVE = 1


@dataclass
class Settings:
    """What gpiod.LineSettings keeps."""

    direction: str = ""
    edge_detection: str = "none"
    bias: str = ""
    output_value: _Value = _Value.INACTIVE


@dataclass
class Chip:
    """A chip, and the one request of a line there is; it may have no pulls."""

    has_pulls: bool = True
    settings: list[Settings] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    value: _Value = _Value.INACTIVE
    fd: int = 7
    is_released: bool = False

    def request_lines(self, consumer: str, config: Any, event_buffer_size: int) -> "Chip":
        assert consumer == "rpikit"
        assert event_buffer_size > 16
        self.reconfigure_lines(config)
        return self

    def reconfigure_lines(self, config: Any) -> None:
        ((_, wanted),) = config.items()
        if wanted.bias not in ("", "as is") and not self.has_pulls:
            raise OSError(errno.EINVAL, "Invalid argument")
        self.settings.append(wanted)

    def set_value(self, _number: int, value: _Value) -> None:
        self.value = value

    def get_value(self, _number: int) -> _Value:
        return self.value

    def wait_edge_events(self, _timeout: int) -> bool:
        return bool(self.events)

    def read_edge_events(self) -> list[Any]:
        found, self.events = self.events, []
        return found

    def release(self) -> None:
        self.is_released = True


GPIOD2 = SimpleNamespace(
    LineSettings=Settings,
    line=SimpleNamespace(
        Bias=SimpleNamespace(PULL_UP="up", PULL_DOWN="down", DISABLED="off", AS_IS="as is"),
        Direction=SimpleNamespace(INPUT="in", OUTPUT="out"),
        Edge=SimpleNamespace(BOTH="both", NONE="none"),
        Value=_Value,
    ),
)


def event(rising: bool, at_ns: int, number: int) -> Any:
    kinds = SimpleNamespace(RISING_EDGE=1, FALLING_EDGE=2)
    return SimpleNamespace(
        event_type=1 if rising else 2, Type=kinds, timestamp_ns=at_ns, line_seqno=number
    )


def test_a_line_of_gpiod_2_goes_from_input_to_output_and_back() -> None:
    chip = Chip()
    line = Gpiod2Line(GPIOD2, chip, 17, "up")
    line.drive(True)
    line.drive(False)
    line.set_input()
    line.is_output = False
    line.close()
    assert [(one.direction, one.bias) for one in chip.settings] == [
        ("in", "up"),
        ("out", ""),
        ("in", "up"),
    ]
    assert chip.is_released


def test_a_line_of_gpiod_2_that_is_closed_while_driven_is_an_input_first() -> None:
    chip = Chip()
    line = Gpiod2Line(GPIOD2, chip, 17, "none")
    line.drive(True)
    line.close()
    assert chip.settings[-1].direction == "in"
    assert chip.is_released


def test_edges_of_gpiod_2_have_the_kernels_stamps_and_gaps_are_noticed() -> None:
    chip = Chip()
    line = Gpiod2Line(GPIOD2, chip, 17, "none")
    descriptors = [line.descriptor]
    line.is_watched = True
    line.set_input()
    descriptors.append(line.descriptor)
    assert descriptors == [None, chip.fd]
    assert chip.settings[-1].edge_detection == "both"
    now = time.monotonic_ns()
    chip.events = [event(True, now, 1), event(False, now + 5, 2)]
    assert line.edges() == [(True, now), (False, now + 5)]
    assert line.lost == 0
    chip.events = [event(True, now + 9, 6)]
    assert line.edges() == [(True, now + 9)]
    assert line.lost == 3


def test_an_event_in_the_time_of_day_becomes_one_of_the_monotonic_clock() -> None:
    chip = Chip()
    line = Gpiod2Line(GPIOD2, chip, 17, "none")
    chip.events = [event(True, time.time_ns(), 1)]
    ((_, at_ns),) = line.edges()
    assert abs(at_ns - time.monotonic_ns()) < HOUR_NS


def test_a_chip_without_pulls_has_lines_without_but_none_with_them() -> None:
    chip = Chip(has_pulls=False)
    Gpiod2Line(GPIOD2, chip, 17, "none")
    assert chip.settings[-1].bias == "as is"
    with pytest.raises(OSError, match="Invalid argument"):
        Gpiod2Line(GPIOD2, chip, 17, "up")


# RPi.GPIO, where it does not work and where it tells edges.

WORKS = """\
VERSION = {version!r}
BCM = IN = PUD_OFF = 1
BOTH = 3
done = []
def setwarnings(on): pass
def setmode(mode): pass
def setup(line, mode, pull_up_down=0, initial=0): done.append(("setup", line))
def cleanup(line): done.append(("cleanup", line))
def input(line): return level
def add_event_detect(line, edge, callback):
    global tell
    if not can_tell: raise RuntimeError("Failed to add edge detection")
    tell = callback
def remove_event_detect(line): done.append(("remove", line))
level = 0
can_tell = True
"""


def library(folder: Path, text: str) -> str:
    """Put a library of that name below a folder, and return the folder."""
    place = folder / "RPi" / "GPIO"
    place.mkdir(parents=True)
    (folder / "RPi" / "__init__.py").touch()
    (place / "__init__.py").write_text(text)
    return str(folder)


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Have Python find no library but those that a test puts there."""
    yield monkeypatch
    for name in [name for name in sys.modules if name.partition(".")[0] == "RPi"]:
        del sys.modules[name]


def test_the_first_library_that_works_is_taken(tmp_path: Path, path: pytest.MonkeyPatch) -> None:
    refusing = "raise RuntimeError('Cannot determine SOC peripheral base address')\n"
    places = [
        library(tmp_path / "first", refusing),
        library(tmp_path / "second", WORKS.format(version="0.6")),
    ]
    path.setattr(sys, "path", [*places, *sys.path])
    found = Library.find()
    assert found.name == "rpi-lgpio as RPi.GPIO 0.6"
    assert not found.is_genuine
    assert sys.path[:2] == places


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("raise RuntimeError('Cannot determine SOC')\n", "Cannot determine SOC", "rpi-lgpio"),
        (
            "raise RuntimeError('Try running as root!')\n",
            "Try running as root!",
            "usermod -aG gpio",
        ),
        ("import lgpio_is_missing\n", "lgpio_is_missing", "python3-rpi-lgpio"),
    ],
)
def test_a_library_that_does_not_work_says_why_and_what_would(
    tmp_path: Path, path: pytest.MonkeyPatch, text: str, said: str, hint: str
) -> None:
    path.setattr(sys, "path", [library(tmp_path, text), *sys.path])
    with pytest.raises(FaultError, match=r"RPi\.GPIO does not work") as caught:
        Library.find()
    assert said in str(caught.value)
    assert hint in caught.value.hint


class NoStandby(Standby):
    """Nothing that stands by: no line is a real one here."""

    def begin(self) -> None:
        """Start nothing."""

    def note(self, number: int) -> None:
        """Take note of nothing."""


@pytest.fixture
def telling(tmp_path: Path, path: pytest.MonkeyPatch) -> RpiGpio:
    path.setattr(sys, "path", [library(tmp_path, WORKS.format(version="0.6")), *sys.path])
    return RpiGpio(Kernel(), NoStandby(), wake=lambda: None)


def test_edges_that_the_library_tells_are_taken_as_told(telling: RpiGpio) -> None:
    line = RpiLine(telling, 17, "none")
    assert line.quality == "edges stamped when the library told of them"
    line.is_watched = True
    line.set_input()
    assert not line.is_sampled
    telling.module.level = 1
    before = time.monotonic_ns()
    telling.module.tell(17)
    ((high, at_ns),) = line.edges()
    assert high
    assert before <= at_ns <= time.monotonic_ns()
    assert line.edges() == []
    line.close()
    assert telling.module.done[-2:] == [("remove", 17), ("cleanup", 17)]


def test_a_library_that_tells_no_edges_is_sampled(telling: RpiGpio) -> None:
    telling.module.can_tell = False
    line = RpiLine(telling, 17, "none")
    line.is_watched = True
    line.set_input()
    assert line.is_sampled
    assert line.quality == "levels sampled every 1 ms"
    assert line.edges() == []
    telling.module.level = 1
    ((high, _),) = line.edges()
    assert high
