# SPDX-License-Identifier: MIT
"""Named pins as a test sees them: press a button, expect a lamp, in logical levels.

Times come from the stamps of edges, never from the moment Python noticed them. A failed
expectation says what was awaited, what was seen last, and draws all named pins.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpikit import units
from rpikit.bench import Clock, Line, named
from rpikit.bench import bounce as bounces
from rpikit.bench.scope import Level, Moment, PinEdge, Scope, Tape
from rpikit.errors import BenchError
from rpikit.units import Duration, ms, s
from rpikit.waveform import milliseconds

if TYPE_CHECKING:
    from rpikit.bench.presses import Stroke

_DELIVERY = 500 * ms  # how late an edge may reach us; its stamp still says when it was
_QUIET = 50 * ms  # after so long without an edge, none is on its way


@dataclass(frozen=True)
class Press:
    """What a press came to: all its edges, and how long it was asked to last."""

    asked: Duration
    edges: tuple[PinEdge, ...]

    @property
    def down(self) -> PinEdge:
        """Return the edge with which it began."""
        return self.edges[0]

    @property
    def up(self) -> PinEdge:
        """Return the edge that ended it, the last one of a switch that bounces."""
        last = self.edges[-1]
        if last.level == "on":
            raise ValueError(f"{last.pin} is stuck: this press has no end")
        return last

    @property
    def at_ns(self) -> int:
        """Return when the press began, so that `since=press` counts from there."""
        return self.down.at_ns

    @property
    def lasted(self) -> Duration:
        """Return how long it lasted, from its first edge to its last."""
        return self.up - self.down


class PinError(AssertionError):
    """A pin did not do what was expected of it; the message draws what all pins did."""


class Pin:
    """One device of the application: driven if it is an input of the firmware, else watched.

    A level is on or off; whether on means high or low is the device's property, `active`.
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
        self.is_input = is_input
        self._active_high = active_high
        self._clock = clock
        self.scope = scope
        with named(name):
            self._watch = None if is_input else line.watch()
        self._tape = Tape(self._begin(), active_high=active_high, watch=self._watch)
        scope.add(self._tape)

    def _begin(self) -> PinEdge:
        """Bring an input of the firmware to its idle level, or read an output's."""
        if self.is_input:
            with named(self.name):
                return PinEdge(self.name, "off", self._line.drive(not self._active_high))
        return PinEdge(self.name, self.level(), self._clock.now_ns())

    def level(self) -> Level:
        """Return the level the line has now."""
        with named(self.name):
            return "on" if self._line.read() == self._active_high else "off"

    def edges(self, since: Moment | None = None) -> list[PinEdge]:
        """Return the edges seen so far, in order; with `since` only the later ones."""
        self._tape.collect()
        return list(self._tape.edges) if since is None else self._tape.after(since.at_ns)

    def press(self, hold: Duration, *, bounce: bounces.Profile = "ideal", seed: int = 0) -> Press:
        """Hold the pin on for a time; return all its edges with their stamps.

        The switch bounces as its profile says (`rpikit.bench.bounce`); a profile and a seed
        always play the same changes. How close together they come, the driver decides and the
        stamps tell. One that is stuck stays on until `release`, or the end of the test.
        """
        units.checked(hold, f"{self.name}.press()")
        before = len(self._tape.edges)
        with self._closed(bounce, seed, hold) as down:
            self._clock.sleep_until(down.at_ns + hold.ns)
        return Press(hold, tuple(self._tape.edges[before:]))

    def play(self, strokes: "Iterable[Stroke]") -> list[Press]:
        """Press as a sequence says, with its pauses; return what each press came to."""
        made = []
        for stroke in strokes:
            press = self.press(stroke.hold, bounce=stroke.bounce, seed=stroke.seed)
            made.append(press)
            self._clock.sleep_until(press.edges[-1].at_ns + stroke.pause.ns)
        return made

    @contextmanager
    def pressed(self, *, bounce: bounces.Profile = "ideal", seed: int = 0) -> Iterator[PinEdge]:
        """Hold the pin on inside the block; give the edge that began it."""
        if bounce == "chatter":
            raise ValueError(f"{self.name}: to chatter it has to know how long: press(TIME)")
        with self._closed(bounce, seed, None) as down:
            yield down

    @contextmanager
    def _closed(
        self, profile: bounces.Profile, seed: int, hold: Duration | None
    ) -> Iterator[PinEdge]:
        bounces.checked(profile)
        if self.is_input and self._tape.last.level == "on":
            raise ValueError(f"{self.name} is already pressed: a press ends before the next begins")
        with ExitStack() as unless_it_ends:
            unless_it_ends.callback(self.release)
            down = self._drive("on")
            self._play(bounces.closing(profile, seed, hold), down.at_ns)
            yield down
            if profile != "stuck" and self._tape.last.level == "on":
                opened = self._drive("off")
                self._play(bounces.opening(profile, seed), opened.at_ns)
            unless_it_ends.pop_all()  # a switch that is stuck stays on

    def _play(self, changes: Sequence[tuple[Duration, bool]], begun_ns: int) -> None:
        for after, closed in changes:
            self._clock.sleep_until(begun_ns + after.ns)
            self._drive("on" if closed else "off")

    def drive(self, level: Level) -> PinEdge:
        """Bring the pin to a level and return that edge; the test's end brings it to off."""
        return self._drive(_known(self.name, level))

    def release(self) -> None:
        """Bring the pin to its idle level, off; an output of the firmware has none."""
        if self.is_input and self._tape.last.level == "on":
            self._drive("off")

    def expect(self, level: Level, *, within: Duration, since: Moment | None = None) -> PinEdge:
        """Expect the pin to have `level` at some moment within the time; return the edge to it.

        The time counts from the stamp of `since`, or else from this call. If the pin has the
        level at that moment already, the edge that brought it there is returned, however old.
        Otherwise the first edge to the level counts, by its own stamp.
        """
        __tracebackhide__ = True
        _known(self.name, level)
        units.checked(within, f"{self.name}.expect(within=)")
        start = self._start(since)
        self._tape.collect()
        if self._tape.at(start).level == level:
            return self._tape.at(start)
        edge = self._first(level, start, start + within.ns)
        if edge is not None and edge.at_ns <= start + within.ns:
            return edge
        late = f"; it came after {milliseconds(edge.at_ns - start)}" if edge else ""
        raise PinError(self._report(f"{level} within {within}{_origin(since)}{late}", start))

    def expect_no_change(self, *, for_: Duration, since: Moment | None = None) -> None:
        """Expect no edge for a time that counts from the stamp of `since` or from this call."""
        __tracebackhide__ = True
        units.checked(for_, f"{self.name}.expect_no_change(for_=)")
        start = self._start(since)
        end = start + for_.ns
        if since is None:
            self._tape.collect()
        self._clock.sleep_until(end)
        while self._tape.wait(_QUIET / s) and self._tape.last.at_ns <= end:
            pass
        changes = [edge for edge in self._tape.after(start) if edge.at_ns <= end]
        if changes:
            first = changes[0]
            seen = f"it became {first.level} after {milliseconds(first.at_ns - start)}"
            raise PinError(self._report(f"no change for {for_}{_origin(since)}; {seen}", start))

    def toggles(
        self,
        *,
        times: int,
        period: Duration,
        tolerance: Duration,
        since: Moment | None = None,
    ) -> list[PinEdge]:
        """Expect the pin to go on and off again so many times; return these edges.

        From one on to the next it has to be `period`, give or take `tolerance`. The first has to
        come within both together, from the stamp of `since` or from this call; it may go on after
        the last.
        """
        __tracebackhide__ = True
        units.checked(period, f"{self.name}.toggles(period=)")
        units.checked(tolerance, f"{self.name}.toggles(tolerance=)")
        if times < 1:
            raise ValueError(f"{self.name}.toggles(times={times}): it would have to be 1 or more")
        start = self._start(since)
        latest = period + tolerance
        found: list[PinEdge] = []
        for number in range(1, times + 1):
            begun = found[-2].at_ns if found else start
            after = found[-1].at_ns if found else start
            on = self._first("on", after, begun + latest.ns)
            if on is None or not self._is_due(on.at_ns - begun, period, tolerance, bool(found)):
                came = f"came after {milliseconds(on.at_ns - begun)}" if on else "did not come"
                what = f"{times} times on, {period} apart, give or take {tolerance}"
                raise PinError(
                    self._report(f"{what}{_origin(since)}; number {number} {came}", start)
                )
            off = self._first("off", on.at_ns, on.at_ns + latest.ns)
            if off is None or off.at_ns - on.at_ns > latest.ns:
                raise PinError(self._report(f"off again, {number} times of {times}", start))
            found += [on, off]
        return found

    @staticmethod
    def _is_due(gap_ns: int, period: Duration, tolerance: Duration, is_next: bool) -> bool:
        off = gap_ns - period.ns
        return off <= tolerance.ns and (off >= -tolerance.ns or not is_next)

    def _start(self, since: Moment | None) -> int:
        return self._clock.now_ns() if since is None else since.at_ns

    def close(self) -> None:
        """Bring the pin to its idle level and stop watching it."""
        try:
            self.release()
        finally:
            if self._watch is not None:
                self._watch.close()

    def _drive(self, level: Level) -> PinEdge:
        if not self.is_input:
            raise BenchError(
                f"{self.name}: an output of the firmware cannot be driven from the bench",
                hint='press devices with direction "in"; expect levels of the others',
            )
        high = (level == "on") == self._active_high
        with named(self.name):
            return self._tape.note(level, self._line.drive(high))

    def _first(self, level: Level, start: int, limit: int) -> PinEdge | None:
        """Return the first edge to `level` after `start`; wait while one could be in time."""
        while True:
            found = [edge for edge in self._tape.after(start) if edge.level == level]
            if found:
                return found[0]
            remaining = limit + _DELIVERY.ns - self._clock.now_ns()
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
        return f"{self.name}: expected {awaited}\nlast seen: {seen}\n{self.scope.draw()}"


def _known(name: str, level: Level) -> Level:
    if level not in ("on", "off"):
        raise ValueError(f"{name}: the level {level!r} would have to be on or off")
    return level


def _origin(since: Moment | None) -> str:
    if since is None:
        return ""
    return f" of {since.down if isinstance(since, Press) else since}"
