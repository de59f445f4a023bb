# SPDX-License-Identifier: MIT
"""The attack surface of a tender: the host code that a guest can reach, and what Linux still does.

Reads the line table of the tender that was linked, and the sources that it names. Files count
whole, headers with inline functions as well; so do the rules of the filter in them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rpikit import app as apps
from rpikit import build, paths, results_inspect, sources, wording
from rpikit.errors import DescriptionError, FirmwareError
from rpikit.symbols import Symbols
from rpikit.target import AUTO, METAL

BEFORE = frozenset(
    {
        "backends/linux/filter.c",
        "backends/linux/verdict.c",
        "lib/boot.c",
        "lib/elf.c",
        "lib/paging.c",
        "tender/block.c",
        "tender/devices.c",
        "tender/gpio.c",
        "tender/i2c.c",
        "tender/inherit.c",
        "tender/landlock.c",
        "tender/load.c",
        "tender/memory.c",
        "tender/net.c",
        "tender/options.c",
        "tender/pwm.c",
        "tender/sandbox.c",
        "tender/seal.c",
        "tender/spi.c",
        "tender/spt/boot.c",
        "tender/spt/filter.c",
        "tender/spt/heap.c",
        "tender/start.S",
        "tender/tell.c",
        "tender/user.c",
    }
)
"""What has run when the guest begins: no later call comes here. A file not named counts as reached,
also where most of it only opens what the rest serves."""

TENDER = "rpikit-tender.debug"
GUEST_FILTER = "tender/spt/filter.c"
SANDBOX = "sandbox_enter"

_RULE = re.compile(r"\bfilter_(begin|allow\w*)\s*\(([^;{]*)\);")
_TABLE = re.compile(r"struct filter_argument (\w+)(?:\[\w*\])? = \{(.*?)\};", re.S)
_TRIPLE = re.compile(r"(\w+), (\w+), (\w+)")
_NUMBER = re.compile(r"SYS_([A-Z0-9_]+)")
_NUMBERED = re.compile(r"^    SYS_([A-Z0-9_]+) = (\d+),$", re.M)


@dataclass(frozen=True)
class Part:
    """One file of the tender."""

    file: str
    lines: int
    """Without blank lines and comments."""
    before: bool


@dataclass(frozen=True)
class Rule:
    """One system call that the filter may allow, as its source says."""

    name: str
    by: str
    """guest: an spt guest's own process; tender: everyone else."""
    checks: tuple[str, ...]
    place: str

    @property
    def is_linux(self) -> bool:
        """Whether Linux has such a call; else the tender gets it, as a message."""
        return self.name.islower()

    def __str__(self) -> str:
        return f"{self.name:<16} {', '.join(self.checks) or 'any arguments'}"


@dataclass(frozen=True)
class Surface:
    """What a guest can reach through one tender."""

    tender: Path
    parts: tuple[Part, ...]
    rules: tuple[Rule, ...]

    def lines(self, before: bool) -> int:
        """Return the lines of code of one of the two halves."""
        return sum(part.lines for part in self.parts if part.before == before)

    def calls(self, by: str) -> tuple[str, ...]:
        """Return the system calls that one process keeps at most."""
        return tuple(sorted({one.name for one in self.rules if one.by == by and one.is_linux}))

    def __str__(self) -> str:
        shown = [str(wording.path(self.tender))]
        for before, title in (
            (False, "reached by the guest"),
            (True, "run before its first instruction, with its ELF file"),
        ):
            shown.append(f"{title}: {self.lines(before)} lines of code")
            parts = ((part.file, part.lines) for part in self.parts if part.before == before)
            for group, lines in sources.grouped(parts).items():
                shown.append(f"  {lines:>5}  {group}")
        for by in ("tender", "guest"):
            calls = self.calls(by)
            if calls:
                shown.append(f"system calls left to the {by}: at most {len(calls)}")
                rules = dict.fromkeys(str(rule) for rule in self.rules if rule.by == by)
                shown += [f"  {rule}" for rule in sorted(rules)]
        return "\n".join(shown)

    def values(self) -> results_inspect.Surface:
        """Return it as one object for programs."""
        return {
            "tender": str(self.tender),
            "reached": self.lines(before=False),
            "before": self.lines(before=True),
            "files": [
                {"file": part.file, "lines": part.lines, "before": part.before}
                for part in self.parts
            ],
            "system_calls": [
                {
                    "name": rule.name,
                    "by": "guest" if rule.by == "guest" else "tender",
                    "checks": list(rule.checks),
                    "place": rule.place,
                }
                for rule in self.rules
            ],
        }


def read(tender: Path, folders: tuple[Path, ...]) -> Surface:
    """Read a linked tender with its debug information.

    Sources are looked for in rpikit's own folder, then in (folders): the build's, the
    application's. FirmwareError if one is gone, or a rule of the filter cannot be read.
    """
    program = Symbols.load(tender)
    parts: list[Part] = []
    rules: list[Rule] = []
    for one in sources.linked(tender, folders):
        short = one.file.removeprefix("c/")
        parts.append(Part(one.file, one.code, short in BEFORE))
        if not short.startswith("backends/linux/filter."):
            rules += rules_of(sources.without_comments(one.text), one.file)
    if not program.has(SANDBOX):
        # Then backends install nothing: their rules are linked, but nobody asks for them.
        rules = [rule for rule in rules if rule.by == "guest"]
    return Surface(tender, tuple(parts), tuple(rules))


def of(path: Path, *, target: str = AUTO) -> Surface:
    """Look at an application's build, or at the tender beside a unikernel; or at that itself.

    The build for hvt goes before that for spt, unless `target` says which. FirmwareError if there
    is none.
    """
    if target == METAL:
        raise DescriptionError(
            "--attack-surface: on bare metal there is neither a tender nor a system call",
            hint="rpikit inspect --target metal counts the lines of what is below the guest",
        )
    if path.is_dir():
        folders = [*build.folders(apps.load(path), target).values()]
    else:
        folders = [path.absolute().parent]
    tenders = [folder / TENDER for folder in folders if (folder / TENDER).is_file()]
    if not tenders:
        raise FirmwareError(
            f"{wording.path(folders[0] / TENDER)}: there is no such file; "
            "what a tender is made of is read there",
            hint="rpikit build",
        )
    beside = tenders[0].parent
    return read(tenders[0], (beside, *list(beside.parents)[:3]))


@cache
def _names() -> dict[int, str]:
    header = paths.data_root() / "c" / "backends" / "linux" / "sys_aarch64.h"
    found = _NUMBERED.finditer(header.read_text(encoding="utf-8"))
    return {int(one[2]): one[1].lower() for one in found}


def call_of(word: str) -> tuple[str, str]:
    """Return name and check of a call as `rpikit-tender --verbose` tells it: 64? or 94."""
    number = int(word.removesuffix("?"))
    return _names().get(number, str(number)), "checked" if word.endswith("?") else "any arguments"


def rules_of(code: str, name: str) -> Iterator[Rule]:
    """Give each rule that a source adds to the filter, in order.

    FirmwareError for a rule that says in no known way what it allows: none is left out.
    """
    tables = {found[1]: found[2] for found in _TABLE.finditer(code)}
    by = "guest" if name.removeprefix("c/") == GUEST_FILTER else "tender"
    for found in _RULE.finditer(code):
        words = [" ".join(word.split()) for word in found[2].split(",")]
        place = f"{name}:{code.count(chr(10), 0, found.start()) + 1}"
        for call, checks in _allowed(found[1], words, tables, place):
            yield Rule(call, by, checks, place)


def _allowed(
    kind: str, words: list[str], tables: dict[str, str], place: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if kind == "allow_blocks":
        checks = ("a granted device", "its block size", "an offset within it")
        yield "pread64", checks
        yield "pwrite64", checks
    elif kind == "allow_ioctl":
        first, last, request = words[1:]
        fds = first if first == last else f"{first} to {last}"
        yield "ioctl", (f"argument 0 is {fds}", f"argument 1 is {request}")
    elif kind == "allow_call":
        yield words[1], ("no call of Linux: the tender answers",)
    elif kind in ("begin", "allow", "allow_fd", "allow_fds", "allow_placed"):
        number = _NUMBER.fullmatch(words[1])
        if number is None:
            raise FirmwareError(
                f"{place}: a rule of the filter for {words[1]}, not for a SYS_ name"
            )
        yield number[1].lower(), _checks(kind, words, tables, place)
    else:
        raise FirmwareError(f"{place}: filter_{kind}() is not known here")


def _checks(kind: str, words: list[str], tables: dict[str, str], place: str) -> tuple[str, ...]:
    if kind == "allow_fd":
        return (f"argument 0 is {words[2]}",)
    if kind == "allow_fds":
        return (f"argument 0 is one of {words[2]}",)
    if kind == "allow_placed":
        return (f"argument 0 is one of {words[2]}", "or no check, if all others refuse a place")
    if words[2] == "NULL":
        return ()
    table = tables.get(words[2].lstrip("&"))
    if table is None:
        raise FirmwareError(f"{place}: the arguments {words[2]} are in no table above")
    table = re.sub(r"\(\w+\)", "", table)
    checks = [
        f"argument {index} is {first if first == last else f'{first} to {last}'}"
        for index, first, last in _TRIPLE.findall(table)
    ]
    if "?" in words[3]:
        checks.append(f"or no check, unless {words[3].partition('?')[0].strip()}")
    return tuple(checks)
