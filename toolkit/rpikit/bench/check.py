# SPDX-License-Identifier: MIT
"""The proof of the wiring: a one walks through every net, and nothing else may follow it.

A net is a device's line with the wire on it. It is driven at one end only, the bench's for an
input of the firmware and the board's for an output, while everything else rests; what moves at
the other side says where the wire really leads. No firmware may have the lines meanwhile.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from rpikit.bench import Clock, HostClock, Line, named
from rpikit.errors import BenchError
from rpikit.soc import Pull
from rpikit.units import ms

_SETTLES = 250 * ms  # what the slowest wire, a relay, needs to follow
_LOOK_AGAIN = 2 * ms


class BoardSide(Protocol):
    """The board's own side of its lines; a fault raises BenchError."""

    def drive(self, line: int, high: bool) -> object:
        """Make the line an output at a level."""
        ...

    def release(self, line: int) -> None:
        """Make the line an input."""
        ...

    def look(self, *lines: int) -> list[bool]:
        """Return whether each of several lines is high."""
        ...

    def free(self, *lines: int) -> None:
        """Make lines inputs, and give them back to whoever wants them next."""
        ...


@dataclass(frozen=True)
class Net:
    """A device's line and its wire; `end` says what is at the wire's other end.

    `pulls` are those that the line may have now, as far as they are known: the device's, and the
    one after a reset. Each walk ends with the level `idle_high`, for a driver that cannot let go.
    """

    name: str
    line: int
    wire: Line
    end: str
    is_input: bool  # of the firmware: the bench drives it
    pulls: tuple[Pull, ...] = ()
    idle_high: bool = False

    @property
    def levels(self) -> tuple[bool, ...]:
        """The levels that it is given one after the other."""
        return (self.idle_high, not self.idle_high, self.idle_high)

    @property
    def gpio(self) -> str:
        """The board's end."""
        return f"GPIO {self.line}"

    @property
    def source(self) -> str:
        """The end that is driven."""
        return self.end if self.is_input else self.gpio

    @property
    def sink(self) -> str:
        """The end that has to follow."""
        return self.gpio if self.is_input else self.end


@dataclass(frozen=True)
class Fault:
    """What is wrong with some nets, in one sentence that names them."""

    nets: tuple[str, ...]
    text: str


@dataclass
class _Seen:
    """What was seen of all nets while one of them was driven, for each level that it was given."""

    levels: list[bool]
    far: list[dict[str, bool | None]] = field(default_factory=list)
    is_fought: bool = False  # the end that drives does not reach its own level
    fault: BenchError | None = None

    def column(self, name: str) -> list[bool | None]:
        return [step[name] for step in self.far]

    def follows(self, name: str) -> bool:
        return self.column(name) == self.levels


def walk(nets: Sequence[Net], board: BoardSide, clock: Clock | None = None) -> list[Fault]:
    """Drive each net in turn and return what is wrong; afterwards nothing is driven any more.

    What is wrong with the board's side itself is raised, with the name of the net.
    """
    clock = clock or HostClock()
    lines = [net.line for net in nets]
    try:
        for net in nets:
            _rest(net, board)
        seen = {net.name: _drive(net, nets, board, clock) for net in nets}
    finally:
        for net in nets:
            if net.is_input:
                with suppress(BenchError):
                    net.wire.release()
        with suppress(BenchError):
            board.free(*lines)
    return _judge(nets, seen)


def _rest(net: Net, board: BoardSide) -> None:
    with named(net.name):
        if net.is_input:
            net.wire.release()
        board.release(net.line)


def _drive(net: Net, nets: Sequence[Net], board: BoardSide, clock: Clock) -> _Seen:
    seen = _Seen(list(net.levels))
    for high in seen.levels:
        if net.is_input:
            try:
                net.wire.drive(high)
            except BenchError as fault:  # the far end did not follow, or somebody drives already
                seen.fault = fault
        else:
            with named(net.name):
                board.drive(net.line, high)
        deadline = clock.now_ns() + _SETTLES.ns
        far = _far(net, nets, board)
        while far[net.name] != high and clock.now_ns() < deadline and seen.fault is None:
            clock.sleep_until(clock.now_ns() + _LOOK_AGAIN.ns)
            far = _far(net, nets, board)
        seen.far.append(far)
        if far[net.name] == high:
            continue
        own = _read(net.wire) if net.is_input else board.look(net.line)[0]
        seen.is_fought |= own == (not high)
    _rest(net, board)
    return seen


def _far(net: Net, nets: Sequence[Net], board: BoardSide) -> dict[str, bool | None]:
    """Return the levels of all nets at the side that does not drive."""
    if net.is_input:
        levels: Iterable[bool | None] = board.look(*(one.line for one in nets))
    else:
        levels = (_read(one.wire) for one in nets)
    return dict(zip((one.name for one in nets), levels, strict=True))


def _read(line: Line) -> bool | None:
    """Return the level at the bench's end, None for a wire that can only be driven."""
    try:
        return line.read()
    except BenchError:
        return None


def _judge(nets: Sequence[Net], seen: dict[str, _Seen]) -> list[Fault]:
    by_name = {net.name: net for net in nets}
    leads = {
        net.name: [one.name for one in nets if seen[net.name].follows(one.name)] for net in nets
    }
    faults: list[Fault] = []
    told: set[frozenset[str]] = set()
    for net in nets:
        found = leads[net.name]
        others = [name for name in found if name != net.name]
        if not others:
            if net.name not in found:
                faults.append(Fault((net.name,), _alone(net, seen[net.name])))
            continue
        key = frozenset((net.name, *others))
        if key in told:
            continue
        told.add(key)
        faults.append(_crossed(net, [by_name[name] for name in others], leads))
    return faults


def _crossed(net: Net, others: list[Net], leads: dict[str, list[str]]) -> Fault:
    """Say of a net that moves others whether it is shorted to them, or leads there instead."""
    names = (net.name, *(other.name for other in others))
    ends = [other.gpio if net.is_input else other.end for other in others]
    if net.name in leads[net.name]:
        moved = _listed([net.sink, *ends])
        return Fault(names, f"{_listed(names)} are shorted: {net.source} moves {moved}")
    moved = _listed(ends)
    if len(others) == 1 and leads[others[0].name] == [net.name]:
        text = f"{net.name} and {others[0].name} are swapped: {net.source} moves {moved}"
        return Fault(names, f"{text} instead of {net.sink}")
    text = f"{net.name}: its wire leads to {_listed(names[1:])}: {net.source} moves {moved}"
    return Fault(names, f"{text} instead of {net.sink}")


def _alone(net: Net, seen: _Seen) -> str:
    """Say what is wrong with a net that moves nothing as it should."""
    column = seen.column(net.name)
    if None in column:
        return f"{net.name}: {seen.fault or f'{net.sink} cannot be read'}"
    if len(set(column)) > 1:
        if column == [not high for high in seen.levels]:
            return f"{net.name}: inverted: {net.sink} is low while {net.source} is high"
        return f"{net.name}: loose: {net.sink} follows {net.source} only now and then"
    level, other = ("high", "low") if column[0] else ("low", "high")
    if seen.is_fought:
        return (
            f"{net.name}: stuck {level}: {net.source} drives {other} against another output that "
            f"holds it {level}"
        )
    if seen.fault is not None:
        return f"{net.name}: {seen.fault}"
    if set(net.pulls) == {"down" if column[0] else "up"}:
        return (
            f"{net.name}: stuck {level}: {net.sink} stays {level} against its pull, whatever "
            f"{net.source} does"
        )
    return f"{net.name}: no wire: {net.sink} does not follow {net.source}, it stays {level}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
