# SPDX-License-Identifier: MIT
"""Bounce profiles: which changes a press plays, that they are the same every time."""

import pytest

from rpikit.bench import bounce
from rpikit.bench.bounce import Profile
from rpikit.units import ms, us

BOUNCING: list[tuple[Profile, float]] = [("typical", 1557), ("worst", 6200)]


@pytest.mark.parametrize(("profile", "longest_us"), BOUNCING)
@pytest.mark.parametrize("seed", range(50))
def test_a_contact_settles_within_its_time(profile: Profile, longest_us: float, seed: int) -> None:
    for changes, ends_closed in (
        (bounce.closing(profile, seed, 100 * ms), True),
        (bounce.opening(profile, seed), False),
    ):
        times = [after for after, _ in changes]
        assert times == sorted(set(times))
        assert 0 * us < times[0]
        assert times[-1] <= longest_us * us
        assert [closed for _, closed in changes] == [not ends_closed, ends_closed] * (
            len(changes) // 2
        )


def test_an_ideal_contact_does_not_bounce() -> None:
    assert bounce.closing("ideal", 1, 100 * ms) == bounce.opening("ideal", 1) == []


def test_a_seed_decides_the_changes() -> None:
    assert bounce.closing("worst", 7, None) == bounce.closing("worst", 7, None)
    assert bounce.closing("worst", 7, None) != bounce.closing("worst", 8, None)


def test_the_changes_of_a_seed_are_the_same_for_ever() -> None:
    told = [(after.ns, closed) for after, closed in bounce.closing("typical", 1, None)]
    assert told == TYPICAL_1


def test_a_short_press_cuts_the_bounce_and_stays_closed() -> None:
    changes = bounce.closing("worst", 1, 3 * ms)
    assert changes
    assert changes[-1][0] < 3 * ms
    assert changes[-1][1]


def test_chatter_opens_again_and_again_while_it_is_held() -> None:
    changes = bounce.closing("chatter", 1, 300 * ms)
    gaps = [after for after, closed in changes if not closed and after > 1557 * us]
    assert len(gaps) >= 300 // 26 - 1
    assert changes[-1][1]
    for opens, closes in zip(changes[0::2], changes[1::2], strict=True):
        if opens[0] > 1557 * us:
            assert 50 * us <= closes[0] - opens[0] <= 500 * us


def test_a_stuck_contact_closes_as_a_typical_one() -> None:
    assert len(bounce.closing("stuck", 1, 100 * ms)) in (2, 4, 6)


TYPICAL_1 = [(540_277, False), (1_495_954, True)]
