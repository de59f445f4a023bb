# SPDX-License-Identifier: MIT
"""Times with a unit: `50 * ms`, as every press, wait and limit of a test is written.

A duration is a whole number of nanoseconds. A plain number is no time, and is refused where a
time is wanted.
"""

import re
from dataclasses import dataclass
from typing import overload


@dataclass(frozen=True, order=True, repr=False)
class Duration:
    """A length of time; `ns` may be negative for what came earlier."""

    ns: int

    def __mul__(self, times: float) -> "Duration":
        if isinstance(times, bool) or not isinstance(times, int | float):
            return NotImplemented
        return Duration(self.ns * times if isinstance(times, int) else round(self.ns * times))

    __rmul__ = __mul__

    @overload
    def __truediv__(self, other: "Duration") -> float: ...

    @overload
    def __truediv__(self, other: float) -> "Duration": ...

    def __truediv__(self, other: "Duration | float") -> "Duration | float":
        if isinstance(other, Duration):
            return self.ns / other.ns
        return Duration(round(self.ns / other))

    def __add__(self, other: "Duration") -> "Duration":
        return Duration(self.ns + other.ns) if isinstance(other, Duration) else NotImplemented

    def __sub__(self, other: "Duration") -> "Duration":
        return Duration(self.ns - other.ns) if isinstance(other, Duration) else NotImplemented

    def __neg__(self) -> "Duration":
        return Duration(-self.ns)

    def __abs__(self) -> "Duration":
        return Duration(abs(self.ns))

    def __bool__(self) -> bool:
        return self.ns != 0

    def __str__(self) -> str:
        """Return it as people read it: `850 ns`, `12.5 us`, `20.0 ms`, `90.0 s`."""
        size = abs(self.ns)
        if size < us.ns:
            return f"{self.ns} ns"
        for limit, unit, name in ((ms, us, "us"), (10 * s, ms, "ms")):
            if size < limit.ns:
                return f"{self.ns / unit.ns:.1f} {name}"
        return f"{self.ns / s.ns:.1f} s"

    __repr__ = __str__


ns = Duration(1)
us = Duration(1_000)
ms = Duration(1_000_000)
s = Duration(1_000_000_000)


_UNITS = {"ns": ns, "us": us, "ms": ms, "s": s, "min": 60 * s}


def parse(text: str) -> Duration:
    """Read a time that a person wrote: `50ms`, `1.5 s`; raise ValueError for anything else."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(ns|us|ms|s|min)", text)
    if match is None:
        raise ValueError(f"{text!r} is no time; write a number with its unit, such as 50ms or 2s")
    return _UNITS[match[2]] * float(match[1])


def checked(value: Duration, what: str) -> Duration:
    """Return a duration that is not negative; raise TypeError or ValueError that says how to write.

    `what` is the argument, such as `press()` or `within`.
    """
    if not isinstance(value, Duration):
        raise TypeError(
            f"{what}: {value!r} is no time; write it with its unit, such as 20 * ms "
            "(from rpikit.units import ms)"
        )
    if value.ns < 0:
        raise ValueError(f"{what}: {value} would have to be 0 or more")
    return value
