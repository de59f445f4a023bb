# SPDX-License-Identifier: MIT
"""Captures: what is written of pins and console, and that it comes back as it was."""

import json
from pathlib import Path

import pytest

from rpikit import capture, vcd
from rpikit.bench.fake import Fake
from rpikit.bench.pin import Pin
from rpikit.bench.scope import Scope
from rpikit.capture import Capture, Said
from rpikit.errors import BenchError, DescriptionError
from rpikit.units import ms
from rpikit.waveform import Trace

BEGIN = 77_000
PRESS = Capture(
    BEGIN,
    BEGIN + 150_000_000,
    {
        "button": Trace(False, ((BEGIN + 12_000_001, True), (BEGIN + 112_000_000, False))),
        "lamp": Trace(True, ((BEGIN + 13_100_000, False),)),
        "still": Trace(True),
    },
    (Said(BEGIN + 14_000_000, "switch on"), Said(BEGIN + 15_000_000, "switch on")),
)
FROM_ZERO = Capture(
    0,
    150_000_000,
    {
        "button": Trace(False, ((12_000_001, True), (112_000_000, False))),
        "lamp": Trace(True, ((13_100_000, False),)),
        "still": Trace(True),
    },
    (Said(14_000_000, "switch on"), Said(15_000_000, "switch on")),
)
ROUGH = {"button": (12_000_000, 112_000_000)}  # a dump of 150 ms counts in 10 ns


def test_json_comes_back_to_the_nanosecond(tmp_path: Path) -> None:
    PRESS.save(tmp_path / "press.json")
    assert capture.load(tmp_path / "press.json") == FROM_ZERO


def test_json_says_that_the_console_has_the_stamps_of_its_arrival() -> None:
    console = PRESS.values()["console"]
    assert console["stamped"] == "on arrival"
    assert console["lines"] == [[14_000_000, "switch on"], [15_000_000, "switch on"]]


def test_a_dump_comes_back_in_its_unit(tmp_path: Path) -> None:
    PRESS.save(tmp_path / "press.vcd")
    again = capture.load(tmp_path / "press.vcd")
    assert tuple(at for at, _ in again.traces["button"].edges) == ROUGH["button"]
    assert again.traces["lamp"] == FROM_ZERO.traces["lamp"]
    assert again.traces["still"] == Trace(True)
    assert again.said == FROM_ZERO.said
    assert again.end_ns == 150_000_000


def test_a_short_dump_counts_nanoseconds_and_a_long_one_does_not() -> None:
    short = Capture(5, 5_000_005, {"lamp": Trace(False, ((12, True),))})
    assert "$timescale 1 ns $end" in vcd.written(short)
    assert vcd.parsed(vcd.written(short), "it").traces["lamp"].edges == ((7, True),)
    assert "$timescale 1 us $end" in vcd.written(Capture(0, 10**10, short.traces))
    assert "$timescale 100 us $end" in vcd.written(Capture(0, 10**13, short.traces))


def test_a_change_at_the_first_moment_is_a_change() -> None:
    at_once = Capture(5, 105, {"lamp": Trace(False, ((5, True), (55, False)))})
    (on, _), (off, _) = vcd.parsed(vcd.written(at_once), "it").traces["lamp"].edges
    assert off - on == 50


def test_the_same_capture_gives_the_same_bytes() -> None:
    assert vcd.written(PRESS) == vcd.written(FROM_ZERO)
    assert "on arrival" in vcd.written(PRESS)


def test_hostile_lines_end_no_token_and_move_no_terminal() -> None:
    hostile = Capture(0, 10, {"lamp": Trace(False)}, (Said(5, "a $end\x1b[2J\r\n#9 ü"),))
    (line,) = vcd.parsed(vcd.written(hostile), "it").said
    assert line.text == "a $end.[2J..#9 ."
    assert "\x1b" not in hostile.draw()


def test_a_dump_of_another_program_is_read() -> None:
    dump = (
        "$timescale 1us $end\n$scope module logic $end\n$var wire 1 ! D0 $end\n"
        "$var wire 8 # bus $end\n$upscope $end\n$enddefinitions $end\n"
        "#100\n0!\nb0 #\n#150\n1!\n#150\nb1 #\n#400\nx!\n"
    )
    found = vcd.parsed(dump, "it")
    assert found.traces == {"D0": Trace(False, ((150_000, True), (400_000, False)))}
    assert (found.start_ns, found.end_ns) == (100_000, 400_000)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "{}"),
        ("a.json", "no"),
        ("a.json", '{"version": 2}'),
        ("a.json", '{"version": 1, "pins": {"lamp": {"initial": "high", "edges": []}}}'),
        ("a.vcd", "$var wire"),
        ("a.vcd", "$timescale 1 ns $end\n$enddefinitions $end\n"),
        ("a.vcd", "no"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_name(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DescriptionError, match=f"{name}: is no "):
        capture.load(tmp_path / name)


def test_a_recording_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="cannot be read as a recording"):
        capture.load(tmp_path / "none.vcd")


class Bench:
    """A button that a lamp follows 2 ms later, on a fake, with a console."""

    def __init__(self) -> None:
        self.fake = Fake(start_ns=1_000_000_000)
        self.scope = Scope(self.fake)
        self.button = self._pin("button", 17, is_input=True)
        self.lamp = self._pin("lamp", 18, is_input=False)
        self.fake.on_change(17, self._follow)

    def _pin(self, name: str, number: int, *, is_input: bool) -> Pin:
        return Pin(
            name,
            self.fake.line(number),
            is_input=is_input,
            active_high=True,
            clock=self.fake,
            scope=self.scope,
        )

    def _follow(self, high: bool) -> None:
        self.fake.plan((2 * ms).ns, lambda: self.fake.set(18, high))
        self.fake.plan((3 * ms).ns, lambda: self.scope.hear(f"switch {'on' if high else 'off'}"))


def test_pins_and_console_stand_on_one_axis() -> None:
    bench = Bench()
    press = bench.button.press(50 * ms)
    bench.lamp.expect_no_change(for_=10 * ms, since=bench.lamp.expect("off", within=5 * ms))
    taken = bench.scope.capture()
    begun = press.down.at_ns
    assert taken.traces["button"].edges == ((begun, True), (begun + (50 * ms).ns, False))
    assert taken.traces["lamp"].edges[0] == (begun + (2 * ms).ns, True)
    assert taken.said[0] == Said(begun + (3 * ms).ns, "switch on")
    drawn = taken.draw().splitlines()
    assert [line.split()[0] for line in drawn[:2]] == ["button", "lamp"]
    assert drawn[3:] == [
        "console, stamped on arrival:",
        "   3.0 ms  switch on",
        "  53.0 ms  switch off",
    ]


def test_a_capture_is_of_the_pins_that_are_named_and_of_a_time() -> None:
    bench = Bench()
    bench.button.press(50 * ms)
    bench.lamp.expect_no_change(for_=10 * ms, since=bench.lamp.expect("off", within=5 * ms))
    second = bench.button.press(20 * ms)
    taken = bench.scope.capture("button", since=second.down)
    assert set(taken.traces) == {"button"}
    assert taken.start_ns == second.down.at_ns
    assert len(taken.traces["button"].edges) == 2
    assert not taken.traces["button"].initial


def test_a_capture_of_a_pin_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(BenchError, match="no pin 'horn' is recorded; recorded are: button, lamp"):
        Bench().scope.capture("horn")


def test_a_capture_without_pins_is_empty() -> None:
    taken = Scope(Fake()).capture()
    assert json.loads(json.dumps(taken.values()))["pins"] == {}
