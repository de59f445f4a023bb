# SPDX-License-Identifier: MIT
"""A GPIO block as QEMU models it, with the wires of a virtual board, and no QEMU."""

import itertools
import struct

from rpikit import board
from rpikit.virtual.gpio import Registers
from rpikit.virtual.wires import Edge, Wires

REGISTERS = Registers.of(board.load("virtual-pi3").soc)


class Chip:
    """One latch a line, moved by whoever writes GPSET and GPCLR, and a function each."""

    def __init__(self) -> None:
        self.words = [0] * (REGISTERS.size // 4)
        self.edges: list[Edge] = []
        ticks = itertools.count(1000)
        self.wires = Wires(REGISTERS, self, self.edges.append, lambda: next(ticks))

    def write_word(self, address: int, value: int) -> None:
        offset = address - REGISTERS.base
        for base, high in ((REGISTERS.set, True), (REGISTERS.clear, False)):
            bank, rest = divmod(offset - base, 4)
            if rest == 0 and 0 <= bank <= 1:
                at = REGISTERS.level // 4 + bank
                self.words[at] = self.words[at] | value if high else self.words[at] & ~value

    def latch(self, line: int) -> bool:
        return bool(self.words[REGISTERS.level // 4 + line // 32] >> line % 32 & 1)

    def board_sets(self, line: int, high: bool) -> None:
        self.write_word(*REGISTERS.mover(line, high))

    def board_turns(self, line: int, code: int) -> None:
        at, shift = line // 10, 3 * (line % 10)
        self.words[at] = self.words[at] & ~(7 << shift) | code << shift

    def look(self) -> None:
        block = struct.pack(f"<{len(self.words)}I", *self.words)
        self.wires.observe(REGISTERS.decode(block), 500)

    def heard(self) -> list[tuple[int, bool, str]]:
        heard: list[tuple[int, bool, str]] = [
            (edge.line, edge.high, edge.source) for edge in self.edges
        ]
        self.edges.clear()
        return heard
