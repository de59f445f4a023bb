# SPDX-License-Identifier: MIT
"""Cuts flashes over a serial line at any step and byte; the board must live through it.

    python tests/faults/serial_cuts.py --cuts 300 --record cuts.jsonl
    python tests/faults/serial_cuts.py --cuts 20 --on pi

A shell of this machine, or a virtual Pi with an SD card, is the board behind a line; `rpikit flash`
is a process of its own. It is cut after a drawn number of bytes to or from the board, or at a drawn
moment, in one of these ways:

    kill     the process gets SIGKILL
    mute     nothing passes any more
    unplug   the port vanishes
    replug   nothing passes for a while, then all again: this flash must go on
    power    the board loses its power, and boots

Then the board must run what it ran, or what it was given, confirmed; and the next flash succeeds.
Ends with 1 if one did not. Several at once, with seeds of their own, share a record.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

import campaign
from campaign import Outcome
from serial_board import Flash, PiBoard, SerialBoard, ShellBoard

from rpikit.errors import BoardError
from rpikit.virtual.line import Faults, Wire

KINDS = ("kill", "mute", "unplug", "replug", "power")
_SETTLED_SECONDS = 60.0
_GLANCE_SECONDS = 0.002


class Campaign:
    """One board and all that is done to it."""

    def __init__(self, board: SerialBoard, only: str | None = None) -> None:
        self._board = board
        self.only = only
        self._number = 0
        self._confirmed = ""
        self._usual = (0.0, 0, 0)  # seconds of a whole flash, bytes to the board, bytes from it
        for _ in range(2):  # the first one brings more
            fault = self._next(random.Random(0))
            assert not fault, fault

    @property
    def _version(self) -> str:
        return f"1.{self._number}"

    def cut(self, seed: int) -> Outcome:
        """Cut one flash, and flash anew."""
        dice = random.Random(seed)
        kind = self.only or dice.choice(KINDS)
        seconds, there, back = self._usual
        by = dice.choice(("there", "there", "back", "time", "time"))
        after = dice.random() * 1.02
        faults, moment, at = Faults(), float("inf"), f"after {after * seconds:.2f} s"
        if by == "there":
            faults = Faults(cut_after=round(after * there))
            at = f"after {faults.cut_after} bytes to the board"
        elif by == "back":
            faults = Faults(cut_back_after=round(after * back))
            at = f"after {faults.cut_back_after} bytes from the board"
        else:
            moment = after * seconds
        wire = self._board.wire(faults)
        try:
            flash = self._flash(wire, dice, hurried=True)
            while flash.status is None and not wire.is_cut:
                if time.monotonic() - flash.begun >= moment:
                    wire.cut()
                time.sleep(_GLANCE_SECONDS)
            hit, step, cut_at = flash.status is None, flash.step, time.monotonic()
            if hit and kind == "kill":
                flash.kill()
            elif hit and kind == "unplug":
                wire.close()
            elif hit and kind == "power":
                self._board.cut_power(wire)
                wire.cut(whole=True)
            elif hit and kind == "replug":
                time.sleep(dice.uniform(0.1, 1.5))
                wire.cut(whole=True)
            status = flash.wait()
        finally:
            wire.close()
        fault = self._look(kind, status, flash) if hit else ""
        facts = {"exit": status, "said": flash.said}
        fault = fault or self._next(dice)
        lock = round(time.monotonic() - cut_at, 2) if hit else None
        return Outcome(kind, step, at, hit, fault, lock, facts)

    def _look(self, kind: str, status: int, flash: Flash) -> str:
        """Say what is not as it must be after a cut."""
        if kind == "replug" and status not in (0, 4):
            return f"the flash ended with {status}: {flash.said}"
        deadline = time.monotonic() + _SETTLED_SECONDS
        said = "the board does not answer"
        while time.monotonic() < deadline:
            try:
                seen = self._board.status()
            except BoardError as error:
                said = str(error)
                continue
            if seen.running and seen.trial is None and seen.running_slot == seen.slot:
                if seen.version in (self._confirmed, self._version):
                    return ""
                return f"{seen.version} runs, neither {self._confirmed} nor {self._version}"
            said = f"running {seen.running_slot}, confirmed {seen.slot}, trial {seen.trial}"
            time.sleep(0.2)
        return f"after {_SETTLED_SECONDS:.0f} s: {said}"

    def _next(self, dice: random.Random) -> str:
        """Flash again, and say what went wrong."""
        with self._board.wire(Faults()) as wire:
            flash = self._flash(wire, dice)
            status = flash.wait()
            seconds = time.monotonic() - flash.begun
            self._usual = (seconds, wire.there.carried, wire.back.carried)
        if status != 0:
            return f"the next flash ended with {status}: {flash.said}"
        self._confirmed = self._version
        seen = self._board.status()
        if not seen.running or seen.version != self._version:
            return f"the next flash left {seen.version}, running: {seen.running}"
        return ""

    def _flash(self, wire: Wire, dice: random.Random, *, hurried: bool = False) -> Flash:
        self._number += 1
        noise = dice.randbytes(6000).hex()
        return Flash(self._board, wire, self._version, noise, hurried=hurried)


def main() -> int:
    parser = campaign.parser(str(__doc__), KINDS)
    parser.add_argument("--on", choices=("dash", "busybox", "pi"), default="dash", help="the board")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rpikit-cut-") as name:
        folder = Path(name)
        board: PiBoard | ShellBoard
        if options.on == "pi":
            board = PiBoard(folder, f"cut-{options.seed}")
        else:
            board = ShellBoard(folder, options.on)
        with board:
            return campaign.main(options, Campaign(board, options.only).cut)


if __name__ == "__main__":
    sys.exit(main())
