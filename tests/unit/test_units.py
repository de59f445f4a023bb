# SPDX-License-Identifier: MIT
"""Times with a unit: how they are written, reckoned with, printed, and what is refused."""

from typing import cast

import pytest

from rpikit import units
from rpikit.units import Duration, ms, ns, s, us


def test_a_number_times_a_unit_is_a_duration() -> None:
    assert 50 * ms == ms * 50 == Duration(50_000_000)
    assert 1.5 * us == 1500 * ns
    assert 2 * s - 500 * ms + 1 * us == Duration(1_500_001_000)


def test_durations_are_compared_and_divided() -> None:
    assert 3 * ms > 2999 * us
    assert (30 * ms) / (20 * ms) == 1.5
    assert (30 * ms) / 3 == 10 * ms
    assert abs(-(5 * ms)) == 5 * ms
    assert not 0 * ms


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (850 * ns, "850 ns"),
        (12.5 * us, "12.5 us"),
        (20 * ms, "20.0 ms"),
        (1000 * ms, "1000.0 ms"),
        (-90 * s, "-90.0 s"),
    ],
)
def test_a_duration_is_printed_as_people_read_it(duration: Duration, text: str) -> None:
    assert str(duration) == repr(duration) == text


@pytest.mark.parametrize("number", [20, 0.5, True, None])
def test_a_plain_number_is_no_time_and_is_told_so(number: object) -> None:
    with pytest.raises(TypeError, match=r"press\(\): .* is no time; write .* such as 20 \* ms"):
        units.checked(cast(Duration, number), "press()")


def test_a_negative_time_is_refused_where_something_lasts() -> None:
    with pytest.raises(ValueError, match=r"within: -5\.0 ms would have to be 0 or more"):
        units.checked(-5 * ms, "within")


def test_times_and_numbers_do_not_mix() -> None:
    for act in (lambda: 5 * ms + 5, lambda: 5 * ms - 5, lambda: 5 * ms * ms):  # type: ignore[operator]
        with pytest.raises(TypeError):
            act()


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("50ms", 50 * ms),
        ("1.5 s", 1500 * ms),
        ("250us", 250 * us),
        ("7ns", 7 * ns),
        ("2min", 120 * s),
        ("0s", 0 * s),
    ],
)
def test_a_time_that_is_typed_has_its_unit(text: str, duration: Duration) -> None:
    assert units.parse(text) == duration


@pytest.mark.parametrize("text", ["50", "", "ms", "-5ms", "1e3ms", "5 m", "5ms ", "1h"])
def test_a_time_without_its_unit_is_told_how_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; write a number with its unit, such as 50ms"):
        units.parse(text)
