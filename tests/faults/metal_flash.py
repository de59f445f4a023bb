# SPDX-License-Identifier: MIT
"""Cut flashes of a board without an operating system, spoil their line, and flash anew.

After each one the loader answers, and the next flash starts its guest: the guest says words that no
other flash has. `--speed` measures one flash at each speed instead.
"""

import contextlib
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import NoReturn

import campaign
from campaign import Outcome
from loader_board import SPEEDS, LoaderBoard
from metal_board import ROOT, Maker

from rpikit.closing import Closing
from rpikit.errors import RpikitError
from rpikit.loader import link
from rpikit.loader.link import Loader
from rpikit.loader.protocol import BAUD
from rpikit.transport.line.port import SerialPort
from rpikit.virtual.line import Faults, Wire

ENDED = ("kill", "mute", "unplug")
"""What ends a flash; the others it lives through."""
NOISE = ("drop", "flip", "repeat")
KINDS = (*ENDED, "replug", "stall", "reset", "power", *NOISE)
_HURRIED = 6.0  # seconds of attention, for a flash that is cut
_WITHIN = 240.0
_WORDS_SECONDS = 60.0
_UNSAID = 20  # the exit status of a flash whose guest says nothing
_NOISE_BYTES = 10_000  # that each image has anew
_GLANCE_SECONDS = 0.002


class Flash:
    """A flash as a process of its own, and the step that it is at."""

    def __init__(self, place: str, image: bytes, words: str, log: Path, *, hurried: bool) -> None:
        log.write_text("")
        self._log = log
        self._status: int | None = None
        self.begun = time.monotonic()
        self._process = os.fork()
        if self._process == 0:
            _become(place, image, words, log, hurried)

    @property
    def step(self) -> str:
        """Name the step."""
        steps = [one for one in self._log.read_text().split("\n") if one.startswith("- ")]
        return steps[-1][2:] if steps else "begin"

    @property
    def said(self) -> str:
        """What it gave as its error."""
        lines = self._log.read_text().splitlines()
        return " ".join(line for line in lines if line and not line.startswith("- "))

    @property
    def status(self) -> int | None:
        """Its exit status; None while it goes on."""
        if self._status is None:
            process, status = os.waitpid(self._process, os.WNOHANG)
            if process:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def kill(self) -> None:
        """End it without a word."""
        os.kill(self._process, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end; return its exit status."""
        deadline = time.monotonic() + _WITHIN
        while (status := self.status) is None:
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the flash did not end within {_WITHIN:.0f} s: {self.said}")
            time.sleep(_GLANCE_SECONDS)
        return status


def _become(place: str, image: bytes, words: str, log: Path, hurried: bool) -> NoReturn:
    """Flash, in a process that was just forked: nothing of ours stays open."""
    status = 1
    os.closerange(3, 1024)
    with log.open("a", buffering=1) as told:
        try:
            status = _flash(place, image, words, told.write, _HURRIED if hurried else 20.0)
        except RpikitError as error:
            told.write(f"{error}\n")
            status = error.exit_code
        except BaseException:
            traceback.print_exc(file=told)
    os._exit(status)


def _flash(place: str, image: bytes, words: str, tell: object, seconds: float) -> int:
    assert callable(tell)
    link.ATTENTION_SECONDS = seconds
    with Loader(SerialPort(place, BAUD, "desk"), "desk") as loader:
        tell("- attention\n")
        loader.attention(seconds)
        tell("- send\n")
        sent = loader.send(image)
        tell("- start\n")
        loader.start(sent.digest, sent.size)
        tell("- words\n")
        said, deadline = b"", time.monotonic() + _WORDS_SECONDS
        while words.encode() not in said and time.monotonic() < deadline:
            said += loader.console(0.1)
    if words.encode() not in said:
        tell(f"{words} is not in {said[-200:]!r}\n")
        return _UNSAID
    return 0


class Campaign(Closing):
    """One board and all that is done to it."""

    def __init__(self, built: Path, folder: Path, only: str | None = None) -> None:
        self._guest = Maker(built)
        self._log = folder / "log"
        self._count = 0
        self.only = only
        self.board = LoaderBoard((built / "metal/loader.img").read_bytes(), folder)
        self._usual = (0.0, 0, 0)  # seconds of a whole flash, bytes to the board, bytes from it
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.board.close()

    def _begin(self) -> None:
        with (
            self.board.wire(Faults(), baud=None) as wire,
            Loader(SerialPort(wire.place, BAUD, "desk"), "desk") as loader,
        ):
            self.board.clock = loader.attention().clock
        for number in range(2):  # the first one brings more
            fault = self._next(random.Random(number))
            assert not fault, fault

    def cut(self, seed: int) -> Outcome:
        """Spoil one flash, and flash anew."""
        dice = random.Random(seed)
        kind = self.only or dice.choice(KINDS)
        seconds, there, back = self._usual
        part = dice.random() * 1.02
        by = dice.choice(("there", "there", "back", "time"))
        faults, moment, sent = Faults(), float("inf"), float("inf")
        if kind in NOISE:
            rate = 10 ** dice.uniform(-5, -3)
            faults, at = Faults(**{kind: rate}), f"each byte with {rate:.1e}"
        elif by == "time":
            moment, at = part * seconds, f"after {part * seconds:.2f} s"
        elif kind in ("stall", "reset", "power"):
            sent, at = part * there, f"after some {part * there:.0f} bytes to the board"
        elif by == "there":
            faults = Faults(cut_after=round(part * there))
            at = f"after {faults.cut_after} bytes to the board"
        else:
            faults = Faults(cut_back_after=round(part * back))
            at = f"after {faults.cut_back_after} bytes from the board"
        wire = self.board.wire(faults, seed=seed)
        try:
            flash = self._start(wire, dice, hurried=kind in ENDED)
            while flash.status is None and not wire.is_cut and wire.there.carried < sent:
                if time.monotonic() - flash.begun >= moment:
                    break
                time.sleep(_GLANCE_SECONDS)
            hit, step, cut_at = flash.status is None or kind in NOISE, flash.step, time.monotonic()
            if hit:
                self._strike(kind, wire, flash, dice)
            status = flash.wait()
        finally:
            wire.close()
        fault = self._judge(kind, step, status, flash.said) if hit else ""
        facts = {
            "exit": status,
            "said": flash.said,
            "flash_seconds": time.monotonic() - flash.begun,
        }
        fault = fault or self._answers() or self._next(dice)
        lock = round(time.monotonic() - cut_at, 2) if hit else None
        return Outcome(kind, step, at, hit, fault, lock, facts)

    def _strike(self, kind: str, wire: Wire, flash: Flash, dice: random.Random) -> None:
        if kind == "kill":
            flash.kill()
        elif kind == "mute":
            wire.cut()
        elif kind == "unplug":
            wire.close()
        elif kind == "replug":
            wire.cut()
            time.sleep(dice.uniform(0.1, 3.0))
            wire.cut(whole=True)
        elif kind == "stall":
            wire.stall(dice.uniform(0.5, 6.0))
        elif kind == "reset":
            self.board.reset()
        elif kind == "power":
            self.board.cut_power(wire)

    def _judge(self, kind: str, step: str, status: int, said: str) -> str:
        """Say what is not as it must be with a flash that was spoiled."""
        if kind == "kill":
            return "" if status in (0, -signal.SIGKILL) else f"it ended with {status}: {said}"
        if kind in ENDED or step in ("start", "words"):  # what was started may have been lost
            return "" if status in (0, 4, _UNSAID) else f"it ended with {status}: {said}"
        return "" if status == 0 else f"it did not live through it, but ended with {status}: {said}"

    def _answers(self) -> str:
        """Say if the loader does not answer."""
        with self.board.wire(Faults()) as wire, contextlib.suppress(RpikitError):
            with Loader(SerialPort(wire.place, BAUD, "desk"), "desk") as loader:
                who = loader.attention()
            return "" if who.protocol == 1 else f"it says it is {who}"
        return "the loader does not answer"

    def _next(self, dice: random.Random) -> str:
        """Flash again, and say what went wrong."""
        with self.board.wire(Faults()) as wire:
            flash = self._start(wire, dice)
            status = flash.wait()
            seconds = time.monotonic() - flash.begun
            self._usual = (seconds, wire.there.carried, wire.back.carried)
        return f"the next flash ended with {status}: {flash.said}" if status else ""

    def _start(self, wire: Wire, dice: random.Random, *, hurried: bool = False) -> Flash:
        self._count += 1
        words = f"flash-{self._count}-{dice.randrange(1 << 30):x}"
        image = self._guest.image(self._guest("hello", words)) + dice.randbytes(_NOISE_BYTES)
        return Flash(wire.place, image, f"Command line: '{words}'", self._log, hurried=hurried)


def speeds(built: Path, folder: Path) -> None:
    """Print how long a whole image takes, at each speed and at none."""
    guest = Maker(built)
    image = guest.image(guest("hello")) + random.Random(1).randbytes(200_000)
    loader_image = (built / "metal/loader.img").read_bytes()
    bauds: tuple[int | None, ...] = (*SPEEDS, None)
    for baud in bauds:
        place = folder / str(baud)
        place.mkdir()
        with LoaderBoard(loader_image, place) as board, board.wire(Faults(), baud=baud) as wire:
            with Loader(SerialPort(wire.place, BAUD, "desk"), "desk") as loader:
                loader.attention()
                sent = loader.send(image)
                again = loader.send(image)
            print(
                f"{baud or 'no limit'}: {sent.size} bytes in {sent.seconds:.2f} s, "
                f"{sent.size / sent.seconds / 1000:.1f} kB/s; {sent.carried} bytes on the line, "
                f"{sent.carried / sent.seconds / 1000:.1f} kB/s; {sent.lost} frames again; "
                f"the same once more in {again.seconds:.2f} s"
            )


def main() -> int:
    parser = campaign.parser(str(__doc__), KINDS)
    parser.add_argument("--built", type=Path, default=ROOT / "build", help="what scons made")
    parser.add_argument("--speed", action="store_true", help="measure instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rpikit-metal-") as name:
        if options.speed:
            speeds(options.built, Path(name))
            return 0
        with Campaign(options.built, Path(name), options.only) as made:
            return campaign.main(options, made.cut)


if __name__ == "__main__":
    sys.exit(main())
