# SPDX-License-Identifier: MIT
"""The verb lab: the virtual boards of a bench together, wired pin to pin as bench.toml says."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from rpikit import board as boards
from rpikit import describe, generate, paths, results, wiring, wording
from rpikit.app import App
from rpikit.bench import plugs
from rpikit.bench.plugs import Plug
from rpikit.errors import EXIT_OK, BenchError, BoardError, DescriptionError
from rpikit.virtual import machine
from rpikit.virtual.pins import Pins
from rpikit.wiring import Bench

DUT = "dut"
BENCH_PI = "bench-pi"
BENCH_BOARD = "virtual-pi3-bench"
_SHELL = "rpikit board shell"


@dataclass(frozen=True)
class Wired:
    """A wire of bench.toml and what is there of it now."""

    plug: Plug
    state: str
    shorts: int = 0
    is_short: bool = False

    @property
    def is_elsewhere(self) -> bool:
        """Whether the line is wired to something else."""
        return self.state.startswith("elsewhere")

    @property
    def row(self) -> tuple[str, ...]:
        """Its row in a table."""
        plug, said = self.plug, self.state
        if self.shorts:
            said = "SHORT: both ends drive it" if self.is_short else "both ends drove it"
        ends = (f"{plug.board} {plug.line}", f"{plug.host} {plug.end}")
        return (plug.device, ends[0], "--", ends[1], plug.driver, said)

    def values(self) -> results.LabWire:
        """Return it as one object for programs."""
        plug = self.plug
        return {
            "device": plug.device,
            "board": plug.board,
            "line": plug.line,
            "host": plug.host,
            "end": plug.end,
            "driver": plug.driver,
            "state": self.state,
            "shorts": self.shorts,
            "is_short": self.is_short,
        }


@dataclass(frozen=True)
class Lab:
    """The virtual boards of a bench, which of them run, and the wires between them."""

    folder: Path
    source: Path
    kinds: dict[str, str]
    running: frozenset[str]
    wires: tuple[Wired, ...]

    @property
    def exit_code(self) -> int:
        """What a look at it comes to: a board that is down, or a wire that is not as it should."""
        if self.running != set(self.kinds):
            return BoardError.exit_code
        faulty = any(wire.state != "plugged" or wire.shorts for wire in self.wires)
        return BenchError.exit_code if faulty else EXIT_OK

    def __str__(self) -> str:
        rows = [
            (name, kind, *(("up", f"{_SHELL} {name}") if name in self.running else ("down",)))
            for name, kind in self.kinds.items()
        ]
        lines = [*_table(rows), *_table([wire.row for wire in self.wires])]
        words = _words(self.folder, self.source)
        if any(wire.shorts or wire.is_elsewhere for wire in self.wires):
            lines.append(f"wire it anew: rpikit lab down{words} && rpikit lab up{words}")
        elif self.exit_code != EXIT_OK:
            lines.append(f"start and wire it: rpikit lab up{words}")
        else:
            tested = dict.fromkeys(wire.plug.board for wire in self.wires)
            lines += [f"test it: rpikit test{words} --board {name}" for name in tested]
            lines.append(f"end it: rpikit lab down{words}")
        return "\n".join(lines)

    def values(self) -> results.Lab:
        """Return it as one object for programs."""
        return {
            "bench": str(self.source.absolute()),
            "boards": [
                {"name": name, "kind": kind, "state": "up" if name in self.running else "down"}
                for name, kind in self.kinds.items()
            ],
            "wires": [wire.values() for wire in self.wires],
            "status": self.exit_code,
        }


@dataclass(frozen=True)
class Ended:
    """The boards of a lab, and which of them ran until now."""

    stopped: dict[str, bool]

    def __str__(self) -> str:
        return "\n".join(
            f"{name}: {'stopped' if was_up else 'was not running'}"
            for name, was_up in self.stopped.items()
        )

    def values(self) -> results.LabDown:
        """Return it as one object for programs."""
        return {
            "boards": [{"board": name, "stopped": was_up} for name, was_up in self.stopped.items()]
        }


@dataclass(frozen=True)
class Written:
    """The wiring that was written for an application."""

    app: App
    file: Path
    wires: tuple[Plug, ...]

    def __str__(self) -> str:
        lines = [f"{wording.path(self.file)}: two virtual boards, wired pin to pin"]
        lines += [f"  {plug}" for plug in self.wires]
        words = _words(self.app.folder, self.file)
        lines.append(f"next: rpikit lab up{words} && rpikit test{words} --board {DUT}")
        return "\n".join(lines)

    def values(self) -> results.LabNew:
        """Return it as one object for programs."""
        return {
            "bench": str(self.file.absolute()),
            "boards": [DUT, BENCH_PI],
            "wires": [Wired(plug, "missing").values() for plug in self.wires],
        }


def up(app: App, bench: Bench, report: Callable[[str], None] = lambda line: None) -> Lab:
    """Start the virtual boards that wires of a bench file join, and plug these wires in.

    What runs or is plugged already stays. If anything fails, what was done is undone.
    """
    kinds = _kinds(bench)
    bench.check(app)
    with ExitStack() as in_use, ExitStack() as undo:
        for name, kind in kinds.items():
            was_up = machine.find(name) is not None
            there = machine.up(boards.load(kind), name=name, report=report)
            if not was_up:
                undo.callback(machine.down, name)
            in_use.enter_context(Pins(there.pins_socket))  # none ends while another one starts
        for plug in _wires(app, bench, kinds):
            if plugs.put(plug):
                undo.callback(plugs.take, plug)
        lab = status(app, bench)
        undo.pop_all()
    return lab


def down(bench: Bench) -> Ended:
    """End the virtual boards that wires of a bench file join; the wires end with them."""
    return Ended({name: machine.down(name) for name in _kinds(bench)})


def status(app: App, bench: Bench) -> Lab:
    """Look at the virtual boards that wires of a bench file join, and at these wires."""
    kinds = _kinds(bench)
    assert bench.source is not None
    running = frozenset(name for name in kinds if machine.find(name) is not None)
    wires = tuple(_look(plug) for plug in _wires(app, bench, kinds))
    return Lab(app.folder, bench.source, kinds, running, wires)


def new(app: App, file: Path, *, driver: str = "gpiod") -> Written:
    """Write the wiring of an application under test and a bench Pi, each line to its like.

    Other boards that the file describes stay there.
    """
    kind, bench_kind = boards.load(boards.DEFAULT), boards.load(BENCH_BOARD)
    kind.check_lines(app)
    if not app.devices:
        raise DescriptionError(
            f"{wording.path(app.source)}: {app.name} has no switch, led or gpio to wire",
            hint="its tests need no bench: rpikit test",
        )
    bench_kind.check_lines(app)
    wires = tuple(Plug(one.name, DUT, one.line, BENCH_PI, one.line, driver) for one in app.devices)
    text = generate.render(
        "lab/bench.toml.j2",
        app=app,
        dut=DUT,
        bench_pi=BENCH_PI,
        kind=boards.DEFAULT,
        bench_kind=BENCH_BOARD,
        wires=wires,
    )
    try:
        _add(file, text, app)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(f"{wording.path(file)}: cannot be written ({reason})") from None
    return Written(app, file, wires)


def _add(file: Path, text: str, app: App) -> None:
    """Write boards to a bench file below those that it has; leave it unless all of it is right."""
    before = ""
    if file.exists():
        taken = {DUT, BENCH_PI} & set(wiring.load(file).written)
        if taken:
            raise DescriptionError(
                f"{wording.path(file)}: boards.{min(taken)} is there already; it was left as it is",
                hint=f"start it: rpikit lab up{_words(app.folder, file)}",
            )
        before = file.read_text(encoding="utf-8").rstrip("\n") + "\n\n"
    aside = file.with_name(f".lab-{file.name}")  # beside it: a board's file is named from there
    try:
        aside.write_text(before + text, encoding="utf-8", newline="\n")
        wiring.load(aside).check(app, DUT)
    except DescriptionError as error:
        said = str(error).replace(aside.name, file.name)
        raise DescriptionError(f"two boards cannot be added: {said}", hint=error.hint) from None
    finally:
        aside.unlink(missing_ok=True)
    paths.write(file, before + text)


def _look(plug: Plug) -> Wired:
    there = plugs.found(plug)
    if there is None:
        return Wired(plug, "missing")
    if not plug.fits(there):
        return Wired(plug, f"elsewhere: to line {there.target} of {there.peer}")
    return Wired(plug, "plugged", there.shorts, there.is_short)


def _wires(app: App, bench: Bench, names: Iterable[str]) -> Iterator[Plug]:
    for name in names:
        yield from plugs.of(app, bench.target(name))


def _kinds(bench: Bench) -> dict[str, str]:
    """Return the virtual boards that wires join, each with its kind."""
    if bench.source is None:
        raise DescriptionError(
            "lab: there is no bench.toml here that says which boards, and how they are wired",
            hint="rpikit lab new writes one for an application",
        )
    targets = [bench.target(name) for name in bench.written]
    of_virtual = [one for one in targets if boards.load(one.board).virtual is not None]
    joined = {name for one in of_virtual for name in (one.name, *one.hosts) if one.hosts}
    if not joined:
        remedy = "no wire joins two virtual boards; rpikit lab new adds two that are wired"
        raise describe.fault(bench.source, "boards", None, remedy)
    return {one.name: one.board for one in of_virtual if one.name in joined}


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    padded = ((cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


def _words(folder: Path, file: Path) -> str:
    """Return how a command names an application and its wiring, as short as it can be."""
    words = [] if folder.samefile(Path()) else [wording.path(folder)]
    if file.absolute() != (folder / wiring.FILE).absolute():
        words += ["--bench", wording.path(file)]
    return "".join(f" {shlex.quote(word)}" for word in words)
