# SPDX-License-Identifier: MIT
"""Boards: the silicon and the solder under an application, as data.

Knows which lines a board has, where they come out and what holds them; touches no board.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from rpikit import describe, paths, plugins, signals, soc, wording
from rpikit.describe import FrozenMap, Misfit, Model, Size
from rpikit.soc import Line as Line
from rpikit.soc import Soc as Soc
from rpikit.soc import Span, Text

if TYPE_CHECKING:
    from rpikit.app import App

DEFAULT = "virtual-pi3"
"""The board that needs no hardware, taken when none is named."""

WITHOUT_KVM = "virtual-pi3-no-kvm"
"""The default board with a kernel that offers no KVM."""

WITH_EDGES = "virtual-pi3-edges"
"""The default board with a chip that reports edges, and so without KVM."""

BENCH = "virtual-pi3-bench"
"""The default board as one that presses the buttons of another: Python, RPi.GPIO and gpiod."""

WITHOUT_LINUX = "virtual-pi3-metal"
"""The default board without an operating system: its loader takes what it runs."""

BESIDE = "virtual-pi3-beside"
"""The default board with unikernels beside its Linux, and so without KVM."""

HOST = "host"
"""This machine as a board."""

HEADER_PINS = 40


def _header_pin(text: object) -> int:
    return soc.parse_key(text, 1, HEADER_PINS, "pin of the header")


Guests = Literal["hvt", "spt", "loop"]
Platform = Literal["hvt", "spt", "loop", "metal"]
"""A platform of guests and their host, or `metal`: guests of hvt above no operating system."""

HeaderPin = Annotated[int, BeforeValidator(_header_pin), WithJsonSchema({"type": "string"})]


class VirtualBoard(Model):
    """What a virtual board is made of: a machine of QEMU and packages of Debian."""

    machine: Text = Field(examples=["raspi3b"], description="The machine's name in QEMU.")
    mirror: Text = Field(
        examples=["http://deb.debian.org/debian"], description="Where its packages come from."
    )
    suite: Text = Field(examples=["bookworm"], description="The release of Debian.")
    architecture: Text = Field(default="arm64", description="The packages' architecture.")
    kernel: Text = Field(
        examples=["linux-image-arm64"], description="The package that leads to its kernel."
    )
    dtb: Text = Field(
        examples=["broadcom/bcm2837-rpi-3-b.dtb"],
        description="The device tree in the kernel's package.",
    )
    underlay: bool = Field(
        default=False,
        description="Whether a program of ours runs at EL2 beneath the kernel, which then has no "
        "KVM, and supplies the registers for edges that QEMU's GPIO block lacks.",
    )
    beside: bool = Field(
        default=False,
        description="Whether the underlay has EL2, and one of the cores for unikernels: those of "
        "`rpikit board up --beside`.",
    )
    arguments: tuple[Text, ...] = Field(default=(), description="The kernel's command line.")
    revision: int | None = Field(
        default=None,
        ge=0,
        le=0xFFFFFFFF,
        examples=[0xA02082],
        description="The code of model and maker that it states in `/system/linux,revision` of its "
        "device tree, as the firmware of a real one does; libraries such as RPi.GPIO ask for it.",
    )
    packages: tuple[Text, ...] = Field(default=(), description="The packages on it.")
    more_packages: tuple[Text, ...] = Field(
        default=(),
        examples=[["python3-minimal"]],
        description="Packages besides those, so that a board adds to what it inherits.",
    )
    modules: tuple[Text, ...] = Field(
        default=(), description="Kernel modules, in the order of loading."
    )
    late_modules: tuple[Text, ...] = Field(
        default=(), description="Kernel modules that are loaded after the snapshot was taken."
    )
    card_modules: tuple[Text, ...] = Field(
        default=(), description="Kernel modules for an SD card and its file system."
    )


class BoardFile(Model):
    """A solder file; `inherits` names the board whose values hold where this one is silent."""

    inherits: Text | None = Field(
        default=None, description="The board whose values hold where this file is silent."
    )
    title: Text = Field(examples=["Raspberry Pi 3 Model B"], description="The board's full name.")
    soc: Text = Field(examples=["bcm2837"], description="Its chip: a file in `soc/`.")
    memory: Size = Field(description="Its memory.")
    kvm: bool = Field(description="Whether Linux on it can offer `/dev/kvm`.")
    platform: Platform = Field(
        default="hvt",
        description="What unikernels are built for: `hvt`, a machine of their own under a tender, "
        "or `spt` where there is no `/dev/kvm`; `spt`, a sandboxed process; `loop`, a process of "
        "this machine; `metal`, a machine of their own under the underlay, without an operating "
        "system.",
    )
    edges: Literal["reported", "sampled"] = Field(
        default="reported",
        description="How edges of its lines are known: from the chip, or by looking at the levels.",
    )
    consoles: tuple[Text, ...] = Field(
        min_length=1, examples=[["ttyS0"]], description="Its serial consoles, the main one first."
    )
    flash: tuple[Literal["ssh", "serial", "local"], ...] = Field(
        min_length=1, examples=[["ssh"]], description="The ways in which firmware gets onto it."
    )
    header: FrozenMap[HeaderPin, Line] = Field(
        description="The line that comes out at each pin of the header."
    )
    power: FrozenMap[HeaderPin, Text] = Field(
        default_factory=describe.nothing,
        description="What the other pins of the header carry: `3.3 V`, `5 V` or `ground`.",
    )
    reserved: FrozenMap[Span, Text] = Field(
        default_factory=describe.nothing,
        description="Lines, one or first-last, that no application may have, and what holds them.",
    )
    free: tuple[Line, ...] = Field(
        default=(), description="Lines that this board sets free although the one above holds them."
    )
    virtual: VirtualBoard | None = Field(
        default=None, description="What it is made of, when it is a virtual board."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        pins: dict[int, int] = {}
        for pin, line in self.header.items():
            other = pins.setdefault(line, pin)
            if other != pin:
                remedy = f"pin {other} carries this line already; give each pin its own"
                raise Misfit(remedy, "header", str(pin))
            if pin in self.power:
                remedy = f"line {line} comes out at this pin; keep one of them"
                raise Misfit(remedy, "power", str(pin))
        held = {line for first, last in self.reserved for line in range(first, last + 1)}
        for at, line in enumerate(self.free):
            if line not in held:
                raise Misfit("this line is not reserved; leave it out", "free", at)
        return self

    def reserved_lines(self) -> dict[int, str]:
        """Return why each line is held, without those that are set free."""
        return {
            line: why
            for (first, last), why in self.reserved.items()
            for line in range(first, last + 1)
            if line not in self.free
        }


class Board(Model):
    """A board with its chip."""

    name: str
    title: str
    soc: Soc
    memory: int
    kvm: bool
    platform: Platform
    edges: Literal["reported", "sampled"]
    consoles: tuple[str, ...]
    flash: tuple[str, ...]
    header: FrozenMap[int, int]
    power: FrozenMap[int, str]
    reserved: FrozenMap[int, str]
    virtual: VirtualBoard | None = None

    @property
    def cores(self) -> int:
        return self.soc.cores

    @property
    def usable(self) -> tuple[int, ...]:
        """The lines an application may have: on the header, and not reserved."""
        return tuple(sorted(set(self.header.values()) - set(self.reserved)))

    @property
    def guests(self) -> Guests:
        """What its unikernels are: those of bare metal are hvt's, byte for byte."""
        return "hvt" if self.platform == "metal" else self.platform

    def made_for(self, platform: str) -> "Board":
        """Return this board as one for which is built for another platform."""
        return self.model_copy(update={"platform": platform})

    def check_lines(self, app: "App") -> None:
        """Refuse an application whose devices wish for lines this board cannot give."""
        for device in app.devices:
            remedy = self.objection(device.line)
            if remedy is not None:
                place = f"devices.{device.name}.line"
                hint = f"lines an application may have on {self.name}: {spans(self.usable)}"
                raise describe.fault(app.source, place, device.line, remedy, hint=hint)
        signals.check(app, self)

    def objection(self, line: int) -> str | None:
        """Return why nothing may be wired to a line of this board, None if it is free."""
        if line >= self.soc.gpio.lines:
            return f"the {self.soc.name} has lines 0-{self.soc.gpio.lines - 1}"
        if line in self.reserved:
            return f"{self.name} uses it for {self.reserved[line]}"
        if line not in self.header.values():
            return f"{self.name} has no such line on its header"
        return None


def folder() -> Path:
    """Return the folder of the boards that come with rpikit."""
    return paths.data_root() / "boards"


def folders() -> tuple[Path, ...]:
    """Return the folders of boards that have names: rpikit's, and those of other packages."""
    return (folder(), *plugins.folders(plugins.BOARDS))


def names() -> list[str]:
    """Return the names of the boards that come with rpikit and with other packages."""
    return sorted({path.stem for place in folders() for path in place.glob("*.toml")})


def load(name_or_path: str) -> Board:
    """Read a board by its name, or by the path of its file."""
    if name_or_path.endswith(".toml"):
        return load_file(Path(name_or_path))
    if name_or_path not in names():
        raise describe.DescriptionError(
            f"board {name_or_path!r}: there is no such board; there are {', '.join(names())}",
            hint="a board of your own is given by the path of its file: ./NAME.toml",
        )
    files = (place / f"{name_or_path}.toml" for place in folders())
    return load_file(next(file for file in files if file.is_file()))


def load_file(path: Path) -> Board:
    """Read a solder file, what it inherits, and its chip."""
    described, _ = _described(path, ())
    chip = soc.load(_beside(path, "soc", described.soc, "soc/"))
    for pin, line in described.header.items():
        if line >= chip.gpio.lines:
            remedy = f"the {chip.name} has lines 0-{chip.gpio.lines - 1}"
            raise describe.fault(path, f"header.{pin}", line, remedy)
    values = {key: value for key, value in described if key not in ("inherits", "free")}
    reserved = MappingProxyType(described.reserved_lines())
    return Board.model_construct(**values | {"name": path.stem, "soc": chip, "reserved": reserved})


def _described(path: Path, below: tuple[Path, ...]) -> tuple[BoardFile, Mapping[str, Any]]:
    """Return a solder file on top of what it inherits; every board above it is whole itself."""
    data: Mapping[str, Any] = describe.read(path)
    parent = data.get("inherits")
    if parent is not None:
        above = _beside(path, "inherits", parent)
        chain = (*below, path)
        if above in chain:
            raise _circle(chain[chain.index(above) :])
        data = _merged(_described(above, chain)[1], data)
    return describe.validate(BoardFile, data, path), data


def _circle(chain: tuple[Path, ...]) -> describe.DescriptionError:
    names = [path.stem for path in (*chain, chain[0])]
    remedy = f"boards inherit in a circle, {' -> '.join(names)}; take one inherits out"
    return describe.fault(chain[0], "inherits", names[1], remedy)


def _merged(above: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return `own` laid over `above`, table by table."""
    merged = dict(above)
    for key, value in own.items():
        inherited = merged.get(key)
        if isinstance(inherited, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(inherited, value)
        else:
            merged[key] = value
    return merged


def _beside(path: Path, key: str, name: object, below: str = "") -> Path:
    """Return the file that another one names: beside it, or among those that come with rpikit."""
    if isinstance(name, str) and re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        for place in (path.parent, folder()):
            file = place / f"{below}{name}.toml"
            if file.is_file():
                return file
    known = sorted(file.stem for file in (folder() / below).glob("*.toml"))
    remedy = (
        f"write {', '.join(known)} or the name of a file in {wording.path(path.parent / below)}"
    )
    raise describe.fault(path, key, name, remedy)


def spans(lines: tuple[int, ...]) -> str:
    """Return lines as a reader counts them: `2-13, 16-27`."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and runs[-1][-1] == line - 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
