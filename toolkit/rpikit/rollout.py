# SPDX-License-Identifier: MIT
"""The verb rollout: flash many boards, some at a time, and leave a journal that can be resumed.

Each board has a thread and a connection of its own; this thread alone decides and writes. An
interrupt lets what is under way come to its end and begins nothing more, a second one leaves the
boards to themselves: what was not selected there by then is taken back by the board.
"""

import contextlib
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rpikit import results
from rpikit.errors import EXIT_INTERRUPTED, EXIT_OK, RpikitError, ToolError
from rpikit.flash import Flashed
from rpikit.fleet import Plan, Rollout
from rpikit.journal import Journal
from rpikit.report import Reporter, Silent
from rpikit.rollout_view import View

EXIT_INTERNAL = 1

Flash = Callable[[str, Reporter], Flashed]
"""Flashes the board of that name and says how far it is; called in a thread for each board."""


@dataclass(frozen=True)
class Row:
    """How one board ended; `code` is None if it was not begun."""

    board: str
    code: int | None = None
    said: str = ""
    hint: str | None = None
    flashed: Flashed | None = None
    before: bool = False  # by an earlier run of the same roll-out

    @property
    def state(self) -> results.BoardState:
        """What that is in a word."""
        if self.code is None:
            return "waiting"
        if self.code == EXIT_OK:
            return "flashed"
        return "interrupted" if self.code == EXIT_INTERRUPTED else "failed"

    def __str__(self) -> str:
        code = f" (exit code {self.code})" if self.state == "failed" else ""
        return f"{self.state:11}  {self.said}{code}".rstrip()

    def values(self) -> results.FleetBoard:
        """Return it as one flat object for programs."""
        flashed = self.flashed
        trial = flashed.status.trial if flashed else None
        return {
            "board": self.board,
            "state": self.state,
            "before": self.before,
            "code": self.code,
            "said": self.said,
            "hint": self.hint,
            "digest": flashed.digest if flashed else None,
            "slot": flashed.status.slot if flashed else None,
            "sent": flashed.sent if flashed else None,
            "seconds": round(flashed.seconds, 3) if flashed else None,
            "trial": trial.seconds if trial else None,
        }


@dataclass(frozen=True)
class Outcome:
    """What a roll-out came to."""

    id: str
    name: str
    version: str
    journal: Path
    is_resumed: bool
    rows: tuple[Row, ...]
    stopped: str
    exit_code: int

    def __str__(self) -> str:
        width = max(len(row.board) for row in self.rows)
        lines = [f"{row.board:{width}}  {row}" for row in self.rows]
        count = dict.fromkeys(("flashed", "failed", "interrupted", "waiting"), 0)
        for row in self.rows:
            count[row.state] += 1
        rest = [f"{count[state]} {state}" for state in list(count)[1:] if count[state]]
        told = ", ".join([f"{count['flashed']} of {len(self.rows)} boards flashed", *rest])
        why = f": {self.stopped}" if self.stopped else ""
        lines.append(f"{self.name} {self.version}: {told}{why}")
        if count["flashed"] < len(self.rows):
            lines.append(f"--resume goes on with it; journal: {self.journal}")
        return "\n".join(lines)

    def values(self) -> results.Rollout:
        """Return it as one object for programs."""
        return {
            "rollout": self.id,
            "name": self.name,
            "version": self.version,
            "journal": str(self.journal),
            "resumed": self.is_resumed,
            "boards": [row.values() for row in self.rows],
            "stopped": self.stopped,
            "status": self.exit_code,
        }


class _Interrupted(BaseException):
    """What a flash that is still sending ends with after an interrupt."""


class _Told(Silent):
    """Passes on what the flash of one board says; breaks it off while it can be taken back."""

    def __init__(self, board: str, view: View, stopping: threading.Event) -> None:
        self._board = board
        self._view = view
        self._stopping = stopping

    def step(self, name: str) -> None:
        """Say what begins."""
        self._view.tell(self._board, name)

    def progress(self, done: int, total: int) -> None:
        """Say how much was sent; an upload that is broken off here leaves nothing behind."""
        if self._stopping.is_set():
            raise _Interrupted
        self._view.move(self._board, done, total)

    def note(self, text: str) -> None:
        """Say what is no step."""
        self._view.tell(self._board, text)


def run(journal: Journal, flash: Flash, view: View, *, plan: Plan | None = None) -> Outcome:
    """Flash every board of the journal's plan that is not done; see Rollout for the order.

    `plan` has the same boards as the journal's, with other limits.
    """
    done = journal.flashed
    rollout = Rollout(plan or journal.plan, done)
    rows = {name: Row(name) for name in rollout.plan.boards}
    rows |= {name: Row(name, EXIT_OK, "done before", before=True) for name in done}
    arrived: queue.SimpleQueue[Row | None] = queue.SimpleQueue()  # None: an interrupt
    stopping = threading.Event()

    def work(board: str) -> None:
        arrived.put(_row(board, lambda: flash(board, _Told(board, view, stopping))))

    with _interrupts(lambda: arrived.put(None)), view.shown(tuple(rows.values())):
        while True:
            for board in rollout.due():
                journal.start(board)
                view.tell(board, "begins")
                threading.Thread(target=work, args=(board,), daemon=True).start()
            if rollout.is_over:
                break
            row = arrived.get()
            if row is None:
                stopping.set()
                rollout.interrupt()
                view.note(_leaving(len(rollout.running)))
                continue
            journal.end(row.board, row.code if row.code is not None else EXIT_OK, row.said)
            rollout.end(row.board, row.code if row.code is not None else EXIT_OK)
            rows[row.board] = row
            view.end(row)
    journal.over(rollout.exit_code, rollout.stopped)
    wish = journal.wish
    return Outcome(
        id=journal.id,
        name=wish.name,
        version=wish.version,
        journal=journal.path,
        is_resumed=journal.is_resumed,
        rows=tuple(rows[name] for name in rollout.plan.boards),
        stopped=rollout.stopped,
        exit_code=rollout.exit_code,
    )


def _row(board: str, flash: Callable[[], Flashed]) -> Row:
    """Flash a board and return how that ended, whatever happened."""
    try:
        flashed = flash()
    except RpikitError as error:
        return Row(board, error.exit_code, str(error), error.hint)
    except OSError as error:
        return Row(board, ToolError.exit_code, str(error))
    except KeyboardInterrupt:  # of its tests, which somebody ended
        return Row(
            board, EXIT_INTERRUPTED, "its tests were interrupted; it runs what it ran before"
        )
    except _Interrupted:
        return Row(board, EXIT_INTERRUPTED, "broken off while sending; it runs what it ran before")
    except Exception as error:  # it must not take the other boards with it
        said = f"a fault of rpikit itself: {type(error).__name__}: {error}"
        return Row(board, EXIT_INTERNAL, said)
    return Row(board, EXIT_OK, str(flashed).partition(": ")[2], flashed=flashed)


def _leaving(running: int) -> str:
    boards = "1 board" if running == 1 else f"{running} boards"
    return f"interrupted: waiting for {boards} under way; once more leaves them to themselves"


@contextlib.contextmanager
def _interrupts(tell: Callable[[], None]) -> Iterator[None]:
    """Have the first Ctrl-C, or end that is asked for, told and the second raised."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told = False

    def take(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told:
            raise KeyboardInterrupt
        told = True
        tell()

    before = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
