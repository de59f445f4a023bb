# SPDX-License-Identifier: MIT
"""test_switch on a board: the lamp obeys the switch, each edge of it, and nothing else.

Times are those of the edges' own stamps. The limits are wide: on the virtual board they catch a
lamp that is late for a reason, and make no claim about time.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_embedded import Dut

    from rpikit.bench.pin import Pin
    from rpikit.bench.scope import Scope

PRESSES_MS = (30, 300, 60, 45, 200, 90, 120, 75, 150, 250)
REACTION_MS = 250


def test_each_press_lights_the_lamp_once(
    dut: "Dut", button: "Pin", lamp: "Pin", scope: "Scope"
) -> None:
    for ms in PRESSES_MS:
        press = button.press(ms)
        on = lamp.expect("active", within_ms=REACTION_MS, since=press.down)
        off = lamp.expect("inactive", within_ms=press.ms + REACTION_MS, since=on)
        lit_ms = (off.at_ns - on.at_ns) / 1e6
        assert press.ms >= ms
        assert lit_ms == pytest.approx(press.ms, abs=REACTION_MS)
        assert off.at_ns > press.up.at_ns
        assert lamp.edges(since=press) == [on, off]
    print(scope.draw())
    assert [edge.level for edge in lamp.edges()] == ["active", "inactive"] * len(PRESSES_MS)


def test_each_change_is_told_on_the_console(dut: "Dut", button: "Pin") -> None:
    dut.expect_exact("test_switch: ready")
    for ms in PRESSES_MS[:3]:
        button.press(ms)
        dut.expect_exact("switch on\n", timeout=5)
        dut.expect_exact("switch off\n", timeout=5)


def test_the_lamp_is_lit_as_long_as_the_button_is_held(
    dut: "Dut", button: "Pin", lamp: "Pin"
) -> None:
    with button.pressed() as down:
        lamp.expect("active", within_ms=REACTION_MS, since=down)
        lamp.expect_no_change(for_ms=400)
        assert lamp.level() == "active"
    lamp.expect("inactive", within_ms=REACTION_MS, since=button.edges()[-1])


def test_nothing_happens_without_a_press(dut: "Dut", button: "Pin", lamp: "Pin") -> None:
    lamp.expect_no_change(for_ms=1000)
    assert lamp.level() == "inactive"
    assert button.edges() == lamp.edges() == []
