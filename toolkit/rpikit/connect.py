# SPDX-License-Identifier: MIT
"""From a board of the bench to a transport: the virtual board is started when it is not up."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpikit import board as boards
from rpikit import identity
from rpikit.board import Board
from rpikit.errors import BoardError
from rpikit.transport import SshAddress, Transport, added
from rpikit.wiring import Target

if TYPE_CHECKING:
    from rpikit.host import Home
    from rpikit.labgrid_place import Place
    from rpikit.transport.serial import Serial
    from rpikit.transport.ssh import Ssh
    from rpikit.virtual.machine import Machine

VIA = "RPIKIT_VIA"
"""The way that a command takes, ssh or serial, whatever the bench says."""


@dataclass(frozen=True)
class Connection:
    """A board within reach.

    `machine` is what a virtual one runs in, `home` where the host does, `place` what a labgrid
    coordinator has lent.
    """

    target: Target
    board: Board
    transport: Transport
    machine: "Machine | None" = None
    home: "Home | None" = None
    place: "Place | None" = None


def board_of(target: Target) -> Board:
    """Return the kind of board that a board of the bench is."""
    return boards.load(target.board)


@contextlib.contextmanager
def connect(
    target: Target, *, report: Callable[[str], None] = lambda line: None, keep: bool = False
) -> Iterator[Connection]:
    """Open the way to a board and close it at the end; refuse another than the bench names.

    A virtual board that is not up is started, and ended with the connection unless it is to be
    kept. This machine as a board is a new one for each connection, except that what is to be kept
    is always the same.
    """
    with _way(target, report, keep) as there:
        identity.check(target, there.transport)
        yield there


@contextlib.contextmanager
def reserved(
    target: Target, *, report: Callable[[str], None] = lambda line: None
) -> Iterator[None]:
    """Have what a coordinator lends for several connections, so that nobody comes between them."""
    if target.place is None:
        yield
        return
    from rpikit import labgrid_place

    coordinator = labgrid_place.coordinator_of(target.coordinator)
    with labgrid_place.kept(target.place, coordinator, report=report):
        yield


def goes_by_serial(target: Target) -> bool:
    """Whether a board is reached through its serial console: as named, or nothing else leads there.

    This machine as a board has no console and is reached as ever.
    """
    board = board_of(target)
    if board.platform == "loop":
        return False
    named = os.environ.get(VIA) or target.via
    other = board.virtual is not None or target.ssh or target.transport or target.place
    return named == "serial" or (named is None and not other and target.serial is not None)


def identify(
    target: Target, *, report: Callable[[str], None] = lambda line: None
) -> identity.Identity:
    """Ask whichever board answers who it is; a virtual one that is not up is started."""
    anyone = target.model_copy(update={"serial_number": None, "host_key": None})
    with connect(anyone, report=report, keep=True) as there:
        return identity.identify(target.name, there.transport)


@contextlib.contextmanager
def _way(target: Target, report: Callable[[str], None], keep: bool) -> Iterator[Connection]:
    board = board_of(target)
    if board.platform == "loop":
        from rpikit import host

        with host.home(target.name, keep=keep) as home:
            yield Connection(target, board, home.transport, home=home)
        return

    if board.platform == "metal":
        with _metal(board, target, report, keep) as there:
            yield there
        return

    from rpikit.transport.ssh import Ssh

    if board.virtual is not None:
        if goes_by_serial(target):
            with (
                _virtual(board, target.name, report, keep) as machine,
                _serial(target, str(machine.console)) as console,
            ):
                yield Connection(target, board, console, machine)
            return
        with (
            _virtual(board, target.name, report, keep) as machine,
            Ssh(machine.ssh, target.name, host_key=target.host_key) as transport,
        ):
            yield Connection(target, board, transport, machine)
        return
    if target.place is not None:
        from rpikit import labgrid_place

        coordinator = labgrid_place.coordinator_of(target.coordinator)
        with (
            labgrid_place.held(target.place, coordinator, report=report) as place,
            _at(place, target) as lent,
        ):
            yield Connection(target, board, lent, place=place)
        return
    if goes_by_serial(target):
        with _serial(target, target.serial) as console:
            yield Connection(target, board, console)
        return
    if target.transport is not None and target.address is not None:
        with added.connect(target.transport, target.address, target.name) as other:
            yield Connection(target, board, other)
        return
    if target.ssh is None:
        raise BoardError(
            f"board {target.name!r}: has no ssh address",
            hint=f'write ssh = "user@host" below [boards.{target.name}] in bench.toml',
        )
    address = SshAddress.parse(target.ssh)
    with Ssh(address, target.name, host_key=target.host_key) as transport:
        yield Connection(target, board, transport)


@contextlib.contextmanager
def _metal(
    board: Board, target: Target, report: Callable[[str], None], keep: bool
) -> Iterator[Connection]:
    """Open the serial line to a board without an operating system."""
    from rpikit.metal_line import MetalLine

    with contextlib.ExitStack() as opened:
        if board.virtual is not None:
            machine = opened.enter_context(_virtual(board, target.name, report, keep))
            place = str(machine.console)
        else:
            if target.serial is None:
                raise _no_port(target)
            machine, place = None, target.serial
        line = opened.enter_context(MetalLine.open(place, target.name, target.serial_number))
        yield Connection(target, board, line, machine)


def _at(place: "Place", target: Target) -> "Ssh | Serial":
    """Return the way to the board at a place: as the bench says, else as the place does."""
    from rpikit.transport.ssh import Ssh

    address = SshAddress.parse(target.ssh) if target.ssh else place.ssh
    port = target.serial or place.serial
    named = os.environ.get(VIA) or target.via
    if named == "serial" or (named is None and address is None and port is not None):
        return _serial(target, port)
    if address is None:
        raise BoardError(
            f"board {target.name!r}: place {place.name!r} has no NetworkService that leads to it",
            hint="match one with it: labgrid-client add-match; or write ssh in bench.toml",
        )
    return Ssh(address, target.name, host_key=target.host_key)


def _no_port(target: Target) -> BoardError:
    return BoardError(
        f"board {target.name!r}: has no serial port",
        hint=f'write serial = "/dev/ttyUSB0" below [boards.{target.name}] in bench.toml',
    )


def _serial(target: Target, place: str | None) -> "Serial":
    """Return the way through a board's serial console."""
    from rpikit.transport.serial import Serial, SerialAddress

    if place is None:
        raise _no_port(target)
    if target.host_key is not None and target.serial_number is None:
        raise BoardError(
            f"board {target.name!r}: a serial console has no host key to compare",
            hint="name its serial_number as well; rpikit board identify prints it",
        )
    console = target.console
    address = SerialAddress(place, console.baud, console.fast or 0, console.user, console.password)
    return Serial(address, target.name)


@contextlib.contextmanager
def reached(target: Target) -> Iterator[Transport]:
    """Open the way to a board as it is: a virtual one that is not up is not started."""
    if board_of(target).virtual is not None:
        from rpikit.virtual import machine

        if machine.find(target.name) is None:
            raise BoardError(
                f"board {target.name!r}: is not running", hint=f"rpikit board up {target.name}"
            )
    with connect(target, keep=True) as there:
        yield there.transport


@contextlib.contextmanager
def _virtual(
    board: Board, name: str, report: Callable[[str], None], keep: bool
) -> Iterator["Machine"]:
    from rpikit.virtual import machine

    was_up = machine.find(name) is not None
    try:
        yield machine.up(board, name=name, report=report)
    finally:
        if not was_up and not keep:
            machine.down(name)
        elif not was_up and machine.find(name) is not None:
            report(f"{name} stays up; `rpikit board down {name}` ends it")
