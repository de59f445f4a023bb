# SPDX-License-Identifier: MIT
"""The record of what the named pins did, on one time axis, in logical levels.

A tape belongs to one pin; the scope holds the tapes of a test and what its console said, and
draws them. It knows nothing of how a line is driven or watched.
"""

import bisect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from rpikit import waveform
from rpikit.bench import Clock, HostClock, Watch
from rpikit.capture import Capture, Said
from rpikit.errors import BenchError, RpikitError
from rpikit.units import Duration

if TYPE_CHECKING:
    from rpikit.bench.latency import Latency

Level = Literal["on", "off"]

_LAST_EDGES = 12  # of all pins together: what a failure message shows
_NS_PER_MS = 1_000_000


class Moment(Protocol):
    """An edge, or a press: what times count from."""

    @property
    def at_ns(self) -> int: ...


@dataclass(frozen=True, repr=False)
class PinEdge:
    """A change of a named pin to `level` at `at_ns`; the first of a tape is where it began."""

    pin: str
    level: Level
    at_ns: int

    def __sub__(self, earlier: "PinEdge") -> Duration:
        """Return how much later it came than another edge, by the stamps of both."""
        return Duration(self.at_ns - earlier.at_ns)

    def __str__(self) -> str:
        return f"{self.pin} {self.level}"

    def __repr__(self) -> str:
        """Return it as an assertion that fails shows it."""
        return f"{self} at {self.at_ns / _NS_PER_MS:.3f} ms"


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
        self.note("on" if edge.high == self._active_high else "off", edge.at_ns)
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
        count = self._until(at_ns)
        return self.edges[count - 1] if count else self.first

    def after(self, at_ns: int) -> list[PinEdge]:
        """Return the edges later than `at_ns`."""
        return self.edges[self._until(at_ns) :]

    def trace(self) -> waveform.Trace:
        """Return it as it is drawn."""
        edges = tuple((edge.at_ns, edge.level == "on") for edge in self.edges)
        return waveform.Trace(self.first.level == "on", edges)

    def _until(self, at_ns: int) -> int:
        """Return how many edges came until then."""
        return bisect.bisect_right(self.edges, at_ns, key=lambda edge: edge.at_ns)


class Scope:
    """The tapes of all named pins of one test, and the lines of its console."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or HostClock()
        self._tapes: dict[str, Tape] = {}
        self._said: list[Said] = []
        self.measured: list[Latency] = []

    def add(self, tape: Tape) -> None:
        """Show `tape` too."""
        self._tapes[tape.first.pin] = tape

    def hear(self, text: str) -> None:
        """Add a line of the console that has arrived now."""
        self._said.append(Said(self._clock.now_ns(), text))

    def __iter__(self) -> Iterator[Tape]:
        return iter(self._tapes.values())

    def capture(self, *pins: str, since: Moment | None = None) -> Capture:
        """Return what was recorded so far, of all pins or of those named, and of the console.

        It begins with the test, or at the stamp of `since`.
        """
        for name in pins:
            if name not in self._tapes:
                known = ", ".join(self._tapes) or "none"
                raise BenchError(f"no pin {name!r} is recorded; recorded are: {known}")
        tapes = [self._tapes[name] for name in pins] or list(self)
        _settle(tapes)
        end = self._clock.now_ns()
        began = min((tape.first.at_ns for tape in tapes), default=end)
        start = began if since is None else since.at_ns
        traces = {}
        for tape in tapes:
            edges = tuple((edge.at_ns, edge.level == "on") for edge in tape.after(start - 1))
            traces[tape.first.pin] = waveform.Trace(tape.at(start - 1).level == "on", edges)
        said = tuple(one for one in self._said if one.at_ns >= start)
        return Capture(start, max(end, start), traces, said)

    def draw(
        self,
        *,
        last: int = _LAST_EDGES,
        span: tuple[int, int] | None = None,
        width: int = 80,
        glyphs: waveform.Glyphs = waveform.BLOCKS,
    ) -> str:
        """Return the waveforms of all pins around their `last` edges, or in a span of time."""
        _settle(self)
        shown = sorted(edge.at_ns for tape in self for edge in tape.edges)[-last:]
        if span is not None:
            pass
        elif not shown:
            start = min((tape.first.at_ns for tape in self), default=0)
            span = (start, start + _NS_PER_MS)
        else:
            margin = max((shown[-1] - shown[0]) // 10, _NS_PER_MS)
            span = (shown[0] - margin, shown[-1] + margin)
        traces = {tape.first.pin: tape.trace() for tape in self}
        return waveform.draw(traces, span=span, width=width, glyphs=glyphs)


def _settle(tapes: Iterable[Tape]) -> None:
    """Take every edge that has arrived; what came before a board was gone is shown all the same."""
    for tape in tapes:
        with suppress(RpikitError):
            tape.collect()
