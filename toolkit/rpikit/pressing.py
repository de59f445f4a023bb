# SPDX-License-Identifier: MIT
"""The verb press: moves an input of the firmware for real, and tells what all pins did."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from rpikit import results_bench, waveform, wording
from rpikit.bench.bounce import Profile
from rpikit.bench.live import Change, tape
from rpikit.bench.pin import Pin
from rpikit.bench.scope import PinEdge, Scope
from rpikit.benching import Bench
from rpikit.errors import BenchError, DescriptionError
from rpikit.units import Duration, ms
from rpikit.waveform import milliseconds

_AFTER = 250 * ms  # what answers a press is awaited so long


@dataclass(frozen=True)
class Strokes:
    """How a pin is pressed: how long, how often, how far apart, and how its contact bounces."""

    hold: Duration = 50 * ms
    times: int = 1
    pause: Duration = 200 * ms
    bounce: Profile = "ideal"
    seed: int = 0


@dataclass(frozen=True)
class Pressed:
    """What pressing a pin came to: the edges of all pins, and their drawing."""

    board: str
    pin: str
    presses: int
    edges: tuple[Change, ...]
    drawn: str

    def __str__(self) -> str:
        start = self.edges[0].at_ns
        times = [milliseconds(edge.at_ns - start) for edge in self.edges]
        room = max(map(len, times))
        told = [
            f"{time:>{room}}  {edge.pin} {edge.level}"
            for time, edge in zip(times, self.edges, strict=True)
        ]
        if all(edge.pin == self.pin for edge in self.edges):
            told.append(f"no other pin moved; does firmware run? rpikit ps --board {self.board}")
        return "\n".join([*told, self.drawn])

    def values(self) -> results_bench.Pressed:
        """Return it as one object for programs."""
        edges = [edge.values() for edge in self.edges]
        return {"board": self.board, "pin": self.pin, "presses": self.presses, "edges": edges}


def press(
    bench: Bench,
    name: str,
    strokes: Strokes,
    *,
    width: int = 80,
    glyphs: waveform.Glyphs = waveform.BLOCKS,
) -> Pressed:
    """Press a pin for real, and return what all pins did until a moment after."""
    _check(bench, name, strokes)
    clock = bench.wires.clock
    scope = Scope(clock)
    with ExitStack() as closing:
        for other, (device, line) in bench.wires.lines.items():
            if other != name:
                scope.add(tape(device, line, clock, closing))
                continue
            closing.callback(line.release)
            is_high = device.active == "high"
            pin = Pin(name, line, is_input=True, active_high=is_high, clock=clock, scope=scope)
            closing.callback(pin.close)
        for number in range(strokes.times):
            made = pin.press(strokes.hold, bounce=strokes.bounce, seed=strokes.seed + number)
            last = number == strokes.times - 1
            clock.sleep_until(made.edges[-1].at_ns + (_AFTER if last else strokes.pause).ns)
        drawn = scope.capture().draw(glyphs=glyphs, width=width, most=0)  # edges are told above
        edges = sorted((edge for tape in scope for edge in tape.edges), key=lambda one: one.at_ns)
    return Pressed(bench.board, name, strokes.times, tuple(_counted(edges)), drawn)


def _check(bench: Bench, name: str, strokes: Strokes) -> None:
    """Refuse what cannot be pressed."""
    if strokes.bounce == "stuck" and strokes.times > 1:
        raise DescriptionError(
            f"{name} gets stuck, so that it can be pressed once: leave out --times"
        )
    driven = [one.name for one in bench.app.devices if one.direction == "in"]
    choice = wording.options(driven) if driven else "this application has none"
    if name not in bench.app.pins:
        known = ", ".join(bench.app.pins)
        raise DescriptionError(f"{bench.app.name} has no device {name!r}; its devices are {known}")
    if name not in driven:
        raise DescriptionError(
            f"{name} is an output of the firmware, which nobody presses; inputs: {choice}",
            hint="rpikit bench watch shows what it does",
        )
    if name not in bench.wires.lines:
        raise BenchError(
            f"{name}: not wired: nothing at the bench can press it",
            hint=f"name its wire below [boards.{bench.board}.wires] in bench.toml",
        )


def _counted(edges: list[PinEdge]) -> Iterator[Change]:
    counts: dict[str, int] = {}
    for edge in edges:
        counts[edge.pin] = counts.get(edge.pin, 0) + 1
        yield Change(edge.pin, edge.level, edge.at_ns, counts[edge.pin])
