# SPDX-License-Identifier: MIT
"""What `perf --json` prints: figures, each beside its floor, its baseline and what Linux takes."""

from typing_extensions import TypedDict


class Figure(TypedDict):
    """One figure of a measurement."""

    name: str
    value: int
    unit: str
    floor: int | None
    filtered: int | None
    """The floor under a filter of system calls."""
    ratio: float | None
    baseline: int | None
    change: float | None
    """Per cent of the baseline."""
    verdict: str
    """Empty, regression, improvement, new, or other compiler."""
    beside: int | None
    """What the same costs with Linux on the board; of what was measured without."""
    times: float | None
    """How many times as much that is."""


class Measured(TypedDict):
    """One measurement beside its floors and its baseline."""

    toolchain: str
    compiler: str
    kernel: str
    qemu: str
    floors: dict[str, int]
    figures: list[Figure]
    regressions: list[str]
    improvements: list[str]
    status: int
