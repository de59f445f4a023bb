# SPDX-License-Identifier: MIT
"""Hostile guests of the underlay, a thousand in a row beside a good one on the same core.

    scons && python tests/faults/metal_guests.py --lives 1000
    scons && python tests/faults/metal_guests.py --lives 1000 --counted

One guest, `hostile`, is restarted each time that it ends; the moment draws what it does then, and
which of the random instructions in its text it runs. Another, `share`, counts beside it and says
how far it got in each 20 ms, and afterwards alone. With --counted QEMU counts instructions: a run
repeats to the last byte, and ends with 1 if the good guest had less than its share, or was away for
longer than a slice of the other takes. Its hostile guests leave their own vectors and translation
alone, without which a core can go from exception to exception and execute nothing, so that counted
time stands still. Without --counted they do that, too, and times are those of a busy machine: they
are told and not judged.
"""

import argparse
import itertools
import random
import re
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from metal_board import COUNTED, ROOT, Maker, Metal

from rpikit.payload import Guest

QUIET = "--solo5:quiet"
PLACEHOLDER = struct.pack("<I", 0xC4A05EED)  # of tests/guests/hostile/main.c
WORDS = 65536
PATIENCE_MS = {True: 2, False: 20}  # if counted, or by the clock of a busy machine
ALONE = 10  # windows of the good guest behind the last life, to compare with
SHARE = 0.49  # of the time alone: two of the same weight, but for what turns cost
LEAST = 0.44  # of a window, which has a slice less of 20 if it begins and ends in another's
AWAY_US = 2500  # a slice of 1 ms, and clearing memory for a restart

PRIVILEGED = (
    *(0xD4000002, 0xD4000003, 0xD69F03E0),  # hvc, smc, eret
    *(0xD503205F, 0xD503207F, 0xD50342DF, 0xD50343FF),  # wfe, wfi, DAIF
    *(0xD5181000, 0xD5182000, 0xD5182040, 0xD518A200),  # SCTLR, TTBR0, TCR, MAIR
    *(0xD508871F, 0xD508751F, 0xD50B7420, 0xD5087640),  # tlbi, ic, dc zva, dc isw
    *(0xD51BE320, 0xD51BE220, 0xD5100240, 0xD51B9C00),  # timers, debugging, event counters
)


def leaves_vectors(word: int) -> bool:
    """Whether an instruction writes none of EL1's SCTLR, TTBR0, TTBR1, TCR, VBAR and their like."""
    return not (word & 0xFFF80000 == 0xD5180000 and word >> 12 & 15 in (1, 2, 12))


def instruction(drawn: random.Random) -> int:
    """Return an instruction that may be none."""
    return drawn.choice(
        (
            drawn.choice(PRIVILEGED) | drawn.randrange(32),
            0xD5000000 | drawn.getrandbits(22),  # any system instruction
            0xD2800000 | drawn.getrandbits(23),  # an address for ...
            0xB8000000 | drawn.getrandbits(26) | drawn.choice((0, 1 << 30)),  # a load or store
            drawn.getrandbits(32),
        )
    )


def hostile(unikernel: bytes, seed: int, counted: bool) -> bytes:
    """Return the guest `hostile` with the random instructions of a seed."""
    assert unikernel.count(PLACEHOLDER) == WORDS
    drawn = random.Random(seed)
    words = (instruction(drawn) for _ in iter(int, 1))
    some = itertools.islice((one for one in words if not counted or leaves_vectors(one)), WORDS)
    return unikernel.replace(PLACEHOLDER * WORDS, struct.pack(f"<{WORDS}I", *some))


def guests(built: Path, lives: int, seed: int, counted: bool) -> tuple[Guest, Guest]:
    """Return the good guest and the hostile one, of what scons built."""

    made = Maker(built)
    bad = made("hostile", QUIET, *(["counted"] if counted else []))
    return made("share", QUIET), replace(
        bad,
        unikernel=hostile(bad.unikernel, seed, counted),
        patience_ms=PATIENCE_MS[counted],
        restart="always",
        restarts=lives - 1,
        pause_ms=0,
    )


@dataclass(frozen=True)
class Outcome:
    """What the console said, read."""

    lives: int
    ends: Counter[str]
    beside: tuple[int, ...]
    """How far the good guest got in each window beside the hostile one ..."""
    alone: tuple[int, ...]
    away_us: int
    is_parked: bool

    @classmethod
    def of(cls, said: str) -> "Outcome":
        """Read it; the first window beside the hostile one is left out, it began before."""
        before, _, after = said.rpartition("underlay: hostile: ")
        counts = [[int(one) for one in _COUNT.findall(part)] for part in (before, after)]
        away = [int(one) for one in _AWAY.findall(before)]
        ends = Counter(_kind(end) for end in _END.findall(said))
        return cls(
            lives=sum(ends.values()),
            ends=ends,
            beside=tuple(counts[0][1:]),
            alone=tuple(counts[1][1:]),
            away_us=max(away, default=0),
            is_parked="parked" in said,
        )

    @property
    def least(self) -> float:
        """The least that the good guest had of a window, as a part of one alone."""
        return min(self.beside) / self._one_alone

    @property
    def mean(self) -> float:
        """What it had on average."""
        return sum(self.beside) / len(self.beside) / self._one_alone

    @property
    def _one_alone(self) -> float:
        return sum(self.alone) / len(self.alone)

    def faults(self, lives: int, counted: bool) -> Iterator[str]:
        """Say what is not as it must be."""
        if self.is_parked:
            yield "the underlay itself went wrong"
        if self.lives != lives:
            yield f"{self.lives} lives instead of {lives}"
        if counted and self.mean < SHARE:
            yield f"the good guest had {self.mean:.3f} of its time alone"
        if counted and self.least < LEAST:
            yield f"the good guest had {self.least:.3f} of its time alone in a window"
        if counted and self.away_us > AWAY_US:
            yield f"the good guest was away for {self.away_us} us"

    def __str__(self) -> str:
        kinds = "\n".join(f"{count:>8}  {kind}" for kind, count in self.ends.most_common())
        return (
            f"{kinds}\n{self.lives:>8}  lives\n"
            f"the good guest beside them, {len(self.beside)} windows of 20 ms: "
            f"{self.mean:.3f} of what it did alone, {self.least:.3f} at least; "
            f"away for {self.away_us} us at most"
        )


_COUNT = re.compile(r"^\[share\] count (\d+) away", re.M)
_AWAY = re.compile(r"^\[share\] count \d+ away (\d+) us", re.M)
_END = re.compile(r"^underlay: hostile: ((?:ended|stopped), status .*)$", re.M)


def _kind(end: str) -> str:
    """Return an end without the numbers of this one."""
    return re.sub(r"0x[0-9a-f]+|(?<=num=)\d+|(?<= of )\d+", "N", end)


def campaign(
    built: Path, lives: int, seed: int, place: Path, *, counted: bool, within: float
) -> str:
    """Run so many lives, and the good guest for a while after them; return what was said."""
    good, bad = guests(built, lives, seed, counted)
    deadline = time.monotonic() + within
    with Metal(Maker(built).image(good, bad), place, *(COUNTED if counted else ())) as metal:
        while True:
            said = metal.said()
            after = said.rpartition("underlay: hostile: ")[2]
            is_last = lives == 1 or f"restarted ({lives - 1} of" in said
            if "parked" in said or (is_last and len(_COUNT.findall(after)) > ALONE):
                return said
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {within} s: {said[-1000:]}")
            time.sleep(0.1)


def main() -> int:
    """Run a campaign of the command line's; print what came of it."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--lives", type=int, default=1000, help="of the hostile guest (1000)")
    made.add_argument("--seed", type=int, default=1, help="of its random instructions (1)")
    made.add_argument("--built", type=Path, default=ROOT / "build", help="of scons (build)")
    made.add_argument("--console", type=Path, metavar="FILE", help="keep what was said")
    made.add_argument("--counted", action="store_true", help="in instructions, and judge times")
    options = made.parse_args()
    with TemporaryDirectory() as place:
        said = campaign(
            options.built,
            options.lives,
            options.seed,
            Path(place),
            counted=options.counted,
            within=3600,
        )
    if options.console is not None:
        options.console.write_text(said, encoding="utf-8")
    outcome = Outcome.of(said)
    print(outcome)
    faults = list(outcome.faults(options.lives, options.counted))
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
