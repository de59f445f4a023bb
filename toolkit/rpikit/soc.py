# SPDX-License-Identifier: MIT
"""Chips: where their registers, interrupts and lines are, each fact with its source.

Knows silicon; what is soldered to it is the board's to say.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from rpikit import describe
from rpikit.describe import FrozenMap, Misfit, Model

LINE_MAX = 53
"""The last line of the BCM283x chips (BCM2835 ARM Peripherals, section 6.1)."""

_AS_TEXT = WithJsonSchema({"type": "string"})


def parse_key(text: object, low: int, high: int, what: str) -> int:
    """Return the number that a key is; TOML gives every key as text."""
    if re.fullmatch(r"0|[1-9][0-9]{0,3}", str(text)) and low <= int(str(text)) <= high:
        return int(str(text))
    raise Misfit(f"the key is no {what}; write a number from {low} to {high}")


def _line_key(text: object) -> int:
    return parse_key(text, 0, LINE_MAX, "line")


def _span(text: object) -> tuple[int, int]:
    """Return the first and last line of a key such as `47` or `48-53`."""
    match = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", str(text))
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last <= LINE_MAX:
            return first, last
    raise Misfit(
        f"the key names no lines; write one of 0 to {LINE_MAX}, or first and last, such as 48-53"
    )


Text = Annotated[str, Field(min_length=1)]
Line = Annotated[int, Field(ge=0, le=LINE_MAX)]
LineKey = Annotated[int, BeforeValidator(_line_key), _AS_TEXT]
Span = Annotated[tuple[int, int], BeforeValidator(_span), _AS_TEXT]
Address = Annotated[
    int, Field(ge=0, le=0xFFFFFFFF, description="an address of 32 bits, such as 0x3f200000")
]
Pull = Literal["none", "up", "down"]


class Block(Model):
    """A peripheral: where its registers are and which interrupts of the GPU's 64 it raises."""

    base: Address
    size: int = Field(gt=0, examples=[4096])
    interrupts: tuple[Annotated[int, Field(ge=0, le=63)], ...] = ()
    source: Text = Field(examples=["BCM2835 ARM Peripherals, section 6.1"])


class Gpio(Model):
    """The lines of a chip and the registers that move them."""

    lines: int = Field(ge=1, le=LINE_MAX + 1)
    chip_label: Text = Field(examples=["pinctrl-bcm2835"])
    source: Text
    registers: FrozenMap[str, Address]
    codes: FrozenMap[str, Annotated[int, Field(ge=0, le=7)]]
    pulls: FrozenMap[Span, Pull]
    functions: FrozenMap[LineKey, Annotated[tuple[str, ...], Field(min_length=6, max_length=6)]]

    def mode(self, code: int) -> str:
        """Return what the three bits of a line in GPFSEL mean: "in", "out", "alt0" to "alt5"."""
        return next(mode for mode, known in self.codes.items() if known == code)

    def pull(self, line: int) -> Pull:
        """Return a line's pull after reset."""
        spans = self.pulls.items()
        return next((pull for (first, last), pull in spans if first <= line <= last), "none")


class SocFile(Model):
    """A silicon file."""

    title: Text = Field(examples=["Broadcom BCM2837"])
    cpu: Text = Field(examples=["cortex-a53"])
    cores: int = Field(ge=1, le=16)
    counter_hz: int = Field(gt=0)
    peripherals: Address
    bus: Address
    source: Text
    blocks: FrozenMap[str, Block]
    gpio: Gpio


class Soc(SocFile):
    """A chip: its file's content and its name."""

    name: str


def load(path: Path) -> Soc:
    """Read a silicon file."""
    described = describe.load(SocFile, path)
    last = described.gpio.lines - 1
    for line in described.gpio.functions:
        if line > last:
            raise describe.fault(
                path, f"gpio.functions.{line}", None, f"{path.stem} has lines 0-{last}"
            )
    return Soc.model_construct(**dict(described) | {"name": path.stem})
