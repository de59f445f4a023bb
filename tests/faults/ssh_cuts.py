# SPDX-License-Identifier: MIT
"""Cuts flashes over SSH at every step and at random bytes, and says what became of the board.

    python tests/faults/ssh_cuts.py --cuts 300 --record cuts.jsonl

A virtual Pi, or with --sshd a shell of this machine, is flashed by `rpikit flash`, which is cut:
its process is killed, its connection is reset or goes mute, or the board's power is cut. After that
the board must run a firmware which is confirmed and whole, and the next flash must succeed. Ends
with 1 if one did not.
"""

import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import campaign
from campaign import Outcome
from ssh_board import WITHIN, Command, Dut, Pi, Shell, Watcher, make_bundle

from rpikit.closing import Closing
from rpikit.device import Status

KINDS = {"kill": ("kill",), "connection": ("reset", "mute"), "power": ("power",)}
WEIGHTS = {"kill": 40, "reset": 37, "mute": 11, "power": 12}
STEPS = ("connect", "stage", "send", "verify", "start", "trial", "confirm")
ENDS = ("killed", "killed", "interrupted", "interrupted", "left alone")  # a flash gone mute
GLANCE = 0.01  # seconds


@dataclass(frozen=True)
class Plan:
    """Which cut a seed draws: after some of the bytes, or some way into a step."""

    kind: str
    step: str | None  # None: after bytes
    share: float  # of the bytes of a whole flash, or of the time that the step takes
    at_once: bool  # whether the next flash comes at once, or when all is quiet
    end: str  # of a flash whose connection is mute


def drawn(seed: int, only: str | None = None) -> Plan:
    """Draw a cut."""
    dice = random.Random(seed)
    kinds = list(WEIGHTS) if only is None else list(KINDS[only])
    kind = dice.choices(kinds, [WEIGHTS[one] for one in kinds])[0]
    step = dice.choice(STEPS) if dice.random() < 0.6 else None
    return Plan(kind, step, dice.random(), dice.random() < 0.6, dice.choice(ENDS))


class Bench(Closing):
    """A board and what is flashed onto it: a new version each time."""

    def __init__(self, dut: Dut, folder: Path) -> None:
        self.dut = dut
        self._folder = folder
        self._number = 0
        self._phases: list[str] = []
        self.version = ""
        self.file = self._next()
        try:
            self._begin()
        except BaseException:
            self.dut.close()
            raise

    def _begin(self) -> None:
        """Have a confirmed version on the board, and know how a flash goes."""
        first = self.dut.flash(self.file)
        assert first.wait() == 0, first.said
        if isinstance(self.dut, Pi) and self.dut.has_card:
            self.dut.half.setup()
        self.watcher = Watcher(self.dut, self._watched)
        self.bytes, self.times = self._measure()

    def renew(self) -> None:
        """What was flashed last is the old version, and there is a new one."""
        self.version = self._version
        self.file = self._next()
        self._phases = []

    def step(self, command: Command) -> str:
        """Return the step that a flash is at."""
        if command.step != "verify":
            return command.step
        last = self._phases[-1] if self._phases else "new"
        if last in ("new", "quiet"):  # quiet it is as well just before a trial is noted
            return "answer" if len(set(self._phases)) > 2 else "verify"
        return last

    def boot(self) -> Status:
        """Start the board again, and wait for what it starts itself."""
        self.watcher.close()
        assert isinstance(self.dut, Pi)
        self.dut.boot()
        found = self.dut.after_boot()
        self.watcher = Watcher(self.dut, self._watched)
        return found

    def close(self) -> None:
        self.watcher.close()
        self.dut.close()

    def _next(self) -> Path:
        self._number += 1
        self._version = f"1.0.{self._number}"
        return make_bundle(self._folder, self._version)

    @property
    def new(self) -> str:
        """The version that is flashed."""
        return self._version

    def _watched(self, phase: str) -> None:
        if self._phases or phase != "quiet":
            self._phases.append(phase)

    def _measure(self) -> tuple[int, dict[str, float]]:
        """Flash once without a cut; return its bytes and how long each step takes."""
        self.renew()
        self.dut.proxy.arm(None)
        command = self.dut.flash(self.file)
        seen = [("connect", time.monotonic())]
        while not command.is_over:
            if (step := self.step(command)) != seen[-1][0]:
                seen.append((step, time.monotonic()))
            time.sleep(GLANCE)
        assert command.wait() == 0, command.said
        seen.append(("over", time.monotonic()))
        times = {step: end - begun for (step, begun), (_, end) in itertools.pairwise(seen)}
        passed = self.dut.proxy.passed
        self.renew()
        return passed, times


class Cuts(Closing):
    """Cuts flashes; a board of its own for those that need a card, which boots each time anew."""

    def __init__(self, folder: Path, only: str | None = None, sshd: str | None = None) -> None:
        self._folder = folder
        self._only = only
        self._sshd = sshd
        self._benches: dict[bool, Bench] = {}

    def cut(self, seed: int) -> Outcome:
        """Cut the flash that a seed draws, look at the board, and flash again."""
        plan = drawn(seed, self._only)
        bench = self._bench(has_card=plan.kind == "power")
        command, step, after, cut_at = self._flash(plan, bench)
        status = command.wait(WITHIN * 3)
        gave_up = round(time.monotonic() - cut_at, 2)
        bench.dut.proxy.heal()
        facts: dict[str, object] = {
            "version_before": bench.version,
            "version_new": bench.new,
            "board": bench.dut.name,
            "exit": status,
            "said": command.said,
            "gave_up_seconds": gave_up,
        }
        healed_at = time.monotonic() if plan.kind == "mute" else cut_at
        fault, lock = self._look(plan, bench, status, healed_at, facts)
        bench.renew()
        return Outcome(plan.kind, step, after, status != 0, fault, lock, facts)

    def close(self) -> None:
        for bench in self._benches.values():
            bench.close()

    def _bench(self, *, has_card: bool) -> Bench:
        if has_card not in self._benches:
            is_shell = self._sshd is not None and not has_card
            dut = (
                Shell(self._folder, str(self._sshd))
                if is_shell
                else Pi(self._folder, has_card=has_card)
            )
            self._benches[has_card] = Bench(dut, self._folder)
        return self._benches[has_card]

    def _flash(self, plan: Plan, bench: Bench) -> tuple[Command, str, str, float]:
        """Begin a flash and cut it; return it, at which step, the moment, and the time."""
        cut: list[tuple[str, float]] = []
        command: Command

        def act() -> None:
            cut.append((bench.step(command), time.monotonic()))
            _ACTIONS[plan.kind](bench.dut, command)

        after = round(plan.share * bench.bytes)
        bench.dut.proxy.arm(after if plan.step is None else None, act)
        command = bench.dut.flash(bench.file)
        if plan.step is not None:
            _wait(lambda: command.is_over or _reached(plan.step, bench.step(command)))
            ends = time.monotonic() + plan.share * bench.times.get(plan.step, 0.1)
            _wait(lambda: command.is_over or time.monotonic() >= ends)
            if plan.kind in KINDS["connection"]:  # which there must be
                _wait(lambda: command.is_over or bench.dut.proxy.passed > 0)
            act()
            moment = f"{plan.share * 100:.0f} % into {plan.step}"
        else:
            _wait(lambda: command.is_over or bool(cut))
            moment = f"after {after} bytes"
        if plan.kind == "mute" and plan.end != "left alone" and not command.is_over:
            time.sleep(plan.share)
            command.kill(signal.SIGKILL if plan.end == "killed" else signal.SIGINT)
            moment = f"{moment}, {plan.end}"
        step, cut_at = cut[0] if cut else ("over", time.monotonic())
        return command, step, moment, cut_at

    def _look(
        self, plan: Plan, bench: Bench, status: int, since: float, facts: dict[str, object]
    ) -> tuple[str, float | None]:
        """Say what is wrong with the board and its next flash, and when it took that."""
        dut = bench.dut
        if plan.kind == "power":
            begun = time.monotonic()
            found = bench.boot()
            facts["boot_seconds"] = round(time.monotonic() - begun, 1)
            faults = _idle_faults(found)
        elif plan.at_once or plan.kind == "mute":
            found = dut.half.status()
            faults = []
        else:
            facts["held_seconds"] = _settle(dut, since)
            found = dut.half.status()
            faults = _idle_faults(found)
        dut.half.verify()
        facts["version_after"], facts["slot_after"] = found.version, found.slot
        if found.version not in ([bench.new] if status == 0 else [bench.version, bench.new]):
            faults.append(f"{found.version} is selected after {status}, not {bench.version}")
        begun = time.monotonic()
        again = dut.flash(bench.file)
        ended = again.wait()
        facts["next_seconds"] = round(time.monotonic() - begun, 2)
        facts["next_said"] = again.said
        taken = again.began.get("send")
        if ended != 0:
            faults.append(f"the next flash ended with {ended}: {' '.join(again.said)}")
            _settle(dut, since)
            dut.flash(bench.file).wait()
        dut.half.verify()
        found = dut.half.status()
        if found.version != bench.new:
            faults.append(f"the next flash left {found.version} there")
        faults += _idle_faults(found)
        if left := dut.leftovers():
            faults.append(f"left behind: {', '.join(sorted(left))}")
        if plan.kind == "mute":
            dut.proxy.reset()  # as the board will find out at last
        at_once = plan.kind == "mute" or (plan.at_once and plan.kind != "power")
        return "; ".join(faults), round(taken - since, 2) if taken and at_once else None


_ACTIONS: dict[str, Callable[[Dut, Command], None]] = {
    "kill": lambda dut, command: command.kill(),
    "reset": lambda dut, command: dut.proxy.reset(),
    "mute": lambda dut, command: dut.proxy.mute(),
    "power": lambda dut, command: _cut_power(dut),
}


def _cut_power(dut: Dut) -> None:
    assert isinstance(dut, Pi)
    dut.cut_power()


def _reached(wanted: str | None, step: str) -> bool:
    """Whether a flash is at a step, or already beyond it."""
    order = (*STEPS, "answer")
    return wanted is None or order.index(step) >= order.index(wanted)


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not is_so():
        assert time.monotonic() < deadline, "a flash neither went on nor ended"
        time.sleep(GLANCE)


def _settle(dut: Dut, since: float) -> float:
    """Wait until nobody holds the board's lock; return how long somebody did."""
    deadline = time.monotonic() + WITHIN
    held = f"read -r _ pid _ <{dut.home}/lock && kill -0 $pid"
    while dut.ssh.run(held).status == 0:
        assert time.monotonic() < deadline, "the lock of a flash that was cut does not end"
        time.sleep(0.1)
    return round(time.monotonic() - since, 2)


def _idle_faults(found: Status) -> list[str]:
    """Say what is wrong with a board on which nothing is going on."""
    if not found.running:
        return ["nothing runs"]
    if found.running_slot != found.slot or found.trial is not None:
        return [f"slot {found.running_slot} runs, and {found.slot} is the one that is confirmed"]
    return []


def main() -> int:
    """Run the campaign as the command line says."""
    parser = campaign.parser(__doc__ or "", list(KINDS))
    parser.add_argument(
        "--sshd", metavar="PROGRAM", help="cut a shell of this machine behind this sshd, and a "
        "virtual Pi only where its power is cut",
    )  # fmt: skip
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="rpikit-cuts-") as name:
        os.environ["RPIKIT_STATE"] = f"{name}/state"
        with Cuts(Path(name), options.only, options.sshd) as cuts:
            return campaign.main(options, cuts.cut)


if __name__ == "__main__":
    sys.exit(main())
