# SPDX-License-Identifier: MIT
"""Lines without a board, in a time of their own: what a test of tests runs against.

Nothing sleeps: waiting moves the fake's clock to the next thing that was put down for it, so a
minute of presses takes a moment and every run gives the same stamps.
"""

import heapq
import itertools
from collections import defaultdict, deque
from collections.abc import Callable

from rpikit.bench import Edge
from rpikit.closing import Closing


class Fake:
    """A bench of fake lines; it is its own clock."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now = start_ns
        self._levels: defaultdict[int, bool] = defaultdict(bool)
        self._planned: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._watches: defaultdict[int, list[FakeWatch]] = defaultdict(list)
        self._wired: defaultdict[int, list[Callable[[bool], None]]] = defaultdict(list)

    def now_ns(self) -> int:
        """Return the fake's present time."""
        return self._now

    def sleep_until(self, at_ns: int) -> None:
        """Let everything planned up to `at_ns` happen."""
        while self._planned and self._planned[0][0] <= at_ns:
            self.step()
        self._now = max(self._now, at_ns)

    def plan(self, after_ns: int, action: Callable[[], None]) -> None:
        """Put `action` down for `after_ns` from now."""
        heapq.heappush(self._planned, (self._now + after_ns, next(self._order), action))

    def next_planned_ns(self) -> int | None:
        """Return when the next planned action is due."""
        return self._planned[0][0] if self._planned else None

    def step(self) -> None:
        """Move to the next planned action and let it happen."""
        at_ns, _, action = heapq.heappop(self._planned)
        self._now = max(self._now, at_ns)
        action()

    def on_change(self, line: int, action: Callable[[bool], None]) -> None:
        """Call `action` with the new level whenever `line` changes, as firmware would see it."""
        self._wired[line].append(action)

    def set(self, line: int, high: bool) -> None:
        """Bring `line` to a level, as firmware or a wire would."""
        if self._levels[line] == high:
            return
        self._levels[line] = high
        edge = Edge(high, self._now)
        for watch in self._watches[line]:
            watch.edges.append(edge)
        for action in self._wired[line]:
            action(high)

    def is_high(self, line: int) -> bool:
        """Return the present level of `line`."""
        return self._levels[line]

    def watch(self, line: int) -> "FakeWatch":
        """Return a source of the edges of `line`."""
        watch = FakeWatch(self, line)
        self._watches[line].append(watch)
        return watch

    def unwatch(self, line: int, watch: "FakeWatch") -> None:
        """Forget a watch that was closed."""
        self._watches[line].remove(watch)

    def line(self, number: int, *, idle: bool = False) -> "FakeLine":
        """Return the bench's end of a line that lies at `idle` while nothing drives it."""
        return FakeLine(self, number, idle)


class FakeLine:
    """The bench's end of a fake line."""

    def __init__(self, fake: Fake, number: int, idle: bool) -> None:
        self._fake = fake
        self._number = number
        self._idle = idle

    def drive(self, high: bool) -> int:
        """Bring the line to a level and return the time stamp of that."""
        self._fake.set(self._number, high)
        return self._fake.now_ns()

    def read(self) -> bool:
        """Return whether the line is high now."""
        return self._fake.is_high(self._number)

    def watch(self) -> "FakeWatch":
        """Return a source of the line's edges from now on."""
        return self._fake.watch(self._number)

    def release(self) -> None:
        """Let the line fall back to its idle level."""
        self._fake.set(self._number, self._idle)


class FakeWatch(Closing):
    """The edges of a fake line."""

    def __init__(self, fake: Fake, number: int) -> None:
        self.edges: deque[Edge] = deque()
        self._fake = fake
        self._number = number

    def next(self, timeout: float) -> Edge | None:
        """Return the next edge, or None once the fake's time has moved on by `timeout`."""
        deadline = self._fake.now_ns() + round(timeout * 1e9)
        while not self.edges:
            due = self._fake.next_planned_ns()
            if due is None or due > deadline:
                self._fake.sleep_until(deadline)
                return None
            self._fake.step()
        return self.edges.popleft()

    def close(self) -> None:
        """Stop watching."""
        self._fake.unwatch(self._number, self)
