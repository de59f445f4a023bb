# SPDX-License-Identifier: MIT
"""The proof of a bench: what runs on the board is stopped, its nets are walked, it runs again."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

from rpikit.bench.check import Fault, Net, walk
from rpikit.bench.wires import Wires
from rpikit.errors import BenchError
from rpikit.half import Half

_ALIVE_S = 10.0


class UnprovedError(BenchError):
    """Nothing on the board can move its lines, so that nothing is proved."""


@dataclass(frozen=True)
class Proof:
    """What a walk through all nets came to."""

    nets: tuple[Net, ...]
    faults: tuple[Fault, ...]
    stopped: tuple[str, ...]  # guests, which run again
    seconds: float  # without what it takes to start guests again

    def check(self, hint: str | None = None) -> None:
        """Raise the first fault, with the others as a hint."""
        if self.faults:
            first, *others = (fault.text for fault in self.faults)
            raise BenchError(first, hint="\n".join([*others, *([hint] if hint else [])]) or None)


def prove(wires: Wires, half: Half, *, restart: bool = True) -> Proof:
    """Prove the wires of a board that is within reach.

    Guests that run there are stopped first, since no two may drive a line; they are started again
    unless all is well and `restart` is false. A board that is gone raises BoardError, one that has
    nothing to move its lines with UnprovedError.
    """
    begun = time.monotonic()
    try:
        board = wires.board_side()
    except BenchError as error:
        half.greet(_ALIVE_S)
        raise UnprovedError(str(error), hint=error.hint) from error
    with ExitStack() as unless_well:
        stopped = half.stop_all()
        for name in stopped:
            unless_well.callback(half.of(name).start)
        try:
            nets = tuple(wires.nets())
            faults = walk(nets, board, wires.clock)
            wires.rest()
        except BenchError:
            half.greet(_ALIVE_S)  # a board that is gone says so itself
            raise
        if not restart and not faults:
            unless_well.pop_all()
        seconds = time.monotonic() - begun
    return Proof(nets, tuple(faults), stopped, seconds)
