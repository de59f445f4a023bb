# SPDX-License-Identifier: MIT
"""The wires of a board under test: opened once for a session, given to each test as named pins.

The table here says which drivers there are. A wire that is not in the wiring is a virtual one on
the virtual board, one to this machine's pins on the host, the output of that name at a labgrid
place that has it, and else absent on a real board.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rpikit import plugins
from rpikit.app import App, Device
from rpikit.bench import Clock, HostClock, Line, latency, named, replay
from rpikit.bench.baseline import Baselines
from rpikit.bench.check import BoardSide, Net
from rpikit.bench.latency import Claim, Latency
from rpikit.bench.pin import Pin
from rpikit.bench.scope import PinEdge, Scope
from rpikit.capture import Capture, load
from rpikit.closing import Closing
from rpikit.errors import BenchError
from rpikit.soc import Pull
from rpikit.units import Duration, ms, s
from rpikit.wiring import Target, Wire

if TYPE_CHECKING:
    from rpikit.bench.bench_host import BenchHosts
    from rpikit.bench.fake import Fake
    from rpikit.bench.host import HostPins
    from rpikit.bench.second_pin import Agent
    from rpikit.labgrid_place import Place
    from rpikit.transport import Transport
    from rpikit.virtual.pins import Pins


@dataclass
class Site:
    """Where the wires of a board end: its shell, its virtual pins, this machine's, or a fake.

    Or digital outputs of the labgrid place that it is at, or lines of bench computers; `targets`
    are those that are boards, by name.
    """

    chip_label: str = ""
    transport: "Transport | None" = None
    virtual: "Pins | None" = None
    fake: "Fake | None" = None
    host: "HostPins | None" = None
    place: "Place | None" = None
    targets: Mapping[str, Target] = field(default_factory=dict)
    pull_after_reset: Callable[[int], Pull] = lambda line: "none"
    leave: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def agent(self) -> "Agent":
        """Return the shell that moves lines of the board under test, started when first used."""
        from rpikit.bench.second_pin import Agent

        if self.transport is None:
            raise BenchError(
                "second-pin: there is no shell on the board under test",
                hint='give the board ssh = "user@host" in bench.toml',
            )
        agent = Agent(self.transport, self.chip_label)
        self.leave.callback(agent.close)
        return agent

    @cached_property
    def benches(self) -> "BenchHosts":
        """Return the bench computers, each reached when first asked for."""
        from rpikit.bench.bench_host import BenchHosts

        return BenchHosts(self.targets, self.leave)


class Panel(Mapping[str, Pin]):
    """The named pins of one test and the scope that records them."""

    def __init__(self, pins: Mapping[str, Pin], scope: Scope, clock: Clock) -> None:
        self._pins = pins
        self._clock = clock
        self.scope = scope

    def __getitem__(self, name: str) -> Pin:
        if name not in self._pins:
            known = ", ".join(self._pins) or "none"
            raise BenchError(f"no wire leads to a device {name!r}; wired are: {known}")
        return self._pins[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pins)

    def __len__(self) -> int:
        return len(self._pins)

    def play(self, recording: Capture | Path) -> list[PinEdge]:
        """Drive the inputs of the firmware as they were recorded; return the edges made.

        A recording is a capture, or the file of one: VCD or JSON.
        """
        taken = load(recording) if isinstance(recording, Path) else recording
        return replay.play(taken, self._pins, self._clock)


class Wires(Closing):
    """The open wires of one application on one board; inputs of the firmware lie at idle.

    Unless they are to be left alone: then nothing is driven before `idle`.
    """

    def __init__(self, app: App, target: Target, site: Site, *, idle: bool = True) -> None:
        self._site = site
        self._is_idle = False
        self._clock: Clock = site.fake or HostClock()
        self.lines: dict[str, tuple[Device, Line]] = {}
        self.absent: list[str] = []
        self.wired: dict[str, Wire] = {}
        self.baselines: Baselines | None = None
        with ExitStack() as opened:
            opened.push(site.leave)
            for device in app.devices:
                wire = target.wires.get(device.name) or _default_wire(device, site)
                if wire is None:
                    self.absent.append(device.name)
                    continue
                self.wired[device.name] = wire
                with named(device.name):
                    self.lines[device.name] = (device, self._open(wire, device, site))
            self._leave = opened
            if idle:
                self.idle()
            self._leave = opened.pop_all()
        drivers = sorted({wire.driver for wire in self.wired.values()})
        self.place = f"{target.board} by {', '.join(drivers) or 'no driver'}"
        self.claim = _claim(site, drivers)

    @staticmethod
    def _open(wire: Wire, device: Device, site: Site) -> Line:
        if site.virtual is not None and device.pull != "none":
            site.virtual.pull(device.line, device.pull == "up")
        return driver(wire.driver)(wire, device, site)

    @property
    def clock(self) -> Clock:
        """The time that the edges' stamps are in."""
        return self._clock

    def idle(self) -> None:
        """Bring every input of the firmware to its idle level; in the end it is let go of."""
        for device, line in self.lines.values():
            if device.direction == "in":
                if not self._is_idle:
                    self._leave.callback(line.release)
                with named(device.name):
                    line.drive(device.active == "low")
        self._is_idle = True

    def nets(self) -> list[Net]:
        """Return the devices that have a wire, each with its two ends."""
        return [
            Net(
                name,
                device.line,
                line,
                far_end(self.wired[name]),
                is_input=device.direction == "in",
                pulls=self._pulls(device),
                idle_high=device.direction == "in" and device.active == "low",
            )
            for name, (device, line) in self.lines.items()
        ]

    def _pulls(self, device: Device) -> tuple[Pull, ...]:
        """Return the pulls that a line may have while no firmware has it."""
        own: tuple[Pull, ...] = () if device.pull == "none" else (device.pull,)
        if self._site.virtual is not None:  # it has none but those that it is told
            return own or ("down",)
        return (*own, self._site.pull_after_reset(device.line))

    @property
    def has_board(self) -> bool:
        """Whether the wires lead to a board, and not to fakes alone."""
        return self._site.host is not None or self._site.transport is not None

    def board_side(self) -> BoardSide:
        """Return the board's own side of its lines, which no firmware may have meanwhile."""
        if self._site.host is not None:
            from rpikit.bench.host import HostBoard

            return HostBoard(self._site.host)
        return self._site.agent

    def rest(self) -> None:
        """Bring inputs to idle again if they were: the proof of the wiring has let go of them."""
        if self._is_idle:
            self.idle()

    @contextmanager
    def panel(self, scope: Scope | None = None, *, prefix: str = "") -> Iterator[Panel]:
        """Give the named pins to one test; bring every one to its idle level afterwards.

        `scope` is one that records pins of other boards as well, where these have a prefix.
        """
        scope = scope or Scope(self._clock)
        pins: dict[str, Pin] = {}
        with ExitStack() as closing:
            for name, (device, line) in self.lines.items():
                pins[name] = Pin(
                    f"{prefix}{name}",
                    line,
                    is_input=device.direction == "in",
                    active_high=device.active == "high",
                    clock=self._clock,
                    scope=scope,
                )
                closing.callback(pins[name].close)
            yield Panel(pins, scope, self._clock)

    def latency(
        self,
        switch: Pin,
        lamp: Pin,
        *,
        presses: int = 100,
        hold: Duration = 5 * ms,
        pause: Duration = 5 * ms,
        within: Duration = 1 * s,
        release: bool = True,
        seed: int = 0,
        name: str = "",
    ) -> Latency:
        """Press so many times and return how long the lamp took each time, with its histogram.

        `rpikit.bench.latency.measure` says what the arguments mean.
        """
        __tracebackhide__ = True
        return latency.measure(
            switch,
            lamp,
            clock=self._clock,
            claim=self.claim,
            place=self.place,
            presses=presses,
            hold=hold,
            pause=pause,
            within=within,
            release=release,
            seed=seed,
            name=name,
            baselines=self.baselines,
        )

    def close(self) -> None:
        """Let go of every line and cut every wire."""
        self._leave.close()


def _claim(site: Site, drivers: list[str]) -> Claim:
    """Return what stamps of these drivers are worth."""
    if site.fake is not None:
        return Claim(False, "the time of a fake, no claim about a board")
    if site.host is not None:
        return Claim(False, "the time of a process of this machine, no claim about a board")
    if site.virtual is not None:
        return Claim(False, "emulated time, no claim about a real board")
    if "labgrid" in drivers:
        return Claim(False, "levels asked for through labgrid, no claim about milliseconds")
    if "second-pin" in drivers:
        return Claim(False, "levels asked for over SSH, no claim about milliseconds")
    if "RPi.GPIO" in drivers or "gpiod" in drivers:
        return Claim(True, f"the stamps of {'; '.join(site.benches.claims())}")
    return Claim(True, f"the stamps of {', '.join(drivers)}")


def far_end(wire: Wire) -> str:
    """Return what is at the other end of a wire, as a sentence calls it."""
    if isinstance(wire.end, str):
        return f"output {wire.end} of the place"
    if wire.driver in _ENDS:
        return f"{_ENDS[wire.driver]} {wire.end}"
    return f"line {wire.end} of {wire.host or 'this machine'}"


_ENDS: Mapping[str, str] = {"second-pin": "GPIO", "virtual": "virtual line", "fake": "fake line"}
Driver = Callable[[Wire, Device, Site], Line]


def driver(name: str) -> Driver:
    """Return what opens a wire of the driver `name`."""
    if name in _DRIVERS:
        return _DRIVERS[name]
    added: Driver = plugins.load(plugins.found(plugins.BENCH)[name])
    return added


def _default_wire(device: Device, site: Site) -> Wire | None:
    if site.host is not None:
        return Wire(driver="host", line=device.line)
    if site.place is not None and device.name in site.place.outputs:
        is_driven = device.direction == "in"
        key = "output" if is_driven else "input"
        return Wire.model_validate({"driver": "labgrid", key: device.name})
    return None if site.virtual is None else Wire(driver="virtual", line=device.line)


def _open_virtual(wire: Wire, device: Device, site: Site) -> Line:
    from rpikit.bench.virtual import VirtualLine

    if site.virtual is None:
        raise BenchError(f"{device.name}: a virtual wire leads to virtual boards only")
    return VirtualLine(site.virtual, wire.number)


def _open_second_pin(wire: Wire, device: Device, site: Site) -> Line:
    """Open a jumper between the device's line and another one; on a virtual board put it in."""
    from rpikit.bench.second_pin import SecondPin

    if site.virtual is None:
        return SecondPin(site.agent, wire.number)
    from rpikit.bench.virtual import VirtualLine

    ends = (wire.number, device.line) if device.direction == "in" else (device.line, wire.number)
    site.virtual.jumper(*ends)
    site.leave.callback(site.virtual.cut, *ends)
    return SecondPin(site.agent, wire.number, observer=VirtualLine(site.virtual, ends[1]))


def _open_fake(wire: Wire, device: Device, site: Site) -> Line:
    if site.fake is None:
        raise BenchError(f"{device.name}: a fake wire leads to fake lines, not to a board")
    return site.fake.line(wire.number, idle=device.active == "low")


def _open_host(wire: Wire, device: Device, site: Site) -> Line:
    if site.host is None:
        raise BenchError(f"{device.name}: a host wire leads to a board made of this machine only")
    return site.host.line(wire.number)


def _open_labgrid(wire: Wire, device: Device, site: Site) -> Line:
    from rpikit.bench.labgrid import PlaceLine

    if site.place is None:
        raise BenchError(f"{device.name}: a labgrid wire leads to boards at a labgrid place only")
    return PlaceLine(site.place, site.place.output(str(wire.end), device.name))


def _open_bench(wire: Wire, device: Device, site: Site) -> Line:
    return site.benches.at(wire.host).line(wire, device.pull)


_DRIVERS: Mapping[str, Driver] = {
    "RPi.GPIO": _open_bench,
    "fake": _open_fake,
    "gpiod": _open_bench,
    "host": _open_host,
    "labgrid": _open_labgrid,
    "second-pin": _open_second_pin,
    "virtual": _open_virtual,
}
