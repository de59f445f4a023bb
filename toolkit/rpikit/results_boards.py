# SPDX-License-Identifier: MIT
"""What --json prints of boards themselves: which there are, what they are, what their pins do."""

from typing_extensions import TypedDict


class VirtualBoard(TypedDict):
    """A virtual board that runs."""

    board: str
    pid: int
    host: str
    port: int
    user: str
    key_file: str
    known_hosts: str
    serials: list[str]
    pins_socket: str
    log: str
    was_restored: bool
    """Whether it was started from a snapshot."""


class Stopped(TypedDict):
    """A board that was stopped."""

    board: str
    stopped: bool
    """False if it was not running."""


class Cut(TypedDict):
    """A board whose power was cut."""

    board: str
    cut: bool
    """False if it was not running."""


class Identity(TypedDict):
    """What tells a board from all others; null for what it does not have."""

    board: str
    serial_number: str | None
    host_key: str | None
    """The fingerprint of its SSH host key."""


class Board(TypedDict):
    """A board of the bench, or a virtual one that runs besides."""

    name: str
    kind: str
    reach: str
    state: str


class Boards(TypedDict):
    """The boards there are to choose from."""

    boards: list[Board]


class LabBoard(TypedDict):
    """A virtual board of a lab."""

    name: str
    kind: str
    state: str
    """up or down."""


class LabWire(TypedDict):
    """A wire between two virtual boards, as bench.toml has it."""

    device: str
    board: str
    line: int
    host: str
    """The board at the other end."""
    end: int
    """The line at the other end."""
    driver: str
    state: str
    """plugged, missing, or elsewhere and what the line is wired to instead."""
    shorts: int
    """How often both ends drove it at once since it was plugged."""
    is_short: bool
    """Whether they do now."""


class Lab(TypedDict):
    """The virtual boards of a bench and the wires between them."""

    bench: str
    boards: list[LabBoard]
    wires: list[LabWire]
    status: int


class LabNew(TypedDict):
    """The wiring that was written."""

    bench: str
    boards: list[str]
    wires: list[LabWire]


class LabDown(TypedDict):
    """The boards that were stopped."""

    boards: list[Stopped]


class SetUp(TypedDict):
    """What a board does when it boots."""

    board: str
    boots: bool
    """Whether it starts its guests."""
    home: str
    """The device half's folder on the board."""


class HeaderPin(TypedDict):
    """A pin of a header as it is now."""

    pin: int
    line: int
    function: str
    high: bool
    reserved: str | None


class Header(TypedDict):
    """All pins of a header at one moment."""

    board: str
    pins: list[HeaderPin]


class PinEdge(TypedDict):
    """A change of a line, printed as it comes."""

    line: int
    high: bool
    at_ns: int
    source: str
    """Who moved it: the guest or the bench."""
