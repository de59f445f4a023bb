# SPDX-License-Identifier: MIT
"""The boards: what each has, and its header as a picture."""

from collections.abc import Iterator, Mapping
from html import escape

from printed import text
from rpikit import board, describe
from rpikit.board import Board

PIN, COLUMN, LABEL = 24, 30, 250
"""Pixels: a row of pins, a column of pins, and the words beside them."""


def markdown() -> str:
    """Return a table of the boards that come with rpikit, and the header of each."""
    known = [board.load_file(file) for file in sorted(board.folder().glob("*.toml"))]
    head = ("name", "board", "chip", "memory", "`/dev/kvm`", "lines an application may have")
    drawn = {one.name: picture(one.name) for one in known}
    parts = ["## All boards", text.table(head, map(_row, known))]
    for shape in dict.fromkeys(drawn.values()):
        same = [name for name, its in drawn.items() if its == shape]
        parts += [f"## The header of {', '.join(same)}", f"```{{printed}} header {same[0]}\n```"]
    return text.page(parts)


def _row(one: Board) -> tuple[str, ...]:
    return (
        text.code(one.name),
        one.title,
        one.soc.title,
        describe.format_size(one.memory),
        "yes" if one.kvm else "no",
        board.spans(one.usable),
    )


def picture(name: str, marks: Mapping[int, str] | None = None) -> str:
    """Return a board's header as SVG; `marks` says what is wired to a line."""
    described = board.load(name)
    height = PIN * board.HEADER_PINS // 2
    width = 2 * (LABEL + COLUMN)
    shapes = "\n".join(shape for pin in _pins() for shape in _pin(described, pin, marks or {}))
    title = "The 40 pins of the header; pin 1 is the one at the board's corner"
    return (
        f'<svg class="header" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title)}">\n<title>{escape(title)}</title>\n{shapes}\n</svg>'
    )


def _pins() -> range:
    return range(1, board.HEADER_PINS + 1)


def _pin(described: Board, pin: int, marks: Mapping[int, str]) -> Iterator[str]:
    """Give the shapes of a pin: odd ones to the left, even ones to the right."""
    right = pin % 2 == 0
    y = (pin - 1) // 2 * PIN + PIN // 2
    x = LABEL + COLUMN // 2 + (COLUMN if right else 0)
    kind, words = _words(described, pin, marks)
    at, anchor = (LABEL + 2 * COLUMN + 6, "start") if right else (LABEL - 6, "end")
    corner = 2 if pin == 1 else 10
    yield (
        f'<rect class="{kind}" x="{x - 10}" y="{y - 10}" width="20" height="20" rx="{corner}"/>'
        f'<text class="pin" x="{x}" y="{y + 4}" text-anchor="middle">{pin}</text>'
        f'<text class="{kind}" x="{at}" y="{y + 4}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def _words(described: Board, pin: int, marks: Mapping[int, str]) -> tuple[str, str]:
    """Return the class of a pin and the words beside it."""
    line = described.header.get(pin)
    if line is None:
        power = described.power.get(pin, "")
        return ("ground" if power == "ground" else "power"), power
    if line in marks:
        return "marked", f"GPIO {line}: {marks[line]}"
    if line in described.reserved:
        return "reserved", f"GPIO {line}: {described.reserved[line]}"
    return "free", f"GPIO {line}"
