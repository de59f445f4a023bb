# SPDX-License-Identifier: MIT
"""The commands about boards: start, stop, list, reach into."""

import sys
from pathlib import Path

import rich_click as click

from rpikit.commands import options


@click.group()
def board() -> None:
    """Start, stop, list and reach into boards."""


@board.command()
@options.several(options.board_name, options.bench, options.as_json)
@click.option(
    "--card",
    is_flag=True,
    envvar="RPIKIT_VIRTUAL_CARD",
    help="With an SD card that keeps its firmware when the board ends; it boots without snapshot.",
)
@click.option(
    "--beside",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="KERNEL8.IMG",
    envvar="RPIKIT_BESIDE",
    help="What `rpikit build --target metal` made: its guests run on a core of their own beside "
    "the Linux of virtual-pi3-beside.",
)
def up(name: str, bench: Path | None, as_json: bool, card: bool, beside: Path | None) -> None:
    """Start the virtual board NAME and wait until SSH answers."""
    from rpikit import connect, report
    from rpikit.virtual import machine, qemu

    reporter = report.choose(json_lines=as_json)
    started = machine.up(
        connect.board_of(options.target(None, name, bench)),
        name=name,
        options=qemu.Options(card=card, beside=None if beside is None else str(beside)),
        report=reporter.step,
    )
    reporter.result(started.values(), str(started))


@board.command()
@options.several(options.board_name, options.as_json)
def down(name: str, as_json: bool) -> None:
    """Stop the virtual board NAME, or what was flashed onto this machine as a board."""
    from rpikit import host, report
    from rpikit.virtual import machine

    was_up = machine.down(name) or host.stop(name)
    said = f"{name}: stopped" if was_up else f"{name}: was not running"
    report.choose(json_lines=as_json).result({"board": name, "stopped": was_up}, said)


@board.command()
@options.several(options.board_name, options.as_json)
def status(name: str, as_json: bool) -> None:
    """Say whether the virtual board NAME runs, and how to reach it; exit 4 if it does not."""
    from rpikit import report
    from rpikit.errors import BoardError
    from rpikit.virtual import machine

    found = machine.find(name)
    if found is None:
        raise BoardError(f"board {name!r}: is not running", hint=f"rpikit board up {name}")
    report.choose(json_lines=as_json).result(found.values(), str(found))


@board.command("list")
@options.several(options.bench, options.as_json)
def list_(bench: Path | None, as_json: bool) -> None:
    """List the boards of the bench and which virtual ones run now."""
    from rpikit import listing as verb
    from rpikit import report

    listing = verb.listing(options.found(None, bench))
    report.choose(json_lines=as_json).result(listing.values(), str(listing))


@board.command()
@options.several(options.board_name, options.bench, options.as_json)
def identify(name: str, bench: Path | None, as_json: bool) -> None:
    """Print what to write into bench.toml, so that any other board in place of NAME is refused."""
    from rpikit import connect, report

    reporter = report.choose(json_lines=as_json)
    found = connect.identify(options.target(None, name, bench), report=reporter.step)
    reporter.result(found.values(), str(found))


class _BeforeDashes(click.RichCommand):
    """A command whose own words end at `--`; what follows is somebody else's command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.obj = " ".join(args[at + 1 :])
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND]"]


@board.command(cls=_BeforeDashes)
@options.several(options.board_name, options.way, options.bench)
@click.pass_obj
def shell(command: str, name: str, bench: Path | None) -> None:
    """Log in to the board NAME, or run COMMAND there and end with its exit status."""
    from rpikit import connect, report
    from rpikit import shell as verb

    target = options.target(None, name, bench)
    with connect.connect(target, report=report.choose().step, keep=True) as there:
        status = verb.shell(there.transport, command or None)
    sys.exit(status)


@board.command()
@options.several(options.board_name, options.bench)
@click.option("--line", type=int, help="A virtual board's serial line: 0 or 1, its main console.")
@click.option("--log", is_flag=True, help="Print what a virtual board has said so far, and end.")
def serial(name: str, bench: Path | None, line: int | None, log: bool) -> None:
    """Talk to the serial console of the board NAME; Ctrl-] ends it."""
    from rpikit import connect
    from rpikit import serial_line as verb

    target = options.target(None, name, bench)
    is_virtual = connect.board_of(target).virtual is not None
    if log:
        sys.stdout.buffer.write(verb.log_of(target, is_virtual=is_virtual, line=line))
    else:
        verb.attach(verb.port_of(target, is_virtual=is_virtual, line=line), name)


@board.command()
@options.several(options.board_name, options.bench, options.as_json)
@click.option("--once", is_flag=True, help="Print the pins as they are now, and end.")
def pins(name: str, bench: Path | None, as_json: bool, once: bool) -> None:
    """Show what each pin of the virtual board NAME does, and its edges, until Ctrl-C.

    Without a terminal each edge is a line.
    """
    from rpikit import connect, report
    from rpikit import header as verb

    view = verb.View(connect.board_of(options.target(None, name, bench)), name)
    reporter = report.choose(json_lines=as_json)
    if once:
        header = view.now()
        reporter.result(header.values(), str(header))
    elif sys.stdout.isatty() and not as_json:
        verb.show(view)
    for edge in () if once else view.edges():
        reporter.result(verb.edge_values(edge), verb.edge_line(edge))


@board.command()
@options.several(options.board_name, options.as_json)
def cut(name: str, as_json: bool) -> None:
    """Take the power of the virtual board NAME away, whatever it is doing."""
    from rpikit import report
    from rpikit.virtual import machine

    was_up = machine.cut(name)
    said = f"{name}: its power is cut" if was_up else f"{name}: was not running"
    report.choose(json_lines=as_json).result({"board": name, "cut": was_up}, said)


@board.command()
@options.several(options.board_name, options.bench, options.as_json)
@click.option("--undo", is_flag=True, help="Have it start nothing any more.")
def setup(name: str, bench: Path | None, as_json: bool, undo: bool) -> None:
    """Have the board NAME start its guests whenever it boots: systemd, or BusyBox's inittab."""
    from rpikit import connect, report
    from rpikit import guests as verb
    from rpikit.device import DeviceHalf

    with connect.reached(options.target(None, name, bench)) as transport:
        done = verb.setup(name, DeviceHalf(transport), undo=undo)
    report.choose(json_lines=as_json).result(done.values(), str(done))
