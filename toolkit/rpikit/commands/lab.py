# SPDX-License-Identifier: MIT
"""The commands about a lab: virtual boards that are wired to each other."""

import sys
from pathlib import Path

import rich_click as click

from rpikit.commands import options


@click.group()
def lab() -> None:
    """Start virtual boards that are wired pin to pin: a device under test and a bench Pi."""


@lab.command()
@options.several(options.app, options.bench, options.as_json)
@click.option(
    "--driver",
    type=click.Choice(["gpiod", "RPi.GPIO"]),
    default="gpiod",
    show_default=True,
    help="What drives and watches the lines on the bench Pi.",
)
def new(app: Path, bench: Path | None, as_json: bool, driver: str) -> None:
    """Add two virtual boards to APP's bench.toml: dut, and bench-pi to which its pins are wired."""
    from rpikit import app as apps
    from rpikit import lab as verb
    from rpikit import report, wiring

    described = apps.load(app)
    made = verb.new(described, bench or described.folder / wiring.FILE, driver=driver)
    report.choose(json_lines=as_json).result(made.values(), str(made))


@lab.command()
@options.several(options.app, options.bench, options.as_json)
def up(app: Path, bench: Path | None, as_json: bool) -> None:
    """Start the virtual boards that wires of APP's bench.toml join, and plug these in."""
    from rpikit import app as apps
    from rpikit import lab as verb
    from rpikit import report

    reporter = report.choose(json_lines=as_json)
    started = verb.up(apps.load(app), options.found(app, bench), reporter.step)
    reporter.result(started.values(), str(started))


@lab.command()
@options.several(options.app, options.bench, options.as_json)
def status(app: Path, bench: Path | None, as_json: bool) -> None:
    """Say which boards run and which wires are plugged; exit 4 or 3 if not all of them.

    A wire that both ends drove at once counts as a fault until the boards are wired anew.
    """
    from rpikit import app as apps
    from rpikit import lab as verb
    from rpikit import report

    found = verb.status(apps.load(app), options.found(app, bench))
    report.choose(json_lines=as_json).result(found.values(), str(found))
    sys.exit(found.exit_code)


@lab.command()
@options.several(options.app, options.bench, options.as_json)
def down(app: Path, bench: Path | None, as_json: bool) -> None:
    """End the virtual boards that wires of APP's bench.toml join."""
    from rpikit import lab as verb
    from rpikit import report

    ended = verb.down(options.found(app, bench))
    report.choose(json_lines=as_json).result(ended.values(), str(ended))
