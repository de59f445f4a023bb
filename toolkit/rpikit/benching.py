# SPDX-License-Identifier: MIT
"""The verbs of a bench: list its pins, press one, watch or record them all, prove the wiring.

They work on whatever runs on the board; only the proof of the wiring stops it for a moment.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rpikit import results_bench
from rpikit.app import App, Device
from rpikit.bench import named
from rpikit.bench.live import View, tape
from rpikit.bench.proof import prove
from rpikit.bench.scope import Level, Scope
from rpikit.bench.session import open_wires
from rpikit.bench.wires import Wires, far_end
from rpikit.capture import Capture
from rpikit.connect import connect
from rpikit.errors import EXIT_OK, BenchError, NothingRanError, RpikitError
from rpikit.half import Half, half_of
from rpikit.units import Duration, ms
from rpikit.waveform import Glyphs
from rpikit.wiring import Target, Wire

_LOOK = 50 * ms  # between two looks; stamps do not depend on it
_MOST = 6  # edges whose times stand beside a wave


@dataclass(frozen=True)
class Bench:
    """The pins of an application on a board within reach."""

    app: App
    board: str
    half: Half
    wires: Wires

    def view(self) -> View:
        """Return what its pins do from now on; nothing is driven."""
        return View(list(self.wires.lines.values()), self.wires.clock)

    @property
    def title(self) -> str:
        """Say what is looked at."""
        missing = "".join(f"; {name} is not wired" for name in self.wires.absent)
        return f"{self.board}: pins of {self.app.name}{missing}"

    def listing(self) -> "Listing":
        """Return its pins as they are now."""
        return Listing(self.app.name, self.board, tuple(map(self._row, self.app.devices)))

    def _row(self, device: Device) -> "Row":
        if device.name not in self.wires.lines:
            return Row(device, None, None)
        _, line = self.wires.lines[device.name]
        with named(device.name):
            is_on = line.read() == (device.active == "high")
        return Row(device, self.wires.wired[device.name], "on" if is_on else "off")


@contextmanager
def opened(
    app: App, target: Target, report: Callable[[str], None] = lambda line: None
) -> Iterator[Bench]:
    """Reach a board and open its wires; nothing is driven, and a virtual board stays up."""
    if not app.devices:
        raise NothingRanError(f"{app.name} has no devices, so that a bench has nothing to do")
    with (
        connect(target, report=report, keep=True) as there,
        open_wires(app, there, idle=False) as wires,
    ):
        yield Bench(app, target.name, half_of(there.transport), wires)


@dataclass(frozen=True)
class Row:
    """A device, its wire and its level; None where no wire leads."""

    device: Device
    wire: Wire | None
    level: Level | None


@dataclass(frozen=True)
class Listing:
    """The pins of an application on a bench, as they are now."""

    app: str
    board: str
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        if not self.rows:
            return f"{self.app} has no devices"
        table = [("PIN", "LINE", "IS", "ACTIVE", "LEVEL", "DRIVER", "OTHER END")]
        for row in self.rows:
            is_driven = row.device.direction == "in"
            ends = ("-", "not wired: nothing is known of it")
            if row.wire is not None:
                ends = (row.wire.driver, far_end(row.wire))
            way = "driven" if is_driven else "watched"
            line = (str(row.device.line), way, row.device.active, row.level or "?")
            table.append((row.device.name, *line, *ends))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in table
        )
        return "\n".join(line.rstrip() for line in lines)

    def values(self) -> results_bench.BenchPins:
        """Return it as one object for programs."""
        pins: list[results_bench.BenchPin] = [
            {
                "pin": row.device.name,
                "line": row.device.line,
                "direction": row.device.direction,
                "active": row.device.active,
                "driver": row.wire.driver if row.wire else "",
                "end": row.wire.end if row.wire else None,
                "host": row.wire.host if row.wire else None,
                "level": row.level,
            }
            for row in self.rows
        ]
        return {"app": self.app, "board": self.board, "pins": pins}


@dataclass(frozen=True)
class Waves:
    """What was recorded of all pins, and what ended it before its time."""

    app: str
    board: str
    capture: Capture
    file: Path | None
    ended: BaseException | None

    def drawn(self, width: int, glyphs: Glyphs) -> str:
        """Return it as a text waveform."""
        lines = [self.capture.draw(width=width, glyphs=glyphs, most=_MOST)]
        return "\n".join([*lines, *([f"written to {self.file}"] if self.file else [])])

    def values(self) -> results_bench.Waves:
        """Return it as one object for programs."""
        file = str(self.file.absolute()) if self.file else None
        recorded = self.capture.values()
        return {**recorded, "app": self.app, "board": self.board, "file": file}


def wave(
    bench: Bench,
    for_: Duration | None,
    file: Path | None,
    report: Callable[[str], None] = lambda line: None,
) -> Waves:
    """Record all pins for a time, or until Ctrl-C, and write it to a file if one is named.

    What ends it early, an interrupt or a board that is gone, is noted: what was recorded until
    then is kept.
    """
    clock = bench.wires.clock
    scope = Scope(clock)
    ended: BaseException | None = None
    with ExitStack() as opened:
        for device, line in bench.wires.lines.values():
            scope.add(tape(device, line, clock, opened))
        report(f"record for {for_}" if for_ is not None else "record until Ctrl-C")
        end = None if for_ is None else clock.now_ns() + for_.ns
        try:
            while end is None or clock.now_ns() < end:
                now = clock.now_ns()
                clock.sleep_until(min(now + _LOOK.ns, end or now + _LOOK.ns))
                for one in scope:
                    with named(one.first.pin):
                        one.collect()
        except (KeyboardInterrupt, RpikitError) as error:
            ended = error
        capture = scope.capture()
    if file is not None:
        capture.save(file)
    return Waves(bench.app.name, bench.board, capture, file, ended)


@dataclass(frozen=True)
class Proved:
    """What the proof of a bench came to."""

    app: str
    board: str
    nets: tuple[tuple[str, str, bool], ...]  # name, what is to be said, whether it is well
    faults: tuple[str, ...]
    stopped: tuple[str, ...]
    seconds: float

    @property
    def status(self) -> int:
        """Return the exit status: a fault of the bench, or none."""
        return BenchError.exit_code if self.faults else EXIT_OK

    def __str__(self) -> str:
        lines = [f"{name}: {says}" for name, says, is_well in self.nets if is_well]
        lines += self.faults
        if not self.faults:
            count = f"{len(self.nets)} nets are" if len(self.nets) > 1 else "1 net is"
            lines.append(f"{count} as described ({self.seconds:.1f} s)")
        if self.stopped:
            lines.append(f"stopped meanwhile, and started again: {', '.join(self.stopped)}")
        return "\n".join(lines)

    def values(self) -> results_bench.Proved:
        """Return it as one object for programs."""
        nets: list[results_bench.ProvedNet] = [
            {"pin": name, "ok": is_well, "says": says} for name, says, is_well in self.nets
        ]
        return {
            "app": self.app,
            "board": self.board,
            "nets": nets,
            "faults": list(self.faults),
            "stopped": list(self.stopped),
            "seconds": self.seconds,
            "status": self.status,
        }


def check(bench: Bench) -> Proved:
    """Prove the wiring: walk through every net, and say what is wrong with which."""
    found = prove(bench.wires, bench.half)
    said: dict[str, str] = {}
    for device in bench.app.devices:
        if device.name in bench.wires.absent:
            said[device.name] = f"{device.name}: not wired: nothing leads to GPIO {device.line}"
    for fault in found.faults:
        said |= dict.fromkeys(fault.nets, fault.text)
    well = {net.name: f"{net.sink} follows {net.source}" for net in found.nets}
    nets = tuple(
        (name, said.get(name) or well[name], name not in said)
        for name in (device.name for device in bench.app.devices)
    )
    faults = tuple(dict.fromkeys([*(fault.text for fault in found.faults), *said.values()]))
    return Proved(bench.app.name, bench.board, nets, faults, found.stopped, found.seconds)
