# SPDX-License-Identifier: MIT
"""The wires of the virtual board, over registers that behave as QEMU's model of them does."""

import pytest
from chip import Chip

from rpikit.errors import BenchError


@pytest.fixture
def chip() -> Chip:
    return Chip()


def test_functions_are_decoded() -> None:
    chip = Chip()
    chip.board_turns(14, 2)
    chip.board_turns(53, 1)
    chip.look()
    assert chip.wires.function(14) == "alt5"
    assert chip.wires.function(53) == "out"
    assert chip.wires.function(0) == "in"


def test_a_level_set_before_the_direction_is_an_edge_only_then(chip: Chip) -> None:
    chip.board_sets(18, True)
    chip.look()
    assert chip.heard() == []
    chip.board_turns(18, 1)
    chip.look()
    assert chip.heard() == [(18, True, "poll")]


def test_an_edge_noticed_is_not_polled_again(chip: Chip) -> None:
    chip.board_turns(18, 1)
    chip.look()
    chip.board_sets(18, True)
    chip.wires.notice(18, True, 7)
    chip.look()
    assert chip.heard() == [(18, True, "notice")]


def test_a_line_let_go_falls_back_to_its_pull(chip: Chip) -> None:
    chip.wires.pull(18, True)
    chip.board_turns(18, 1)
    chip.board_sets(18, False)
    chip.look()
    chip.board_turns(18, 0)
    chip.look()
    assert chip.heard() == [(18, True, "drive"), (18, False, "poll"), (18, True, "poll")]
    assert chip.latch(18)


def test_driving_an_input_moves_it_once(chip: Chip) -> None:
    chip.wires.drive(40, True)
    chip.wires.drive(40, True)
    chip.look()
    assert chip.heard() == [(40, True, "drive")]
    assert chip.latch(40)
    chip.wires.release(40)
    assert not chip.latch(40)


def test_driving_puts_right_what_an_output_between_two_looks_left(chip: Chip) -> None:
    chip.wires.drive(17, False)
    chip.board_sets(17, True)
    chip.wires.drive(17, False)
    assert not chip.latch(17)
    assert chip.heard() == []


def test_driving_what_the_board_drives_is_refused(chip: Chip) -> None:
    chip.board_turns(18, 1)
    chip.look()
    with pytest.raises(BenchError, match="line 18 is driven by the board itself"):
        chip.wires.drive(18, True)


def test_a_jumper_carries_the_level(chip: Chip) -> None:
    chip.wires.jumper(18, 27)
    chip.board_turns(18, 1)
    chip.look()
    chip.board_sets(18, True)
    chip.wires.notice(18, True, 7)
    assert chip.heard() == [(18, True, "notice"), (27, True, "drive")]
    assert chip.latch(27)
    chip.wires.cut(18, 27)
    assert chip.heard() == [(27, False, "drive")]


def test_a_jumper_from_a_line_nobody_drives_leaves_the_pull(chip: Chip) -> None:
    chip.wires.pull(27, True)
    chip.wires.jumper(18, 27)
    assert chip.wires.level(27)
    chip.board_turns(18, 1)
    chip.look()
    assert not chip.wires.level(27)
    chip.board_turns(18, 0)
    chip.look()
    assert chip.wires.level(27)


def test_jumpers_in_a_circle_come_to_rest(chip: Chip) -> None:
    chip.wires.jumper(5, 6)
    chip.wires.jumper(6, 5)
    chip.wires.drive(5, True)
    assert chip.wires.level(6)
    chip.wires.release(5)
    assert chip.wires.level(5) == chip.wires.level(6)


@pytest.mark.parametrize(("source", "target"), [(5, 5), (27, 18)])
def test_impossible_jumpers_are_refused(chip: Chip, source: int, target: int) -> None:
    chip.board_turns(18, 1)
    chip.look()
    with pytest.raises(BenchError):
        chip.wires.jumper(source, target)


def test_a_reset_keeps_what_is_outside(chip: Chip) -> None:
    chip.wires.drive(17, True)
    chip.board_turns(18, 1)
    chip.board_sets(18, True)
    chip.look()
    chip.heard()
    chip.words = [0] * len(chip.words)
    chip.wires.reset(9)
    assert chip.heard() == [(18, False, "poll")]
    assert chip.latch(17)
