# SPDX-License-Identifier: MIT
"""Named pins as a test sees them: press a button, expect a lamp, in logical levels.

Times come from the stamps of edges, never from the moment Python noticed them. A failed
expectation says what was awaited, what was seen last, and draws all named pins.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rpikit.bench import Clock, Line
from rpikit.bench.scope import Level, PinEdge, Scope, Tape
from rpikit.errors import BenchError
from rpikit.waveform import milliseconds

_NS_PER_MS = 1_000_000
_DELIVERY_NS = 500 * _NS_PER_MS  # how late an edge may reach us; its stamp still says when it was
_QUIET_S = 0.05  # after so long without an edge, none is on its way


@dataclass(frozen=True)
class Press:
    """What a press came to: both edges, and how long it was asked to last."""

    asked_ms: float
    down: PinEdge
    up: PinEdge

    @property
    def at_ns(self) -> int:
        """Return when the press began, so that `since=press` counts from there."""
        return self.down.at_ns

    @property
    def ms(self) -> float:
        """Return how long it lasted."""
        return (self.up.at_ns - self.down.at_ns) / _NS_PER_MS


class PinError(AssertionError):
    """A pin did not do what was expected of it; the message draws what all pins did."""


class Pin:
    """One device of the application: driven if it is an input of the firmware, else watched.

    A level is active or inactive; whether active means high or low is the device's property.
    """

    def __init__(
        self,
        name: str,
        line: Line,
        *,
        is_input: bool,
        active_high: bool,
        clock: Clock,
        scope: Scope,
    ) -> None:
        self.name = name
        self._line = line
        self._is_input = is_input
        self._active_high = active_high
        self._clock = clock
        self._scope = scope
        self._watch = None if is_input else line.watch()
        self._tape = Tape(self._begin(), active_high=active_high, watch=self._watch)
        scope.add(self._tape)

    def _begin(self) -> PinEdge:
        """Bring an input of the firmware to its idle level, or read an output's."""
        if self._is_input:
            return PinEdge(self.name, "inactive", self._line.drive(not self._active_high))
        return PinEdge(self.name, self.level(), self._clock.now_ns())

    def level(self) -> Level:
        """Return the level the line has now."""
        return "active" if self._line.read() == self._active_high else "inactive"

    def edges(self, since: PinEdge | Press | None = None) -> list[PinEdge]:
        """Return the edges seen so far, in order; with `since` only the later ones."""
        self._tape.collect()
        return list(self._tape.edges) if since is None else self._tape.after(since.at_ns)

    def press(self, ms: float) -> Press:
        """Hold the pin active for `ms` milliseconds; return both edges with their stamps."""
        with self.pressed() as down:
            self._clock.sleep_until(down.at_ns + round(ms * _NS_PER_MS))
        return Press(ms, down, self._tape.last)

    @contextmanager
    def pressed(self) -> Iterator[PinEdge]:
        """Hold the pin active inside the block; give the edge that began it."""
        if self._is_input and self._tape.last.level == "active":
            raise ValueError(f"{self.name} is already pressed: a press ends before the next begins")
        try:
            yield self._drive("active")
        finally:
            self.release()

    def release(self) -> None:
        """Bring the pin to its idle level, inactive; an output of the firmware has none."""
        if self._is_input and self._tape.last.level == "active":
            self._drive("inactive")

    def expect(
        self, level: Level, *, within_ms: float, since: PinEdge | Press | None = None
    ) -> PinEdge:
        """Expect the pin to have `level` at some moment within the time; return the edge to it.

        The time counts from the stamp of `since`, or else from this call. If the pin has the
        level at that moment already, the edge that brought it there is returned, however old.
        Otherwise the first edge to the level counts, by its own stamp.
        """
        __tracebackhide__ = True
        if level not in ("active", "inactive"):
            raise ValueError(
                f"{self.name}: the level {level!r} would have to be active or inactive"
            )
        start = self._clock.now_ns() if since is None else since.at_ns
        limit = start + round(within_ms * _NS_PER_MS)
        self._tape.collect()
        if self._tape.at(start).level == level:
            return self._tape.at(start)
        edge = self._first(level, start, limit)
        if edge is not None and edge.at_ns <= limit:
            return edge
        late = f"; it came after {milliseconds(edge.at_ns - start)}" if edge else ""
        raise PinError(
            self._report(f"{level} within {within_ms:.1f} ms{_origin(since)}{late}", start)
        )

    def expect_no_change(self, *, for_ms: float, since: PinEdge | Press | None = None) -> None:
        """Expect no edge for a time that counts from the stamp of `since` or from this call."""
        __tracebackhide__ = True
        start = self._clock.now_ns() if since is None else since.at_ns
        end = start + round(for_ms * _NS_PER_MS)
        if since is None:
            self._tape.collect()
        self._clock.sleep_until(end)
        while self._tape.wait(_QUIET_S) and self._tape.last.at_ns <= end:
            pass
        changes = [edge for edge in self._tape.after(start) if edge.at_ns <= end]
        if changes:
            first = changes[0]
            seen = f"it became {first.level} after {milliseconds(first.at_ns - start)}"
            raise PinError(
                self._report(f"no change for {for_ms:.1f} ms{_origin(since)}; {seen}", start)
            )

    def close(self) -> None:
        """Bring the pin to its idle level and stop watching it."""
        try:
            self.release()
        finally:
            if self._watch is not None:
                self._watch.close()

    def _drive(self, level: Level) -> PinEdge:
        if not self._is_input:
            raise BenchError(
                f"{self.name}: an output of the firmware cannot be driven from the bench",
                hint='press devices with direction "in"; expect levels of the others',
            )
        high = (level == "active") == self._active_high
        return self._tape.note(level, self._line.drive(high))

    def _first(self, level: Level, start: int, limit: int) -> PinEdge | None:
        """Return the first edge to `level` after `start`; wait while one could be in time."""
        while True:
            found = [edge for edge in self._tape.after(start) if edge.level == level]
            if found:
                return found[0]
            remaining = limit + _DELIVERY_NS - self._clock.now_ns()
            if remaining <= 0 or not self._tape.is_watched:
                return None
            self._tape.wait(remaining / 1e9)

    def _report(self, awaited: str, start: int) -> str:
        """Return the text of a failed expectation."""
        last = self._tape.last
        if last is self._tape.first:
            seen = f"{last.level} since the test began, no edge at all"
        else:
            side = "after" if last.at_ns >= start else "before"
            seen = f"{last.level}, {milliseconds(abs(last.at_ns - start))} {side} that start"
        return f"{self.name}: expected {awaited}\nlast seen: {seen}\n{self._scope.draw()}"


def _origin(since: PinEdge | Press | None) -> str:
    if since is None:
        return ""
    return f" of {since.down if isinstance(since, Press) else since}"
