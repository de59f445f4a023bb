# SPDX-License-Identifier: MIT
"""The commands about the guests of a board: show, start, stop, remove, and what each wrote."""

import io
import sys
from pathlib import Path

import rich_click as click

from rpikit import words
from rpikit.commands import options
from rpikit.commands.monitor import screen_of

_guest = click.argument("guest", shell_complete=words.guests)


@click.command()
@options.several(options.board, options.bench, options.as_json)
def ps(name: str, bench: Path | None, as_json: bool) -> None:
    """List the guests of a board: what each does and uses, and what it alone may have."""
    from rpikit import connect, report
    from rpikit import guests as verb
    from rpikit.device import DeviceHalf

    with connect.reached(options.target(None, name, bench)) as transport:
        listed = verb.ps(name, DeviceHalf(transport))
    report.choose(json_lines=as_json).result(listed.values(), str(listed))


@click.command()
@options.several(_guest, options.board, options.bench, options.as_json)
def start(guest: str, name: str, bench: Path | None, as_json: bool) -> None:
    """Start GUEST, which a board has already, beside those that run there."""
    from rpikit import connect, report
    from rpikit import guests as verb
    from rpikit.device import DeviceHalf

    reporter = report.choose(json_lines=as_json)
    with connect.reached(options.target(None, name, bench)) as transport:
        started = verb.start(name, DeviceHalf(transport), guest, reporter=reporter)
    reporter.result(started.values(), str(started))


@click.command()
@click.argument("guest", required=False, shell_complete=words.guests)
@click.option("--all", "is_all", is_flag=True, help="Stop every guest of the board.")
@options.several(options.board, options.bench, options.as_json)
def stop(guest: str | None, is_all: bool, name: str, bench: Path | None, as_json: bool) -> None:
    """Stop GUEST on a board; its firmware stays there, and `rpikit start GUEST` starts it again."""
    from rpikit import connect, report
    from rpikit import guests as verb
    from rpikit.device import DeviceHalf

    if is_all == (guest is not None):
        raise click.UsageError("name the guest to stop, or write --all")
    with connect.reached(options.target(None, name, bench)) as transport:
        stopped = verb.stop(name, DeviceHalf(transport), guest)
    report.choose(json_lines=as_json).result(stopped.values(), str(stopped))


@click.command()
@options.several(_guest, options.board, options.bench, options.as_json)
def confirm(guest: str, name: str, bench: Path | None, as_json: bool) -> None:
    """Keep GUEST, which `rpikit flash --trial` left on trial: a board boots what is confirmed."""
    from rpikit import connect, report
    from rpikit import guests as verb
    from rpikit.device import DeviceHalf

    with connect.reached(options.target(None, name, bench)) as transport:
        confirmed = verb.confirm(name, DeviceHalf(transport), guest)
    report.choose(json_lines=as_json).result(confirmed.values(), str(confirmed))


@click.command()
@options.several(_guest, options.board, options.bench, options.as_json)
def rollback(guest: str, name: str, bench: Path | None, as_json: bool) -> None:
    """End the trial of GUEST: the firmware of before runs again."""
    from rpikit import connect, report
    from rpikit import guests as verb
    from rpikit.device import DeviceHalf

    with connect.reached(options.target(None, name, bench)) as transport:
        back = verb.roll_back(name, DeviceHalf(transport), guest)
    report.choose(json_lines=as_json).result(back.values(), str(back))


@click.command()
@options.several(_guest, options.board, options.bench, options.as_json)
def remove(guest: str, name: str, bench: Path | None, as_json: bool) -> None:
    """Remove GUEST from a board: end it, and delete its firmware and its console there."""
    from rpikit import connect, report
    from rpikit import guests as verb
    from rpikit.device import DeviceHalf

    with connect.reached(options.target(None, name, bench)) as transport:
        removed = verb.remove(name, DeviceHalf(transport), guest)
    report.choose(json_lines=as_json).result(removed.values(), str(removed))


@click.command()
@click.argument("guest", required=False, shell_complete=words.guests)
@click.option("--follow", "-f", is_flag=True, help="Go on until the guest ends, or Ctrl-C.")
@click.option(
    "--lines",
    "-n",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="Begin so far back.",
)
@options.several(options.board, options.bench, options.as_json)
def logs(
    guest: str | None, follow: bool, lines: int, name: str, bench: Path | None, as_json: bool
) -> None:
    """Print what GUEST wrote to its console, or the guest that was started last.

    With --follow exit 1 if the guest failed.
    """
    from functools import partial

    from rpikit import connect
    from rpikit import monitor as verb
    from rpikit.device import DeviceHalf
    from rpikit.origin import BoardConsole

    target = options.target(None, name, bench)
    screen = screen_of(name, "off", verb.patterns((), (), ()), as_json=as_json, raw=False)
    library = verb.library_of(Path(), None)
    with connect.reached(target) as transport:
        said = DeviceHalf(transport, guest=guest).logs(0 if follow else lines)
    if not follow:
        verb.decode(io.BytesIO(said.encode()), screen, library)
        return
    origin = BoardConsole(
        name,
        partial(connect.reached, target),
        tail=lines,
        reconnect=False,
        half=partial(DeviceHalf, guest=guest),
    )
    sys.exit(verb.monitor(origin, screen, library))
