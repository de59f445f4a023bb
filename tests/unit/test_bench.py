# SPDX-License-Identifier: MIT
"""Named pins on fake lines: presses, expectations and what a failure says."""

from collections.abc import Callable
from typing import cast

import pytest

from rpikit.bench.bounce import Profile
from rpikit.bench.fake import Fake
from rpikit.bench.pin import Pin
from rpikit.bench.scope import Level, Scope
from rpikit.errors import BenchError
from rpikit.units import Duration, ms

BUTTON, LAMP = 17, 18


class Desk:
    """A button and a lamp on a fake bench, with firmware made of one function."""

    def __init__(self, *, button_active_high: bool = True, lamp_active_high: bool = True) -> None:
        self.fake = Fake(start_ns=1_000_000_000)
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

    def follow(self, delay: Duration, *, inverted: bool = False) -> None:
        """Let the lamp follow the button as firmware would, `delay` later."""

        def react(high: bool) -> None:
            self.fake.plan(delay.ns, lambda: self.fake.set(LAMP, high != inverted))

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
    press = desk.button.press(50 * ms)
    assert (press.down.level, press.up.level) == ("on", "off")
    assert press.lasted == 50 * ms
    assert desk.button.level() == "off"


def test_pressed_holds_the_pin_inside_the_block(desk: Desk) -> None:
    with desk.button.pressed() as down:
        assert desk.button.level() == "on"
        assert down.level == "on"
    assert desk.button.level() == "off"


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
    desk.fake.plan((5 * ms).ns, lambda: desk.fake.set(LAMP, False))
    assert desk.lamp.level() == "off"
    assert desk.lamp.expect("on", within=10 * ms).level == "on"


def test_closing_a_pin_brings_it_to_its_idle_level(desk: Desk) -> None:
    held = desk.button.pressed()
    held.__enter__()
    desk.button.close()
    assert not desk.fake.is_high(BUTTON)


def test_an_output_of_the_firmware_cannot_be_driven(desk: Desk) -> None:
    with pytest.raises(BenchError, match="lamp: an output of the firmware"):
        desk.lamp.press(10 * ms)


def test_a_second_press_inside_the_first_is_refused(desk: Desk) -> None:
    with desk.button.pressed(), pytest.raises(ValueError, match="already pressed"):
        desk.button.press(10 * ms)


def test_expect_returns_the_edge_with_its_stamp(desk: Desk) -> None:
    desk.follow(2 * ms)
    press = desk.button.press(50 * ms)
    on = desk.lamp.expect("on", within=10 * ms, since=press)
    off = desk.lamp.expect("off", within=10 * ms, since=press.up)
    assert on - press.down == 2 * ms
    assert off - press.up == 2 * ms


def test_expect_counts_from_the_call_without_since(desk: Desk) -> None:
    desk.follow(2 * ms)
    with desk.button.pressed():
        desk.lamp.expect("on", within=3 * ms)
    desk.lamp.expect("off", within=3 * ms)


def test_expect_is_content_with_the_level_that_is_there(desk: Desk) -> None:
    desk.follow(2 * ms)
    with desk.button.pressed():
        brought = desk.lamp.expect("on", within=10 * ms)
        desk.fake.sleep_until(desk.fake.now_ns() + (500 * ms).ns)
        assert desk.lamp.expect("on", within=0 * ms) is brought


def test_an_edge_that_comes_late_fails_with_its_time(desk: Desk) -> None:
    desk.follow(143.2 * ms)
    with desk.button.pressed() as down:
        said = message_of(lambda: desk.lamp.expect("on", within=20 * ms, since=down))
    assert said.splitlines()[0] == (
        "lamp: expected on within 20.0 ms of button on; it came after 143.2 ms"
    )


def test_a_failure_shows_all_pins_and_what_was_seen_last(desk: Desk) -> None:
    press = desk.button.press(100 * ms)
    said = message_of(lambda: desk.lamp.expect("on", within=20 * ms, since=press)).splitlines()
    assert said[:2] == [
        "lamp: expected on within 20.0 ms of button on",
        "last seen: off since the test began, no edge at all",
    ]
    assert said[2].startswith("button ▁")
    assert said[2].endswith("on 10.0 ms  off 110.0 ms")
    assert set(said[3]) == set("lamp ▁")


def test_an_inverted_lamp_is_a_failure(desk: Desk) -> None:
    desk.follow(1 * ms, inverted=True)
    press = desk.button.press(50 * ms)
    said = message_of(lambda: desk.lamp.expect("on", within=20 * ms, since=press))
    assert "it came after 51.0 ms" in said
    assert "last seen: on, 51.0 ms after that start" in said


def test_no_change_holds_while_nothing_happens(desk: Desk) -> None:
    before = desk.fake.now_ns()
    desk.lamp.expect_no_change(for_=300 * ms)
    assert desk.fake.now_ns() - before >= (300 * ms).ns


def test_no_change_fails_on_a_change_that_was_undone(desk: Desk) -> None:
    desk.fake.plan((12 * ms).ns, lambda: desk.fake.set(LAMP, True))
    desk.fake.plan((13 * ms).ns, lambda: desk.fake.set(LAMP, False))
    said = message_of(lambda: desk.lamp.expect_no_change(for_=300 * ms))
    assert said.startswith("lamp: expected no change for 300.0 ms; it became on after 12.0 ms")


def test_no_change_ignores_what_was_before_and_after(desk: Desk) -> None:
    desk.follow(2 * ms)
    desk.button.press(10 * ms)
    desk.fake.sleep_until(desk.fake.now_ns() + (10 * ms).ns)
    desk.fake.plan((120 * ms).ns, lambda: desk.fake.set(LAMP, True))
    desk.lamp.expect_no_change(for_=100 * ms)


def test_edges_are_all_there_in_order(desk: Desk) -> None:
    desk.follow(1 * ms)
    for hold in (30 * ms, 60 * ms, 90 * ms):
        press = desk.button.press(hold)
        desk.lamp.expect("off", within=5 * ms, since=press.up)
    assert [edge.level for edge in desk.lamp.edges()] == ["on", "off"] * 3
    assert len(desk.lamp.edges(since=press)) == 2
    assert len(desk.button.edges()) == 6


def test_a_level_that_does_not_exist_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueError, match="on or off"):
        desk.lamp.expect(cast(Level, "active"), within=1 * ms)


@pytest.mark.parametrize("profile", ["typical", "worst"])
def test_a_press_bounces_as_its_profile_says_and_the_same_every_time(profile: Profile) -> None:
    one, two = Desk(), Desk()
    presses = [desk.button.press(50 * ms, bounce=profile, seed=3) for desk in (one, two)]
    assert presses[0] == presses[1]
    levels = [edge.level for edge in presses[0].edges]
    assert levels == ["on", "off"] * (len(levels) // 2)
    assert len(levels) > 2
    assert presses[0].up == one.button.edges()[-1]
    assert presses[0].lasted > 50 * ms


def test_a_block_that_is_pressed_bounces_at_both_ends(desk: Desk) -> None:
    with desk.button.pressed(bounce="worst"):
        held = len(desk.button.edges())
        assert desk.button.level() == "on"
    assert held > 1
    assert len(desk.button.edges()) > held + 1
    assert desk.button.level() == "off"


def test_a_stuck_button_stays_on_until_it_is_released(desk: Desk) -> None:
    press = desk.button.press(50 * ms, bounce="stuck")
    assert desk.button.level() == "on"
    with pytest.raises(ValueError, match="button is stuck: this press has no end"):
        press.up  # noqa: B018
    desk.button.release()
    assert desk.button.level() == "off"


def test_a_chattering_button_opens_while_it_is_held(desk: Desk) -> None:
    chattered = desk.button.press(300 * ms, bounce="chatter")
    assert len(chattered.edges) > len(desk.button.press(300 * ms, bounce="typical").edges) + 10
    with (
        pytest.raises(ValueError, match="has to know how long"),
        desk.button.pressed(bounce="chatter"),
    ):
        pass


def test_a_profile_that_does_not_exist_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueError, match="write one of ideal, typical, worst, stuck, chatter"):
        desk.button.press(50 * ms, bounce=cast(Profile, "bad"))


def test_a_plain_number_is_no_time(desk: Desk) -> None:
    wrong = cast(Duration, 50)
    for act, told in (
        (lambda: desk.button.press(wrong), r"button\.press\(\): 50 is no time"),
        (lambda: desk.lamp.expect("on", within=wrong), r"lamp\.expect\(within=\)"),
        (lambda: desk.lamp.expect_no_change(for_=wrong), r"lamp\.expect_no_change\(for_=\)"),
    ):
        with pytest.raises(TypeError, match=told):
            act()


def blink(desk: Desk, *times_ms: float) -> None:
    """Let the lamp change at these times from now, on first."""
    for number, time in enumerate(times_ms):
        desk.fake.plan((time * ms).ns, lambda high=number % 2 == 0: desk.fake.set(LAMP, high))


def test_a_lamp_that_toggles_gives_its_edges(desk: Desk) -> None:
    blink(desk, 20, 60, 120, 160, 220, 260, 320, 330)
    edges = desk.lamp.toggles(times=3, period=100 * ms, tolerance=1 * ms)
    assert [edge.level for edge in edges] == ["on", "off"] * 3
    assert edges[2] - edges[0] == 100 * ms


@pytest.mark.parametrize(
    ("times_ms", "told"),
    [
        ((20, 60, 120, 160), "number 3 did not come"),
        ((20, 60, 140, 160, 240, 260), "number 2 came after 120.0 ms"),
        ((20, 60, 70, 160, 240, 260), "number 2 came after 50.0 ms"),
        ((150, 160, 250, 260, 350, 360), "number 1 came after 150.0 ms"),
        ((20,), "expected off again, 1 times of 3"),
    ],
)
def test_a_lamp_that_toggles_wrongly_is_told(
    desk: Desk, times_ms: tuple[float, ...], told: str
) -> None:
    blink(desk, *times_ms)
    said = message_of(lambda: desk.lamp.toggles(times=3, period=100 * ms, tolerance=10 * ms))
    assert told in said
    assert "\nlamp   ▁" in said
