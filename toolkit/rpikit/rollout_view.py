# SPDX-License-Identifier: MIT
"""How a roll-out is shown while it goes on: a table that moves on a terminal, else lines."""

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

from rpikit import report
from rpikit.report import Reporter

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_ORDER = ("under way", "failed", "interrupted", "flashed", "waiting")
_COLOURS = {"failed": "red", "interrupted": "yellow", "flashed": "green", "waiting": "dim"}


class Ended(Protocol):
    """How a board ended."""

    @property
    def board(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def said(self) -> str: ...

    @property
    def hint(self) -> str | None: ...


class View(Protocol):
    """What is told of a roll-out; `tell` and `move` come from the threads of the boards."""

    def shown(self, rows: Sequence[Ended]) -> contextlib.AbstractContextManager[None]:
        """Show the boards, as they are at the beginning, for the length of a `with`."""
        ...

    def tell(self, board: str, text: str) -> None:
        """Say what a board does now."""
        ...

    def move(self, board: str, done: int, total: int) -> None:
        """Say that `done` of `total` bytes are on a board."""
        ...

    def end(self, row: Ended) -> None:
        """Say how a board ended."""
        ...

    def note(self, text: str) -> None:
        """Say something about the whole."""
        ...


class Lines:
    """A line for whatever happens, with the name of its board; or an event for programs."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def shown(self, rows: Sequence[Ended]) -> Iterator[None]:
        """Name the boards that are done already."""
        for row in rows:
            if row.state != "waiting":
                self.end(row)
        yield

    def tell(self, board: str, text: str) -> None:
        """Write a line."""
        self.note(f"{board}: {text}")

    def move(self, board: str, done: int, total: int) -> None:
        """Write nothing: many boards send at once."""

    def end(self, row: Ended) -> None:
        """Write a line, and the hint below it."""
        self.note(f"{row.board}: {row.state}: {row.said}")
        if row.hint:
            self.note("\n".join(f"{row.board}:   hint: {one}" for one in row.hint.splitlines()))

    def note(self, text: str) -> None:
        """Write a line."""
        with self._lock:
            self._reporter.step(text)


class Table:
    """A table with a line for each board; what moves stands on top."""

    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._lock = threading.Lock()
        self._rows: dict[str, tuple[str, str]] = {}  # state and words
        self._note = ""

    @contextlib.contextmanager
    def shown(self, rows: Sequence[Ended]) -> Iterator[None]:
        """Show the table until the end, then take it away."""
        from rich.console import Console
        from rich.live import Live

        self._rows = {row.board: (row.state, row.said) for row in rows}
        screen = Console(file=self._err)
        with Live(get_renderable=self._table, console=screen, transient=True):
            yield

    def tell(self, board: str, text: str) -> None:
        """Change the words of a board."""
        with self._lock:
            self._rows[board] = ("under way", text)

    def move(self, board: str, done: int, total: int) -> None:
        """Show how much of the upload is there."""
        self.tell(board, f"send {report.size(done)} of {report.size(total)}")

    def end(self, row: Ended) -> None:
        """Show how it ended."""
        with self._lock:
            self._rows[row.board] = (row.state, row.said)

    def note(self, text: str) -> None:
        """Show it below the table."""
        with self._lock:
            self._note = text

    def _table(self) -> "RichTable":
        from rich import box
        from rich.table import Table as RichTable
        from rich.text import Text

        with self._lock:
            rows, note = dict(self._rows), self._note
        count = {state: sum(one == state for one, _ in rows.values()) for state in _ORDER}
        told = ", ".join(f"{number} {state}" for state, number in count.items() if number)
        table = RichTable(box=box.SIMPLE, caption=note or told, caption_justify="left")
        table.add_column("BOARD", no_wrap=True)
        table.add_column("STATE", no_wrap=True)
        table.add_column("WHAT", no_wrap=True, overflow="ellipsis", ratio=1)
        for board, (state, text) in sorted(rows.items(), key=lambda one: _ORDER.index(one[1][0])):
            table.add_row(board, Text(state, _COLOURS.get(state, "bold")), Text(text))
        return table


def choose(reporter: Reporter) -> View:
    """Return the table where the reporter is one for a terminal, else lines to the reporter."""
    return Table(sys.stderr) if isinstance(reporter, report.Terminal) else Lines(reporter)
