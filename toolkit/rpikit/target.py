# SPDX-License-Identifier: MIT
"""What an application is built for: hvt, a machine of its own, spt, a sandboxed process, or metal.

hvt needs KVM on the board; spt needs nothing that a stock kernel lacks. So a board that is asked
answers by what it has, unless its description, or the user, says which it is to be.
"""

from collections.abc import Callable

from rpikit.board import Board
from rpikit.errors import BoardError, DescriptionError
from rpikit.transport import Transport

AUTO = "auto"
CHOICES = (AUTO, "hvt", "spt")
METAL = "metal"
"""Guests of hvt above no operating system: the board boots an image of ours."""

SILICON = "bcm2837"
"""The chip that c/backends has drivers for, without an operating system."""

_HAS_KVM = "test -e /dev/kvm"


def expected(board: Board, asked: str = AUTO) -> Board:
    """Return the board as one for the target asked for, else as its description says."""
    is_bare = METAL in (asked, board.platform) and board.platform != "loop"
    if is_bare and board.soc.name != SILICON:
        raise DescriptionError(
            f"--target {METAL}: {board.name} has a {board.soc.name}; without an operating system "
            f"only the {SILICON} is known"
        )
    if asked in (AUTO, board.platform):
        if board.platform != "hvt" or board.kvm or asked != AUTO:
            return board
        return board.made_for("spt")
    if board.platform == "loop":
        raise DescriptionError(
            f"--target {asked}: {board.name} is no board for it: what is built for this machine "
            "runs inside a process of it"
        )
    if board.platform == METAL:
        raise DescriptionError(
            f"--target {asked}: {board.name} runs no operating system, so {METAL} is its target"
        )
    return board.made_for(asked)


def _because(board: Board) -> str:
    """Say why there is none, where that is known."""
    beneath = board.virtual is not None and board.virtual.underlay
    return ": what reports its edges has EL2" if beneath else ""


def chosen(
    board: Board,
    asked: str,
    transport: Transport,
    report: Callable[[str], None] = lambda line: None,
) -> Board:
    """Return the board as one for what runs there, and report which that is, and why."""
    if board.platform in ("loop", METAL):
        return expected(board, asked)
    if asked == "spt":
        found, why = expected(board, asked), "as asked"
    elif asked == AUTO and board.platform == "spt":
        found, why = board, f"since the description of {board.name} says so"
    elif transport.run(_HAS_KVM).status == 0:
        why = f"since {board.name} has /dev/kvm" if asked == AUTO else "as asked"
        found = board.made_for("hvt")
    elif asked == AUTO:
        found, why = board.made_for("spt"), f"since {board.name} has no /dev/kvm{_because(board)}"
    else:
        raise BoardError(
            f"--target {asked}: {transport.name} has no /dev/kvm, which hvt needs",
            hint="--target spt, or auto, runs the same application as a sandboxed process",
        )
    report(f"target: {found.platform}, {why}")
    return found
