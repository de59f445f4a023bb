# SPDX-License-Identifier: MIT
"""Named pins on fake lines: presses, expectations and what a failure says."""

from collections.abc import Callable
from typing import cast

import pytest

from rpikit.bench.fake import Fake
from rpikit.bench.pin import Pin
from rpikit.bench.scope import Level, Scope
from rpikit.errors import BenchError

MS = 1_000_000
BUTTON, LAMP = 17, 18


class Desk:
    """A button and a lamp on a fake bench, with firmware made of one function."""

    def __init__(self, *, button_active_high: bool = True, lamp_active_high: bool = True) -> None:
        self.fake = Fake(start_ns=1_000 * MS)
        self.scope = Scope()
        self.fake.set(LAMP, not lamp_active_high)
        self.fake.set(BUTTON, not button_active_high)
        self.button = self._pin("button", BUTTON, is_input=True, active_high=button_active_high)
        self.lamp = self._pin("lamp", LAMP, is_input=False, active_high=lamp_active_high)

    def _pin(self, name: str, number: int, *, is_input: bool, active_high: bool) -> Pin:
        return Pin(
            name,
            self.fake.line(number, idle=not active_high),
            is_input=is_input,
            active_high=active_high,
            clock=self.fake,
            scope=self.scope,
        )

    def follow(self, delay_ms: float, *, inverted: bool = False) -> None:
        """Let the lamp follow the button as firmware would, `delay_ms` later."""

        def react(high: bool) -> None:
            self.fake.plan(round(delay_ms * MS), lambda: self.fake.set(LAMP, high != inverted))

        self.fake.on_change(BUTTON, react)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def message_of(act: Callable[[], object]) -> str:
    """Return what an expectation that fails says."""
    with pytest.raises(AssertionError) as caught:
        act()
    return str(caught.value)


def test_a_press_lasts_as_long_as_asked(desk: Desk) -> None:
    press = desk.button.press(50)
    assert (press.down.level, press.up.level) == ("active", "inactive")
    assert press.ms == 50
    assert desk.button.level() == "inactive"


def test_pressed_holds_the_pin_inside_the_block(desk: Desk) -> None:
    with desk.button.pressed() as down:
        assert desk.button.level() == "active"
        assert down.level == "active"
    assert desk.button.level() == "inactive"


def test_a_failure_inside_pressed_releases_the_pin(desk: Desk) -> None:
    with pytest.raises(KeyboardInterrupt), desk.button.pressed():
        raise KeyboardInterrupt
    assert not desk.fake.is_high(BUTTON)


def test_an_active_low_button_is_pressed_low() -> None:
    desk = Desk(button_active_high=False)
    with desk.button.pressed():
        assert not desk.fake.is_high(BUTTON)
    assert desk.fake.is_high(BUTTON)


def test_an_active_low_lamp_is_active_when_low() -> None:
    desk = Desk(lamp_active_high=False)
    desk.fake.plan(5 * MS, lambda: desk.fake.set(LAMP, False))
    assert desk.lamp.level() == "inactive"
    assert desk.lamp.expect("active", within_ms=10).level == "active"


def test_closing_a_pin_brings_it_to_its_idle_level(desk: Desk) -> None:
    held = desk.button.pressed()
    held.__enter__()
    desk.button.close()
    assert not desk.fake.is_high(BUTTON)


def test_an_output_of_the_firmware_cannot_be_driven(desk: Desk) -> None:
    with pytest.raises(BenchError, match="lamp: an output of the firmware"):
        desk.lamp.press(10)


def test_a_second_press_inside_the_first_is_refused(desk: Desk) -> None:
    with desk.button.pressed(), pytest.raises(ValueError, match="already pressed"):
        desk.button.press(10)


def test_expect_returns_the_edge_with_its_stamp(desk: Desk) -> None:
    desk.follow(2)
    press = desk.button.press(50)
    on = desk.lamp.expect("active", within_ms=10, since=press)
    off = desk.lamp.expect("inactive", within_ms=10, since=press.up)
    assert on.at_ns - press.down.at_ns == 2 * MS
    assert off.at_ns - press.up.at_ns == 2 * MS


def test_expect_counts_from_the_call_without_since(desk: Desk) -> None:
    desk.follow(2)
    with desk.button.pressed():
        desk.lamp.expect("active", within_ms=3)
    desk.lamp.expect("inactive", within_ms=3)


def test_expect_is_content_with_the_level_that_is_there(desk: Desk) -> None:
    desk.follow(2)
    with desk.button.pressed():
        brought = desk.lamp.expect("active", within_ms=10)
        desk.fake.sleep_until(desk.fake.now_ns() + 500 * MS)
        assert desk.lamp.expect("active", within_ms=0) is brought


def test_an_edge_that_comes_late_fails_with_its_time(desk: Desk) -> None:
    desk.follow(143.2)
    with desk.button.pressed() as down:
        said = message_of(lambda: desk.lamp.expect("active", within_ms=20, since=down))
    assert said.splitlines()[0] == (
        "lamp: expected active within 20.0 ms of button active; it came after 143.2 ms"
    )


def test_a_failure_shows_all_pins_and_what_was_seen_last(desk: Desk) -> None:
    press = desk.button.press(100)
    said = message_of(lambda: desk.lamp.expect("active", within_ms=20, since=press)).splitlines()
    assert said[:2] == [
        "lamp: expected active within 20.0 ms of button active",
        "last seen: inactive since the test began, no edge at all",
    ]
    assert said[2].startswith("button ▁")
    assert said[2].endswith("on 10.0 ms  off 110.0 ms")
    assert set(said[3]) == set("lamp ▁")


def test_an_inverted_lamp_is_a_failure(desk: Desk) -> None:
    desk.follow(1, inverted=True)
    press = desk.button.press(50)
    said = message_of(lambda: desk.lamp.expect("active", within_ms=20, since=press))
    assert "it came after 51.0 ms" in said
    assert "last seen: active, 51.0 ms after that start" in said


def test_no_change_holds_while_nothing_happens(desk: Desk) -> None:
    before = desk.fake.now_ns()
    desk.lamp.expect_no_change(for_ms=300)
    assert desk.fake.now_ns() - before >= 300 * MS


def test_no_change_fails_on_a_change_that_was_undone(desk: Desk) -> None:
    desk.fake.plan(12 * MS, lambda: desk.fake.set(LAMP, True))
    desk.fake.plan(13 * MS, lambda: desk.fake.set(LAMP, False))
    said = message_of(lambda: desk.lamp.expect_no_change(for_ms=300))
    assert said.startswith("lamp: expected no change for 300.0 ms; it became active after 12.0 ms")


def test_no_change_ignores_what_was_before_and_after(desk: Desk) -> None:
    desk.follow(2)
    desk.button.press(10)
    desk.fake.sleep_until(desk.fake.now_ns() + 10 * MS)
    desk.fake.plan(120 * MS, lambda: desk.fake.set(LAMP, True))
    desk.lamp.expect_no_change(for_ms=100)


def test_edges_are_all_there_in_order(desk: Desk) -> None:
    desk.follow(1)
    for ms in (30, 60, 90):
        press = desk.button.press(ms)
        desk.lamp.expect("inactive", within_ms=5, since=press.up)
    assert [edge.level for edge in desk.lamp.edges()] == ["active", "inactive"] * 3
    assert len(desk.lamp.edges(since=press)) == 2
    assert len(desk.button.edges()) == 6


def test_a_level_that_does_not_exist_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueError, match="active or inactive"):
        desk.lamp.expect(cast(Level, "on"), within_ms=1)
