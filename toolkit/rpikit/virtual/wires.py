# SPDX-License-Identifier: MIT
"""What is wired to the virtual board's header: who drives a line, what a jumper carries, each edge.

The machine models neither pulls nor the outside world, so both live here: a line the board does not
drive has the level of who drives it from outside, else of the jumper that ends there, else of the
board at the other end of its wire, else its pull, else that of the other end. The machine notifies
changes of outputs only, so functions and levels are also polled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from rpikit.errors import BenchError
from rpikit.virtual.gpio import Lines, Registers

Source = Literal["notice", "poll", "drive"]


@dataclass(frozen=True)
class Edge:
    """A change of a line's level; `at_ns` is the host's CLOCK_MONOTONIC."""

    line: int
    high: bool
    at_ns: int
    source: Source


@dataclass(frozen=True)
class Share:
    """What one end of a wire between two boards does to it: drives it, pulls it, or neither."""

    strength: Literal["drives", "pulls", "nothing"]
    high: bool = False

    @property
    def is_driven(self) -> bool:
        """Say whether this end decides the level."""
        return self.strength == "drives"


NOTHING = Share("nothing")


class Mover(Protocol):
    """Whoever writes the machine's registers."""

    def write_word(self, address: int, value: int) -> None:
        """Write a register, in order."""
        ...


class Wires:
    """The header's wires; `emit` is told each edge once and in order, `clock` gives its stamp."""

    def __init__(
        self,
        registers: Registers,
        mover: Mover,
        emit: Callable[[Edge], None],
        clock: Callable[[], int],
    ) -> None:
        self._registers = registers
        self._mover = mover
        self._emit = emit
        self._clock = clock
        self._functions = ["in"] * registers.lines
        self._levels = [False] * registers.lines
        self._driven: dict[int, bool] = {}
        self._pulls: dict[int, bool] = {}
        self._jumpers: dict[int, list[int]] = {}
        self._theirs: dict[int, Share] = {}
        self._told: dict[int, Share] = {}
        self._tell: dict[int, Callable[[Share], None]] = {}

    @property
    def has_jumpers(self) -> bool:
        """Say whether a level is carried from line to line."""
        return bool(self._jumpers)

    @property
    def has_levels(self) -> bool:
        """Say whether a line has a level from outside that must survive the board's own doing."""
        return bool(self._driven or any(self._pulls.values()))

    def level(self, line: int) -> bool:
        """Return the level on the wire."""
        return self._levels[line]

    def function(self, line: int) -> str:
        """Return what the board uses the line for."""
        return self._functions[line]

    def is_output(self, line: int) -> bool:
        """Say whether the board drives the line."""
        return self._functions[line] == "out"

    def notice(self, line: int, high: bool, at_ns: int) -> None:
        """Take the machine's word that an output changed."""
        self._functions[line] = "out"
        if self._levels[line] != high:
            self._change(Edge(line, high, at_ns, "notice"))
        self._tell_others()

    def observe(self, seen: Lines, at_ns: int) -> None:
        """Take what the registers say, and put right what the board left behind."""
        turned = [
            line
            for line, function in enumerate(seen.functions)
            if function != self._functions[line]
        ]
        for line in turned:
            self._functions[line] = seen.functions[line]
        for line in range(self._registers.lines):
            if self.is_output(line) and seen.latch(line) != self._levels[line]:
                self._change(Edge(line, seen.latch(line), at_ns, "poll"))
        for line in turned:
            if not self.is_output(line):
                self._give(line, at_ns)
            for target in self._jumpers.get(line, ()):
                self._settle(target)
        self._tell_others()

    def reset(self, at_ns: int) -> None:
        """Give every line its level from outside, as after a reset of the machine."""
        self._functions = ["in"] * self._registers.lines
        for line in range(self._registers.lines):
            self._give(line, at_ns)
        self._tell_others()

    def drive(self, line: int, high: bool) -> int:
        """Drive a line from outside, as a wire would; return when."""
        if self._functions[line] != "in":
            raise BenchError(
                f"line {line} is driven by the board itself (function {self._functions[line]}); "
                "only a line the board reads can be driven from outside",
                hint="check the wiring against the application's devices",
            )
        self._driven[line] = high
        return self._settled(line)

    def release(self, line: int) -> None:
        """Take the outside drive away."""
        self._driven.pop(line, None)
        self._settled(line)

    def pull(self, line: int, high: bool) -> None:
        """Give the line the level it has when nothing drives it."""
        self._pulls[line] = high
        self._settled(line)

    def jumper(self, source: int, target: int) -> None:
        """Carry the level of one line to another from now on."""
        if source == target:
            raise BenchError(f"a jumper from line {source} to itself carries nothing")
        if self.is_output(target):
            raise BenchError(
                f"line {target} is driven by the board itself; a jumper must end at an input",
                hint=f"the jumper's source is the output: jumper({target}, {source})?",
            )
        if target not in self._jumpers.setdefault(source, []):
            self._jumpers[source].append(target)
        self._settled(target)

    def cut(self, source: int, target: int) -> None:
        """Take a jumper away."""
        if target not in self._jumpers.get(source, ()):
            raise BenchError(f"there is no jumper from line {source} to line {target}")
        self._jumpers[source].remove(target)
        if not self._jumpers[source]:
            del self._jumpers[source]
        self._settled(target)

    def plug(self, line: int, tell: Callable[[Share], None]) -> None:
        """Wire a line to another board's; `tell` is told what this end does to it, in order."""
        if line in self._tell:
            raise BenchError(f"line {line} has a wire to another board already")
        self._theirs[line], self._tell[line] = NOTHING, tell
        self._tell_others()

    def feel(self, line: int, share: Share) -> None:
        """Take what the other end of a line's wire does to it."""
        self._theirs[line] = share
        self._settled(line)

    def unplug(self, line: int) -> None:
        """Take a line's wire to another board away."""
        self._tell.pop(line, None)
        self._told.pop(line, None)
        self._theirs.pop(line, None)
        self._settled(line)

    def shares(self, line: int) -> tuple[Share, Share]:
        """Return what this end and the other do to the wire of a line."""
        return self._share(line), self._theirs.get(line, NOTHING)

    def _tell_others(self) -> None:
        """Tell the other ends of all wires what changed here."""
        for line, tell in list(self._tell.items()):
            share = self._share(line)
            if self._told.get(line) != share:
                self._told[line] = share
                tell(share)

    def _share(self, line: int) -> Share:
        """Return what this board, and whoever else is at its end, does to a line."""
        if self.is_output(line):
            return Share("drives", self._levels[line])
        high = self._held_here(line)
        if high is not None:
            return Share("drives", high)
        return Share("pulls", self._pulls[line]) if line in self._pulls else NOTHING

    def _settled(self, line: int) -> int:
        """Settle a line and let all others know; return when."""
        at_ns = self._settle(line)
        self._tell_others()
        return at_ns

    def _change(self, edge: Edge) -> None:
        self._levels[edge.line] = edge.high
        self._tell_others()  # first: what is told late is a level that comes late
        self._emit(edge)
        for target in self._jumpers.get(edge.line, ()):
            self._settle(target)

    def _settle(self, line: int) -> int:
        """Give a line its level from outside, unless the board drives it; return when."""
        high, now_ns = self._outside(line), self._clock()
        if not self.is_output(line):
            self._write(
                line, high
            )  # whatever it seems: an output between two looks leaves its latch
            if self._levels[line] != high:
                self._change(Edge(line, high, now_ns, "drive"))
        return now_ns

    def _give(self, line: int, at_ns: int) -> None:
        """Give a line its level from outside after the board let go of it."""
        high = self._outside(line)
        self._write(line, high)
        if self._levels[line] != high:
            self._change(Edge(line, high, at_ns, "poll"))

    def _write(self, line: int, high: bool) -> None:
        self._mover.write_word(*self._registers.mover(line, high))

    def _outside(self, line: int) -> bool:
        high = self._held_here(line)
        if high is not None:
            return high
        theirs = self._theirs.get(line, NOTHING)
        return theirs.high if theirs.is_driven else self._pulls.get(line, theirs.high)

    def _held_here(self, line: int) -> bool | None:
        """Return the level that somebody at this end, besides the board, gives a line."""
        if line in self._driven:
            return self._driven[line]
        for source, targets in self._jumpers.items():
            if line in targets and self._is_held(source, {line}):
                return self._levels[source]
        return None

    def _is_held(self, line: int, seen: set[int]) -> bool:
        """Say whether anything but a pull gives the line its level."""
        if self.is_output(line) or line in self._driven:
            return True
        if self._theirs.get(line, NOTHING).is_driven:
            return True
        above = [s for s, targets in self._jumpers.items() if line in targets and s not in seen]
        return any(self._is_held(source, seen | {line}) for source in above)
