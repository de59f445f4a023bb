# SPDX-License-Identifier: MIT
"""What the named pins of a bench do now: followed by their edges, shown on a terminal.

Nothing is driven, so it may look on while somebody else presses.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rpikit.app import Device
from rpikit.bench import Clock, Line, Watch, named
from rpikit.bench.scope import Level, PinEdge, Tape
from rpikit.closing import Closing
from rpikit.results_bench import BenchEdge
from rpikit.units import Duration, ms, s
from rpikit.waveform import BLOCKS, Glyphs, Trace, row_of

if TYPE_CHECKING:
    from rich.table import Table

WINDOW = 5 * s
"""How far back the waves reach."""

_LOOK = 10 * ms  # between two looks; stamps do not depend on it
_FRAME = 100 * ms
_NARROW, _BESIDE = 16, 52  # columns: of a wave at least, and what stands beside it


@dataclass(frozen=True)
class Change:
    """A pin came to a level; `count` edges so far, 0 for the level that it had before."""

    pin: str
    level: Level
    at_ns: int
    count: int

    def values(self) -> BenchEdge:
        """Return it as one flat object for programs."""
        return {"pin": self.pin, "level": self.level, "at_ns": self.at_ns, "edges": self.count}

    def line(self, begun_ns: int) -> str:
        """Return it as one line for people, in seconds since the beginning."""
        return f"{(self.at_ns - begun_ns) / s.ns:12.6f}  {self.pin} {self.level}"


@dataclass
class Track:
    """One pin: its level, how many edges it had, and those of the last while."""

    name: str
    direction: str
    is_on: bool
    count: int = 0
    last_ns: int | None = None
    before: bool = False
    edges: deque[tuple[int, bool]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.before = self.is_on

    @property
    def level(self) -> Level:
        """Return it as a word."""
        return "on" if self.is_on else "off"

    def take(self, is_on: bool, at_ns: int) -> Change | None:
        """Take an edge; one to the level that it has is none."""
        if is_on == self.is_on:
            return None
        self.is_on, self.last_ns = is_on, at_ns
        self.count += 1
        self.edges.append((at_ns, is_on))
        while self.edges[0][0] < at_ns - WINDOW.ns:
            _, self.before = self.edges.popleft()
        return Change(self.name, self.level, at_ns, self.count)

    def trace(self) -> Trace:
        """Return its last while as it is drawn."""
        return Trace(self.before, tuple(self.edges))


class View(Closing):
    """The pins of a bench as they change; a board that is gone raises BoardError."""

    def __init__(self, lines: Sequence[tuple[Device, Line]], clock: Clock) -> None:
        self._clock = clock
        self.tracks: list[Track] = []
        self._watched: list[tuple[Track, Watch, bool]] = []
        with ExitStack() as opened:
            for device, line in lines:
                is_high = device.active == "high"
                with named(device.name):
                    watch = line.watch()
                    opened.callback(watch.close)
                    track = Track(device.name, device.direction, line.read() == is_high)
                self.tracks.append(track)
                self._watched.append((track, watch, is_high))
            self._leave = opened.pop_all()

    def first(self) -> list[Change]:
        """Return the levels that the pins have before anything is seen of them."""
        now = self._clock.now_ns()
        return [Change(track.name, track.level, now, 0) for track in self.tracks]

    def changes(self, timeout: Duration) -> list[Change]:
        """Return what has changed, in order; wait for it as long as that."""
        deadline = self._clock.now_ns() + timeout.ns
        while True:
            found = sorted(self._arrived(), key=lambda change: change.at_ns)
            now = self._clock.now_ns()
            if found or now >= deadline:
                return found
            self._clock.sleep_until(min(deadline, now + _LOOK.ns))

    def _arrived(self) -> Iterator[Change]:
        for track, watch, is_high in self._watched:
            with named(track.name):
                edge = watch.next(0.0)
                while edge is not None:
                    change = track.take(edge.high == is_high, edge.at_ns)
                    if change is not None:
                        yield change
                    edge = watch.next(0.0)

    def until(self, for_: Duration | None) -> Iterator[list[Change]]:
        """Give what has changed again and again, for so long or for ever."""
        end = None if for_ is None else self._clock.now_ns() + for_.ns
        while True:
            left = _FRAME if end is None else Duration(end - self._clock.now_ns())
            if left.ns <= 0:
                return
            yield self.changes(min(left, _FRAME))

    def show(self, title: str, for_: Duration | None) -> None:
        """Show the pins on this terminal."""
        import sys

        from rich.live import Live

        from rpikit.waveform import glyphs_for

        glyphs = glyphs_for(sys.stdout)
        with Live(auto_refresh=False) as screen:
            for _ in self.until(for_):
                width = screen.console.width
                screen.update(self.table(title, width, glyphs=glyphs), refresh=True)

    def table(self, title: str, width: int, *, glyphs: Glyphs = BLOCKS) -> "Table":
        """Return the pins as a table with colours; what is on is green."""
        now = self._clock.now_ns()
        return table(self.tracks, title, width, now, glyphs=glyphs)

    def close(self) -> None:
        """Stop watching."""
        self._leave.close()


def tape(device: Device, line: Line, clock: Clock, opened: ExitStack) -> Tape:
    """Return the record of a pin that is only watched, from now until `opened` is closed."""
    is_high = device.active == "high"
    with named(device.name):
        watch = line.watch()
        opened.callback(watch.close)
        level: Level = "on" if line.read() == is_high else "off"
    return Tape(PinEdge(device.name, level, clock.now_ns()), active_high=is_high, watch=watch)


def table(
    tracks: Sequence[Track], title: str, width: int, now_ns: int, *, glyphs: Glyphs = BLOCKS
) -> "Table":
    """Return pins as a table, with their waves where there is room."""
    from rich.table import Table
    from rich.text import Text

    names = max((len(track.name) for track in tracks), default=0)
    columns = min(width - _BESIDE - names, 100)
    made = Table(title=title, title_justify="left", title_style="bold")
    for name in ("pin", "is", "level"):
        made.add_column(name, no_wrap=True)
    for name in ("edges", "last edge"):
        made.add_column(name, justify="right", no_wrap=True)
    if columns >= _NARROW:
        made.add_column(f"last {WINDOW.ns // s.ns} s", no_wrap=True)
    for track in tracks:
        style = "bold green" if track.is_on else "dim"
        row = [
            Text(track.name),
            Text("driven" if track.direction == "in" else "watched", style="dim"),
            Text(track.level, style=style),
            Text(str(track.count)),
            Text(ago(track, now_ns), style="dim"),
        ]
        if columns >= _NARROW:
            wave = row_of(track.trace(), now_ns - WINDOW.ns, now_ns, columns, glyphs)
            row.append(Text(wave, style="green"))
        made.add_row(*row)
    return made


def ago(track: Track, now_ns: int) -> str:
    """Return how long ago a pin's last edge was."""
    if track.last_ns is None:
        return "none yet"
    return f"{max(now_ns - track.last_ns, 0) / s.ns:.1f} s ago"
