# SPDX-License-Identifier: MIT
"""Break the FAT32 writer in one place at a time, and see that reading its volumes back shows it.

    python tests/faults/fat_mutants.py [COUNT] [SEED]

A number becomes another one, an operator its opposite, a comparison another one. Mutants that are
not seen are printed; those that make no difference to any volume are known, by their line.
"""

import ast
import copy
import random
import signal
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fat_samples

from rpikit import fat

SOURCE = Path(fat.__file__)
SIZE = (33 << 20) + (1 << 18)  # next to the least: mutants are many
SECONDS = 8.0  # of processor time, after which a mutant that goes on for ever is seen
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
# Refusals, and what only large volumes or moments out of range have: test_fat.py has those. And
# fields that struct cuts to their length, where a number too large makes no difference.
KNOWN = (
    "EARLIEST =",
    "LATEST =",
    "_LARGE =",
    "_LARGEST =",
    "_SMALL =",
    "_CLUSTERS_MIN =",
    "if size % SECTOR",
    "cluster = 1 if",
    "if shape.clusters <",
    "used > shape.clusters",
    "short = (used",
    "raise ",
    "if not re.fullmatch",
    "return (self.total",
    "table = 1",
    "while (shape",
    "high, low =",
    "found: dict",
    "entries += _LONG_ENTRY",
    "piece = text",
    "label.ljust(11)",
    "begin = _entry(label",
    'entries += _entry(b".',
    "short = (base.upper()",
)


@dataclass(frozen=True)
class Mutant:
    """The writer with one fault."""

    line: int
    what: str
    tree: ast.Module

    def is_seen(self) -> bool:
        """Whether its volumes are found wrong, or it makes none."""
        made = types.ModuleType("mutant")
        sys.modules["mutant"] = made  # dataclasses look their module up
        before = signal.signal(signal.SIGVTALRM, _late)
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            exec(compile(self.tree, "mutant", "exec"), made.__dict__)
            fat_samples.judge(made.volume, SIZE)
        except Exception:
            return True
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
            del sys.modules["mutant"]
        return False


def _late(number: int, frame: object) -> None:
    raise TimeoutError


def mutants() -> Iterator[Mutant]:
    """Give each mutant there is, but those of places that are known to make no difference."""
    text = SOURCE.read_text()
    tree = ast.parse(text)
    lines = text.splitlines()
    for number, node in enumerate(ast.walk(tree)):
        line = getattr(node, "lineno", 0)
        if not line or any(lines[line - 1].strip().startswith(one) for one in KNOWN):
            continue
        for what in _changes(node):
            changed = copy.deepcopy(tree)
            place = next(one for at, one in enumerate(ast.walk(changed)) if at == number)
            _change(place, what)
            said = f"{lines[line - 1].strip()}   ->   {what}"
            yield Mutant(line, said, ast.fix_missing_locations(changed))


def _changes(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return ["+1", "-1"]
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _OPERATORS:
        return ["operator"]
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
        return ["comparison"]
    if isinstance(node, ast.IfExp):
        return ["branches"]
    return []


def _change(node: ast.AST, what: str) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        node.value += 1 if what == "+1" else -1
    elif isinstance(node, (ast.BinOp, ast.AugAssign)):
        node.op = _OPERATORS[type(node.op)]()
    elif isinstance(node, ast.Compare):
        node.ops[0] = _COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, ast.IfExp):
        node.body, node.orelse = node.orelse, node.body


def unseen(count: int | None, seed: int) -> tuple[int, list[Mutant]]:
    """Return how many of `count` mutants were tried, all if None, and those that nothing showed."""
    every = list(mutants())
    chosen = every if count is None else random.Random(seed).sample(every, min(count, len(every)))
    return len(chosen), [one for one in chosen if not one.is_seen()]


def main(words: list[str]) -> int:
    tried, left = unseen(int(words[0]) if words else None, int(words[1]) if words[1:] else 1)
    for one in left:
        print(f"{SOURCE.name}:{one.line}: {one.what}")
    print(f"{tried} mutants, {len(left)} not seen")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
