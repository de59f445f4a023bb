# SPDX-License-Identifier: MIT
"""Record and replay on fake lines, and sequences of presses that shrink to the shortest."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from rpikit.bench import replay
from rpikit.bench.fake import Fake
from rpikit.bench.pin import Pin, PinError
from rpikit.bench.presses import Stroke, on_a_board, sequences
from rpikit.bench.scope import Scope
from rpikit.capture import Capture, load
from rpikit.errors import BenchError
from rpikit.units import ms
from rpikit.waveform import Trace

BUTTON, LAMP = 17, 18


class Desk:
    """A fake button and lamp with firmware behind them, in whatever electrical sense."""

    def __init__(self, *, start_ns: int = 0, active_high: bool = True) -> None:
        self.fake = Fake(start_ns=start_ns)
        self.scope = Scope(self.fake)
        self.fake.set(BUTTON, not active_high)
        self.pins = {
            "button": self._pin("button", BUTTON, is_input=True, active_high=active_high),
            "lamp": self._pin("lamp", LAMP, is_input=False, active_high=True),
        }
        self.active_high = active_high

    def _pin(self, name: str, number: int, *, is_input: bool, active_high: bool) -> Pin:
        return Pin(
            name,
            self.fake.line(number, idle=not active_high),
            is_input=is_input,
            active_high=active_high,
            clock=self.fake,
            scope=self.scope,
        )

    def run(self, firmware: Callable[["Desk", bool], None]) -> "Desk":
        """Let firmware see each change of the button, as pressed or not."""
        self.fake.on_change(BUTTON, lambda high: firmware(self, high == self.active_high))
        return self

    def light(self, lit: bool) -> None:
        self.fake.plan((2 * ms).ns, lambda: self.fake.set(LAMP, lit))

    def play(self, recording: Capture) -> Capture:
        replay.play(recording, self.pins, self.fake)
        return self.scope.capture()


def follow(desk: Desk, pressed: bool) -> None:
    desk.light(pressed)


def record() -> Capture:
    desk = Desk(start_ns=5_000_000).run(follow)
    desk.pins["button"].play([Stroke(30 * ms, 40 * ms, "worst", 3), Stroke(50 * ms, 20 * ms)])
    return desk.scope.capture()


@pytest.mark.parametrize("active_high", [True, False], ids=["active high", "active low"])
def test_a_recording_plays_on_another_bench_to_the_nanosecond(active_high: bool) -> None:
    recorded = record()
    played = Desk(start_ns=77, active_high=active_high).run(follow).play(recorded)
    assert played.values() == recorded.values()


@pytest.mark.parametrize("name", ["press.json", "press.vcd"])
def test_a_file_plays_the_same_every_time(tmp_path: Path, name: str) -> None:
    record().save(tmp_path / name)
    first, second = (
        Desk(start_ns=start).run(follow).play(load(tmp_path / name)) for start in (0, 10**9)
    )
    assert first.values() == second.values()
    assert first.levels("lamp") == record().levels("lamp")


def test_firmware_that_does_otherwise_is_told_from_the_recording() -> None:
    def forgets(desk: Desk, pressed: bool) -> None:
        if pressed:
            desk.light(True)

    recorded = record()
    assert Desk().run(forgets).play(recorded).levels("lamp") != recorded.levels("lamp")


def test_a_button_that_was_held_from_the_beginning_is_held_again() -> None:
    held = Capture(0, 10_000_000, {"button": Trace(True, ((4_000_000, False),))})
    assert Desk().play(held).traces["button"].edges == ((0, True), (4_000_000, False))


def test_a_recording_of_other_pins_is_refused() -> None:
    with pytest.raises(BenchError, match=r"has horn, and no wire .* wired are: button, lamp"):
        Desk().play(Capture(0, 1, {"horn": Trace(False)}))


def test_a_recording_without_a_stimulus_is_refused() -> None:
    with pytest.raises(BenchError, match="no input of the firmware, so there is nothing to play"):
        Desk().play(Capture(0, 1, {"lamp": Trace(False)}))


@given(strokes=sequences(most=5, bounce=("ideal", "worst")))
@settings(on_a_board)
def test_a_lamp_that_follows_is_off_after_any_sequence(strokes: list[Stroke]) -> None:
    desk = Desk().run(follow)
    presses = desk.pins["button"].play(strokes)
    assert desk.pins["lamp"].expect("off", within=3 * ms, since=presses[-1].up)
    assert desk.scope.capture().levels("lamp") == desk.scope.capture().levels("button")


@given(strokes=sequences(hold=(5 * ms, 9 * ms), pause=(1 * ms, 2 * ms), bounce=("typical",)))
@settings(on_a_board)
def test_a_sequence_keeps_to_what_was_asked(strokes: list[Stroke]) -> None:
    assert 1 <= len(strokes) <= 8
    for stroke in strokes:
        assert 5 * ms <= stroke.hold <= 9 * ms
        assert 1 * ms <= stroke.pause <= 2 * ms
        assert stroke.bounce == "typical"


def shortest(breaks: Callable[[list[Stroke]], bool], strategy: st.SearchStrategy) -> list[Stroke]:  # type: ignore[type-arg]
    """Return the sequence that hypothesis shrinks one to which breaks the firmware."""
    found: list[Stroke] = find(strategy, breaks, settings=settings(on_a_board, max_examples=200))
    return found


def broken_by(firmware: Callable[[Desk, bool], None]) -> Callable[[list[Stroke]], bool]:
    """Return whether a sequence breaks firmware that starts anew for each."""

    def breaks(strokes: list[Stroke]) -> bool:
        desk = Desk().run(firmware)
        try:
            for stroke in strokes:
                with desk.pins["button"].pressed(bounce=stroke.bounce, seed=stroke.seed) as down:
                    desk.pins["lamp"].expect("on", within=5 * ms, since=down)
                    desk.fake.sleep_until(down.at_ns + stroke.hold.ns)
                up = desk.pins["button"].edges()[-1]
                desk.pins["lamp"].expect("off", within=5 * ms, since=up)
        except PinError:
            return True
        return False

    return breaks


def test_firmware_that_fails_the_third_time_shrinks_to_three_shortest_presses() -> None:
    def tires(desk: Desk, pressed: bool) -> None:
        if pressed and len(desk.pins["button"].edges()) >= 4:
            return
        desk.light(pressed)

    assert shortest(broken_by(tires), sequences()) == [Stroke(20 * ms, 20 * ms)] * 3


def test_firmware_that_misses_long_presses_shrinks_to_the_shortest_of_them() -> None:
    def sleeps(desk: Desk, pressed: bool) -> None:
        edges = desk.pins["button"].edges()
        if not pressed and edges and desk.fake.now_ns() - edges[-1].at_ns > (150 * ms).ns:
            return
        desk.light(pressed)

    assert shortest(broken_by(sleeps), sequences()) == [Stroke(151 * ms, 20 * ms)]


def test_firmware_that_does_not_debounce_shrinks_to_one_press_that_bounces() -> None:
    def counts(desk: Desk, pressed: bool) -> None:
        if pressed:
            desk.light(not desk.fake.is_high(LAMP))

    def breaks(strokes: list[Stroke]) -> bool:
        desk = Desk().run(counts)
        desk.pins["button"].play(strokes)
        desk.fake.sleep_until(desk.fake.now_ns() + (10 * ms).ns)
        return len(desk.pins["lamp"].edges()) != len(strokes)

    (stroke,) = shortest(breaks, sequences(bounce=("ideal", "typical", "worst")))
    assert (stroke.hold, stroke.pause, stroke.bounce) == (20 * ms, 20 * ms, "typical")
