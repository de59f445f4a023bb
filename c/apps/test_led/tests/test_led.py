# SPDX-License-Identifier: MIT
"""test_led on a board: the five steps as the lamp shows them, and as the console tells them."""

from itertools import pairwise
from typing import TYPE_CHECKING

import pexpect

from rpikit.units import ms

if TYPE_CHECKING:
    from pytest_embedded import Dut

    from rpikit.bench.pin import Pin
    from rpikit.bench.scope import Scope
    from rpikit.pytest_fixtures import Firmware

HALF = 50 * ms  # how long a blink is lit, and then dark
SLOWEST = 250 * ms  # an emulator shares its machine: no claim about time


def test_it_goes_through_its_five_steps(dut: "Dut", firmware: "Firmware") -> None:
    steps = ["init", "on", "off", *["on", "off"] * 3, "finalize"]
    for step in steps:
        dut.expect_exact(f"led {step}\n")
    dut.expect_exact("SUCCESS")
    dut.expect(pexpect.EOF)
    assert firmware.exit_status() == 0


def test_the_lamp_lights_up_once_and_then_blinks(dut: "Dut", lamp: "Pin", scope: "Scope") -> None:
    dut.expect_exact("SUCCESS")
    edges = lamp.edges()
    print(scope.draw())
    assert [edge.level for edge in edges] == ["on", "off"] * 4
    blinks = edges[2:]
    halves = [after - before for before, after in pairwise(blinks)]
    assert all(HALF * 0.9 <= half <= SLOWEST for half in halves), halves


def test_the_lamp_is_dark_at_the_end(dut: "Dut", lamp: "Pin") -> None:
    dut.expect_exact("SUCCESS")
    lamp.expect_no_change(for_=200 * ms)
    assert lamp.level() == "off"
