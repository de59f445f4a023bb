# SPDX-License-Identifier: MIT
"""The verb demo: the light obeys the switch, from sources to pins, on the virtual Pi 3."""

import sys
from dataclasses import dataclass

from rpikit import app as apps
from rpikit import bundle, connect, paths, results, waveform, wiring
from rpikit.bench.scope import PinEdge
from rpikit.bench.session import open_wires
from rpikit.board import DEFAULT
from rpikit.build import build
from rpikit.errors import FirmwareError
from rpikit.flash import Flashed, flash
from rpikit.report import Reporter
from rpikit.transport import Transport
from rpikit.units import ms
from rpikit.waveform import milliseconds

PRESSES = (120 * ms, 60 * ms, 200 * ms)
PAUSE = 80 * ms
WITHIN = 500 * ms  # the emulator promises no time; a lamp that obeys at all obeys within this


@dataclass(frozen=True)
class Shown:
    """What was seen: each edge of the switch and of the lamp, and the picture of them."""

    flashed: Flashed
    kvm: str
    edges: tuple[PinEdge, ...]
    picture: str

    def __str__(self) -> str:
        pairs = zip(self.edges[0::2], self.edges[1::2], strict=True)
        delays = [lamp.at_ns - switch.at_ns for switch, lamp in pairs]
        return (
            f"\n{self.picture}\n\n"
            f"{len(self.edges) // 2} edges of the switch, {len(delays)} of the lamp, "
            f"{milliseconds(min(delays))} to {milliseconds(max(delays))} later "
            "(emulated time, no claim about a real board)\n"
            f"{self.flashed}\n{self.kvm}"
        )

    def values(self) -> results.Shown:
        """Return it as one object for programs."""
        edges: list[results.WireEdge] = [
            {"pin": e.pin, "level": e.level, "at_ns": e.at_ns} for e in self.edges
        ]
        return {"flashed": self.flashed.values(), "kvm": self.kvm, "edges": edges}


def demo(*, reporter: Reporter) -> Shown:
    """Build test_switch, flash it, press its switch three times, and watch its lamp."""
    app = apps.load(paths.data_root() / "c" / "apps" / "test_switch")
    target = wiring.find(app.folder).target(DEFAULT)
    reporter.step(f"build {app.name} {app.version}: generate, compile, link")
    built = build(app, board=connect.board_of(target), out=paths.cache_dir() / "demo")
    made = bundle.make(app, built.board, built.unikernel, built.tender, built.folder)
    with connect.connect(target, report=reporter.step) as there:
        flashed = flash(made, there.transport, reporter=reporter)
        kvm = _guest_of(there.transport, flashed.status.pid)
        reporter.step("press the switch through GPIO 27, watch the lamp on GPIO 18")
        with open_wires(app, there) as wires, wires.panel() as pins:
            edges: list[PinEdge] = []
            for asked in PRESSES:
                press = pins["button"].press(asked)
                lit = pins["lamp"].expect("on", within=WITHIN, since=press.down)
                dark = pins["lamp"].expect("off", within=WITHIN, since=press.up)
                edges += [press.down, lit, press.up, dark]
                pins["lamp"].expect_no_change(for_=PAUSE, since=dark)
            if len(pins["lamp"].edges()) != 2 * len(PRESSES):
                raise FirmwareError(f"the lamp changed without a press\n{pins.scope.draw()}")
            glyphs = waveform.glyphs_for(sys.stdout)
            picture = pins.scope.draw(last=len(edges), glyphs=glyphs)
    return Shown(flashed, kvm, tuple(edges), picture)


def _guest_of(transport: Transport, pid: int | None) -> str:
    """Say what the guest runs on, as the board itself tells it."""
    told = transport.run(f"uname -srm; ls -l /proc/{pid}/fd").out
    system, *descriptors = told.splitlines()
    if not any("kvm-vcpu" in line for line in descriptors):
        raise FirmwareError(f"process {pid} holds no vCPU of /dev/kvm: is the guest running?")
    return f"on the board, {system}: process {pid} holds a vCPU of /dev/kvm"
