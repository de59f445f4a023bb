# SPDX-License-Identifier: MIT
"""An application: its wish for firmware and devices, read from its rpikit.toml.

Knows the wish; whether a board can grant it is the board's to say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from rpikit import describe, interface, wording
from rpikit.attachment import Attachment as Attachment
from rpikit.attachment import Keys
from rpikit.board import Line
from rpikit.describe import FrozenMap, Misfit, Model, Size
from rpikit.life import Metal
from rpikit.security import Release

FILE = "rpikit.toml"
"""The description's name in the application's folder."""

DEVICES_MAX = 63
"""Entries of a Solo5 manifest without the reserved first one (abi/manifest.h)."""

MEMORY_STEP = 2 << 20
MEMORY_MAX = 512 << 20

Direction = Literal["in", "out"]
Pull = Literal["none", "up", "down"]
Active = Literal["high", "low"]
Drive = Literal["push-pull", "open-drain", "open-source"]
Edges = Literal["none", "rising", "falling", "both"]


LINE_KEYS = ("line", "direction", "pull", "active", "drive")


@dataclass(frozen=True)
class DeviceType:
    """What a type of device needs of the host, which way it may look, and what is said of it."""

    interfaces: tuple[str, ...]
    directions: tuple[Direction, ...] = ()
    keys: tuple[str, ...] = LINE_KEYS
    needed: int = 1  # how many keys, from the first on, a file must say
    places: tuple[str, ...] = ()  # keys of which it must say one: where it is


DEVICE_TYPES: Mapping[str, DeviceType] = {
    "block": DeviceType(
        interfaces=("block",),
        keys=("path", "card", "sector_size"),
        needed=0,
        places=("path", "card"),
    ),
    "gpio": DeviceType(interfaces=("gpio",), directions=("in", "out"), keys=(*LINE_KEYS, "edges")),
    "i2c": DeviceType(interfaces=("i2c",), keys=("bus", "address", "interface"), needed=2),
    "led": DeviceType(interfaces=("led",), directions=("out",)),
    "net": DeviceType(interfaces=("net",), keys=("tap", "mac")),
    "pwm": DeviceType(
        interfaces=("pwm",),
        keys=("line", "period_max_ns", "period_min_ns", "duty_max_ns", "interface"),
        needed=2,
    ),
    "spi": DeviceType(
        interfaces=("spi",), keys=("bus", "chip_select", "speed_hz", "mode", "interface"), needed=3
    ),
    "switch": DeviceType(interfaces=("switch",), directions=("in", "out")),
}


def _firmware_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", name):
        raise Misfit("write small letters, digits, - and _, a letter first, at most 63 characters")
    return name


def _version(version: str) -> str:
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", version):
        raise Misfit('write three numbers, such as "1.0.0" or "1.1.0-rc.1"')
    return version


def _source(source: str) -> str:
    parts = source.split("/")
    if "\\" in source or source.startswith("/") or ".." in parts:
        raise Misfit('write a path inside the application\'s folder, such as "src/main.c"')
    if Path(source).suffix not in (".c", ".S"):
        raise Misfit("write the path of a C or assembly file, ending in .c or .S")
    return source


def _ready(ready: str) -> str:
    if not ready.strip() or not ready.isprintable():
        raise Misfit('write part of one console line, such as "ready"')
    return ready


def _memory(memory: int) -> int:
    if memory % MEMORY_STEP or not MEMORY_STEP <= memory <= MEMORY_MAX:
        raise Misfit("write a multiple of 2M, from 2M to 512M")
    return memory


def _interface_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name):
        raise Misfit("write an interface's name: small letters, digits and _, a letter first")
    return name


def _device_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,66}", name):
        raise Misfit(
            "name the device with letters and digits, a letter first, at most 67 characters"
        )
    return name


def _device_type(name: str) -> str:
    if name not in DEVICE_TYPES:
        raise Misfit(f"write {wording.options(sorted(DEVICE_TYPES))}")
    return name


DeviceTypeName = Annotated[
    str, AfterValidator(_device_type), WithJsonSchema({"enum": sorted(DEVICE_TYPES)})
]


class Firmware(Model):
    """What is built."""

    name: Annotated[str, AfterValidator(_firmware_name)] = Field(
        examples=["switch-led"], description="What it is called; `build/NAME.hvt` is its unikernel."
    )
    version: Annotated[str, AfterValidator(_version)] = Field(
        examples=["1.0.0"], description="Its version, as semver.org has it."
    )
    sources: tuple[Annotated[str, AfterValidator(_source)], ...] = Field(
        min_length=1,
        examples=[["main.c"]],
        description="Its C and assembly files, from the application's folder.",
    )
    memory: Annotated[Size, AfterValidator(_memory)] = Field(
        examples=["2M"], description="The guest's memory: a multiple of 2M, from 2M to 512M."
    )
    ready: Annotated[str, AfterValidator(_ready)] | None = Field(
        default=None,
        examples=["ready"],
        description="Part of the console line that says it works; `flash` waits for it.",
    )
    interfaces: tuple[Annotated[str, AfterValidator(_interface_name)], ...] = Field(
        default=(), description="Interfaces that it uses besides those of its devices."
    )
    all_pins: bool = Field(
        default=False,
        description="Whether it wishes for the registers of every pin, which move one without "
        "leaving the guest; `bench.toml` has to grant them.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for key in ("sources", "interfaces"):
            values = getattr(self, key)
            for at, value in enumerate(values):
                if value in values[:at]:
                    raise Misfit("this is listed twice; keep one of them", key, at)
        return self


class Budget(Model):
    """How large what is built may become, in bytes; what is not named may be of any size."""

    loaded: Size | None = Field(
        default=None, examples=["16K"], description="Bytes that the unikernel's file fills."
    )
    zeroed: Size | None = Field(
        default=None, examples=["64K"], description="Bytes that begin as zero."
    )
    tender: Size | None = Field(
        default=None, examples=["64K"], description="Bytes of the tender's file."
    )

    @property
    def limits(self) -> dict[str, int]:
        """The budgets that are set, by the name of what they limit."""
        return {name: size for name, size in self if size is not None}


def _percent(value: object) -> object:
    """Return the number of "50%"; more than 100 is more than one core."""
    if not isinstance(value, str) or not re.fullmatch(r"[1-9][0-9]{0,3}%", value):
        raise Misfit('write per cent of one core, 1% to 9999%, such as "50%"')
    return int(value[:-1])


Percent = Annotated[
    int,
    BeforeValidator(_percent),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,3}%$", "examples": ["50%"]}),
]

TENDER_MEMORY = 1 << 20
"""Bytes that a guest's limit must leave to its tender, at least."""


class Limits(Model):
    """What it may use of a board with its tender; what is not named is not limited."""

    cpu: Percent | None = Field(
        default=None,
        examples=["50%"],
        description="Time on the processor, of one core; a Pi's four are 400%.",
    )
    memory: Size | None = Field(
        default=None,
        examples=["16M"],
        description="Memory of the guest and its tender; who needs more is ended.",
    )
    required: bool = Field(
        default=False,
        description="Refuse a board that cannot keep a limit, rather than say so and go on.",
    )


class _Properties(Model):
    type: DeviceTypeName = Field(description="What it is.")
    pull: Pull = Field(default="none", description="The resistor inside the chip, for an input.")
    active: Active = Field(default="high", description="The electrical level that means active.")
    drive: Drive = Field(default="push-pull", description="How an output drives its line.")
    edges: Edges = Field(
        default="none", description="The edges of an input that the application is told of."
    )


class DeviceFile(_Properties, Keys):
    """What a file says of a device."""

    line: Line | None = Field(
        default=None,
        examples=[17],
        description="The line of a pin: the GPIO number, not the pin of the header.",
    )
    direction: Direction | None = Field(
        default=None, description="Which way it looks, where its type leaves that open."
    )
    interface: Annotated[str, AfterValidator(_interface_name)] | None = Field(
        default=None,
        examples=["thermometer"],
        description="The interface of your own that it is used through, and only through that; "
        "otherwise its type's.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        kind = DEVICE_TYPES[self.type]
        keys = kind.keys
        for key in sorted(self.model_fields_set - {"type", *keys}):
            known = wording.options(keys)
            raise Misfit(f'type "{self.type}" has no such key; it has {known}', key)
        for key in keys[: kind.needed]:
            if getattr(self, key) is None:
                raise describe.missing(key)
        if kind.places and all(getattr(self, key) is None for key in kind.places):
            raise describe.missing(kind.places[0])
        if kind.directions:
            self._check_line()
        return self

    def _check_line(self) -> None:
        ways = DEVICE_TYPES[self.type].directions
        if self.direction is None and len(ways) > 1:
            remedy = f"a {self.type} needs one; write {wording.options(ways)}"
            raise Misfit(remedy, "direction")
        if self.direction is not None and len(ways) == 1:
            raise Misfit(
                f'the direction of type "{self.type}" is always "{ways[0]}"; leave it out',
                "direction",
            )
        if self.pull != "none" and self.way == "out":
            raise Misfit("only an input has a pull; leave it out", "pull")
        if self.drive != "push-pull" and self.way == "in":
            raise Misfit("only an output has a drive; leave it out", "drive")
        if self.edges != "none" and self.way == "out":
            raise Misfit("only the edges of an input can be watched; leave it out", "edges")

    @property
    def way(self) -> Direction:
        """The direction: the one that is written, or the only one of its type."""
        return self.direction or DEVICE_TYPES[self.type].directions[0]

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The interfaces that it is used through."""
        return DEVICE_TYPES[self.type].interfaces if self.interface is None else (self.interface,)


class Device(_Properties):
    """A device on one line of the board."""

    name: str
    line: Line
    direction: Direction

    @property
    def macro(self) -> str:
        """Its line's name in the application's C."""
        return f"PIN_{self.name.upper()}"

    @property
    def mft_flags(self) -> tuple[str, ...]:
        """Its properties in the manifest: names of enum mft_line_flag in abi/manifest.h."""
        flags = {
            "MFT_LINE_IN": self.direction == "in",
            "MFT_LINE_OUT": self.direction == "out",
            "MFT_LINE_ACTIVE_LOW": self.active == "low",
            "MFT_LINE_PULL_UP": self.pull == "up",
            "MFT_LINE_PULL_DOWN": self.pull == "down",
            "MFT_LINE_OPEN_DRAIN": self.drive == "open-drain",
            "MFT_LINE_OPEN_SOURCE": self.drive == "open-source",
            "MFT_LINE_EDGE_RISING": self.edges in ("rising", "both"),
            "MFT_LINE_EDGE_FALLING": self.edges in ("falling", "both"),
        }
        return tuple(flag for flag, is_set in flags.items() if is_set)


class AppFile(Model):
    """Everything an rpikit.toml states."""

    firmware: Firmware = Field(description="What is built.")
    budget: Budget = Field(default=Budget(), description="How large it may become.")
    limits: Limits = Field(
        default=Limits(), description="How much of a board it may use while it runs."
    )
    metal: Metal = Field(
        default=Metal(), description="How it lives on a board without an operating system."
    )
    release: Release = Field(
        default=Release(), description="What boards that hold allowed signers ask of it."
    )
    devices: FrozenMap[Annotated[str, AfterValidator(_device_name)], DeviceFile] = Field(
        default_factory=describe.nothing,
        description="What it is connected to; `PIN_NAME` in C, a fixture `NAME` in tests.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.devices) > DEVICES_MAX:
            raise Misfit(
                f"there are {len(self.devices)} devices; a manifest holds {DEVICES_MAX}", "devices"
            )
        if self.firmware.all_pins and all(one.type != "gpio" for one in self.devices.values()):
            remedy = 'it needs a device of type "gpio", by which it asks where they are'
            raise Misfit(remedy, "firmware", "all_pins")
        least = self.firmware.memory + TENDER_MEMORY
        if self.limits.memory is not None and self.limits.memory < least:
            raise Misfit(
                f"the guest has {self.firmware.memory >> 20}M and its tender needs some, too; "
                f'write "{least >> 20}M" or more',
                "limits",
                "memory",
            )
        lines: dict[int, str] = {}
        places: dict[tuple[object, ...], str] = {}
        macros: dict[str, str] = {}
        for name, device in self.devices.items():
            other = name if device.line is None else lines.setdefault(device.line, name)
            if other != name:
                raise Misfit(
                    f"devices.{other} has this line already; give each device its own",
                    "devices",
                    name,
                    "line",
                )
            key = "address" if device.type == "i2c" else "chip_select"
            place = (device.type, device.bus, getattr(device, key))
            other = name if device.bus is None else places.setdefault(place, name)
            if other != name:
                remedy = f"devices.{other} is there already, on the same bus; keep one of them"
                raise Misfit(remedy, "devices", name, key)
            other = macros.setdefault(name.upper(), name)
            if other != name:
                raise Misfit(
                    f"devices.{other} has the same name but for capitals; "
                    f"both would be PIN_{name.upper()}",
                    "devices",
                    name,
                )
        return self


class App(Model):
    """An application; `sources` are absolute, below `folder`."""

    folder: Path
    name: str
    version: str
    sources: tuple[Path, ...]
    memory: int
    interfaces: tuple[str, ...]
    devices: tuple[Device, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    ready: str | None = None
    budget: Budget = Budget()
    limits: Limits = Limits()
    metal: Metal = Metal()
    release: Release = Release()
    all_pins: bool = False  # its wish
    has_all_pins: bool = False  # whether its operator granted that

    @property
    def source(self) -> Path:
        """The file it was read from."""
        return self.folder / FILE

    @property
    def entries(self) -> int:
        """Entries of its manifest, with the reserved first one."""
        return 1 + len(self.devices) + len(self.attachments)

    @property
    def pins(self) -> dict[str, int]:
        """The line of each device, by the device's name."""
        return {device.name: device.line for device in self.devices}

    def device(self, name: str) -> Device:
        """Return a device by its name."""
        for device in self.devices:
            if device.name == name:
                return device
        known = ", ".join(self.pins) or "none"
        raise describe.fault(
            self.source, "devices", None, f"there is no device {name!r}; there are: {known}"
        )


def load(folder: Path) -> App:
    """Read the application in a folder."""
    return load_file(folder / FILE)


def load_file(path: Path) -> App:
    """Read an application's description; its sources lie beside it."""
    described = describe.load(AppFile, path)
    firmware = described.firmware
    folder = path.absolute().parent.resolve()
    sources = tuple(folder / source for source in firmware.sources)
    for at, source in enumerate(sources):
        if not source.is_file():
            remedy = f"there is no such file in {wording.path(path.absolute().parent)}; write it"
            raise describe.fault(path, f"firmware.sources[{at}]", firmware.sources[at], remedy)
        if not source.resolve().is_relative_to(folder):
            remedy = "this leads out of the application's folder; move the file inside"
            raise describe.fault(path, f"firmware.sources[{at}]", firmware.sources[at], remedy)
    devices = tuple(
        Device(
            name=name,
            type=device.type,
            line=device.line,
            direction=device.way,
            pull=device.pull,
            active=device.active,
            drive=device.drive,
            edges=device.edges,
        )
        for name, device in described.devices.items()
        if device.line is not None and DEVICE_TYPES[device.type].directions
    )
    attachments = tuple(
        Attachment.model_validate({"name": name, **device.model_dump(include=kept)})
        for name, device in described.devices.items()
        if (kept := {"type", *DEVICE_TYPES[device.type].keys} - {"interface"})
        and not DEVICE_TYPES[device.type].directions
    )
    needed = {one for device in described.devices.values() for one in device.interfaces}
    return App(
        folder=folder,
        name=firmware.name,
        version=firmware.version,
        sources=sources,
        memory=firmware.memory,
        interfaces=tuple(sorted({*interface.CORE, *needed, *firmware.interfaces})),
        devices=devices,
        attachments=attachments,
        ready=firmware.ready,
        budget=described.budget,
        limits=described.limits,
        metal=described.metal,
        release=described.release,
        all_pins=firmware.all_pins,
    )
