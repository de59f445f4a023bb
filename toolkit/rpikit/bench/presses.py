# SPDX-License-Identifier: MIT
"""Sequences of presses for property-based tests: hypothesis draws them and shrinks what fails.

A failing sequence shrinks to the fewest presses, each as short and as plain as still breaks the
firmware. The fixture `fresh` starts the firmware anew for each example.
"""

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rpikit import units
from rpikit.bench import bounce as bounces
from rpikit.bench.bounce import Profile
from rpikit.units import Duration, ms

on_a_board = settings(
    deadline=None,
    max_examples=20,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
"""Settings that fit a board: no limit on an example's time, few examples, and always the same."""

_SEEDS = 15


@dataclass(frozen=True)
class Stroke:
    """A press to be made: how long it is held, the pause after it, and how its contact bounces."""

    hold: Duration
    pause: Duration
    bounce: Profile = "ideal"
    seed: int = 0


def sequences(
    *,
    fewest: int = 1,
    most: int = 8,
    hold: tuple[Duration, Duration] = (20 * ms, 300 * ms),
    pause: tuple[Duration, Duration] = (20 * ms, 300 * ms),
    bounce: tuple[Profile, ...] = ("ideal",),
) -> st.SearchStrategy[list[Stroke]]:
    """Return a strategy for sequences of presses, each time a whole number of milliseconds.

    `hold` and `pause` are the shortest and the longest time. Of the profiles in `bounce` the first
    is the plainest; a bounce other than ideal has a seed, too.
    """
    strokes = st.builds(
        _stroke,
        _times(*hold),
        _times(*pause),
        st.sampled_from([bounces.checked(profile) for profile in bounce]),
        st.integers(0, _SEEDS),
    )
    return st.lists(strokes, min_size=fewest, max_size=most)


def _stroke(hold: Duration, pause: Duration, bounce: Profile, seed: int) -> Stroke:
    return Stroke(hold, pause, bounce, 0 if bounce == "ideal" else seed)


def _times(shortest: Duration, longest: Duration) -> st.SearchStrategy[Duration]:
    least = -(-units.checked(shortest, "the shortest").ns // ms.ns)
    return st.integers(least, units.checked(longest, "the longest").ns // ms.ns).map(
        lambda count: count * ms
    )
