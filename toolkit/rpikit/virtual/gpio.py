# SPDX-License-Identifier: MIT
"""The GPIO registers of the emulated chip as values: what each line is, and how to move one.

Addresses and codes come from the chip's description; nothing here talks to a machine.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rpikit.board import Soc

_LINES_OF_A_SELECTOR = 10
_LINES_OF_A_BANK = 32


@dataclass(frozen=True)
class Registers:
    """Where the registers are: BCM2835 ARM Peripherals, section 6.1."""

    base: int
    lines: int
    select: int
    set: int
    clear: int
    level: int
    codes: Mapping[int, str]

    @classmethod
    def of(cls, soc: "Soc") -> Self:
        """Return the registers of a chip."""
        at = soc.gpio.registers
        codes = {code: name for name, code in soc.gpio.codes.items()}
        return cls(
            soc.blocks["gpio"].base, soc.gpio.lines,
            at["GPFSEL0"], at["GPSET0"], at["GPCLR0"], at["GPLEV0"], codes,
        )  # fmt: skip

    @classmethod
    def parse(cls, facts: Mapping[str, Any]) -> Self:
        """Return the registers as `dataclasses.asdict` and JSON gave them."""
        codes = {int(code): name for code, name in facts["codes"].items()}
        return cls(**{**facts, "codes": codes})

    @property
    def size(self) -> int:
        """The bytes from the first register to the last one read."""
        return self.level + 4 * (-(-self.lines // _LINES_OF_A_BANK))

    def decode(self, block: bytes) -> "Lines":
        """Return the lines' functions and levels from the registers' bytes."""
        words = struct.unpack(f"<{len(block) // 4}I", block)
        first = self.select // 4
        functions = tuple(
            self.codes[words[first + line // _LINES_OF_A_SELECTOR] >> 3 * (line % 10) & 7]
            for line in range(self.lines)
        )
        banks = words[self.level // 4 :]
        latches = sum(bank << _LINES_OF_A_BANK * at for at, bank in enumerate(banks))
        return Lines(functions, latches)

    def mover(self, line: int, high: bool) -> tuple[int, int]:
        """Return address and value of the write that moves a line."""
        bank, bit = divmod(line, _LINES_OF_A_BANK)
        return self.base + (self.set if high else self.clear) + 4 * bank, 1 << bit


@dataclass(frozen=True)
class Lines:
    """What the registers said at one moment."""

    functions: tuple[str, ...]
    latches: int

    def is_output(self, line: int) -> bool:
        """Say whether the board itself drives the line."""
        return self.functions[line] == "out"

    def latch(self, line: int) -> bool:
        """Return the level the machine holds for the line, driven by it or not."""
        return bool(self.latches >> line & 1)
