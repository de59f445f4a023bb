# SPDX-License-Identifier: MIT
"""What the campaigns of cut flashes share: seeds, a record of every cut, and the table at the end.

A campaign gives a function that cuts one flash, and looks at what the board became. The same seed
draws the same cut. Only a flash that was really cut counts; one that was over before is told apart.
"""

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rpikit.errors import RpikitError

MISSES = 3  # flashes that were over before they were cut, for each one that is wanted


@dataclass(frozen=True)
class Outcome:
    """What came of one cut."""

    kind: str  # how it was cut: kill, reset, mute, power
    step: str  # of the flash, at that moment: stage, send, verify
    at: str  # the moment more exactly: `after 12034 bytes`
    hit: bool = True  # False: the flash was over before
    fault: str = ""  # what was not as it must be
    lock: float | None = None  # seconds until the board took the next flash, from the cut on
    facts: Mapping[str, object] = field(default_factory=dict)  # what else the record shall keep

    def __str__(self) -> str:
        said = self.fault or ("as it must be" if self.hit else "not cut: it was over")
        return f"{self.kind} in {self.step}, {self.at}: {said}"


Cut = Callable[[int], Outcome]
"""Cuts the flash that a seed draws."""


def parser(about: str, kinds: Sequence[str]) -> argparse.ArgumentParser:
    """Return the options that every campaign has."""
    made = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--cuts", type=int, default=300, help="flashes to cut (300)")
    made.add_argument("--seed", type=int, default=1, help="of the first; one more for each (1)")
    made.add_argument("--only", choices=kinds, help="cut in one way only")
    made.add_argument("--record", type=Path, metavar="FILE.jsonl", help="add a line for each cut")
    return made


def run(options: argparse.Namespace, cut: Cut) -> tuple[Outcome, ...]:
    """Cut until so many flashes were really cut; say of each what came of it, as it comes."""
    outcomes: list[Outcome] = []
    seed = options.seed
    while sum(one.hit for one in outcomes) < options.cuts:
        if len(outcomes) >= options.cuts * (1 + MISSES):
            print(f"gave up: too few of {len(outcomes)} flashes were cut", file=sys.stderr)
            break
        begun = time.monotonic()
        outcome = _tried(cut, seed)
        seconds = round(time.monotonic() - begun, 3)
        outcomes.append(outcome)
        print(f"seed {seed}: {outcome} ({seconds:.1f} s)", flush=True)
        if options.record is not None:
            _note(options.record, {"seed": seed, "seconds": seconds}, outcome)
        seed += 1
    return tuple(outcomes)


def main(options: argparse.Namespace, cut: Cut) -> int:
    """Run a campaign and print its table; return 1 if a board was not as it must be."""
    outcomes = run(options, cut)
    print(table(outcomes))
    is_whole = sum(one.hit for one in outcomes) >= options.cuts
    return int(not is_whole or any(one.fault for one in outcomes))


def table(outcomes: Sequence[Outcome]) -> str:
    """Return how many were cut in which way at which step, and what was wrong."""
    hits = [one for one in outcomes if one.hit]
    cells = Counter((one.step, one.kind) for one in hits)
    kinds = sorted({one.kind for one in hits})
    steps = list(dict.fromkeys(one.step for one in hits))
    rows: list[tuple[object, ...]] = [("step", *kinds, "all")]
    rows += [(step, *(cells[step, kind] for kind in kinds), _all(cells, step)) for step in steps]
    rows += [("all", *(sum(one.kind == kind for one in hits) for kind in kinds), len(hits))]
    lines = ["".join(f"{cell!s:>9}" for cell in row) for row in rows]
    locks = [one.lock for one in hits if one.lock is not None]
    if locks:
        lines.append(f"the longest time until a board took the next flash: {max(locks):.1f} s")
    wrong = [one for one in outcomes if one.fault]
    lines.append(
        f"{len(hits)} cuts, {len(outcomes) - len(hits)} flashes over before, "
        f"{len(wrong)} with a fault"
    )
    return "\n".join([*lines, *(f"  {one}" for one in wrong)])


def _all(cells: Counter[tuple[str, str]], step: str) -> int:
    return sum(count for (one, _), count in cells.items() if one == step)


def _tried(cut: Cut, seed: int) -> Outcome:
    """Cut once; what goes wrong in a way that nobody thought of is a fault, too."""
    try:
        return cut(seed)
    except (RpikitError, OSError, ValueError, AssertionError) as error:
        traceback.print_exc()
        fault = f"{type(error).__name__}: {error}"
        return Outcome("unknown", "unknown", "at some time", hit=False, fault=fault)


def _note(record: Path, about: Mapping[str, object], outcome: Outcome) -> None:
    values = asdict(outcome)
    values |= values.pop("facts")
    with record.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**about, **values}) + "\n")
