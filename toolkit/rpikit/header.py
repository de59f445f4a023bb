# SPDX-License-Identifier: MIT
"""The verb pins: what each pin of a virtual board's header does now, and each edge as it comes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rpikit import results
from rpikit.board import Board
from rpikit.errors import BoardError
from rpikit.virtual import machine
from rpikit.virtual.pins import Edge, Pins, Watch

if TYPE_CHECKING:
    from rich.table import Table

_GLANCE_SECONDS = 0.25
_STEP_SECONDS = 0.5


@dataclass(frozen=True)
class Pin:
    """A pin of the header that carries a line."""

    pin: int
    line: int
    function: str
    high: bool
    reserved: str | None
    edge: Edge | None = None

    @property
    def level(self) -> str:
        """The electrical level as a word."""
        return "high" if self.high else "low"

    def last(self, now_ns: int) -> str:
        """Return the last edge as a person reads it."""
        if self.edge is None:
            return ""
        way = "rising" if self.edge.high else "falling"
        return f"{way} {(now_ns - self.edge.at_ns) / 1e9:.1f} s ago"


@dataclass(frozen=True)
class Header:
    """All pins of a header at one moment."""

    board: str
    pins: tuple[Pin, ...]

    def __str__(self) -> str:
        lines = [f"{'PIN':>3}  {'LINE':>4}  {'FUNCTION':8}  {'LEVEL':5}  "]
        for pin in self.pins:
            lines.append(
                f"{pin.pin:>3}  {pin.line:>4}  {pin.function:8}  {pin.level:5}  "
                f"{pin.reserved or ''}"
            )
        return "\n".join(line.rstrip() for line in lines)

    def values(self) -> results.Header:
        """Return it as one object for programs."""
        rows: list[results.HeaderPin] = [
            {
                "pin": pin.pin,
                "line": pin.line,
                "function": pin.function,
                "high": pin.high,
                "reserved": pin.reserved,
            }
            for pin in self.pins
        ]
        return {"board": self.board, "pins": rows}

    def with_edge(self, edge: Edge) -> "Header":
        """Return it after an edge."""
        pins = (
            replace(pin, high=edge.high, edge=edge) if pin.line == edge.line else pin
            for pin in self.pins
        )
        return replace(self, pins=tuple(pins))

    def table(self) -> "Table":
        """Return it as a table with colours: outputs bright, high levels green."""
        from rich.table import Table

        table = Table(title=f"{self.board}: header", title_justify="left")
        for name in ("pin", "line"):
            table.add_column(name, justify="right")
        for name in ("function", "level", "last edge", "used for"):
            table.add_column(name)
        now_ns = time.monotonic_ns()
        for pin in self.pins:
            level = f"[green]{pin.level}[/]" if pin.high else f"[dim]{pin.level}[/]"
            function = f"[bold]{pin.function}[/]" if pin.function != "in" else pin.function
            words = (function, level, pin.last(now_ns), pin.reserved or "")
            table.add_row(str(pin.pin), str(pin.line), *words)
        return table


class View:
    """The header of one running board; a board that ends raises BoardError."""

    def __init__(self, board: Board, name: str) -> None:
        found = machine.find(name) if board.virtual is not None else None
        if found is None:
            raise _unseen(board, name)
        self._board = board
        self._name = name
        self._pins = Pins(found.pins_socket)

    def now(self) -> Header:
        """Look at the header once."""
        lines = self._pins.lines()
        pins = (
            Pin(pin, line, *lines[line], reserved=self._board.reserved.get(line))
            for pin, line in sorted(self._board.header.items())
        )
        return Header(self._name, tuple(pins))

    def edges(self) -> Iterator[Edge]:
        """Give each edge as it comes."""
        with self._watch() as watch:
            while True:
                edge = watch.next(_STEP_SECONDS)
                if edge is not None:
                    yield edge

    def live(self) -> Iterator[Header]:
        """Give the header again and again, at once after an edge."""
        header = self.now()
        with self._watch() as watch:
            while True:
                yield header
                edge = watch.next(_GLANCE_SECONDS)
                while edge is not None:
                    header = header.with_edge(edge)
                    edge = watch.next(0.0)
                known = {pin.line: pin.edge for pin in header.pins}
                seen = self.now()
                header = replace(
                    seen, pins=tuple(replace(pin, edge=known[pin.line]) for pin in seen.pins)
                )

    def _watch(self) -> Watch:
        return self._pins.watch(*self._board.header.values())


def show(view: View) -> None:
    """Show the header on this terminal until Ctrl-C."""
    from rich.live import Live

    with Live(auto_refresh=False) as screen:
        for header in view.live():
            screen.update(header.table(), refresh=True)


def edge_values(edge: Edge) -> results.PinEdge:
    """Return an edge as one flat object for programs."""
    return {"line": edge.line, "high": edge.high, "at_ns": edge.at_ns, "source": edge.source}


def edge_line(edge: Edge) -> str:
    """Return an edge as one line for people."""
    return f"{edge.at_ns / 1e9:.6f} line {edge.line} {'high' if edge.high else 'low'}"


def _unseen(board: Board, name: str) -> BoardError:
    if board.virtual is not None:
        return BoardError(f"board {name!r}: is not running", hint=f"rpikit board up {name}")
    return BoardError(
        f"board {name!r}: only a virtual board shows its pins from outside",
        hint=f"ask Linux on it: rpikit board shell {name} -- gpioinfo",
    )
