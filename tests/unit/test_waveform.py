# SPDX-License-Identifier: MIT
"""Text waveforms: what is drawn for given edges, to the character."""

import io

from rpikit import waveform
from rpikit.waveform import Trace

MS = 1_000_000
PRESS = {
    "button": Trace(False, ((12 * MS, True), (112_300_000, False))),
    "lamp": Trace(False, ((13_100_000, True), (113_900_000, False))),
}
TRAIN = {"lamp": Trace(False, tuple((n * 100 * MS, n % 2 == 1) for n in range(1, 9)))}


def lines(text: str) -> list[str]:
    """Return the lines of a drawing without the spaces at their ends."""
    return [line.rstrip() for line in text.splitlines()]


def test_edges_stand_beside_their_wave() -> None:
    assert lines(waveform.draw(PRESS, span=(0, 150 * MS))) == [
        "button ▁▁▁███████████████████████████████▁▁▁▁▁▁▁▁▁▁▁▁   on 12.0 ms  off 112.3 ms",
        "lamp   ▁▁▁▁██████████████████████████████▁▁▁▁▁▁▁▁▁▁▁▁   on 13.1 ms  off 113.9 ms",
        "       0                                     150.0 ms",
    ]


def test_many_edges_stand_below_their_wave() -> None:
    assert lines(waveform.draw(TRAIN, span=(0, 900 * MS), width=60)) == [
        "lamp ▁▁▁▁▁▁██████▁▁▁▁▁▁██████▁▁▁▁▁▁██████▁▁▁▁▁▁██████▁▁▁▁▁▁▁",
        "     on 100.0 ms  off 200.0 ms  on 300.0 ms  off 400.0 ms",
        "     on 500.0 ms  off 600.0 ms  on 700.0 ms  off 800.0 ms",
        "     0                                              900.0 ms",
    ]


def test_ascii_draws_the_same_shape() -> None:
    blocks = waveform.draw(PRESS)
    plain = waveform.draw(PRESS, glyphs=waveform.ASCII)
    assert plain.isascii()
    assert plain == blocks.replace("▁", "_").replace("█", "#")


def test_a_pulse_shorter_than_a_column_shows() -> None:
    pulse = {"lamp": Trace(False, ((500 * MS, True), (500 * MS + 1, False)))}
    assert waveform.draw(pulse, span=(0, 1000 * MS)).splitlines()[0].count("█") == 1


def test_chatter_inside_a_column_is_marked() -> None:
    chatter = {"lamp": Trace(False, tuple((500 * MS + n, n % 2 == 0) for n in range(5)))}
    wave = waveform.draw(chatter, span=(0, 1000 * MS)).splitlines()[0]
    assert wave.count("▒") == 1
    assert wave.rstrip().endswith("█")


def test_an_edge_before_the_span_sets_the_level_and_is_not_listed() -> None:
    drawing = waveform.draw({"lamp": Trace(False, ((5, True),))}, span=(10, 20))
    assert "▁" not in drawing
    assert "on" not in drawing


def test_without_a_span_every_edge_is_inside() -> None:
    drawing = waveform.draw(PRESS)
    assert drawing.count(" on ") == 2
    assert drawing.count(" off ") == 2


def test_no_line_is_wider_than_asked() -> None:
    for width in range(40, 120):
        for traces in (PRESS, TRAIN):
            drawing = waveform.draw(traces, width=width)
            assert max(len(line) for line in drawing.splitlines()) <= width


def test_nothing_is_drawn_of_nothing() -> None:
    assert waveform.draw({}) == ""


def test_a_pin_without_edges_is_a_straight_line() -> None:
    assert set(lines(waveform.draw({"lamp": Trace(True)}))[0]) == set("lamp █")


def test_the_glyphs_fit_the_stream() -> None:
    assert waveform.glyphs_for(io.TextIOWrapper(io.BytesIO(), "utf-8")) is waveform.BLOCKS
    assert waveform.glyphs_for(io.TextIOWrapper(io.BytesIO(), "ascii")) is waveform.ASCII


def test_many_edges_may_be_counted_instead() -> None:
    busy = Trace(False, tuple((at * 1_000_000, at % 2 == 0) for at in range(1, 9)))
    calm = Trace(False, ((2_000_000, True),))
    drawn = waveform.draw({"busy": busy, "calm": calm}, span=(0, 10_000_000), most=3).splitlines()
    assert drawn[0].endswith("   8 edges")
    assert drawn[1].endswith("   on 2.0 ms")
