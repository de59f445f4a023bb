# SPDX-License-Identifier: MIT
"""The clock of another machine on this one's: as good as the quickest way there and back."""

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rpikit.bench.clock_map import DRIFT, ClockMap

SECOND = 10**9
FAR = 123_456_789_000  # ns that the other clock is ahead

trips = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**9)), min_size=1
)


def test_a_stamp_is_off_by_half_a_round_trip_at_most() -> None:
    clock = ClockMap()
    sent = time.monotonic_ns()
    clock.measure(sent, sent + 900 + FAR, sent + 1000)
    assert abs(clock.here(sent + FAR) - sent) <= 500
    assert 500 <= clock.uncertainty_ns() < SECOND


def test_the_quickest_trip_counts() -> None:
    clock = ClockMap()
    sent = time.monotonic_ns()
    clock.measure(sent, sent + 10 + FAR, sent + 20)
    clock.measure(sent + 100, sent + 100 + FAR, sent + 900)
    assert abs(clock.here(sent + 500 + FAR) - sent - 500) <= 10


def test_a_slow_trip_counts_when_the_quick_one_is_old() -> None:
    clock = ClockMap()
    sent = time.monotonic_ns() - 1000 * SECOND
    clock.measure(sent, sent + 10 + FAR, sent + 20)
    later = sent + 1000 * SECOND
    drifted = FAR + 1000 * SECOND * DRIFT / 2
    clock.measure(later, round(later + 5000 + drifted), later + 10000)
    assert abs(clock.here(round(later + drifted)) - later) <= 5000


@given(trips)
def test_every_stamp_is_as_good_as_is_said(trips: list[tuple[int, int, int]]) -> None:
    clock = ClockMap()
    now = time.monotonic_ns() - 100 * SECOND * len(trips)
    worst = 0.0  # of those so far: a stamp is held back by the ones before it
    for there, back, pause in trips:
        clock.measure(now, now + there + FAR, now + there + back)
        now += there + back
        worst = max(worst, clock._aged(now))
        assert abs(clock.here(now + FAR) - now) <= worst + 1
        now += pause


@given(trips)
def test_what_comes_later_there_is_not_earlier_here(trips: list[tuple[int, int, int]]) -> None:
    clock = ClockMap()
    now = time.monotonic_ns()
    stamps = []
    for there, back, pause in trips:
        clock.measure(now, now + there + FAR, now + there + back)
        now += there + back
        stamps.append(clock.here(now + FAR))
        now += pause % 1000
        stamps.append(clock.here(now + FAR))
    assert all(first <= second for first, second in pairwise(stamps))
