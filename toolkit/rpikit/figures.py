# SPDX-License-Identifier: MIT
"""What was measured, beside its floors and beside what it was before.

A figure with floors is compared as a ratio to what these cost in the same run, so that another
kernel or QEMU changes nothing; one without is compared as it is. Knows what each figure means, not
how it is measured.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rpikit import describe, results, wording
from rpikit.describe import FrozenMap
from rpikit.errors import DescriptionError

LIMIT = 5
"""Per cent that a figure may be worse than its baseline."""

STEPS = {"instructions": 1, "KiB": 4, "bytes": 1}
"""Units, and what one cannot measure finer than; a change of one step is none."""

FLOORS: Mapping[str, str] = {
    "syscall": "Linux: system call (getppid)",
    "ioctl": "Linux: GPIO write, ioctl of the character device",
    "pwrite": "Linux: GPIO write, sysfs file kept open",
    "files": "Linux: GPIO write, sysfs file opened and closed",
    "exit": "KVM: store of a guest to user space and back",
    "exit_files": "KVM: the same, and a sysfs file opened and closed",
    "process": "start: a static program to its first byte",
    "machine": "start: a program whose KVM guest makes its first store",
    "machine_any": "start: the same, on any core",
}


@dataclass(frozen=True)
class Meaning:
    """What a figure is: in words, in which unit, and which floors lie below it."""

    says: str
    unit: str = "instructions"
    floors: tuple[str, ...] = ("exit",)


MEANINGS: Mapping[str, Meaning] = {
    "clock_monotonic": Meaning("call: clock_monotonic, which does not leave the guest", floors=()),
    "clock_wall": Meaning("call: clock_wall"),
    "console_write_empty": Meaning("call: console_write of nothing"),
    "yield_past": Meaning("call: yield with a deadline in the past"),
    "led_on_denied": Meaning("call: led_on of a line that was not granted"),
    "switch_test_cdev": Meaning("call: switch_test, character device", floors=("exit", "ioctl")),
    "switch_write_cdev": Meaning("call: switch_write, character device", floors=("exit", "ioctl")),
    "led_on_cdev": Meaning("call: led_on, character device", floors=("exit", "ioctl")),
    "switch_test_sysfs": Meaning("call: switch_test, sysfs", floors=("exit", "pwrite")),
    "switch_write_sysfs": Meaning("call: switch_write, sysfs", floors=("exit", "pwrite")),
    "led_on_sysfs": Meaning("call: led_on, sysfs", floors=("exit", "pwrite")),
    "first_byte": Meaning("start: tender to the guest's first byte", floors=("machine",)),
    "first_byte_any": Meaning("start: the same, on any core", floors=("machine_any",)),
    "first_byte_generic": Meaning(
        "start: generic tender to the guest's first byte", floors=("machine",)
    ),
    "peak_rss": Meaning("resident: tender and guest at most, --mem=4", "KiB", ()),
    "idle_rss": Meaning("resident: tender and guest in yield, --mem=4", "KiB", ()),
    "peak_rss_generic": Meaning("resident: generic tender and guest at most, --mem=4", "KiB", ()),
    "tender": Meaning("file: tender without devices", "bytes", ()),
    "tender_pins": Meaning("file: tender with switch and led", "bytes", ()),
    "tender_generic": Meaning("file: generic tender", "bytes", ()),
    "unikernel": Meaning("file: unikernel without devices", "bytes", ()),
    "unikernel_text": Meaning("unikernel: text and constants", "bytes", ()),
    "unikernel_data": Meaning("unikernel: data", "bytes", ()),
    "unikernel_bss": Meaning("unikernel: bss", "bytes", ()),
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
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.write_text("\n".join(lines) + "\n", encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(
            f"{wording.path(path)}: cannot be written ({reason})",
            hint="rpikit perf --update --baseline FILE writes another file",
        ) from None


@dataclass(frozen=True)
class Compared:
    """One figure of a run: `floor` is the sum of its floors, `change` per cent of the baseline.

    What has no floor, or no baseline to compare with, has None there.
    """

    name: str
    meaning: Meaning
    value: int
    floor: int | None
    baseline: int | None
    change: float | None
    verdict: str = ""

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
            "ratio": None if self.ratio is None else round(self.ratio, 4),
            "baseline": self.baseline,
            "change": None if self.change is None else round(self.change, 2),
            "verdict": self.verdict,
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
    return tuple(_compare(name, run, before) for name in run.figures)


def _compare(name: str, run: Baseline, before: Baseline | None) -> Compared:
    known, value = meaning(name), run.figures[name]
    floor = sum(run.floors[one] for one in known.floors) if known.floors else None
    if before is None or name not in before.figures:
        return Compared(name, known, value, floor, None, None, "new" if before else "")
    baseline = before.figures[name]
    if known.unit == "bytes" and run.compiler != before.compiler:
        return Compared(name, known, value, floor, baseline, None, "other compiler")
    expected = float(baseline)
    if floor is not None and before.floors.keys() >= set(known.floors):
        expected *= floor / sum(before.floors[one] for one in known.floors)
    change = round((value / expected - 1) * 100, 3) if expected else 100.0 * bool(value)
    verdict = ""
    if abs(change) > LIMIT and abs(value - expected) > STEPS[known.unit]:
        verdict = "regression" if change > 0 else "improvement"
    return Compared(name, known, value, floor, baseline, change, verdict)


def lost(run: Baseline, before: Baseline) -> list[str]:
    """Return the figures that a baseline has and a run does not."""
    return [name for name in before.figures if name not in run.figures]


def rows(run: Baseline) -> Iterator[tuple[str, str, str, str, str]]:
    """Return what each figure is, its value, unit, floor and ratio: floors first, as text."""
    for name, says in FLOORS.items():
        yield says, f"{run.floors[name]:,}", "instructions", "", ""
    for one in compare(run, None):
        floor = "" if one.floor is None else f"{one.floor:,}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        yield one.meaning.says, f"{one.value:,}", one.meaning.unit, floor, ratio
