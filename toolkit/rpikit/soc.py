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
    int,
    Field(
        ge=0,
        le=0xFFFFFFFF,
        json_schema_extra={"expected": "an address of 32 bits, such as 0x3f200000"},
    ),
]
Pull = Literal["none", "up", "down"]


class Block(Model):
    """A peripheral: where its registers are and which interrupts of the GPU's 64 it raises."""

    base: Address = Field(description="Where its registers begin, as the cores see it.")
    size: int = Field(gt=0, examples=[4096], description="Bytes of its registers.")
    interrupts: tuple[Annotated[int, Field(ge=0, le=63)], ...] = Field(
        default=(), description="The interrupts it raises."
    )
    source: Text = Field(
        examples=["BCM2835 ARM Peripherals, section 6.1"],
        description="Where these facts stand: a document or a driver.",
    )


class Gpio(Model):
    """The lines of a chip and the registers that move them."""

    lines: int = Field(ge=1, le=LINE_MAX + 1, description="How many lines there are.")
    chip_label: Text = Field(
        examples=["pinctrl-bcm2835"],
        description="What Linux calls the chip, as `gpiodetect` shows.",
    )
    source: Text = Field(description="Where these facts stand: a document or a driver.")
    registers: FrozenMap[str, Address] = Field(
        description="The offset of each register from the base of the GPIO block."
    )
    codes: FrozenMap[str, Annotated[int, Field(ge=0, le=7)]] = Field(
        description="The three bits that give a line each of its functions."
    )
    pulls: FrozenMap[Span, Pull] = Field(description="The pull of each line after reset.")
    functions: FrozenMap[LineKey, Annotated[tuple[str, ...], Field(min_length=6, max_length=6)]] = (
        Field(description="The alternate functions of each line, 0 to 5.")
    )

    def mode(self, code: int) -> str:
        """Return what the three bits of a line in GPFSEL mean: "in", "out", "alt0" to "alt5"."""
        return next(mode for mode, known in self.codes.items() if known == code)

    def pull(self, line: int) -> Pull:
        """Return a line's pull after reset."""
        spans = self.pulls.items()
        return next((pull for (first, last), pull in spans if first <= line <= last), "none")


class SocFile(Model):
    """A silicon file."""

    title: Text = Field(examples=["Broadcom BCM2837"], description="The chip's full name.")
    cpu: Text = Field(examples=["cortex-a53"], description="Its cores, as GCC names them.")
    cores: int = Field(ge=1, le=16, description="How many cores it has.")
    counter_hz: int = Field(gt=0, description="Ticks of the cores' counter in a second.")
    peripherals: Address = Field(description="Where the peripherals begin, as the cores see it.")
    bus: Address = Field(description="Where the peripherals begin, as its documents count.")
    source: Text = Field(description="Where these facts stand: a document or a driver.")
    blocks: FrozenMap[str, Block] = Field(description="Its peripherals, by name.")
    gpio: Gpio = Field(description="Its lines.")


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
