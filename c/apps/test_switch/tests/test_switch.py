# SPDX-License-Identifier: MIT
"""test_switch on a board: the lamp obeys the switch, each edge of it, and nothing else.

Times are those of the edges' own stamps. The limits are wide: on the virtual board they catch a
lamp that is late for a reason, and make no claim about time.
"""

from typing import TYPE_CHECKING

from rpikit.units import ms

if TYPE_CHECKING:
    from pytest_embedded import Dut

    from rpikit.bench.pin import Pin
    from rpikit.bench.scope import Scope

# As long as fingers do it: of an emulated board, another one has missed a press of 50 ms.
HOLDS = tuple(hold * ms for hold in (200, 500, 250, 300, 220, 400, 280, 350, 240, 450))
REACTION = 1000 * ms


def test_each_press_lights_the_lamp_once(
    dut: "Dut", button: "Pin", lamp: "Pin", scope: "Scope"
) -> None:
    for hold in HOLDS:
        press = button.press(hold)
        on = lamp.expect("on", within=REACTION, since=press.down)
        off = lamp.expect("off", within=press.lasted + REACTION, since=on)
        assert press.lasted >= hold
        assert abs((off - on) - press.lasted) <= REACTION
        assert off.at_ns > press.up.at_ns
        assert lamp.edges(since=press) == [on, off]
    print(scope.draw())
    assert [edge.level for edge in lamp.edges()] == ["on", "off"] * len(HOLDS)


def test_each_change_is_told_on_the_console(dut: "Dut", button: "Pin") -> None:
    dut.expect_exact("test_switch: ready")
    for hold in HOLDS[:3]:
        button.press(hold)
        dut.expect_exact("switch on\n", timeout=5)
        dut.expect_exact("switch off\n", timeout=5)


def test_the_lamp_is_lit_as_long_as_the_button_is_held(
    dut: "Dut", button: "Pin", lamp: "Pin"
) -> None:
    with button.pressed() as down:
        lamp.expect("on", within=REACTION, since=down)
        lamp.expect_no_change(for_=400 * ms)
        assert lamp.level() == "on"
    lamp.expect("off", within=REACTION, since=button.edges()[-1])


def test_nothing_happens_without_a_press(dut: "Dut", button: "Pin", lamp: "Pin") -> None:
    lamp.expect_no_change(for_=1000 * ms)
    assert lamp.level() == "off"
    assert button.edges() == lamp.edges() == []
