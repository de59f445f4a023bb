# SPDX-License-Identifier: MIT
"""The command monitor: what is read from its options, and who is handed what."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import rich_click as click

from rpikit.commands import options

if TYPE_CHECKING:
    from rpikit.screen import Patterns, Screen, Stamps


class _Tail(click.ParamType):  # type: ignore[type-arg]
    """A number of lines, or all of them."""

    name = "LINES|all"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if value == "all":
            return -1
        if not str(value).isdecimal():
            self.fail(f"{value!r} is no number of lines; write 0, 100, or all", param, ctx)
        return int(str(value))


@click.command()
@options.several(options.app, options.board, options.bench, options.as_json)
@click.option("--serial", is_flag=True, help="Watch the board's serial line, not its guest's log.")
@click.option("--line", type=int, help="A virtual board's serial line: 0 or 1, its main console.")
@click.option("--tail", type=_Tail(), default="100", show_default=True, help="Begin so far back.")
@click.option(
    "--timestamps",
    "-t",
    type=click.Choice(["off", "wall", "elapsed", "delta"]),
    default="off",
    show_default=True,
    help="Clock, seconds since the start, or since the line before.",
)
@click.option("--filter", "-f", "filters", multiple=True, help="Show lines with REGEX; ! excludes.")
@click.option("--exclude", "-x", multiple=True, help="Do not show lines with REGEX.")
@click.option("--highlight", multiple=True, help="Mark REGEX on a terminal; show every line.")
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RPIKIT_MONITOR_LOG",
    help="Append to this file, not to the board's own log in the state folder.",
)
@click.option("--no-log", is_flag=True, help="Keep no log.")
@click.option("--until", help="End when a line has REGEX; exit 1 if none had.")
@click.option("--timeout", type=click.FloatRange(min=0), help="End after so many seconds.")
@click.option("--no-reconnect", is_flag=True, help="End with the guest, or when the board is lost.")
@click.option("--raw", is_flag=True, help="Print every byte as it comes: trust the guest.")
@click.option(
    "--decode",
    type=click.File("rb"),
    metavar="FILE|-",
    help="Explain a console that was kept; needs no board.",
)
@click.option(
    "--elf",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Take symbols from here, not from APP's build.",
)
def monitor(
    app: Path,
    name: str,
    bench: Path | None,
    as_json: bool,
    serial: bool,
    line: int | None,
    tail: int,
    timestamps: "Stamps",
    filters: tuple[str, ...],
    exclude: tuple[str, ...],
    highlight: tuple[str, ...],
    log: Path | None,
    no_log: bool,
    until: str | None,
    timeout: float | None,
    no_reconnect: bool,
    raw: bool,
    decode: BinaryIO | None,
    elf: Path | None,
) -> None:
    """Show the console of what runs on a board, until Ctrl-] or Ctrl-C; the guest goes on.

    Restarts and flashes are followed, a lost board is waited for, and addresses in failures become
    functions and source lines of APP's build.
    """
    from rpikit import monitor as verb

    patterns = verb.patterns(filters, exclude, highlight)
    ending = verb.Ending(
        until=verb.compiled((until,), "--until")[0] if until is not None else None,
        timeout=timeout,
    )
    if raw and (patterns or as_json or timestamps != "off"):
        raise click.UsageError("--raw prints bytes as they come: leave out what needs lines")
    library = verb.library_of(app, elf)
    screen = screen_of(name, timestamps, patterns, as_json=as_json, raw=raw)
    if decode is not None:
        verb.decode(decode, screen, library)
        return
    origin = verb.origin_of(
        options.target(app, name, bench),
        line=line,
        by_serial=serial,
        tail=None if tail < 0 else tail,
        reconnect=not no_reconnect,
    )
    with verb.log_of(name, log, wanted=not no_log, stamps=timestamps != "off") as kept:
        sys.exit(verb.monitor(origin, screen, library, log=kept, ending=ending))


def screen_of(
    name: str, stamps: "Stamps", patterns: "Patterns", *, as_json: bool, raw: bool
) -> "Screen":
    """Return what shows a console: lines for people or programs, or bytes as they come."""
    import os

    from rpikit import screen

    if raw:
        return screen.Bytes(sys.stdout.buffer, sys.stderr)
    if as_json:
        return screen.Objects(sys.stdout, sys.stderr, name, patterns)
    live = sys.stdout.isatty()
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return screen.Lines(
        sys.stdout,
        sys.stderr,
        stamps=stamps,
        patterns=patterns,
        colours=live and not plain,
        live=live,
    )
