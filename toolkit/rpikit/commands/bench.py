# SPDX-License-Identifier: MIT
"""The commands about a bench: its pins in daily use, and the proof of its wiring."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from rpikit import units, words
from rpikit.commands import options
from rpikit.units import Duration

if TYPE_CHECKING:
    from rpikit.bench.bounce import Profile

_BOUNCES = ("ideal", "typical", "worst", "stuck", "chatter")  # as bench.bounce has them


class _Time(click.ParamType):  # type: ignore[type-arg]
    """A time with its unit."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Duration:
        try:
            return value if isinstance(value, Duration) else units.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group()
def bench() -> None:
    """Press, watch and record the pins of APP on a bench, and prove its wiring."""


_common = options.several(options.app, options.board, options.bench, options.as_json)


@bench.command("list")
@_common
def list_(app: Path, name: str, bench: Path | None, as_json: bool) -> None:
    """List the pins of APP: their lines, their wires, and their present levels."""
    from rpikit import benching, report

    reporter = report.choose(json_lines=as_json)
    described, target = options.described(app, name, bench)
    with benching.opened(described, target, reporter.step) as found:
        listing = found.listing()
    reporter.result(listing.values(), str(listing))


@bench.command()
@click.argument("pin", shell_complete=words.pins)
@_common
@click.option(
    "--for", "hold", type=_Time(), default="50ms", show_default=True, help="Hold it so long."
)
@click.option(
    "--bounce",
    type=click.Choice(_BOUNCES),
    default="ideal",
    show_default=True,
    help="How its contact bounces.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which bounces these are.")
@click.option(
    "--times", type=click.IntRange(1), default=1, show_default=True, help="Press it so often."
)
@click.option(
    "--pause", type=_Time(), default="200ms", show_default=True, help="Wait between presses."
)
def press(
    pin: str,
    app: Path,
    name: str,
    bench: Path | None,
    as_json: bool,
    hold: Duration,
    bounce: "Profile",
    seed: int,
    times: int,
    pause: Duration,
) -> None:
    """Press PIN of APP for real, and print the edges of all pins with their stamps.

    Whatever runs on the board sees it; nothing is built or flashed.
    """
    import shutil

    from rpikit import benching, pressing, report, waveform

    reporter = report.choose(json_lines=as_json)
    described, target = options.described(app, name, bench)
    strokes = pressing.Strokes(hold, times, pause, bounce, seed)
    width, glyphs = shutil.get_terminal_size().columns, waveform.glyphs_for(sys.stdout)
    with benching.opened(described, target, reporter.step) as found:
        pressed = pressing.press(found, pin, strokes, width=width, glyphs=glyphs)
    reporter.result(pressed.values(), str(pressed))


@bench.command()
@_common
@click.option("--for", "for_", type=_Time(), help="End after so long; else at Ctrl-C.")
def watch(app: Path, name: str, bench: Path | None, as_json: bool, for_: Duration | None) -> None:
    """Show what the pins of APP do until Ctrl-C: levels, edges, and their last 5 seconds.

    Without a terminal each edge is a line. Nothing is driven: press from another terminal.
    """
    from rpikit import benching, report

    reporter = report.choose(json_lines=as_json)
    described, target = options.described(app, name, bench)
    with benching.opened(described, target, reporter.step) as found, found.view() as view:
        if sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not as_json:
            view.show(found.title, for_)
            return
        first = view.first()
        for change in first:
            reporter.result(change.values(), change.line(first[0].at_ns))
        for changes in view.until(for_):
            for change in changes:
                reporter.result(change.values(), change.line(first[0].at_ns))


@bench.command()
@_common
@click.option("--for", "for_", type=_Time(), help="Record so long; else until Ctrl-C.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there: VCD, for GTKWave and PulseView, or JSON if the name ends in .json.",
)
def wave(
    app: Path,
    name: str,
    bench: Path | None,
    as_json: bool,
    for_: Duration | None,
    out: Path | None,
) -> None:
    """Record what the pins of APP do, and print it as a waveform."""
    import shutil

    from rpikit import benching, report, waveform

    if out is not None and out.suffix not in (".vcd", ".json"):
        raise click.BadParameter(
            f"{out}: write a name that ends in .vcd or .json", param_hint="out"
        )
    reporter = report.choose(json_lines=as_json)
    described, target = options.described(app, name, bench)
    with benching.opened(described, target, reporter.step) as found:
        waves = benching.wave(found, for_, out, reporter.step)
    width, glyphs = shutil.get_terminal_size().columns, waveform.glyphs_for(sys.stdout)
    reporter.result(waves.values(), waves.drawn(width, glyphs))
    if waves.ended is not None:
        raise waves.ended


@bench.command()
@_common
def check(app: Path, name: str, bench: Path | None, as_json: bool) -> None:
    """Prove the wiring: a one walks through every net of APP, and nothing else may follow it.

    Guests of the board are stopped meanwhile and started again. Finds swapped, missing and
    shorted wires, what is stuck, and outputs against outputs; exit 3 if there is one.
    """
    from rpikit import benching, report

    reporter = report.choose(json_lines=as_json)
    described, target = options.described(app, name, bench)
    with benching.opened(described, target, reporter.step) as found:
        proved = benching.check(found)
    reporter.result(proved.values(), str(proved))
    sys.exit(proved.status)
