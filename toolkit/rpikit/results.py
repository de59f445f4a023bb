# SPDX-License-Identifier: MIT
"""What --json prints: the keys of every result and event, what they hold, and their JSON Schema.

Paths are absolute, sizes bytes, times seconds unless a key ends in _ns or _ms. Keys are never
taken away or given another meaning.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from rpikit.results_bench import BenchEdge as BenchEdge
from rpikit.results_bench import BenchPin as BenchPin
from rpikit.results_bench import BenchPins as BenchPins
from rpikit.results_bench import Pressed as Pressed
from rpikit.results_bench import Proved as Proved
from rpikit.results_bench import ProvedNet as ProvedNet
from rpikit.results_bench import Waves as Waves
from rpikit.results_boards import Board as Board
from rpikit.results_boards import Boards as Boards
from rpikit.results_boards import Cut as Cut
from rpikit.results_boards import Header as Header
from rpikit.results_boards import HeaderPin as HeaderPin
from rpikit.results_boards import Identity as Identity
from rpikit.results_boards import Lab as Lab
from rpikit.results_boards import LabBoard as LabBoard
from rpikit.results_boards import LabDown as LabDown
from rpikit.results_boards import LabNew as LabNew
from rpikit.results_boards import LabWire as LabWire
from rpikit.results_boards import PinEdge as PinEdge
from rpikit.results_boards import SetUp as SetUp
from rpikit.results_boards import Stopped as Stopped
from rpikit.results_boards import VirtualBoard as VirtualBoard
from rpikit.results_boot import BootPartition as BootPartition
from rpikit.results_boot import CardImage as CardImage
from rpikit.results_evidence import RecordedConsole as RecordedConsole
from rpikit.results_evidence import RecordedPin as RecordedPin
from rpikit.results_evidence import Recording as Recording
from rpikit.results_evidence import Report as Report
from rpikit.results_evidence import ReportedApp as ReportedApp
from rpikit.results_evidence import ReportedBoard as ReportedBoard
from rpikit.results_evidence import ReportedImage as ReportedImage
from rpikit.results_evidence import ReportedLatency as ReportedLatency
from rpikit.results_evidence import ReportedTest as ReportedTest
from rpikit.results_evidence import ReportedWire as ReportedWire
from rpikit.results_fleet import BoardState as BoardState
from rpikit.results_fleet import FleetBoard as FleetBoard
from rpikit.results_fleet import Rollout as Rollout
from rpikit.results_inspect import Frame as Frame
from rpikit.results_inspect import Inspection, Surface
from rpikit.results_perf import Figure as Figure
from rpikit.results_perf import Measured as Measured
from rpikit.results_release import AllowedSigner as AllowedSigner
from rpikit.results_release import Released as Released
from rpikit.results_release import Trusted as Trusted


class Project(TypedDict):
    """What `new` made."""

    project: str
    folder: str
    template: str
    files: list[str]
    """Relative to `folder`."""


class BuiltGuest(TypedDict):
    """A guest of an image for bare metal."""

    app: str
    version: str
    unikernel: str
    core: int
    """Of the board's, from 0."""


class Build(TypedDict):
    """What a build made."""

    app: str
    version: str
    board: str
    """The kind of board it is for."""
    target: str
    """What it is built for: `hvt`, `spt`, `metal`, or `loop` for this machine."""
    unikernel: str
    tender: str
    """The host's side: the tender; for `metal` the board's `kernel8.img`, the unikernel in it."""
    toolchain: str
    sanitize: bool
    interfaces: list[str]
    sizes: dict[str, int]
    """Empty for this machine itself as a board."""
    budget: dict[str, int]
    """The limits of rpikit.toml, by the names of `sizes`."""
    guests: NotRequired[list[BuiltGuest]]
    """For `metal`: who is in the image, the application first."""


class Verified(Build):
    """A build that came out again, byte for byte."""

    verified: dict[str, str]
    """The SHA-256 of each file, by its name."""


class Flashed(TypedDict):
    """What runs on a board now."""

    board: str
    name: str
    version: str
    digest: str
    home: str
    """The device half's folder on the board."""
    slot: str | None
    pid: int | None
    exit: int | None
    """The guest's status; null while it runs."""
    kept: list[str]
    """Files that the board already had."""
    deltas: NotRequired[list[str]]
    """Files that the board made of another version that it had, and what differs."""
    sent: int
    resumed: NotRequired[int]
    """Bytes that were there already, of an upload that broke off."""
    seconds: float
    stopped: NotRequired[list[str]]
    """The guests that ran there before and do not any more."""
    trial: NotRequired[int | None]
    """Seconds that are left to confirm it; null once it is confirmed."""


class Run(TypedDict):
    """How a guest ended."""

    app: str
    version: str
    exit: int
    board: str


class Limits(TypedDict):
    """What a guest may use at most; null for as much as there is."""

    cpu: int | None
    """Per cent of one core."""
    memory: int | None


class Guest(TypedDict):
    """What a guest of a board is and does."""

    name: str
    version: str
    digest: str
    state: Literal["running", "stopped", "ended", "idle"]
    """idle since the board's start."""
    slot: str | None
    pid: int | None
    exit: int | None
    cause: str
    """Why it ended: stop, memory if it had used up its limit, or empty."""
    uptime: int | None
    cpu_ms: int | None
    """Time on a processor."""
    memory: int | None
    """In RAM."""
    limits: Limits
    grants: list[str]
    """What it alone may have while it runs."""
    trial: NotRequired[int | None]
    """Seconds that are left to confirm it; null for a guest that is not on trial."""
    returned: NotRequired[str]
    """Why the firmware of before is the one again: a trial failed, or its slot was damaged."""


class Guests(TypedDict):
    """The guests of a board."""

    board: str
    guests: list[Guest]


class Started(TypedDict):
    """A guest that was started, or ran already."""

    board: str
    name: str
    version: str
    slot: str | None
    pid: int | None
    exit: int | None


class RolledBack(Started):
    """The guest of before a trial."""

    returned: str
    """What was rolled back, and what runs again."""


class StoppedGuests(TypedDict):
    """The guests that were stopped."""

    board: str
    stopped: list[str]


class RemovedGuest(TypedDict):
    """The guest that was removed."""

    board: str
    removed: str
    was_running: bool


class Debugged(TypedDict):
    """What was debugged and how it was left."""

    name: str
    version: str
    what: str
    """guest or tender."""
    symbols: str
    pid: int | None
    """Null on this machine, as `exit` is: the firmware ended with gdb."""
    exit: int | None
    gdb_status: int


class Served(TypedDict):
    """Where a debugger finds the board; printed before it is waited for."""

    board: str
    what: str
    address: str
    symbols: str
    script: str
    gdb: str


class Written(TypedDict):
    """The files of VS Code."""

    files: list[str]
    changed: list[str]


class Verdict(TypedDict):
    """What a run of tests came to."""

    ran: int
    failed: int
    skipped: int
    interrupted: bool
    fault: str
    """What was wrong besides the firmware, or empty."""
    fault_code: int
    """The exit code of that fault, or 0."""
    boards: list[str]
    """The boards that tests ran on, as bench.toml calls them."""
    set_aside: dict[str, str]
    """Of several boards those at fault, each with the reason."""
    status: int
    report: NotRequired[str]
    """The folder of the report, with --report."""


class Finding(TypedDict):
    """One thing that was looked at."""

    where: str
    what: str
    state: Literal["ok", "warn", "fail"]
    says: str
    mend: str | None
    """The command or the edit that mends it."""
    code: int
    """The exit code of a failure of its kind."""


class Diagnosis(TypedDict):
    """What a look at a machine or a board came to."""

    findings: list[Finding]
    status: int


class Place(TypedDict):
    """Where in the source an address is."""

    function: str
    file: str | None
    line: int | None
    inlined: bool


class Symbol(TypedDict):
    """An address in a line of a console."""

    what: str
    address: int
    places: list[Place]
    """The innermost call first."""


class Line(TypedDict):
    """A line of a console, printed as it comes."""

    time: str
    """When its beginning arrived, in UTC."""
    elapsed: float
    source: str
    """The board."""
    text: str
    whole: bool
    """False for a piece of a line."""
    symbols: list[Symbol]


class WireEdge(TypedDict):
    """A change of a switch or a lamp."""

    pin: str
    level: str
    at_ns: int


class Shown(TypedDict):
    """What the demonstration saw."""

    flashed: Flashed
    kvm: str
    edges: list[WireEdge]


class File(TypedDict):
    """A description that was read."""

    kind: str
    file: str


class Linted(TypedDict):
    """Every fault of the descriptions that were read."""

    files: list[File]
    faults: list[str]
    status: int


class Step(TypedDict):
    """What begins now."""

    event: Literal["step"]
    name: str


class Progress(TypedDict):
    """How far an upload is."""

    event: Literal["progress"]
    done: int
    total: int


class Note(TypedDict):
    """A remark."""

    event: Literal["note"]
    text: str


class Console(TypedDict):
    """A line of a guest."""

    event: Literal["console"]
    text: str


class Error(TypedDict):
    """Why there is no result: the last event of a command that failed."""

    event: Literal["error"]
    message: str
    hint: str | None


RESULTS: Mapping[str, Any] = MappingProxyType(
    {
        "new": Project,
        "build": Build,
        "build --verify": Verified,
        "image": CardImage,
        "inspect": Inspection,
        "inspect --attack-surface": Surface,
        "flash": Flashed,
        "flash --boards": Rollout,
        "run": Run,
        "test": Verdict,
        "test --report": Report,
        "release": Released,
        "verify": Released,
        "monitor": Line,
        "ps": Guests,
        "logs": Line,
        "start": Started,
        "stop": StoppedGuests,
        "confirm": Started,
        "rollback": RolledBack,
        "remove": RemovedGuest,
        "debug": Debugged,
        "debug --server": Served,
        "debug --vscode": Written,
        "board up": VirtualBoard,
        "board down": Stopped,
        "board status": VirtualBoard,
        "board list": Boards,
        "board identify": Identity,
        "board pins": PinEdge,
        "board pins --once": Header,
        "board trust": Trusted,
        "board cut": Cut,
        "board setup": SetUp,
        "boot install": BootPartition,
        "boot status": BootPartition,
        "boot confirm": BootPartition,
        "boot rollback": BootPartition,
        "bench list": BenchPins,
        "bench press": Pressed,
        "bench watch": BenchEdge,
        "bench wave": Waves,
        "bench check": Proved,
        "lab new": LabNew,
        "lab up": Lab,
        "lab status": Lab,
        "lab down": LabDown,
        "doctor": Diagnosis,
        "config lint": Linted,
        "demo": Shown,
        "perf": Measured,
    }
)
"""What a command prints on standard output, by its words."""

EVENTS: Mapping[str, Any] = MappingProxyType(
    {"step": Step, "progress": Progress, "note": Note, "console": Console, "error": Error}
)
"""What any command prints on standard error meanwhile, by its key `event`."""

KINDS: Mapping[str, Mapping[str, Any]] = MappingProxyType({"results": RESULTS, "events": EVENTS})


def schema(kind: str) -> dict[str, Any]:
    """Return a JSON Schema whose properties are the results, or the events, by their names."""
    from pydantic import TypeAdapter

    for one in list(globals().values()):
        if isinstance(one, type(Project)):
            one.__pydantic_config__ = {"use_attribute_docstrings": True}  # type: ignore[attr-defined]
    mode: Literal["serialization"] = "serialization"
    adapters = [(name, mode, TypeAdapter(one)) for name, one in KINDS[kind].items()]
    each, shared = TypeAdapter.json_schemas(adapters)
    found = {name: each[name, mode] for name in KINDS[kind]}
    return {"title": f"rpikit --json: {kind}", "type": "object", "properties": found} | shared
