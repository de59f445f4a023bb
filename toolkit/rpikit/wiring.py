# SPDX-License-Identifier: MIT
"""The lab's wiring: which boards there are, how they are reached, what is wired to them.

Knows names and numbers; drives nothing and connects to nothing.
"""

import fnmatch
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from rpikit import board, describe, grants, nets, plugins, wire_host, wording
from rpikit.board import Board, Line
from rpikit.describe import FrozenMap, Misfit, Model
from rpikit.grants import Grants

if TYPE_CHECKING:
    from rpikit.app import App

FILE = "bench.toml"
_ALWAYS = (
    *(board.DEFAULT, board.WITHOUT_KVM, board.WITH_EDGES, board.BENCH, board.WITHOUT_LINUX),
    *(board.BESIDE, board.HOST),
)
"""Boards that are there without being described."""
ENVIRONMENT = "RPIKIT_BENCH"


@dataclass(frozen=True)
class Driver:
    """Where a driver's lines are, and which boards it can be wired to.

    One that `names_ends` has no numbers for them: each end has a name.
    """

    has_host: bool = False
    names_ends: bool = False
    serves_real: bool = True
    serves_virtual: bool = True
    serves_host: bool = False

    def serves(self, kind: Board) -> bool:
        """Whether it can be wired to a board of this kind."""
        if kind.platform == "loop":
            return self.serves_host
        return self.serves_virtual if kind.virtual is not None else self.serves_real


DRIVERS: Mapping[str, Driver] = {
    **{name: Driver() for name in plugins.found(plugins.BENCH)},
    "RPi.GPIO": Driver(has_host=True),
    "fake": Driver(),
    "gpiod": Driver(has_host=True),
    "host": Driver(serves_real=False, serves_virtual=False, serves_host=True),
    "labgrid": Driver(names_ends=True, serves_virtual=False),
    "second-pin": Driver(),
    "virtual": Driver(serves_real=False),
}


def _driver(name: str) -> str:
    if name not in DRIVERS:
        raise Misfit(f"write {wording.options(sorted(DRIVERS))}")
    return name


def _transport(name: str) -> str:
    known = sorted(plugins.found(plugins.TRANSPORTS))
    if name not in known:
        raise Misfit(
            f"write {wording.options(known)}"
            if known
            else "no installed package adds a transport; install one, or use ssh"
        )
    return name


def _place(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise Misfit("write where the board is, in the transport's own words")
    return text


def _serial(text: str) -> str:
    if not re.fullmatch(r"(/|[a-z0-9]+://|COM[0-9])\S*", text):
        raise Misfit('write a serial port, such as "/dev/ttyUSB0" or "rfc2217://lab3:4000"')
    return text


def _serial_number(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{16}", text):
        raise Misfit(
            'write the 16 hexadecimal digits of its chip, such as "00000000a1b2c3d4": '
            "`rpikit board identify` prints them"
        )
    return text


def _host_key(text: str) -> str:
    if not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", text):
        raise Misfit(
            "write its fingerprint, SHA256: and 43 letters, as `rpikit board identify` prints it"
        )
    return text


def _target_name(name: str) -> str:
    if not re.fullmatch(wire_host.NAME, name):
        raise Misfit("name the board with letters, digits, - and _, at most 63 characters")
    return name


Address = Annotated[str, AfterValidator(wire_host.check_address)]


class Wire(Model):
    """What is at the other end of a device's line."""

    driver: Annotated[str, AfterValidator(_driver), WithJsonSchema({"enum": sorted(DRIVERS)})] = (
        Field(description="What moves or watches the other end.")
    )
    line: Line | None = Field(
        default=None, examples=[27], description="The line at the other end, by its number."
    )
    output: Annotated[str, AfterValidator(_place)] | None = Field(
        default=None,
        examples=["button"],
        description="The digital output of the labgrid place that drives this wire, by its name.",
    )
    input: Annotated[str, AfterValidator(_place)] | None = Field(
        default=None,
        examples=["lamp"],
        description="The digital output of the labgrid place that is asked for this wire's level.",
    )
    host: Annotated[str, AfterValidator(wire_host.check)] | None = Field(
        default=None,
        examples=["pi@bench"],
        description="The machine that has that line, when it is not this one: user@host, or the "
        "name of another board of this file, which is reached as that board is.",
    )
    pull: Literal["up", "down", "none"] | None = Field(
        default=None,
        description="The resistor at that line while it is an input; that of the device if not "
        "named.",
    )

    @property
    def number(self) -> int:
        """The line at the other end, of a driver that has numbers for them."""
        assert self.line is not None
        return self.line

    @property
    def end(self) -> int | str:
        """What is at the other end, by its number or its name."""
        return self.output or self.input or self.number

    @model_validator(mode="after")
    def _check(self) -> Self:
        named = [key for key in ("output", "input") if getattr(self, key) is not None]
        if DRIVERS[self.driver].names_ends:
            if self.line is not None:
                raise Misfit(f"{self.driver} has names, not numbers; write output or input", "line")
            if len(named) != 1:
                raise Misfit(
                    f'{self.driver}: write output = "NAME" for what is driven, or input = "NAME" '
                    "for what is watched"
                )
        elif named:
            raise Misfit(f"{self.driver} has numbers, not names; write line", named[0])
        elif self.line is None:
            raise describe.missing("line")
        for key in ("host", "pull"):
            if getattr(self, key) is not None and not DRIVERS[self.driver].has_host:
                with_host = [name for name, driver in sorted(DRIVERS.items()) if driver.has_host]
                raise Misfit(f"only {' and '.join(with_host)} have a {key}; leave it out", key)
        return self


class Console(Model):
    """How a board's serial console is spoken to, when it is the way to the board."""

    user: str | None = Field(
        default=None, examples=["pi"], description="Who logs in, where the console asks."
    )
    password: str | None = Field(
        default=None, description="The password it asks for; anyone who reads this file knows it."
    )
    baud: int = Field(default=115200, ge=1200, le=4_000_000, description="Its speed, 8N1.")
    fast: int | None = Field(
        default=None,
        ge=1200,
        le=4_000_000,
        examples=[921600],
        description="A speed to try while rpikit uses it; kept if both sides can.",
    )


class TargetFile(Model):
    """What a file says of a board on the bench."""

    board: str = Field(
        examples=["rpi3b"], description="What kind of board it is: a name, or a board's file."
    )
    ssh: Address | None = Field(
        default=None, examples=["pi@lab3"], description="Where it is: user@host or user@host:port."
    )
    serial: Annotated[str, AfterValidator(_serial)] | None = Field(
        default=None, description="The port of its serial console."
    )
    console: Console = Field(
        default_factory=Console, description="How that console is spoken to: login and speed."
    )
    via: Literal["ssh", "serial"] | None = Field(
        default=None,
        description="The way that commands take, where there are two; ssh unless named.",
    )
    transport: Annotated[str, AfterValidator(_transport)] | None = Field(
        default=None,
        examples=["docker"],
        description="A way to the board that an installed package adds.",
    )
    address: Annotated[str, AfterValidator(_place)] | None = Field(
        default=None,
        examples=["container-3"],
        description="Where the board is, in the words of that transport.",
    )
    place: Annotated[str, AfterValidator(_place)] | None = Field(
        default=None,
        examples=["desk-3"],
        description="The place of a labgrid coordinator that this board is at: it is taken while "
        "a command uses it, and its NetworkService and NetworkSerialPort lead to the board.",
    )
    coordinator: Annotated[str, AfterValidator(_place)] | None = Field(
        default=None,
        examples=["lab-server:20408"],
        description="That coordinator, HOST:PORT; else LG_COORDINATOR, else 127.0.0.1:20408.",
    )
    serial_number: Annotated[str, AfterValidator(_serial_number)] | None = Field(
        default=None,
        examples=["00000000a1b2c3d4"],
        description="Of its chip, as `board identify` prints it; any other board is refused.",
    )
    host_key: Annotated[str, AfterValidator(_host_key)] | None = Field(
        default=None,
        description="Fingerprint of its SSH host key, as `board identify` prints it; any other is "
        "refused before anything is sent.",
    )
    wires: FrozenMap[str, Wire] = Field(
        default_factory=describe.nothing,
        description="What each device of the application is wired to.",
    )
    guests: FrozenMap[str, Grants] = Field(
        default_factory=describe.nothing,
        description="What the operator grants a guest, by the name of its firmware.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.via == "ssh" and self.ssh is None and self.place is None:
            raise Misfit('write ssh = "user@host" as well, or leave it out', "via")
        if self.transport is not None and self.address is None:
            raise Misfit("say where the board is, in the transport's own words", "address")
        if self.transport is None and self.address is not None:
            raise Misfit("only a transport has an address; name one, or leave it out", "address")
        if self.transport is not None and self.ssh is not None:
            raise Misfit("ssh leads to this board already; keep one of them", "transport")
        if self.transport is not None and self.place is not None:
            raise Misfit("the place leads to this board already; keep one of them", "transport")
        if self.place is None:
            if self.coordinator is not None:
                raise Misfit("only a place has one; name the place, or leave it out", "coordinator")
            for device, wire in self.wires.items():
                if wire.driver == "labgrid":
                    remedy = 'only a board at a labgrid place has these; write place = "NAME"'
                    raise Misfit(remedy, "wires", device, "driver")
        return self


class Target(TargetFile):
    """A board on the bench, by the name the lab gave it; `board` is what board.load takes.

    `hosts` are the boards to which its wires lead, by the names that the wires have for them.
    """

    name: str
    hosts: FrozenMap[str, "Target"] = Field(default_factory=describe.nothing)


class BenchFile(Model):
    """Everything a bench.toml states."""

    boards: FrozenMap[Annotated[str, AfterValidator(_target_name)], TargetFile] = Field(
        description="The boards, each by the name that `--board` takes."
    )
    groups: FrozenMap[Annotated[str, AfterValidator(_target_name)], tuple[str, ...]] = Field(
        default_factory=describe.nothing,
        examples=[{"lab": ["lab-*", "desk"]}],
        description="Names for several boards at once, as `--group` takes them; each is a list of "
        "boards, where `*` and `?` stand for any part of a name.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, members in self.groups.items():
            for number, pattern in enumerate(members):
                if not _matching(pattern, self.boards):
                    known = wording.options(list(self.boards))
                    raise Misfit(f"no board has this name; write {known}", "groups", name, number)
            if not members:
                raise Misfit("name a board, or leave the group out", "groups", name)
        taken: dict[tuple[str, str | None, int | str], str] = {}
        for name, target in self.boards.items():
            for device, wire in target.wires.items():
                # The pins of a bench host are there once; those of a board, once for each board.
                driver = DRIVERS[wire.driver]
                where = ("host", wire.host) if driver.has_host else (wire.driver, name)
                own = f"boards.{name}.wires.{device}"
                other = taken.setdefault((*where, wire.end), own)
                if other != own:
                    key = "output" if wire.output else "input" if wire.input else "line"
                    raise Misfit(
                        f"{other} has this {key} already; give each wire its own",
                        *("boards", name, "wires", device, key),
                    )
        return self


class Bench(Model):
    """The boards of a lab; the virtual boards and this machine are always among them."""

    source: Path | None
    boards: FrozenMap[str, Target]
    written: tuple[str, ...] = ()  # the names of those that a file describes
    groups: FrozenMap[str, tuple[str, ...]] = Field(default_factory=describe.nothing)

    def target(self, name: str) -> Target:
        """Return a board of the bench by its name."""
        if name in self.boards:
            return self.boards[name]
        known = ", ".join(self.boards)
        if self.source is None:
            raise describe.DescriptionError(
                f"bench: there is no board {name!r}; there are {known}",
                hint=f"describe it in the application's {FILE}, or name a file in {ENVIRONMENT}",
            )
        raise describe.fault(
            self.source, "boards", None, f"there is no board {name!r}; there are {known}"
        )

    def select(self, patterns: Sequence[str] = (), groups: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the names of several boards, in their order on the bench.

        A pattern such as `lab-*` means boards that the bench file describes.
        """
        asked = list(patterns)
        for group in groups:
            if group not in self.groups:
                known = ", ".join(self.groups) or "none"
                source = self.source or Path(FILE)
                remedy = f"there is no group {group!r}; there are {known}"
                raise describe.fault(source, "groups", None, remedy)
            asked += self.groups[group]
        found: set[str] = set()
        for pattern in asked:
            matching = _matching(pattern, self.written)
            found |= matching or {self.target(pattern).name}
        return tuple(name for name in self.boards if name in found)

    def check(self, app: "App", name: str | None = None) -> None:
        """Refuse wires that do not fit an application: those of one board, or of all."""
        targets = self.boards.values() if name is None else (self.target(name),)
        for target in targets:
            for device, wire in target.wires.items():
                self._check_wire(app, target, device, wire)

    def granted(self, app: "App", name: str) -> "App":
        """Return the application with what the operator of a board grants it.

        Refuse one that wishes for what is not granted. This machine as a board has nothing to
        grant: its pins are memory.
        """
        target = self.target(name)
        if board.load(target.board).platform == "loop":
            app = app.model_copy(update={"all_pins": False})
        try:
            return grants.apply(app, target.guests.get(app.name, Grants()))
        except Misfit as misfit:
            place = ".".join(("boards", name, "guests", app.name, *map(str, misfit.place)))
            raise self._fault(place, None, misfit.remedy) from None

    def _check_wire(self, app: "App", target: Target, device: str, wire: Wire) -> None:
        place = f"boards.{target.name}.wires.{device}"
        if device not in app.pins:
            known = ", ".join(app.pins) or "none"
            remedy = f"{app.name} has no device {device!r}; its devices are: {known}"
            raise self._fault(place, None, remedy)
        is_driven = any(one.name == device and one.direction == "in" for one in app.devices)
        if DRIVERS[wire.driver].names_ends and is_driven != (wire.output is not None):
            wanted = "driven: write output" if is_driven else "watched: write input"
            raise self._fault(place, None, f"{device} is {wanted} instead")
        if wire.driver == "second-pin" and wire.line in app.pins.values():
            own = next(name for name, line in app.pins.items() if line == wire.line)
            remedy = f"this is the line of {app.name}'s own device {own}; wire a line that is free"
            raise self._fault(f"{place}.line", wire.line, remedy)
        objection = nets.objection(target, device)
        if objection is not None:
            raise self._fault(f"{place}.line", wire.line, objection)

    def _fault(self, place: str, value: object, remedy: str) -> describe.DescriptionError:
        return describe.fault(self.source or Path(FILE), place, value, remedy)


def load(path: Path) -> Bench:
    """Read a bench file."""
    described = describe.load(BenchFile, path)
    targets = {}
    for name, target in described.boards.items():
        kind = _board(path, name, target.board)
        _check_reach(path, name, target, board.load(kind))
        targets[name] = Target.model_construct(**dict(target) | {"name": name, "board": kind})
    for name, one in targets.items():
        there = [device for device, wire in one.wires.items() if DRIVERS[wire.driver].has_host]
        hosts = MappingProxyType(wire_host.boards(path, one, there, targets))
        targets[name] = one.model_copy(update={"hosts": hosts})
    return _bench(path, targets, described.groups)


def find(app_folder: Path | None) -> Bench:
    """Read the bench file that applies: RPIKIT_BENCH, the application's, or the one here."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return load(Path(named))
    for folder in (app_folder, Path()):
        if folder is not None and (folder / FILE).is_file():
            return load(folder / FILE)
    return _bench(None, {})


def _matching(pattern: str, names: Iterable[str]) -> set[str]:
    return {name for name in names if fnmatch.fnmatchcase(name, pattern)}


def _bench(
    source: Path | None,
    targets: dict[str, Target],
    groups: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Bench:
    written = tuple(targets)
    for always in _ALWAYS:
        targets.setdefault(always, Target(name=always, board=always))
    return Bench(source=source, boards=targets, written=written, groups=dict(groups))


def _board(path: Path, name: str, wanted: str) -> str:
    """Return what board.load takes for a target: a name, or a path, given from the bench file."""
    if wanted in board.names():
        return wanted
    file = path.parent / wanted
    if not wanted.endswith(".toml") or not file.is_file():
        known = ", ".join(board.names())
        remedy = f"write {known} or the path of a board's file in {wording.path(path.parent)}"
        raise describe.fault(path, f"boards.{name}.board", wanted, remedy)
    return str(file)


def _check_reach(path: Path, name: str, target: TargetFile, kind: Board) -> None:
    """Refuse a board that nothing leads to, and wires that cannot be wired to it."""
    body = "host" if kind.platform == "loop" else "virtual" if kind.virtual else "real"
    if body != "real" and target.transport is not None:
        remedy = f"a {body} board is started and reached without one; leave it out"
        raise describe.fault(path, f"boards.{name}.transport", target.transport, remedy)
    if body != "real" and target.place is not None:
        remedy = f"a {body} board is started and reached without one; leave it out"
        raise describe.fault(path, f"boards.{name}.place", target.place, remedy)
    if body == "real" and not (target.ssh or target.serial or target.transport or target.place):
        remedy = 'nothing leads to this board; write ssh = "user@host" or serial = "/dev/ttyUSB0"'
        raise describe.fault(path, f"boards.{name}", None, remedy)
    by_ssh = target.ssh or target.place or body == "virtual"
    if target.host_key is not None and not by_ssh:
        remedy = "only a board that ssh leads to has a host key; leave it out"
        raise describe.fault(path, f"boards.{name}.host_key", target.host_key, remedy)
    for device, wire in target.wires.items():
        if not DRIVERS[wire.driver].serves(kind):
            fitting = [one for one, other in sorted(DRIVERS.items()) if other.serves(kind)]
            raise describe.fault(
                path,
                f"boards.{name}.wires.{device}.driver",
                wire.driver,
                f"{kind.name} is a {body} board; write {wording.options(fitting)}",
            )
