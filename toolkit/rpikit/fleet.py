# SPDX-License-Identifier: MIT
"""A roll-out as a state machine: which boards begin next, when it stops, what it came to.

Pure: it knows names and exit codes. Whoever drives it asks what is due, begins that, and says how
each board ended.

The canaries, the first boards of the plan, go before all others; if one of them fails, nothing
more begins. Then at most a wave of boards is under way at once: a board that ends makes room for
the next, so a slow one holds up nobody. Once more boards have failed than may, nothing more begins.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rpikit.errors import EXIT_INTERRUPTED, EXIT_OK, DescriptionError

GRAVITY = (6, 1, 3, 2, 5, 4)
"""Exit codes of boards, the gravest first: what a roll-out with several of them ends with."""


@dataclass(frozen=True)
class Limit:
    """How many boards may fail: a number, or whole per cent of all boards of the plan."""

    number: int
    is_percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `3` or `20%`."""
        found = re.fullmatch(r"([0-9]{1,6})(%?)", text.strip())
        if found is None or (found[2] and int(found[1]) > 100):
            raise DescriptionError(
                f"--max-failures {text}: write how many boards may fail, such as 2, or 10%"
            )
        return cls(int(found[1]), bool(found[2]))

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.is_percent else ''}"

    def of(self, boards: int) -> int:
        """Return how many of so many boards that is, rounded down."""
        return boards * self.number // 100 if self.is_percent else self.number


@dataclass(frozen=True)
class Plan:
    """What a roll-out is to do: its boards in their order, and how careful it is to be."""

    boards: tuple[str, ...]
    canary: int = 1  # how many go before all others
    wave: int = 4  # how many may be under way at once
    max_failures: Limit = Limit(0)


class Rollout:
    """Where a roll-out is; `flashed` are the boards that an earlier run of it is done with."""

    def __init__(self, plan: Plan, flashed: frozenset[str] = frozenset()) -> None:
        self.plan = plan
        self.stopped = ""  # why nothing more begins, empty while it goes on
        self._waiting = [name for name in plan.boards if name not in flashed]
        self._running: set[str] = set()
        self._ended: dict[str, int] = dict.fromkeys(flashed & set(plan.boards), EXIT_OK)

    @property
    def running(self) -> frozenset[str]:
        """The boards that are under way."""
        return frozenset(self._running)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The boards that have not begun."""
        return tuple(self._waiting)

    @property
    def ended(self) -> Mapping[str, int]:
        """The exit code of each board that ended."""
        return dict(self._ended)

    @property
    def is_over(self) -> bool:
        """Whether nothing is under way and nothing more will begin."""
        return not self._running and (bool(self.stopped) or not self._waiting)

    def due(self) -> tuple[str, ...]:
        """Return the boards that begin now; from here on they are under way."""
        room = self.plan.wave - len(self._running)
        canaries = set(self.plan.boards[: self.plan.canary])
        open_canaries = any(self._ended.get(name) != EXIT_OK for name in canaries)
        able = [name for name in self._waiting if not open_canaries or name in canaries]
        begun = () if self.stopped else tuple(able[: max(0, room)])
        self._waiting = [name for name in self._waiting if name not in begun]
        self._running.update(begun)
        return begun

    def end(self, board: str, code: int) -> None:
        """Say with which exit code a board ended; KeyError unless it was under way."""
        self._running.remove(board)
        self._ended[board] = code
        if code in (EXIT_OK, EXIT_INTERRUPTED) or self.stopped or not self._waiting:
            return
        failures = sum(one not in (EXIT_OK, EXIT_INTERRUPTED) for one in self._ended.values())
        allowed = self.plan.max_failures.of(len(self.plan.boards))
        if board in self.plan.boards[: self.plan.canary]:
            self.stopped = f"the canary {board} failed"
        elif failures > allowed:
            self.stopped = f"more than {allowed} failed (--max-failures)"

    def interrupt(self) -> None:
        """Begin nothing more, since the user said so."""
        self.stopped = self.stopped or "interrupted"

    @property
    def exit_code(self) -> int:
        """What it came to: 0 if every board is flashed, else the gravest code."""
        codes = set(self._ended.values()) - {EXIT_OK}
        if self.stopped == "interrupted" and (self._waiting or codes):
            return EXIT_INTERRUPTED
        return next((code for code in (*GRAVITY, *sorted(codes)) if code in codes), EXIT_OK)
