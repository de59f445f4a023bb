# SPDX-License-Identifier: MIT
"""How long a lamp takes to answer a switch: measured press by press, with limits and a baseline.

Every sample is the difference of two stamps of edges. What the figures are worth depends on whose
stamps they are, so each result carries a claim, or the reason why it makes none.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rpikit import units
from rpikit.bench import Clock
from rpikit.bench.baseline import Baselines, Figures
from rpikit.bench.pin import Pin, PinError
from rpikit.bench.scope import Level, PinEdge
from rpikit.units import Duration, ms, s, us

_BINS = 12
_BAR = 40  # columns
_STEPS = (1, 2, 5)
_LEAST = 500 * us  # what a baseline is missed by has to be more than that, too


@dataclass(frozen=True)
class Claim:
    """Whether times measured on a bench say something about a board, and what."""

    is_made: bool
    text: str


@dataclass(frozen=True)
class Bin:
    """So many samples of `begin` and more; the last bin has no end."""

    begin: Duration
    count: int
    is_last: bool = False


@dataclass(frozen=True)
class Latency:
    """The samples in the order they were taken, and what they are worth."""

    name: str
    place: str
    samples: tuple[Duration, ...]
    claim: Claim
    before: Figures | None = None
    slowest: str = ""
    quickest: str = ""
    figures: Figures = field(init=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.samples)
        found = {name: _rank(ordered, share) for name, share in _SHARES.items()}
        object.__setattr__(self, "figures", Figures(count=len(ordered), **found))

    def check(
        self,
        *,
        best: Duration | None = None,
        p50: Duration | None = None,
        p90: Duration | None = None,
        p99: Duration | None = None,
        worst: Duration | None = None,
        drift: float = 0.25,
    ) -> None:
        """Expect the figures that are given to be no longer than said.

        `best` is the quickest answer: a limit for it holds also where the machine that plays the
        board is busy. Where the bench makes a claim about time, the median and p99 have also to be
        within `drift` of the baseline that is kept.
        """
        __tracebackhide__ = True
        limits = {"best": best, "p50": p50, "p90": p90, "p99": p99, "worst": worst}
        for name, limit in limits.items():
            if limit is None:
                continue
            found = self.figures.of(name)
            if found > units.checked(limit, f"check({name}=)"):
                raise PinError(self._missed(f"{name} {found}, more than {limit}", name))
        if self.before is None or not self.claim.is_made:
            return
        for name in ("p50", "p99"):
            found, known = self.figures.of(name), self.before.of(name)
            if found > known * (1 + drift) and found - known > _LEAST:
                by = f"{(found / known - 1) * 100:.0f} % more than the baseline's {known}"
                raise PinError(self._missed(f"{name} {found}, {by}", name))

    def histogram(self) -> list[Bin]:
        """Return how the samples are spread; what is far above the rest is in the last bin."""
        figures = self.figures
        width = _round((figures.p99 - figures.best) / (_BINS - 1))
        first = figures.best.ns // width.ns
        counts = [0] * _BINS
        for sample in self.samples:
            counts[min(sample.ns // width.ns - first, _BINS - 1)] += 1
        last = max(number for number, count in enumerate(counts) if count)
        return [
            Bin((first + number) * width, count, number == _BINS - 1)
            for number, count in enumerate(counts[: last + 1])
        ]

    def __str__(self) -> str:
        bins = self.histogram()
        most = max(one.count for one in bins)
        begins = [f"{'>=' if one.is_last else ''}{one.begin.ns / ms.ns:.3f} ms" for one in bins]
        room = max(len(begin) for begin in begins)
        drawn = [
            f"  {begin:>{room}} {'#' * -(-one.count * _BAR // most)} {one.count}".rstrip()
            for begin, one in zip(begins, bins, strict=True)
        ]
        lines = [f"{self.name}: {self.figures}", *drawn]
        if self.before is not None:
            lines.append(f"baseline: {self.before}")
        return "\n".join([*lines, f"{self.place}: {self.claim.text}"])

    def values(self) -> dict[str, Any]:
        """Return it as one object for programs."""
        return {
            "name": self.name,
            "place": self.place,
            "claim": self.claim.is_made,
            "claim_text": self.claim.text,
            **self.figures.values(),
            "baseline": None if self.before is None else self.before.values(),
            "samples_ns": [sample.ns for sample in self.samples],
            "histogram": [[one.begin.ns, one.count] for one in self.histogram()],
        }

    def _missed(self, what: str, name: str) -> str:
        picture = self.quickest if name == "best" else self.slowest
        which = "quickest" if name == "best" else "slowest"
        return f"{self.name}: {what}\n{self}\nthe {which}:\n{picture}"


_SHARES = {"best": 0.0, "p50": 0.5, "p90": 0.9, "p99": 0.99, "worst": 1.0}


def measure(
    switch: Pin,
    lamp: Pin,
    *,
    clock: Clock,
    claim: Claim,
    place: str,
    presses: int = 100,
    hold: Duration = 5 * ms,
    pause: Duration = 5 * ms,
    within: Duration = 1 * s,
    release: bool = True,
    seed: int = 0,
    name: str = "",
    baselines: Baselines | None = None,
) -> Latency:
    """Press so many times and return how long the lamp took; the lamp has to be off before.

    A press lasts until the lamp has answered, and `hold` or up to twice as long; `pause` likewise:
    the seed draws how much, so that presses do not fall in step with firmware that looks at its
    pins now and then. With `release` letting go is a sample, too; without it the lamp changes with
    each press only. A press without an answer `within` the time, and a change of the lamp without
    a press, fail the test.
    """
    __tracebackhide__ = True
    for time, what in ((hold, "hold"), (pause, "pause"), (within, "within")):
        units.checked(time, f"latency({what}=)")
    if presses < 1:
        raise ValueError(f"latency(presses={presses}): it would have to be 1 or more")
    draw = random.Random(f"latency/{seed}")
    begun = len(lamp.edges())
    level: Level = "on"
    pairs: list[tuple[PinEdge, PinEdge]] = []
    for number in range(1, presses + 1):
        which = f"press {number} of {presses}"
        with switch.pressed() as down:
            pairs.append((down, _answer(lamp, level, within, down, which)))
            clock.sleep_until(max(down.at_ns, pairs[-1][1].at_ns) + _drawn(draw, hold))
        up = switch.edges()[-1]
        if release:
            pairs.append((up, _answer(lamp, "off", within, up, f"{which}, let go")))
        else:
            level = "off" if level == "on" else "on"
        clock.sleep_until(max(up.at_ns, pairs[-1][1].at_ns) + _drawn(draw, pause))
    changes = len(lamp.edges()) - begun
    if changes != len(pairs):
        raise PinError(
            f"{lamp.name}: {presses} presses have to change it {len(pairs)} times, it changed "
            f"{changes} times\n{lamp.scope.draw()}"
        )
    pairs.sort(key=lambda pair: pair[1].at_ns - pair[0].at_ns)
    title = name or f"{switch.name} to {lamp.name}"
    result = Latency(
        name=title,
        place=place,
        samples=tuple(answer - asked for asked, answer in _in_order(pairs)),
        claim=claim,
        before=baselines.find(title, place) if baselines else None,
        slowest=_picture(lamp, pairs[-1]),
        quickest=_picture(lamp, pairs[0]),
    )
    if baselines is not None:
        baselines.note(title, place, result.figures)
    lamp.scope.measured.append(result)
    print(result)
    return result


def _answer(lamp: Pin, level: Level, within: Duration, since: PinEdge, which: str) -> PinEdge:
    __tracebackhide__ = True
    try:
        edge = lamp.expect(level, within=within, since=since)
    except PinError as error:
        raise PinError(f"{which}: {error}") from None
    if edge.at_ns <= since.at_ns:
        raise PinError(f"{which}: {lamp.name} was {level} before it\n{lamp.scope.draw()}")
    return edge


def _drawn(draw: random.Random, least: Duration) -> int:
    return least.ns + draw.randint(0, least.ns)


def _in_order(pairs: Iterable[tuple[PinEdge, PinEdge]]) -> list[tuple[PinEdge, PinEdge]]:
    return sorted(pairs, key=lambda pair: pair[0].at_ns)


def _picture(lamp: Pin, pair: tuple[PinEdge, PinEdge]) -> str:
    margin = max((pair[1].at_ns - pair[0].at_ns) // 4, ms.ns)
    return lamp.scope.draw(span=(pair[0].at_ns - margin, pair[1].at_ns + margin))


def _rank(ordered: list[Duration], share: float) -> Duration:
    """Return the sample that so large a share of all does not exceed: the nearest rank."""
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


def _round(width: Duration) -> Duration:
    """Return the next of 1, 2, 5, 10, ... us that is no less."""
    unit = us.ns
    while True:
        for step in _STEPS:
            if step * unit >= width.ns:
                return Duration(step * unit)
        unit *= 10
