# SPDX-License-Identifier: MIT
"""The live view of a bench: its pins followed by their edges, in order, and how they are shown."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from test_wires import RPIKIT_TOML, fake_wires, target

from rpikit import app as apps
from rpikit.bench.fake import Fake
from rpikit.bench.live import WINDOW, Change, Track, View, table
from rpikit.bench.wires import Site, Wires
from rpikit.units import Duration, ms, s


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def view(tmp_path: Path, fake: Fake) -> Iterator[View]:
    """Look at a button that is active low, and at a lamp."""
    (tmp_path / "main.c").touch()
    (tmp_path / "rpikit.toml").write_text(RPIKIT_TOML)
    fake.set(27, True)
    site = Site(fake=fake)
    with (
        Wires(apps.load(tmp_path), target(**fake_wires()), site, idle=False) as wires,
        View(list(wires.lines.values()), wires.clock) as view,
    ):
        yield view


def shown(tracks: list[Track], width: int, now_ns: int = 0) -> list[str]:
    screen = Console(file=io.StringIO(), width=width)
    screen.print(table(tracks, "desk: pins of porch", width, now_ns))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


def test_it_begins_with_the_levels_that_are_there(view: View) -> None:
    assert view.first() == [Change("button", "off", 0, 0), Change("lamp", "off", 0, 0)]
    assert view.first()[0].values() == {"pin": "button", "level": "off", "at_ns": 0, "edges": 0}


def test_whoever_only_looks_does_not_move_a_line(view: View, fake: Fake) -> None:
    view.changes(1 * ms)
    view.close()
    assert fake.is_high(27)


def test_changes_of_several_pins_come_in_their_order(view: View, fake: Fake) -> None:
    fake.plan(2 * ms.ns, lambda: fake.set(18, True))
    fake.plan(1 * ms.ns, lambda: fake.set(27, False))
    fake.plan(3 * ms.ns, lambda: fake.set(18, False))
    fake.sleep_until(4 * ms.ns)
    assert view.changes(1 * ms) == [
        Change("button", "on", 1 * ms.ns, 1),
        Change("lamp", "on", 2 * ms.ns, 1),
        Change("lamp", "off", 3 * ms.ns, 2),
    ]


def test_a_change_is_waited_for_but_not_longer_than_asked(view: View, fake: Fake) -> None:
    fake.plan(30 * ms.ns, lambda: fake.set(18, True))
    (change,) = view.changes(1 * s)
    assert (change.pin, change.at_ns) == ("lamp", 30 * ms.ns)
    assert fake.now_ns() < 100 * ms.ns
    assert view.changes(50 * ms) == []


def test_it_ends_when_its_time_is_over(view: View, fake: Fake) -> None:
    fake.plan(120 * ms.ns, lambda: fake.set(18, True))
    seen = [change for changes in view.until(300 * ms) for change in changes]
    assert seen == [Change("lamp", "on", 120 * ms.ns, 1)]
    assert fake.now_ns() == 300 * ms.ns


def test_what_is_long_ago_is_counted_and_not_kept() -> None:
    track = Track("lamp", "out", is_on=False)
    for number in range(1000):
        track.take(number % 2 == 0, number * 100 * ms.ns)
    assert track.count == 1000
    assert len(track.edges) <= WINDOW / (100 * ms) + 1
    first_at, first_on = track.edges[0]
    assert track.trace().initial != first_on
    assert first_at >= 999 * 100 * ms.ns - WINDOW.ns


def test_a_level_that_comes_twice_is_one_edge() -> None:
    track = Track("lamp", "out", is_on=False)
    assert track.take(False, 1) is None
    assert track.take(True, 2) == Change("lamp", "on", 2, 1)
    assert track.take(True, 3) is None


def test_the_table_has_a_row_for_each_pin_with_its_wave() -> None:
    now = 10 * s.ns
    lamp = Track("lamp", "out", is_on=False)
    lamp.take(True, now - 2 * s.ns)
    lines = shown([Track("button", "in", is_on=False), lamp], 100, now)
    assert lines[0].strip() == "desk: pins of porch"
    (button,) = (line for line in lines if "button" in line)
    (shining,) = (line for line in lines if "lamp" in line)
    assert [cell.strip() for cell in button.split("│")][1:6] == [
        *("button", "driven", "off", "0", "none yet"),
    ]
    assert [cell.strip() for cell in shining.split("│")][1:6] == [
        *("lamp", "watched", "on", "1", "2.0 s ago"),
    ]
    wave = shining.split("│")[6].strip()
    assert wave.strip("▁") == "█" * wave.count("█")
    assert wave.count("█") / len(wave) == pytest.approx(2 / 5, abs=0.05)


def test_a_narrow_terminal_has_no_waves() -> None:
    lines = shown([Track("button", "in", is_on=True)], 60)
    assert not any("▁" in line or "█" in line for line in lines)
    assert all(len(line) <= 60 for line in lines)


def test_a_line_for_people_counts_from_the_beginning() -> None:
    change = Change("lamp", "on", 1_500_000_000, 1)
    assert change.line(Duration(500_000_000).ns) == "    1.000000  lamp on"
