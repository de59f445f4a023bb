# SPDX-License-Identifier: MIT
"""The state machine of a roll-out: canaries, waves, limits, and any mix of failures."""

import random

import pytest

from rpikit.errors import EXIT_INTERRUPTED, EXIT_OK, DescriptionError
from rpikit.fleet import GRAVITY, Limit, Plan, Rollout

NAMES = tuple(f"lab-{number}" for number in range(1, 9))


def test_the_canary_goes_alone_and_first() -> None:
    rollout = Rollout(Plan(NAMES, wave=3))
    assert rollout.due() == NAMES[:1]
    assert rollout.due() == ()
    rollout.end(NAMES[0], EXIT_OK)
    assert rollout.due() == NAMES[1:4]


def test_a_canary_that_fails_stops_everything_whatever_may_fail() -> None:
    rollout = Rollout(Plan(NAMES, max_failures=Limit(100, is_percent=True)))
    rollout.end(*rollout.due(), 4)
    assert rollout.due() == ()
    assert rollout.is_over
    assert rollout.stopped == "the canary lab-1 failed"
    assert rollout.waiting == NAMES[1:]
    assert rollout.exit_code == 4


def test_without_a_canary_the_first_wave_begins_at_once() -> None:
    assert Rollout(Plan(NAMES, canary=0, wave=5)).due() == NAMES[:5]


def test_a_board_that_ends_makes_room_for_the_next_beside_a_slow_one() -> None:
    rollout = Rollout(Plan(NAMES, canary=0, wave=2))
    slow, quick = rollout.due()
    for expected in NAMES[2:]:
        rollout.end(quick, EXIT_OK)
        (quick,) = rollout.due()
        assert quick == expected
    assert rollout.running == {slow, NAMES[-1]}


def test_one_failure_more_than_may_stops_it() -> None:
    rollout = Rollout(Plan(NAMES, canary=0, wave=1, max_failures=Limit(2)))
    for code in (4, 0, 1):
        rollout.end(*rollout.due(), code)
        assert not rollout.stopped
    rollout.end(*rollout.due(), 4)
    assert rollout.stopped == "more than 2 failed (--max-failures)"
    assert (rollout.exit_code, len(rollout.waiting)) == (1, 4)


@pytest.mark.parametrize(
    ("text", "boards", "allowed"),
    [("0", 8, 0), ("3", 8, 3), ("25%", 8, 2), ("10%", 8, 0), ("100%", 3, 3), ("0%", 9, 0)],
)
def test_a_limit_is_a_number_or_a_share(text: str, boards: int, allowed: int) -> None:
    assert Limit.parse(text).of(boards) == allowed
    assert str(Limit.parse(text)) == text


@pytest.mark.parametrize("text", ["", "-1", "101%", "some", "1.5", "%"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(DescriptionError, match="how many boards may fail"):
        Limit.parse(text)


@pytest.mark.parametrize(
    ("codes", "gravest"),
    [((0, 0), 0), ((4, 0), 4), ((4, 1), 1), ((1, 6), 6), ((4, 6, 1), 6), ((5, 4), 5), ((9, 0), 9)],
)
def test_it_ends_with_the_gravest_code(codes: tuple[int, ...], gravest: int) -> None:
    everyone = Limit(100, is_percent=True)
    rollout = Rollout(Plan(NAMES[: len(codes)], canary=0, max_failures=everyone))
    for name, code in zip(rollout.due(), codes, strict=True):
        rollout.end(name, code)
    assert rollout.is_over
    assert rollout.exit_code == gravest


def test_a_failure_after_which_nothing_waits_stops_nothing() -> None:
    rollout = Rollout(Plan(NAMES[:2], canary=0))
    for name in rollout.due():
        rollout.end(name, 4)
    assert (rollout.stopped, rollout.is_over, rollout.exit_code) == ("", True, 4)


def test_an_interrupt_lets_what_is_under_way_end_and_begins_nothing() -> None:
    rollout = Rollout(Plan(NAMES, canary=0, wave=2))
    first, second = rollout.due()
    rollout.interrupt()
    assert rollout.due() == ()
    assert not rollout.is_over
    rollout.end(first, EXIT_OK)
    rollout.end(second, EXIT_INTERRUPTED)
    assert rollout.is_over
    assert rollout.exit_code == EXIT_INTERRUPTED


def test_an_interrupt_after_the_last_board_changes_nothing() -> None:
    rollout = Rollout(Plan(NAMES[:1]))
    rollout.due()
    rollout.interrupt()
    rollout.end(NAMES[0], EXIT_OK)
    assert rollout.exit_code == EXIT_OK


def test_a_resumed_one_leaves_alone_what_is_done_and_keeps_its_canary() -> None:
    rollout = Rollout(Plan(NAMES, wave=3), flashed=frozenset(NAMES[1:3]))
    assert rollout.due() == NAMES[:1]
    rollout.end(NAMES[0], EXIT_OK)
    assert rollout.due() == NAMES[3:6]


@pytest.mark.parametrize("seed", range(300))
def test_whatever_fails_in_whatever_order_the_rules_hold(seed: int) -> None:
    chance = random.Random(seed)
    names = tuple(f"board-{number}" for number in range(chance.randint(1, 40)))
    limit = Limit(chance.randint(0, 100), True) if seed % 2 else Limit(chance.randint(0, 8))
    plan = Plan(names, chance.randint(0, 3), chance.randint(1, 9), limit)
    before = frozenset(name for name in names if chance.random() < 0.2)
    failing = chance.random() ** 2
    rollout = Rollout(plan, before)
    begun: list[str] = []
    under_way: list[str] = []
    failures = 0
    interrupted = False
    while not rollout.is_over:
        due = rollout.due()
        if due:
            assert failures <= limit.of(len(names))
            assert not interrupted
        begun += due
        under_way += due
        assert len(under_way) <= plan.wave
        assert rollout.running == set(under_way)
        canaries = set(names[: plan.canary])
        if not set(under_way) <= canaries:  # then every canary is behind us, and well
            assert all(rollout.ended.get(name) == EXIT_OK for name in canaries)
        board = under_way.pop(chance.randrange(len(under_way)))
        code = chance.choice(GRAVITY) if chance.random() < failing else EXIT_OK
        failures += code != EXIT_OK
        rollout.end(board, code)
        if chance.random() < 0.02:
            interrupted = True
            rollout.interrupt()
    assert len(begun) == len(set(begun))
    assert not before & set(begun)
    assert before | set(begun) | set(rollout.waiting) == set(names)
    assert failures <= limit.of(len(names)) + plan.wave
    assert bool(rollout.waiting) <= bool(rollout.stopped)
    assert interrupted or bool(rollout.waiting) == bool(rollout.stopped)
    all_well = not rollout.waiting and failures == 0
    assert (rollout.exit_code == EXIT_OK) == all_well
