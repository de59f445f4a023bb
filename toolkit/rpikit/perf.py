# SPDX-License-Identifier: MIT
"""The verb perf: what calls cost in instructions, beside the floor of KVM in the same run.

Counted on a virtual board where an instruction takes one nanosecond (`-icount`): no claim about
the time of a real board, but the same within a few per cent wherever it runs.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rpikit import app as apps
from rpikit import board as boards
from rpikit import paths
from rpikit.build import build
from rpikit.errors import BenchError, FirmwareError
from rpikit.report import Reporter
from rpikit.transport import Transport

NAME = "perf"
FOLDER = "/tmp/perf"
BACKENDS = ("cdev", "sysfs")


@dataclass(frozen=True)
class Measured:
    """Instructions for one of each, guest to host and back."""

    floor: int
    calls: dict[str, dict[str, int]]
    sizes: dict[str, int]

    def __str__(self) -> str:
        names = list(next(iter(self.calls.values())))
        header = f"{'instructions per call':24}" + "".join(f"{name:>16}" for name in self.calls)
        lines = [header, f"{'KVM alone (floor)':24}" + f"{self.floor:>16}" * len(self.calls)]
        for name in names:
            cells = (
                f"{calls[name]:>9} {calls[name] / self.floor:5.2f}x"
                for calls in self.calls.values()
            )
            lines.append(f"{name:24}" + "".join(f"{cell:>16}" for cell in cells))
        lines += [f"{what:24}{size:>16} bytes" for what, size in self.sizes.items()]
        return "\n".join(lines)

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        return {"floor": self.floor, "calls": self.calls, "sizes": self.sizes}


def perf(*, reporter: Reporter) -> Measured:
    """Build the benchmarks and run them on a board of their own that counts instructions."""
    from rpikit.transport.ssh import Ssh
    from rpikit.virtual import machine, qemu

    folder = paths.data_root() / "perf"
    app = apps.load(folder / "calls")
    board = boards.load(boards.DEFAULT)
    out = paths.cache_dir() / "perf"
    reporter.step("build the benchmarks")
    built = build(app, board=board, out=out, targets=("floor",))
    grants = " ".join(f"--pin:{device.name}={device.line}" for device in app.devices)
    try:
        up = machine.up(board, name=NAME, options=qemu.Options(icount=True), report=reporter.step)
        with Ssh(up.ssh, NAME) as transport:
            reporter.step("count instructions")
            floor = _floor(transport, out / "floor")
            _put(transport, {"calls.hvt": built.unikernel, "tender": built.tender})
            calls = {
                backend: _calls(transport, f"--gpio={backend} {grants}") for backend in BACKENDS
            }
    finally:
        machine.down(NAME)
    return Measured(floor, calls, built.sizes)


def _put(transport: Transport, files: dict[str, Path]) -> None:
    transport.run(f"mkdir -p {FOLDER}")
    for name, file in files.items():
        transport.put(file, f"{FOLDER}/{name}")
    transport.run(f"chmod +x {FOLDER}/*")


def _floor(transport: Transport, program: Path) -> int:
    if "crng init done" not in transport.run("dmesg").out:
        raise BenchError(
            "perf: the board's random generator is not ready; every call would cost more"
        )
    _put(transport, {"floor": program})
    done = transport.run(f"{FOLDER}/floor")
    if not done.out.strip().isdigit():
        raise FirmwareError(f"perf: the floor was not measured: status {done.status}")
    return int(done.out)


def _calls(transport: Transport, options: str) -> dict[str, int]:
    command = f"./tender --mem=2 {options} -- calls.hvt --solo5:quiet"
    done = transport.run(f"cd {FOLDER} && {command}")
    counted = {name: int(count) for name, count in re.findall(r"^(\w+) (\d+)$", done.out, re.M)}
    if done.status != 0 or not counted:
        raise FirmwareError(f"perf: calls ended with {done.status}: {done.err.strip()}")
    return counted
