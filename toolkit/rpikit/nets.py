# SPDX-License-Identifier: MIT
"""What the descriptions alone say of a net: which wires cannot be, before there is any power.

Knows boards and wires; that a wire is where it is said to be, only a look at the bench can tell.
"""

from typing import TYPE_CHECKING

from rpikit import board

if TYPE_CHECKING:
    from rpikit.wiring import Target

ON_BOARD = frozenset({"second-pin", "virtual"})
"""Drivers whose lines are those of the board under test."""


def objection(target: "Target", device: str) -> str | None:
    """Return why the wire of a device cannot lead to the line that it names, None if it can."""
    wire = target.wires[device]
    if wire.line is None:
        return None
    if wire.driver in ON_BOARD:
        for other, another in target.wires.items():
            if other == device:
                break
            if another.driver in ON_BOARD and another.line == wire.line:
                return f"boards.{target.name}.wires.{other} has this line already; free one of them"
        return board.load(target.board).objection(wire.line)
    if wire.host is not None and wire.host in target.hosts:
        return board.load(target.hosts[wire.host].board).objection(wire.line)
    return None
