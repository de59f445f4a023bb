# SPDX-License-Identifier: MIT
"""What `rpikit test --report` writes as JSON: a run of tests with all that proves it."""

from typing import Literal

from typing_extensions import TypedDict

Outcome = Literal[
    "passed",
    "firmware failed",
    "wrong description",
    "bench fault",
    "board fault",
    "tool missing",
    "verification failed",
    "nothing ran",
    "interrupted",
]


class ReportedApp(TypedDict):
    """The application under test."""

    name: str
    version: str


class ReportedImage(TypedDict):
    """What was put on the board."""

    digest: str
    """SHA-256 of the bundle's manifest, which names the digest of every file."""
    target: str
    """What it is built for: `hvt`, `spt`, or `loop`; empty for what was there already."""


class ReportedBoard(TypedDict):
    """The board under test."""

    name: str
    """As bench.toml calls it."""
    kind: str
    reached: str
    """How it was reached."""
    claim: bool
    """Whether times measured there say something about a real board."""
    claim_text: str


class ReportedPeer(TypedDict):
    """A further board of the tests, beside the one under test."""

    role: str
    app: str
    """Name and version of the application on it."""
    digest: str
    """SHA-256 of the manifest of that."""
    name: str
    """As bench.toml calls it."""
    kind: str
    reached: str
    """How it was reached."""


class ReportedWire(TypedDict):
    """A device, and what is at the other end of its line."""

    device: str
    line: int
    direction: str
    active: str
    driver: str
    """Empty if no wire leads there."""
    end: int | str | None
    """The driver's own line, by its number or its name."""
    host: str | None


class ReportedLatency(TypedDict):
    """How long answers took."""

    name: str
    place: str
    """The kind of board, and the drivers."""
    claim: bool
    claim_text: str
    count: int
    best_ns: int
    p50_ns: int
    p90_ns: int
    p99_ns: int
    worst_ns: int
    baseline: dict[str, int] | None
    """The same figures, as they were kept."""
    samples_ns: list[int]
    """In the order they were taken."""
    histogram: list[list[int]]
    """The begin of each bin in ns, and how many samples are in it."""


class RecordedPin(TypedDict):
    """What a pin did."""

    initial: Literal["on", "off"]
    edges: list[list[int | str]]
    """Of each change when, in ns after the recording's beginning, and to which level."""


class RecordedConsole(TypedDict):
    """What the console said."""

    stamped: Literal["on arrival"]
    """A line has the moment at which it arrived, not the one at which it was said."""
    lines: list[list[int | str]]
    """Of each line when, in ns after the recording's beginning, and its text."""


class Recording(TypedDict):
    """Pins and console on one axis, as `scope.capture()` saves them and `pins.play` plays them."""

    version: int
    duration_ns: int
    pins: dict[str, RecordedPin]
    console: RecordedConsole


class ReportedTest(TypedDict):
    """One test."""

    name: str
    board: str
    """The board it ran on, as bench.toml calls it; empty if none was reached."""
    outcome: Literal["passed", "failed", "fault", "skipped", "xfailed", "xpassed"]
    """`failed` is the firmware or the test itself, `fault` is the bench or the board."""
    fault_code: int
    """The exit code of that fault, or 0."""
    seconds: float
    message: str
    """The first line of what was wrong, or the reason it was skipped for."""
    text: str
    console: str
    capture: Recording | None
    """Its pins and console."""
    vcd: str | None
    """The file of its waveform, beside the report."""
    latencies: list[ReportedLatency]


class Report(TypedDict):
    """A run of tests."""

    version: int
    rpikit: str
    status: int
    outcome: Outcome
    """The same as `status`, in words."""
    fault: str
    begun: str
    """ISO 8601, in UTC."""
    seconds: float
    app: ReportedApp
    image: ReportedImage | None
    board: ReportedBoard | None
    """The first of them that was reached, or null."""
    boards: list[ReportedBoard]
    """All that tests ran on."""
    peers: list[ReportedPeer]
    set_aside: dict[str, str]
    """Of several boards those at fault, each with the reason."""
    wiring: list[ReportedWire]
    tests: list[ReportedTest]
