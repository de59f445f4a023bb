# SPDX-License-Identifier: MIT
"""The face of a bench driver: one line that is driven, read and watched from outside the board.

A line is electrical: it is high or low and knows nothing of buttons and lamps; `pin` adds the
logical levels. Every time stamp is in nanoseconds of this machine's CLOCK_MONOTONIC, whatever
the driver, so that the edges of several lines stand on one axis.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from rpikit.errors import BenchError, BoardError


@dataclass(frozen=True)
class Edge:
    """A change of a line to `high`, seen or made at `at_ns`."""

    high: bool
    at_ns: int


class Watch(Protocol):
    """A source of the edges of one line, from the moment it was made until it is closed."""

    def next(self, timeout: float) -> Edge | None:
        """Return the next edge, or None if none came within `timeout` seconds."""
        ...

    def close(self) -> None:
        """Stop watching."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Line(Protocol):
    """One line of the bench; a fault of the bench raises BenchError."""

    def drive(self, high: bool) -> int:
        """Bring the line to a level and return the time stamp of that."""
        ...

    def read(self) -> bool:
        """Return whether the line is high now."""
        ...

    def watch(self) -> Watch:
        """Return a source of the line's edges from now on."""
        ...

    def release(self) -> None:
        """Stop driving the line, so that its pull or its other end decides."""
        ...


class Clock(Protocol):
    """The time a bench lives in: this machine's, or a fake's."""

    def now_ns(self) -> int:
        """Return the present time on the axis of the edges' stamps."""
        ...

    def sleep_until(self, at_ns: int) -> None:
        """Return when the time `at_ns` has come."""
        ...


class HostClock:
    """The CLOCK_MONOTONIC of this machine."""

    def now_ns(self) -> int:
        """Return the present time on the axis of the edges' stamps."""
        return time.monotonic_ns()

    def sleep_until(self, at_ns: int) -> None:
        """Return when the time `at_ns` has come."""
        remaining = at_ns - time.monotonic_ns()
        if remaining > 0:
            time.sleep(remaining / 1e9)


@contextmanager
def named(net: str) -> Iterator[None]:
    """Have an error of the bench or the board begin with the name of the net it happened to."""
    try:
        yield
    except (BenchError, BoardError) as error:
        if str(error).startswith(f"{net}: "):
            raise
        raise type(error)(f"{net}: {error}", hint=error.hint) from error
