# SPDX-License-Identifier: MIT
"""The wires of a bench whose two ends are lines of virtual boards: pin to pin, as on a desk.

bench.toml names them by a `host` that is another board of it. Here they are plugged in, looked at
and taken out again; that somebody at either end drives or watches them is a driver's business.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rpikit import board as boards
from rpikit.app import App
from rpikit.errors import BenchError, BoardError
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins, Plugged
from rpikit.wiring import Target


@dataclass(frozen=True)
class Plug:
    """The wire of one device of the application: line `line` of `board`, line `end` of `host`."""

    device: str
    board: str
    line: int
    host: str
    end: int
    driver: str

    def __str__(self) -> str:
        return f"{self.device}: line {self.line} of {self.board} to line {self.end} of {self.host}"

    def fits(self, found: Plugged) -> bool:
        """Whether a wire that is there is this one."""
        return (found.peer, found.target) == (self.host, self.end)


def of(app: App, target: Target) -> tuple[Plug, ...]:
    """Return the wires that lead from a virtual board to others, which are virtual, too."""
    if boards.load(target.board).virtual is None:
        return ()
    return tuple(
        Plug(device.name, target.name, device.line, wire.host, wire.number, wire.driver)
        for device in app.devices
        if (wire := target.wires.get(device.name)) is not None
        and wire.host is not None
        and wire.host in target.hosts
    )


def found(plug: Plug) -> Plugged | None:
    """Return the wire that is on the device's line now, whatever it leads to."""
    there = machine.find(plug.board)
    if there is None:
        return None
    with Pins(there.pins_socket) as pins:
        return next((one for one in pins.plugs() if one.line == plug.line), None)


def put(plug: Plug) -> bool:
    """Plug a wire in; say whether it was missing. BenchError if the line has another one."""
    there = found(plug)
    if there is None:
        with Pins(_running(plug.board).pins_socket) as pins:
            pins.plug(plug.line, _running(plug.host).pins_socket, plug.end)
        return True
    if not plug.fits(there):
        raise BenchError(
            f"{plug.device}: line {plug.line} of {plug.board} is wired to line {there.target} of "
            f"{there.peer}, not to line {plug.end} of {plug.host}",
            hint="end the boards and wire them anew: rpikit lab down, then rpikit lab up",
        )
    return False


def take(plug: Plug) -> None:
    """Take a wire out if it is still there."""
    there = found(plug)
    if there is not None and plug.fits(there):
        with Pins(_running(plug.board).pins_socket) as pins:
            pins.unplug(plug.line)


@contextmanager
def plugged(
    app: App, target: Target, report: Callable[[str], None] = lambda line: None
) -> Iterator[None]:
    """Have the wires of a board plugged in for a while, and the boards at their other ends up.

    Wires of which some are there already are left as they are: somebody wired this lab. What was
    started and plugged is ended and taken out again. A short that began meanwhile is a BenchError.
    """
    wanted = of(app, target)
    with ExitStack() as undo:
        for host in dict.fromkeys(plug.host for plug in wanted):
            if machine.find(host) is None:
                machine.up(boards.load(target.hosts[host].board), name=host, report=report)
                undo.callback(machine.down, host)
        if not any(found(plug) for plug in wanted):
            for plug in wanted:
                put(plug)
                undo.callback(take, plug)
        before = {plug: _shorts(plug) for plug in wanted}
        yield
        for plug in wanted:
            if _shorts(plug) > before[plug]:
                raise BenchError(
                    f"{plug}: both ends drove this wire at once, a short circuit on a desk",
                    hint="does an output of the firmware lead to an output of the bench?",
                )


def _shorts(plug: Plug) -> int:
    there = found(plug)
    return 0 if there is None else there.shorts


def _running(name: str) -> Machine:
    there = machine.find(name)
    if there is None:
        raise BoardError(f"board {name!r}: is not running", hint=f"rpikit board up {name}")
    return there
