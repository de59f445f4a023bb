# SPDX-License-Identifier: MIT
"""From a board of the bench to a transport: the virtual board is started when it is not up."""

import contextlib
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
    from rpikit.virtual.machine import Machine


@dataclass(frozen=True)
class Connection:
    """A board within reach; `machine` is what a virtual one runs in, `home` where the host does."""

    target: Target
    board: Board
    transport: Transport
    machine: "Machine | None" = None
    home: "Home | None" = None


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

    from rpikit.transport.ssh import Ssh

    if board.virtual is not None:
        with (
            _virtual(board, target.name, report, keep) as machine,
            Ssh(machine.ssh, target.name, host_key=target.host_key) as transport,
        ):
            yield Connection(target, board, transport, machine)
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
