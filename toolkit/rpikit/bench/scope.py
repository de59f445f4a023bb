# SPDX-License-Identifier: MIT
"""The record of what the named pins did, on one time axis, in logical levels.

A tape belongs to one pin; the scope holds the tapes of a test and draws them. It knows nothing
of how a line is driven or watched.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rpikit import waveform
from rpikit.bench import Watch

Level = Literal["active", "inactive"]

_LAST_EDGES = 12  # of all pins together: what a failure message shows
_NS_PER_MS = 1_000_000


@dataclass(frozen=True)
class PinEdge:
    """A change of a named pin to `level` at `at_ns`; the first of a tape is where it began."""

    pin: str
    level: Level
    at_ns: int

    def __str__(self) -> str:
        return f"{self.pin} {self.level}"


class Tape:
    """The edges of one pin since the test began, fed by its driver's stamps or by a watch."""

    def __init__(
        self, first: PinEdge, *, active_high: bool = True, watch: Watch | None = None
    ) -> None:
        self.first = first
        self.edges: list[PinEdge] = []
        self._active_high = active_high
        self._watch = watch

    def note(self, level: Level, at_ns: int) -> PinEdge:
        """Add a change and return it; a repeated level adds nothing and returns the last edge."""
        if self.last.level == level:
            return self.last
        edge = PinEdge(self.first.pin, level, at_ns)
        self.edges.append(edge)
        return edge

    def wait(self, timeout: float) -> bool:
        """Take the next edge from the watch; return whether one came within `timeout` seconds."""
        edge = self._watch.next(timeout) if self._watch else None
        if edge is None:
            return False
        self.note("active" if edge.high == self._active_high else "inactive", edge.at_ns)
        return True

    def collect(self) -> None:
        """Take every edge that has already arrived."""
        while self.wait(0.0):
            pass

    @property
    def is_watched(self) -> bool:
        """Say whether edges arrive by themselves."""
        return self._watch is not None

    @property
    def last(self) -> PinEdge:
        """Return the last edge, or the beginning if there was none."""
        return self.edges[-1] if self.edges else self.first

    def at(self, at_ns: int) -> PinEdge:
        """Return the edge that made the level of the moment `at_ns`."""
        before = [edge for edge in self.edges if edge.at_ns <= at_ns]
        return before[-1] if before else self.first

    def after(self, at_ns: int) -> list[PinEdge]:
        """Return the edges later than `at_ns`."""
        return [edge for edge in self.edges if edge.at_ns > at_ns]


class Scope:
    """The tapes of all named pins of one test."""

    def __init__(self) -> None:
        self._tapes: dict[str, Tape] = {}

    def add(self, tape: Tape) -> None:
        """Show `tape` too."""
        self._tapes[tape.first.pin] = tape

    def __iter__(self) -> Iterator[Tape]:
        return iter(self._tapes.values())

    def draw(
        self, *, last: int = _LAST_EDGES, width: int = 80, glyphs: waveform.Glyphs = waveform.BLOCKS
    ) -> str:
        """Return the waveforms of all pins around their `last` edges."""
        for tape in self:
            tape.collect()
        shown = sorted(edge.at_ns for tape in self for edge in tape.edges)[-last:]
        if not shown:
            start = min((tape.first.at_ns for tape in self), default=0)
            span = (start, start + _NS_PER_MS)
        else:
            margin = max((shown[-1] - shown[0]) // 10, _NS_PER_MS)
            span = (shown[0] - margin, shown[-1] + margin)
        traces = {
            tape.first.pin: waveform.Trace(
                tape.first.level == "active",
                tuple((edge.at_ns, edge.level == "active") for edge in tape.edges),
            )
            for tape in self
        }
        return waveform.draw(traces, span=span, width=width, glyphs=glyphs)
