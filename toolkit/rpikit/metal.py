# SPDX-License-Identifier: MIT
"""What a board boots without an operating system: the underlay with applications as its guests.

Knows what of an application the underlay can serve, and which can be in one image; the payload's
form is payload.py's.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rpikit import describe, interface, payload, results, wording
from rpikit.app import App
from rpikit.board import Board
from rpikit.errors import DescriptionError
from rpikit.interface import Interface
from rpikit.virtual import qemu

UNDERLAY = "underlay.img"
WITH_LINUX = "beside.img"
"""The same with a Linux beside the guests (c/underlay/linux)."""
UNDERLAY_MAX = 64 << 10
"""Bytes that the underlay may have, without guests."""
IMAGE = "kernel8.img"
CONSOLES = {"PL011": "uart", "mini-UART": "mini_uart"}
"""The serial ports that can be the underlay's console, and their files in c/backends/bcm2837.

The first one is, unless the board says the other. In QEMU they are in the same order.
"""
BESIDE = "beside"
"""The folder, in that of a build, of what is built of the applications beside the first."""


@dataclass(frozen=True)
class Built:
    """A guest of an image, built: its application, its unikernel's file, its core."""

    app: App
    unikernel: Path
    core: int

    def __str__(self) -> str:
        return f"core {self.core}: {self.app.name} {self.app.version}, {self.unikernel}"

    def values(self) -> results.BuiltGuest:
        """Return it as one object for programs."""
        return {
            "app": self.app.name,
            "version": self.app.version,
            "unikernel": str(self.unikernel),
            "core": self.core,
        }


def check(apps: Sequence[App]) -> None:
    """Refuse applications that cannot be guests of one image: DescriptionError.

    None wishes for what the underlay has not. Each has a name, lines and storage of its own, and
    means the same by an interface and by the chip's watchdog; the board's memory is enough.
    """
    for one in apps:
        _check(one)
    names: dict[str, App] = {}
    lines: dict[int, tuple[App, str]] = {}
    for one in apps:
        other = names.setdefault(one.name, one)
        if other is not one:
            remedy = f"{wording.path(other.source)} has this name already; give each its own"
            raise describe.fault(one.source, "firmware.name", one.name, remedy)
        for device in one.devices:
            holder, name = lines.setdefault(device.line, (one, device.name))
            if holder is not one:
                remedy = (
                    f"{holder.name} has this line already, for its {name}; no two guests of a "
                    "board can have the same"
                )
                raise describe.fault(one.source, f"devices.{device.name}.line", device.line, remedy)
    interfaces(apps)
    _watchdog(apps)
    payload.check_memory([one.memory for one in apps])
    payload.check_storage({one.name: payload.grants_of(one) for one in apps})


def interfaces(apps: Sequence[App], *more: str) -> tuple[Interface, ...]:
    """Return what an underlay for these applications serves: what any of them uses, and (more).

    An interface of their own that several have under one name has to be the same in all of them.
    """
    found: dict[str, tuple[Interface, App]] = {}
    for app in apps:
        for one in interface.load_all(app.interfaces, app.folder / "interfaces"):
            known, other = found.setdefault(one.name, (one, app))
            if other is not app and (known != one or _served(one, other) != _served(one, app)):
                raise DescriptionError(
                    f"{wording.path(app.source)}: its interface {one.name} is another than that of "
                    f"{other.name}; in one image a name means one thing",
                    hint="rename one of the two, with its numbers and its handlers",
                )
    others = [interface.load(interface.find(name)) for name in more if name not in found]
    return interface.apart([*(one for one, _ in found.values()), *others])


def owner(one: Interface, apps: Sequence[App]) -> App:
    """Return the application in whose folders an interface of these is looked for first."""
    return next((app for app in apps if one.name in app.interfaces), apps[0])


def built(apps: Sequence[App], unikernels: Sequence[Path]) -> tuple[Built, ...]:
    """Return the guests of an image, each on the core it names, else on the first of the idlest."""
    count = Counter(one.metal.core for one in apps)
    found = []
    for app, unikernel in zip(apps, unikernels, strict=True):
        core = app.metal.core
        if core is None:
            core = min(range(payload.CORES), key=lambda number: count[number])
            count[core] += 1
        found.append(Built(app, unikernel, core))
    return tuple(found)


def image(guests: Sequence[Built], folder: Path, words: str = "") -> Path:
    """Put guests behind the underlay that was built for them in a folder; return the image.

    `words` is the command line of each.
    """
    made = payload.image(
        (folder / UNDERLAY).read_bytes(),
        [_guest(one, words) for one in guests],
        _watchdog([one.app for one in guests]),
    )
    target = folder / IMAGE
    if not target.is_file() or target.read_bytes() != made:
        target.write_bytes(made)
    return target


def _guest(built: Built, words: str) -> payload.Guest:
    """Return a guest as its description has it live."""
    app, life = built.app, built.app.metal
    return payload.Guest(
        name=app.name,
        unikernel=built.unikernel.read_bytes(),
        memory=app.memory,
        words=words,
        grants=payload.grants_of(app),
        core=built.core,
        weight=life.weight,
        patience_ms=life.patience_ms or 0,
        restart=life.restart,
        restarts=life.restarts,
        pause_ms=life.pause_ms,
    )


def _watchdog(apps: Sequence[App]) -> int:
    """Return the seconds of the chip's watchdog, 0 if nobody wants it."""
    wanted = [(one, one.metal.watchdog) for one in apps if one.metal.watchdog is not None]
    for one, seconds in wanted:
        if seconds != wanted[0][1]:
            remedy = (
                f"{wanted[0][0].name} says {wanted[0][1]}, and the chip has one watchdog for all; "
                "write the same, or leave it out"
            )
            raise describe.fault(one.source, "metal.watchdog", seconds, remedy)
    return wanted[0][1] or 0 if wanted else 0


def _served(one: Interface, app: App) -> bytes | None:
    """Return the source that serves an interface for an application."""
    file = interface.handler_file(one.name, app.folder / "devices")
    return None if file is None else file.read_bytes()


def console(board: Board) -> str:
    """Return which serial port of a board is the underlay's console: one of CONSOLES."""
    found = board.consoles[0]
    return found if found in CONSOLES else next(iter(CONSOLES))


def command(image: Path, board: Board) -> tuple[str, ...]:
    """Return what runs an image in QEMU, with the board's serial port at the terminal."""
    machine = ("-M", "raspi3b", "-kernel", str(image), "-no-reboot", "-display", "none")
    others = ("-serial", "null") * list(CONSOLES).index(console(board))
    return (qemu.PROGRAM, *machine, "-monitor", "none", *others, "-serial", "stdio")


def _check(app: App) -> None:
    """Refuse an application that wishes for what the underlay has not."""
    for found in interface.load_all(app.interfaces, app.folder / "interfaces"):
        needed = {found.name, *found.interface.uses} & set(interface.names())
        missing = sorted(needed - set(interface.ON_METAL))
        if missing:
            raise DescriptionError(
                f"{app.source}: --target metal: the underlay has no {', '.join(missing)}, which "
                f"{app.name} uses; it has {', '.join(interface.ON_METAL)}",
                hint="with Linux on the board it has: leave --target out",
            )
    for one in app.devices:
        if one.drive != "push-pull":
            remedy = 'the chip itself has no such drive; write "push-pull", or leave it out'
            raise describe.fault(app.source, f"devices.{one.name}.drive", one.drive, remedy)
    for storage in app.attachments:
        if storage.type == "block" and storage.card is None:
            remedy = (
                "without Linux there are no files; write card = { first = SECTOR, count = SECTORS }"
            )
            raise describe.fault(app.source, f"devices.{storage.name}.card", None, remedy)
    if app.all_pins:
        remedy = "the underlay gives no guest the registers of every pin; leave it out"
        raise describe.fault(app.source, "firmware.all_pins", True, remedy)
