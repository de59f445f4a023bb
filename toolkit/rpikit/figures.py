# SPDX-License-Identifier: MIT
"""What was measured, beside its floors and beside what it was before.

A figure with floors is compared as a ratio to what these cost in the same run, so that another
kernel or QEMU changes nothing; one without is compared as it is. Knows what each figure means, not
how it is measured.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rpikit import describe, paths, results, wording
from rpikit.describe import FrozenMap
from rpikit.errors import DescriptionError

LIMIT = 5
"""Per cent that a figure may be worse than its baseline."""

STEPS = {"instructions": 1, "KiB": 4, "bytes": 1}
"""Units, and what one cannot measure finer than; a change of one step is none."""

FILTERED = "_filtered"
"""What ends the name of a floor under a filter of system calls."""

_BARE: Mapping[str, str] = {
    "syscall": "Linux: system call (getppid)",
    "clock": "Linux: clock_gettime as a system call",
    "poll": "Linux: epoll_pwait that finds nothing",
    "block_read": "Linux: pread64 of 512 bytes in the page cache",
    "block_write": "Linux: pwrite64 of the same",
    "ioctl": "Linux: GPIO write, ioctl of the character device",
    "pwrite": "Linux: GPIO write, sysfs file kept open",
    "files": "Linux: GPIO write, sysfs file opened and closed",
    "notify": "Linux: system call that another process answers",
    "exit": "KVM: store of a guest to user space and back",
    "exit_files": "KVM: the same, and a sysfs file opened and closed",
    "process": "start: a static program to its first byte",
    "machine": "start: a program whose KVM guest makes its first store",
    "machine_any": "start: the same, on any core",
    "power": "start: power on to Linux's first program",
}
_UNDER_FILTER = ("syscall", "clock", "poll", "block_read", "block_write", "ioctl", "pwrite", "exit")

FLOORS: Mapping[str, str] = {
    **_BARE,
    **{name + FILTERED: f"filtered: {_BARE[name]}" for name in _UNDER_FILTER},
}


@dataclass(frozen=True)
class Meaning:
    """What a figure is: in words, in which unit, and which floors lie below it.

    `beside` are floors and figures whose sum is what the same thing costs with Linux on the board.
    """

    says: str
    unit: str = "instructions"
    floors: tuple[str, ...] = ("exit",)
    beside: tuple[str, ...] = ()


_SOLO5_CALLS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "clock_monotonic": ("clock_monotonic, which does not leave the guest", (), ()),
    "clock_wall": ("clock_wall", ("exit",), ("clock",)),
    "console_write_empty": ("console_write of nothing", ("exit",), ()),
    "yield_past": ("yield with a deadline in the past", ("exit",), ("poll",)),
    "block_read": ("block_read, 512 bytes", ("exit", "block_read"), ("block_read",)),
    "block_write": ("block_write, 512 bytes", ("exit", "block_write"), ("block_write",)),
}
"""Each in words, with its floors on hvt and on spt."""

_LINE_CALLS: Mapping[str, str] = {
    "switch_test": "switch_test",
    "switch_write": "switch_write",
    "led_on": "led_on",
    "gpio_get": "gpio_get",
    "gpio_set": "gpio_set",
    "gpio_set_many": "gpio_set_many, three lines",
}
WAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "cdev": ("character device", ("ioctl",)),
    "mmio": ("registers", ()),
    "sysfs": ("sysfs", ("pwrite",)),
}
"""How the tender reaches a line: in words, and the floors of one line."""


def _line_calls() -> Iterator[tuple[str, Meaning]]:
    for way, (says, floors) in WAYS.items():
        for call, words in _LINE_CALLS.items():
            many = 3 if call == "gpio_set_many" and way == "sysfs" else 1
            yield (
                f"{call}_{way}",
                Meaning(f"call: {words}, {says}", floors=("exit", *floors * many)),
            )


METAL = "_metal"
"""What ends the name of a figure without an operating system."""


def _on_metal() -> Iterator[tuple[str, Meaning]]:
    for call in ("clock_wall", "console_write_empty", "yield_past"):
        yield call, Meaning(f"metal: {_SOLO5_CALLS[call][0]}", beside=(call,))
    yield "led_on_denied", Meaning("metal: led_on of a line not granted", beside=("led_on_denied",))
    for call, words in _LINE_CALLS.items():  # beside the quickest way that Linux has
        yield call, Meaning(f"metal: {words}", beside=(f"{call}_mmio",))
    says = "metal: gpio_set by virtio instead of a call"
    yield "gpio_set_window", Meaning(says, beside=("gpio_set_mmio",))
    says = "metal: power on to the guest's first words"
    yield "power", Meaning(says, beside=("power", "first_byte"))


MEANINGS: Mapping[str, Meaning] = {
    **{
        call: Meaning(f"call: {says}", floors=floors)
        for call, (says, floors, _) in _SOLO5_CALLS.items()
    },
    "led_on_denied": Meaning("call: led_on of a line that was not granted"),
    **dict(_line_calls()),
    "gpio_page": Meaning("call: none, a move through the registers' page", floors=()),
    **{
        f"{call}_spt": Meaning(f"spt: {says}", floors=floors)
        for call, (says, _, floors) in _SOLO5_CALLS.items()
    },
    "led_on_denied_spt": Meaning("spt: led_on of a line not granted", floors=("notify",)),
    **{
        f"{call}_spt": Meaning(f"spt: {words}, character device", floors=("notify", "ioctl"))
        for call, words in _LINE_CALLS.items()
    },
    "first_byte": Meaning("start: tender to the guest's first byte", floors=("machine",)),
    "first_byte_any": Meaning("start: the same, on any core", floors=("machine_any",)),
    "first_byte_generic": Meaning(
        "start: generic tender to the guest's first byte", floors=("machine",)
    ),
    "first_byte_spt": Meaning("start: tender of spt to the same byte", floors=("process",)),
    "peak_rss": Meaning("resident: tender and guest at most, --mem=4", "KiB", ()),
    "idle_rss": Meaning("resident: tender and guest in yield, --mem=4", "KiB", ()),
    "peak_rss_generic": Meaning("resident: generic tender and guest at most, --mem=4", "KiB", ()),
    "peak_rss_spt": Meaning("resident: spt at most, --mem=2", "KiB", ()),
    "tender": Meaning("file: tender without devices", "bytes", ()),
    "tender_pins": Meaning("file: tender with switch, led and gpio", "bytes", ()),
    "tender_generic": Meaning("file: generic tender", "bytes", ()),
    "tender_spt": Meaning("file: tender of spt without devices", "bytes", ()),
    "unikernel": Meaning("file: unikernel without devices", "bytes", ()),
    "unikernel_text": Meaning("unikernel: text and constants", "bytes", ()),
    "unikernel_data": Meaning("unikernel: data", "bytes", ()),
    "unikernel_bss": Meaning("unikernel: bss", "bytes", ()),
    **{f"{name}{METAL}": replace(known, floors=()) for name, known in _on_metal()},
    "underlay": Meaning("file: underlay with switch, led and gpio", "bytes", ()),
}


def meaning(name: str) -> Meaning:
    """Return what a figure means; a call nobody described is one that leaves the guest."""
    return MEANINGS.get(name, Meaning(name))


class Baseline(describe.Model):
    """What was measured before, with one toolchain."""

    compiler: str
    kernel: str
    qemu: str
    floors: FrozenMap[str, int]
    figures: FrozenMap[str, int]


class BaselineFile(describe.Model):
    """A baseline for each toolchain."""

    toolchains: FrozenMap[str, Baseline]


class Upstream(describe.Model):
    """What Solo5's own tenders cost, by the names of our figures."""

    version: str
    figures: FrozenMap[str, int]


def upstream() -> Upstream:
    """Return what Solo5's own tenders cost on the same board."""
    return describe.load(Upstream, paths.data_root() / "perf" / "upstream.toml")


def toolchains(path: Path) -> list[str]:
    """Return the toolchains that a file has a baseline of."""
    return sorted(describe.load(BaselineFile, path).toolchains)


def load(path: Path, toolchain: str) -> Baseline:
    """Return the baseline of a toolchain, or say how one is made."""
    known = describe.load(BaselineFile, path).toolchains
    if toolchain not in known:
        raise DescriptionError(
            f"{wording.path(path)}: there is no baseline for {toolchain}; "
            f"there is one for {wording.options(sorted(known))}",
            hint=f"rpikit perf --toolchain {toolchain} --update",
        )
    return known[toolchain]


def save(path: Path, toolchain: str, baseline: Baseline) -> None:
    """Put a toolchain's baseline in place of the one before; the others stay."""
    known = dict(describe.load(BaselineFile, path).toolchains) if path.exists() else {}
    known[toolchain] = baseline
    lines = [
        "# SPDX-License-Identifier: MIT",
        "# What `rpikit perf` measured, for `rpikit perf --check` to compare with: instructions,",
        "# KiB and bytes. docs/reference/performance.md says what each figure means.",
        "# Written by `rpikit perf --update`: say in the commit why a figure changed.",
    ]
    for name in sorted(known):
        one = known[name]
        lines += ["", f"[toolchains.{name}]"]
        lines += [f'{key} = "{getattr(one, key)}"' for key in ("compiler", "kernel", "qemu")]
        for table, values in (("floors", one.floors), ("figures", one.figures)):
            lines += ["", f"[toolchains.{name}.{table}]"]
            lines += [f"{key} = {value}" for key, value in values.items()]
    try:
        paths.write(path, "\n".join(lines) + "\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(
            f"{wording.path(path)}: cannot be written ({reason})",
            hint="rpikit perf --update --baseline FILE writes another file",
        ) from None


@dataclass(frozen=True)
class Compared:
    """One figure of a run: `floor` is the sum of its floors, `change` per cent of the baseline.

    `filtered` is the same sum under a filter of system calls. What has no floor, or no baseline to
    compare with, has None there.
    """

    name: str
    meaning: Meaning
    value: int
    floor: int | None
    filtered: int | None
    baseline: int | None
    change: float | None
    verdict: str = ""
    beside: int | None = None
    """What the same thing costs with Linux on the board, in the same run."""

    @property
    def times(self) -> float | None:
        """Return how many times as much it costs with Linux on the board."""
        return None if self.beside is None else self.beside / self.value

    @property
    def ratio(self) -> float | None:
        """Return how many times its floor it costs."""
        return None if self.floor is None else self.value / self.floor

    def values(self) -> results.Figure:
        """Return it as one flat object for programs."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.meaning.unit,
            "floor": self.floor,
            "filtered": self.filtered,
            "ratio": None if self.ratio is None else round(self.ratio, 4),
            "baseline": self.baseline,
            "change": None if self.change is None else round(self.change, 2),
            "verdict": self.verdict,
            "beside": self.beside,
            "times": None if self.times is None else round(self.times, 2),
        }

    def sentence(self) -> str:
        """Say how it changed, with both numbers."""
        assert self.change is not None
        way = "more" if self.change > 0 else "less"
        then = f"{self.value} {self.meaning.unit}, {self.baseline} in the baseline"
        at_floor = ", as a ratio to its floor" if self.floor is not None else ""
        return f"{self.name}: {abs(self.change):.1f} % {way}{at_floor}: {then}"


def compare(run: Baseline, before: Baseline | None) -> tuple[Compared, ...]:
    """Put each figure of a run beside its floors and its baseline."""
    costs = {**run.floors, **run.figures}
    found = (_compare(name, run, before) for name in run.figures)
    return tuple(replace(one, beside=_beside(one.meaning, costs)) for one in found)


def _beside(known: Meaning, costs: Mapping[str, int]) -> int | None:
    """Return what the same costs with Linux on the board, if all parts of it were measured."""
    if not known.beside or not set(known.beside) <= set(costs):
        return None
    return sum(costs[name] for name in known.beside)


def _compare(name: str, run: Baseline, before: Baseline | None) -> Compared:
    known, value = meaning(name), run.figures[name]
    floor = sum(run.floors[one] for one in known.floors) if known.floors else None
    filtered = _filtered(run.floors, known.floors)
    if before is None or name not in before.figures:
        return Compared(name, known, value, floor, filtered, None, None, "new" if before else "")
    baseline = before.figures[name]
    if known.unit == "bytes" and run.compiler != before.compiler:
        return Compared(name, known, value, floor, filtered, baseline, None, "other compiler")
    expected = float(baseline)
    if floor is not None and before.floors.keys() >= set(known.floors):
        expected *= floor / sum(before.floors[one] for one in known.floors)
    change = round((value / expected - 1) * 100, 3) if expected else 100.0 * bool(value)
    verdict = ""
    if abs(change) > LIMIT and abs(value - expected) > STEPS[known.unit]:
        verdict = "regression" if change > 0 else "improvement"
    return Compared(name, known, value, floor, filtered, baseline, change, verdict)


def _filtered(values: Mapping[str, int], floors: tuple[str, ...]) -> int | None:
    """Return the sum of floors under a filter, if there is a figure of that for each."""
    names = [name + FILTERED for name in floors]
    return sum(values[name] for name in names) if floors and set(names) <= set(values) else None


def lost(run: Baseline, before: Baseline) -> list[str]:
    """Return the figures that a baseline has and a run does not."""
    return [name for name in before.figures if name not in run.figures]


def floor_rows(run: Baseline) -> Iterator[tuple[str, ...]]:
    """Return what each floor is, in the columns of rows(): with and without a filter."""
    for name, says in _BARE.items():
        filtered = number(run.floors.get(name + FILTERED))
        yield says, number(run.floors[name]), "instructions", "", filtered, "", ""


def rows(run: Baseline) -> Iterator[tuple[str, ...]]:
    """Return what each figure is: value, unit, floor, floor under a filter, ratio, upstream's."""
    theirs = upstream().figures
    for one in compare(run, None):
        if one.beside is None:
            ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
            floors = (number(one.floor), number(one.filtered), ratio)
            known = number(theirs.get(one.name))
            yield one.meaning.says, number(one.value), one.meaning.unit, *floors, known


def metal_rows(run: Baseline) -> Iterator[tuple[str, ...]]:
    """Return what each figure is that Linux has, too: value, unit, with Linux, how many times."""
    for one in compare(run, None):
        if one.times is not None:
            much = (number(one.beside), f"{one.times:.1f}")
            yield one.meaning.says, number(one.value), one.meaning.unit, *much


def number(value: int | None) -> str:
    """Return a number as it is printed: empty if there is none."""
    return "" if value is None else f"{value:,}"
