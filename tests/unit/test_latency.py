# SPDX-License-Identifier: MIT
"""Latency on fake lines: samples, figures, limits, histogram, baseline, and what each is worth."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rpikit.bench.baseline import FILE, Baselines
from rpikit.bench.fake import Fake
from rpikit.bench.latency import Claim, Latency, measure
from rpikit.bench.pin import Pin, PinError
from rpikit.bench.scope import Scope
from rpikit.errors import DescriptionError
from rpikit.units import Duration, ms, us

BUTTON, LAMP = 17, 18
MADE, NOT_MADE = Claim(True, "the stamps of gpiod"), Claim(False, "emulated time, no claim")


class Desk:
    """A fake button and lamp, with firmware that is a function of the press's number."""

    def __init__(self) -> None:
        self.fake = Fake(start_ns=1_000_000_000)
        self.scope = Scope(self.fake)
        self.button = self._pin("button", BUTTON, is_input=True)
        self.lamp = self._pin("lamp", LAMP, is_input=False)

    def _pin(self, name: str, number: int, *, is_input: bool) -> Pin:
        return Pin(
            name,
            self.fake.line(number),
            is_input=is_input,
            active_high=True,
            clock=self.fake,
            scope=self.scope,
        )

    def follow(self, takes: Callable[[int], Duration]) -> None:
        """Let the lamp follow the button, each edge after a time of its own."""
        count = iter(range(1_000_000))

        def react(high: bool) -> None:
            self.fake.plan(takes(next(count)).ns, lambda: self.fake.set(LAMP, high))

        self.fake.on_change(BUTTON, react)

    def measure(
        self,
        presses: int,
        *,
        claim: Claim = MADE,
        release: bool = True,
        baselines: Baselines | None = None,
    ) -> Latency:
        return measure(
            self.button,
            self.lamp,
            clock=self.fake,
            claim=claim,
            place="rpi3b by gpiod",
            presses=presses,
            release=release,
            within=100 * ms,
            baselines=baselines,
        )


def steady(takes: Duration) -> Desk:
    desk = Desk()
    desk.follow(lambda number: takes)
    return desk


def rising() -> Latency:
    """Return samples of 1 us, 2 us, ..., 200 us."""
    desk = Desk()
    desk.follow(lambda number: (number + 1) * us)
    return desk.measure(100)


def test_each_press_and_each_release_is_a_sample_by_its_stamps() -> None:
    found = steady(2 * ms).measure(10)
    assert found.samples == (2 * ms,) * 20
    assert str(found.figures) == (
        "20 measured, best 2.0 ms, p50 2.0 ms, p90 2.0 ms, p99 2.0 ms, worst 2.0 ms"
    )


def test_percentiles_are_samples_by_the_nearest_rank() -> None:
    figures = rising().figures
    assert figures.values() == {
        "count": 200,
        "best_ns": 1_000,
        "p50_ns": 100_000,
        "p90_ns": 180_000,
        "p99_ns": 198_000,
        "worst_ns": 200_000,
    }


def test_a_lamp_that_changes_with_each_press_is_measured_too() -> None:
    desk = Desk()

    def turn(high: bool) -> None:
        if high:
            level = not desk.fake.is_high(LAMP)
            desk.fake.plan((3 * ms).ns, lambda: desk.fake.set(LAMP, level))

    desk.fake.on_change(BUTTON, turn)
    assert desk.measure(4, release=False).samples == (3 * ms,) * 4


def test_presses_do_not_fall_in_step_and_are_the_same_every_time() -> None:
    presses = []
    for _ in range(2):
        desk = steady(2 * ms)
        desk.measure(20)
        edges = desk.button.edges()
        presses.append([after - before for before, after in itertools.pairwise(edges)])
    assert presses[0] == presses[1]
    assert len(set(presses[0])) > 30


def test_limits_that_are_kept_say_nothing() -> None:
    rising().check(best=1 * us, p50=100 * us, p90=180 * us, p99=198 * us, worst=200 * us)


@pytest.mark.parametrize("name", ["best", "p50", "p90", "p99", "worst"])
def test_a_limit_that_is_exceeded_fails_with_histogram_and_waveform(name: str) -> None:
    found = rising()
    limit = found.figures.of(name) - Duration(1)
    with pytest.raises(PinError) as failed:
        found.check(**{name: limit})  # type: ignore[arg-type]
    said = str(failed.value)
    assert said.startswith(f"button to lamp: {name} {found.figures.of(name)}, more than ")
    assert "### " in said
    assert ("the quickest:" if name == "best" else "the slowest:") in said
    assert "\nbutton " in said
    assert "\nlamp   " in said


def test_the_histogram_has_every_sample_once() -> None:
    desk = Desk()
    desk.follow(lambda number: 90 * ms if number == 7 else (1 + number % 5) * ms)
    found = desk.measure(50)
    bins = found.histogram()
    assert sum(one.count for one in bins) == 100
    assert len(bins) <= 12
    lines = str(found).splitlines()
    assert len(lines) == len(bins) + 2
    assert lines[-1] == "rpi3b by gpiod: the stamps of gpiod"


def test_a_lost_press_fails_with_its_number() -> None:
    desk = Desk()
    desk.follow(lambda number: 500 * ms if number == 6 else 1 * ms)
    with pytest.raises(PinError, match=r"^press 4 of 10: lamp: expected on within 100\.0 ms"):
        desk.measure(10)
    assert not desk.fake.is_high(BUTTON)


def test_a_press_that_was_invented_fails() -> None:
    desk = steady(1 * ms)
    for after, high in ((25, True), (26, False)):
        desk.fake.plan((after * ms).ns, lambda high=high: desk.fake.set(LAMP, high))
    with pytest.raises(PinError, match="press 2 of 10, let go: lamp was off before it"):
        desk.measure(10)


def test_a_change_after_the_answer_is_counted() -> None:
    desk = steady(1 * ms)
    after = desk.measure(1).samples[0]
    desk.fake.plan((12 * ms).ns, lambda: desk.fake.set(LAMP, True))
    desk.fake.plan((12 * ms + after).ns, lambda: desk.fake.set(LAMP, False))
    with pytest.raises(PinError, match="have to change it 2 times, it changed 4 times"):
        desk.measure(1)


def test_what_is_measured_is_kept_with_the_test() -> None:
    desk = steady(1 * ms)
    found = desk.measure(3, claim=NOT_MADE)
    assert desk.scope.measured == [found]
    told = json.loads(json.dumps(found.values()))
    assert (told["claim"], told["claim_text"]) == (False, "emulated time, no claim")
    assert told["samples_ns"] == [1_000_000] * 6
    assert sum(count for _, count in told["histogram"]) == 6


def kept(folder: Path, takes: Duration) -> Path:
    """Keep a baseline of a firmware that takes so long."""
    file = folder / FILE
    steady(takes).measure(10, baselines=Baselines(file, update=True))
    return file


def test_a_baseline_is_kept_only_when_asked_for(tmp_path: Path) -> None:
    steady(2 * ms).measure(3, baselines=Baselines(tmp_path / FILE))
    assert not (tmp_path / FILE).exists()
    known = json.loads(kept(tmp_path, 2 * ms).read_text())
    assert known["button to lamp"]["rpi3b by gpiod"]["p50_ns"] == 2_000_000


def test_what_is_slower_than_its_baseline_fails(tmp_path: Path) -> None:
    file = kept(tmp_path, 2 * ms)
    slower = steady(4 * ms).measure(10, baselines=Baselines(file))
    with pytest.raises(PinError, match=r"p50 4\.0 ms, 100 % more than the baseline's 2\.0 ms"):
        slower.check()
    slower.check(drift=1.1)
    steady(2.4 * ms).measure(10, baselines=Baselines(file)).check()


def test_without_a_claim_about_time_the_baseline_is_told_and_not_judged(tmp_path: Path) -> None:
    file = kept(tmp_path, 2 * ms)
    slower = steady(4 * ms).measure(10, claim=NOT_MADE, baselines=Baselines(file))
    slower.check()
    assert "baseline: 20 measured, best 2.0 ms" in str(slower)


@pytest.mark.parametrize("text", ["no", "[]", '{"button to lamp": {"rpi3b by gpiod": {"x": 1}}}'])
def test_a_baseline_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DescriptionError, match=r"latency\.json: is no baseline of latencies"):
        steady(2 * ms).measure(2, baselines=Baselines(tmp_path / FILE))
