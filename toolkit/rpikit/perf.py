# SPDX-License-Identifier: MIT
"""The verb perf: what calls, starts, memory and files cost, beside their floors of the same run.

Counted on virtual boards where an instruction takes one nanosecond (`-icount`) and nobody disturbs:
no claim about the time of a real board, but the same figures wherever it runs. Without an operating
system there is no floor; beside a figure is what the same costs with Linux and KVM.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rpikit import app as apps
from rpikit import board as boards
from rpikit import elf, figures, metal, paths, toolchain
from rpikit.app import App
from rpikit.board import Board
from rpikit.build import Build, build
from rpikit.errors import BenchError, FirmwareError
from rpikit.figures import Baseline, Compared
from rpikit.report import Reporter

PAGE = Path("docs", "reference", "performance.md")
"""The page with the table of what was measured, in rpikit's own tree."""

PROGRAMS = ("kvm", "linux", "notify", "write", "launch")
_LINE = 25
_BLOCK = "/tmp/block"
_TRUST = "--trust-guest-with-all-pins"
_QUIET = "--solo5:quiet"
_RUN_SECONDS = 300.0
_STARTS = 25
_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"

# Nothing else runs on the core that everything is bound to; what is said leaves at the end, so
# that the console does not interrupt. `any` is how a shell would start a program. Processes that
# answer each other run in turns: else the scheduler's fairness decides which switches are counted.
_SCRIPT = """
taskset -p 1 $$ > /dev/null
in_turns="./launch turns"
run() {{
    echo "# power"
    echo "power $(cut -d' ' -f1 /proc/uptime | tr -d .)0000000"
    chip=$(dirname $(grep -l pinctrl-bcm /sys/class/gpio/*/label))
    number=$(($(cat $chip/base) + {line}))
    value=/sys/class/gpio/gpio$number/value
    dd if=/dev/zero of={block} bs=64K count=1 2> /dev/null
    echo $number > /sys/class/gpio/export
    echo out > ${{value%value}}direction
    echo "# floors"
    ./kvm && ./kvm filter && ./kvm $value && $in_turns ./notify || return
    ./linux /dev/gpiochip0 {other} $value {block} || return
    echo $number > /sys/class/gpio/unexport
    echo "# process"
    ./launch {starts} ./write || return
    echo "# machine"
    ./launch {starts} ./kvm once || return
    echo "# machine_any"
    taskset f ./launch {starts} ./kvm once || return
    first="--mem=4 -- first.hvt --solo5:quiet"
    echo "# first_byte"
    ./launch {starts} ./tender $first || return
    echo "# first_byte_any"
    taskset f ./launch {starts} ./tender $first || return
    echo "# first_byte_generic"
    ./launch {starts} ./tender_generic $first || return
    echo "# first_byte_spt"
    ./launch {starts} ./tender_spt --mem=2 -- first.spt --solo5:quiet || return
    echo "# idle"
    ./launch idle ./tender $first stay || return
    calls="--mem=2 --block:disk={block} --"
    echo "# calls"
    ./tender_calls $calls calls.hvt --solo5:quiet || return
    echo "# calls_spt"
    ./tender_calls_spt $calls calls.spt --solo5:quiet || return
    pins="--mem=2 {grants}"
    for way in {ways}; do
        echo "# pins_$way"
        ./tender_pins --gpio=$way $pins -- pins.hvt --solo5:quiet || return
    done
    echo "# page"
    ./tender_pins --gpio=mmio {trust} $pins -- pins.hvt --solo5:quiet || return
    echo "# pins_spt"
    $in_turns ./tender_pins_spt $pins -- pins.spt --solo5:quiet || return
    echo "# end"
}}
run 2>&1 | cat > /tmp/said
dmesg | grep -o "crng init done"
echo "kernel $(uname -r)"
cat /tmp/said
"""


@dataclass(frozen=True)
class Measured:
    """One run: its figures, and what they are compared with, if there is that."""

    toolchain: str
    run: Baseline
    before: Baseline | None

    @property
    def compared(self) -> tuple[Compared, ...]:
        """Return each figure beside its floors and its baseline."""
        return figures.compare(self.run, self.before)

    @property
    def regressions(self) -> list[str]:
        """Say which figures are worse than the baseline by more than the limit, or gone."""
        found = [one.sentence() for one in self.compared if one.verdict == "regression"]
        gone = figures.lost(self.run, self.before) if self.before else []
        return found + [f"{name}: is in the baseline and was not measured" for name in gone]

    @property
    def improvements(self) -> list[str]:
        """Say which are better by as much, so that the baseline is worth renewing."""
        return [one.sentence() for one in self.compared if one.verdict == "improvement"]

    def __str__(self) -> str:
        run = self.run
        theirs = figures.upstream()
        lines = [f"virtual-pi3, Linux {run.kernel}, QEMU {run.qemu}, {run.compiler}", ""]
        lines += [f"{'floors: nothing of ours in them':58}{'value':>9} {'unit':12}{'filtered':>9}"]
        lines += [
            f"  {says:56}{value:>9} {unit:12}{filtered:>9}".rstrip()
            for says, value, unit, _, filtered, *_ in figures.floor_rows(run)
        ]
        heads = f"{'value':>9} {'unit':12}{'floor':>9}{'filtered':>9}{'ratio':>6}{'Solo5':>10}"
        lines += ["", f"{'':58}{heads}"]
        lines[-1] += f"{'baseline':>10}{'change':>9}" if self.before else ""
        lines += [
            _line(one, theirs.figures.get(one.name)) for one in self.compared if one.beside is None
        ]
        lines += ["", f"{'':58}{'value':>9} {'unit':12}{'Linux':>12}{'times':>7}"]
        lines[-1] += f"{'baseline':>10}{'change':>9}" if self.before else ""
        lines += [_metal_line(one) for one in self.compared if one.beside is not None]
        lines += ["", f"Solo5: {theirs.version}, its static tenders, counted on the same board."]
        write, there = run.figures["switch_write_cdev"], run.floors["exit_files"]
        lines += [f"A write of a pin costs {write / there:.2f} of what the cheapest tender pays"]
        lines[-1] += " that opens, writes and closes a sysfs file for it."
        if self.before and (self.before.kernel, self.before.qemu) != (run.kernel, run.qemu):
            lines += [f"The baseline is of Linux {self.before.kernel}, QEMU {self.before.qemu}."]
        lines += [f"worse: {text}" for text in self.regressions]
        lines += [f"better: {text}" for text in self.improvements]
        if self.improvements and not self.regressions:
            lines += ["`rpikit perf --update` makes this the baseline."]
        return "\n".join(lines)

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        return {
            "toolchain": self.toolchain,
            "compiler": self.run.compiler,
            "kernel": self.run.kernel,
            "qemu": self.run.qemu,
            "floors": dict(self.run.floors),
            "figures": [one.values() for one in self.compared],
            "regressions": self.regressions,
            "improvements": self.improvements,
        }


def _line(one: Compared, theirs: int | None) -> str:
    floors = f"{figures.number(one.floor):>9}{figures.number(one.filtered):>9}"
    ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
    text = f"  {one.meaning.says:56}{one.value:>9,} {one.meaning.unit:12}{floors}{ratio:>6}"
    known = f"{figures.number(theirs):>10}{figures.number(one.baseline):>10}"
    return f"{text}{known}{_change(one):>9}".rstrip()


def _metal_line(one: Compared) -> str:
    times = "" if one.times is None else f"{one.times:.1f}"
    text = f"  {one.meaning.says:56}{one.value:>9,} {one.meaning.unit:12}"
    text += f"{figures.number(one.beside):>12}{times:>7}"
    return f"{text}{figures.number(one.baseline):>10}{_change(one):>9}".rstrip()


def _change(one: Compared) -> str:
    return one.verdict if one.change is None else f"{round(one.change, 1) + 0.0:+.1f} %"


def baseline_file() -> Path:
    """Return the baseline that travels with rpikit."""
    return paths.data_root() / "perf" / "baseline.toml"


def perf(
    *,
    chain: str | None = None,
    baseline: Path | None = None,
    must_compare: bool = False,
    reporter: Reporter,
) -> Measured:
    """Build the benchmarks, run them on a board of their own, and compare.

    Without a baseline there is nothing to compare with, which is an error only if it must be.
    """
    found = toolchain.find(chain)
    path = baseline or baseline_file()
    known = path.exists() and found.name in figures.toolchains(path)
    before = figures.load(path, found.name) if known or must_compare else None
    board = boards.load(boards.DEFAULT)
    reporter.step("build the benchmarks")
    built = _build(board, found.name)
    reporter.step("count instructions")
    said = _run(board, built)
    run = Baseline(
        compiler=_first_line(*found.cc, "--version"),
        kernel=_kernel(said),
        qemu=_qemu(),
        floors=_floors(said),
        figures={**_calls(said), **_starts(said), **_sizes(built), **_on_metal(built)},
    )
    return Measured(found.name, run, before)


def update(measured: Measured, baseline: Path | None = None) -> list[Path]:
    """Make a run the baseline, and put it on the page; return the files written."""
    path = baseline or baseline_file()
    figures.save(path, measured.toolchain, measured.run)
    page = paths.data_root() / PAGE
    if baseline is not None or measured.toolchain != toolchain.DEFAULT or not page.exists():
        return [path]
    page.write_text(page_text(page.read_text(encoding="utf-8"), measured.run), encoding="utf-8")
    return [path, page]


def page_text(text: str, run: Baseline) -> str:
    """Return the page with the figures of a run between its two marks."""
    head, _, rest = text.partition(_BEGIN)
    _, mark, tail = rest.partition(_END)
    if not mark:
        raise BenchError(f"{PAGE}: has no lines {_BEGIN.strip()!r} and {_END.strip()!r}")
    heads = ("what", "value", "unit", "floor", "filtered", "ratio", "Solo5")
    rules = ("---", "--:", "---", "--:", "--:", "--:", "--:")
    rows = (heads, rules, *figures.floor_rows(run), *figures.rows(run))
    table = [f"| {' | '.join(row)} |" for row in rows]
    bare = (("what", "value", "unit", "Linux", "times"), ("---", "--:", "---", "--:", "--:"))
    table += ["", *(f"| {' | '.join(row)} |" for row in (*bare, *figures.metal_rows(run)))]
    made = f"Linux {run.kernel}, QEMU {run.qemu}, {run.compiler}."
    return f"{head}{_BEGIN}\n" + "\n".join([*table, "", made, ""]) + f"\n{_END}{tail}"


@dataclass(frozen=True)
class _Builds:
    """Everything that is measured: for KVM, and as a process of Linux."""

    first: Build
    calls: Build
    pins: Build
    generic: Build
    first_spt: Build
    calls_spt: Build
    pins_spt: Build
    metal: tuple[Build, ...]
    """Without an operating system: the start, calls, and lines."""


def _build(board: Board, chain: str) -> _Builds:
    """Build the guests without devices, with Solo5's and with pins, and the generic tender."""
    folder, out = paths.data_root() / "perf", paths.cache_dir() / "perf" / chain
    programs = tuple(f"perf/{name}" for name in PROGRAMS)
    first, calls, pins = (apps.load(folder / name) for name in ("first", "calls", "pins"))
    metals = [apps.load(folder / name) for name in ("power", "window", "pins")]
    spt, bare = board.made_for("spt"), board.made_for("metal")

    def made(app: App, kind: Board, name: str, generic: bool = False) -> Build:
        targets = programs if name == "first" else ()
        return build(
            app, board=kind, toolchain=chain, out=out / name, generic=generic, targets=targets
        )

    return _Builds(
        first=made(first, board, "first"),
        calls=made(calls, board, "calls"),
        pins=made(pins, board, "pins"),
        generic=made(first, board, "generic", generic=True),
        first_spt=made(first, spt, "first-spt"),
        calls_spt=made(calls, spt, "calls-spt"),
        pins_spt=made(pins, spt, "pins-spt"),
        metal=tuple(made(app, bare, f"{app.name}-metal") for app in metals),
    )


def _run(board: Board, built: _Builds) -> str:
    """Run it all on a board that boots for that; return what was said."""
    from rpikit.virtual.replay import replay

    files = {name: built.first.folder / "perf" / name for name in PROGRAMS}
    for one in (built.first, built.calls, built.pins):
        files[one.unikernel.name] = one.unikernel
    for one in (built.first_spt, built.calls_spt, built.pins_spt):
        files[one.unikernel.name] = one.unikernel
    files |= {
        "tender": built.first.tender,
        "tender_calls": built.calls.tender,
        "tender_pins": built.pins.tender,
        "tender_generic": built.generic.tender,
        "tender_spt": built.first_spt.tender,
        "tender_calls_spt": built.calls_spt.tender,
        "tender_pins_spt": built.pins_spt.tender,
    }
    grants = " ".join(f"--pin:{one.name}={one.line}" for one in built.pins.app.devices)
    script = _SCRIPT.format(
        line=_LINE,
        other=_LINE - 1,
        starts=_STARTS,
        block=_BLOCK,
        grants=grants,
        ways=" ".join(figures.WAYS),
        trust=_TRUST,
    )
    console = replay(board, script, files, timeout=_RUN_SECONDS)
    said = console.decode(errors="replace").replace("\r", "")
    if "crng init done" not in said:
        raise BenchError(
            "perf: the board's random generator is not ready; every call would cost more"
        )
    if "# end\n" not in said:
        last = said.rpartition("# ")[2].strip().splitlines()
        raise FirmwareError(f"perf: {last[0]} was not measured: {'; '.join(last[1:][-3:])}")
    return said


def _kernel(said: str) -> str:
    found = re.search(r"^kernel (\S+)$", said, re.M)
    return found[1] if found else "unknown"


def _part(said: str, name: str) -> dict[str, int]:
    """Return the numbers that were said under one heading."""
    text = re.split(rf"^# {name}$", said, maxsplit=1, flags=re.M)[1].partition("\n# ")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+):? +(\d+)\b", text, re.M)}


def _floors(said: str) -> dict[str, int]:
    measured = _part(said, "floors")
    starts = ("process", "machine", "machine_any")
    measured |= {name: _part(said, name)["start"] for name in starts}
    measured |= _part(said, "power")
    return {name: measured[name] for name in figures.FLOORS}


def _calls(said: str) -> dict[str, int]:
    """Return what each call cost; a call of a line has the name of the way behind its own."""
    named = _part(said, "calls")
    for way in figures.WAYS:
        for name, count in _part(said, f"pins_{way}").items():
            known = f"{name}_{way}" in figures.MEANINGS
            if known or name not in figures.MEANINGS:
                named[f"{name}_{way}"] = count
            else:  # no line is moved, so that the way does not matter
                named.setdefault(name, count)
    named["gpio_page"] = _part(said, "page")["gpio_page"]
    for part in ("calls_spt", "pins_spt"):
        named |= {f"{name}_spt": count for name, count in _part(said, part).items()}
    return _in_order(named)


def _in_order(named: dict[str, int]) -> dict[str, int]:
    """Return figures in the order of their meanings; what has none comes last."""
    order = list(figures.MEANINGS)
    return dict(sorted(named.items(), key=lambda one: _place(order, one[0])))


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _starts(said: str) -> dict[str, int]:
    names = ("first_byte", "first_byte_any", "first_byte_generic", "first_byte_spt")
    return {name: _part(said, name)["start"] for name in names} | {
        "peak_rss": _part(said, "first_byte")["peak"],
        "idle_rss": _part(said, "idle")["Rss"],
        "peak_rss_generic": _part(said, "first_byte_generic")["peak"],
        "peak_rss_spt": _part(said, "first_byte_spt")["peak"],
    }


def _on_metal(built: _Builds) -> dict[str, int]:
    """Run what has no operating system below it; return what each call and the start cost."""
    from rpikit.virtual import counted

    found: dict[str, int] = {}
    for one in built.metal:
        said = counted.run(metal.image(one.guests, one.folder, _QUIET), timeout=_RUN_SECONDS)
        if f"{one.app.name}: ended, status 0" not in said:
            raise FirmwareError(f"perf: on metal {one.app.name} failed: {said.strip()[-200:]}")
        found |= {name: int(count) for name, count in re.findall(r"^(\w+) (\d+)$", said, re.M)}
    named = {f"{name}{figures.METAL}": count for name, count in found.items()}
    return _in_order(named | {"underlay": built.metal[-1].sizes["tender"]})


def _sizes(built: _Builds) -> dict[str, int]:
    read = elf.read(built.first.unikernel)
    data = sum(one.file_size for one in read.segments if "w" in one.flags)
    return {
        "tender": built.first.sizes["tender"],
        "tender_pins": built.pins.sizes["tender"],
        "tender_generic": built.generic.sizes["tender"],
        "tender_spt": built.first_spt.sizes["tender"],
        "unikernel": read.size,
        "unikernel_text": read.loaded - data,
        "unikernel_data": data,
        "unikernel_bss": read.zeroed,
    }


def _first_line(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0].strip() or "unknown"


def _qemu() -> str:
    from rpikit.virtual import qemu

    found = re.search(r"version (\S+)", _first_line(qemu.PROGRAM, "--version"))
    return found[1] if found else "unknown"
