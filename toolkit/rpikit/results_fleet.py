# SPDX-License-Identifier: MIT
"""What --json prints of a roll-out."""

from typing import Literal

from typing_extensions import TypedDict

BoardState = Literal["flashed", "failed", "interrupted", "waiting"]


class FleetBoard(TypedDict):
    """How one board of a roll-out ended."""

    board: str
    state: BoardState
    """waiting: it was not begun."""
    before: bool
    """Whether an earlier run of the same roll-out flashed it."""
    code: int | None
    """The exit code that a flash of it alone would have had; null while it waits."""
    said: str
    """What it does now, or why it failed."""
    hint: str | None
    digest: str | None
    """Of the bundle; null unless this run flashed it, as are the three below."""
    slot: str | None
    sent: int | None
    seconds: float | None
    trial: int | None
    """Seconds in which somebody has to confirm it there; null if it is kept."""


class Rollout(TypedDict):
    """What a roll-out over several boards came to."""

    rollout: str
    name: str
    version: str
    journal: str
    resumed: bool
    boards: list[FleetBoard]
    stopped: str
    """Why nothing more was begun, or empty."""
    status: int
