# SPDX-License-Identifier: MIT
"""What --json prints of a bench: its pins, what was pressed and seen, and whether its wiring is."""

from typing import Literal

from typing_extensions import TypedDict

from rpikit.results_evidence import Recording


class BenchPin(TypedDict):
    """A device of the application, its line, and what is at the other end of it."""

    pin: str
    line: int
    direction: Literal["in", "out"]
    """As the firmware sees it: the bench drives what is `in`."""
    active: Literal["high", "low"]
    driver: str
    """Empty if no wire leads there."""
    end: int | str | None
    """The driver's own line, or its name for it."""
    host: str | None
    """The machine that has that line, if it is not this one."""
    level: Literal["on", "off"] | None
    """Null if no wire leads there."""


class BenchPins(TypedDict):
    """The pins of an application on a bench, as they are now."""

    app: str
    board: str
    pins: list[BenchPin]


class BenchEdge(TypedDict):
    """A change of a pin, printed as it comes; the first of each pin is the level it had before."""

    pin: str
    level: Literal["on", "off"]
    at_ns: int
    """Of this machine's CLOCK_MONOTONIC."""
    edges: int
    """How many came so far, with this one; 0 for the level it had before."""


class Pressed(TypedDict):
    """What pressing a pin came to."""

    board: str
    pin: str
    presses: int
    edges: list[BenchEdge]
    """Of all pins, in the order of their stamps."""


class Waves(Recording):
    """What was recorded of all pins; nothing is heard of the console."""

    app: str
    board: str
    file: str | None
    """Where it was written."""


class ProvedNet(TypedDict):
    """A net, and whether its wire is where the descriptions say."""

    pin: str
    ok: bool
    says: str
    """What was wrong, or which end followed which."""


class Proved(TypedDict):
    """What a walk through all nets of a bench came to."""

    app: str
    board: str
    nets: list[ProvedNet]
    faults: list[str]
    """A sentence for each fault; one that concerns two nets stands here once."""
    stopped: list[str]
    """The guests that were stopped meanwhile; they run again."""
    seconds: float
    status: int
