# SPDX-License-Identifier: MIT
"""The command line: reads words, calls a verb, prints what it says. Decides nothing.

Imports of the verbs stand inside the commands, so that help is there at once.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import rich_click as click

from rpikit import __version__, words

if TYPE_CHECKING:
    from rpikit.app import App
    from rpikit.wiring import Target

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_BOARD = "virtual-pi3"

click.rich_click.COMMAND_GROUPS = {
    "rpikit": [
        {"name": "Firmware", "commands": ["new", "build", "inspect", "flash", "run", "test"]},
        {"name": "Boards", "commands": ["board"]},
        {"name": "More", "commands": ["doctor", "config", "completion", "demo", "perf"]},
    ]
}

_app = click.argument("app", type=click.Path(file_okay=False, path_type=Path), default=".")
_board = click.option(
    "--board",
    "-b",
    "name",
    default=DEFAULT_BOARD,
    show_default=True,
    shell_complete=words.boards,
    help="A board of bench.toml.",
)
_bench = click.option(
    "--bench",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RPIKIT_BENCH",
    help="The lab's wiring; else APP's bench.toml, else the one here.",
)
_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    envvar="RPIKIT_JSON",
    help="Print the result as one JSON object; progress becomes JSON lines on stderr.",
)
_name = click.argument("name", default=DEFAULT_BOARD, shell_complete=words.boards)


def _options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Give a command several options at once."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


@click.group(cls=words.Words, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rpikit", message="%(prog)s %(version)s")
def rpikit() -> None:
    """Put unikernel firmware on Raspberry Pi boards, and prove it on the device.

    APP is the folder with rpikit.toml: this one, unless named. Without a board of your own,
    everything runs on a virtual Raspberry Pi 3.

    Exit codes: 0 ok, 1 firmware or test failed, 2 usage or bad description, 3 bench or wiring
    fault, 4 board absent or busy, 5 toolchain or program missing, 6 verification failed,
    7 nothing ran, 130 interrupted.
    """


@rpikit.command()
@click.argument("name")
@click.option(
    "--template",
    "-t",
    default="blink",
    show_default=True,
    envvar="RPIKIT_TEMPLATE",
    help="blink, switch or own-interface.",
)
@_json
def new(name: str, template: str, as_json: bool) -> None:
    """Make the project NAME in a folder of that name: it builds and passes its tests at once."""
    from rpikit import new as verb
    from rpikit import report

    made = verb.new(name, template=template)
    report.choose(json_lines=as_json).result(made.values(), str(made))


@rpikit.command()
@_options(_app, _board, _bench, _json)
@click.option("--verbose", "-v", is_flag=True, help="Name each file as it is made.")
@click.option("--generic", is_flag=True, help="Make a tender for every interface, not only APP's.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Build here, not in APP/build."
)
@click.option(
    "--toolchain",
    type=click.Choice(["gcc", "zig"]),
    envvar="RPIKIT_TOOLCHAIN",
    help="Debian's gcc, unless named; zig is the Python package ziglang.",
)
@click.option(
    "--verify", is_flag=True, help="Build once more in another folder and compare every byte."
)
def build(
    app: Path,
    name: str,
    bench: Path | None,
    as_json: bool,
    verbose: bool,
    generic: bool,
    out: Path | None,
    toolchain: str | None,
    verify: bool,
) -> None:
    """Build APP: its unikernel and its tender."""
    from rpikit import board as boards
    from rpikit import build as building
    from rpikit import report
    from rpikit import verify as verifying

    reporter = report.choose(json_lines=as_json)
    described, target = _described(app, name, bench)
    kind = boards.load(target.board)
    reporter.step(f"build {described.name} {described.version}")
    note = reporter.note if verbose else report.Silent().note
    verb = verifying.verify if verify else building.build
    built = verb(described, board=kind, generic=generic, toolchain=toolchain, out=out, report=note)
    reporter.result(built.values(), str(built))


@rpikit.command()
@click.argument("file", type=click.Path(path_type=Path), default=".")
@_json
@click.option(
    "--top",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    envvar="RPIKIT_TOP",
    help="How many stack frames to show.",
)
def inspect(file: Path, as_json: bool, top: int) -> None:
    """Say what is in the unikernel FILE, or in the last build of the application's folder FILE.

    Notes, manifest, segments, sizes against their limits, calls, and the largest stack frames.
    """
    from rpikit import inspection as verb
    from rpikit import report

    seen = verb.inspect(file, top=top)
    report.choose(json_lines=as_json).result(seen.values(), str(seen))


@rpikit.command()
@_options(_app, _board, _bench, _json)
def flash(app: Path, name: str, bench: Path | None, as_json: bool) -> None:
    """Build APP, put it on a board, start it, and wait until it is ready."""
    from rpikit import build as building
    from rpikit import bundle, connect, report
    from rpikit import flash as verb

    reporter = report.choose(json_lines=as_json)
    described, target = _described(app, name, bench)
    reporter.step(f"build {described.name} {described.version}")
    built = building.build(described, board=connect.board_of(target))
    made = bundle.make(described, built.board, built.unikernel, built.tender, built.folder)
    with connect.connect(target, report=reporter.step, keep=True) as there:
        flashed = verb.flash(made, there.transport, reporter=reporter)
    reporter.result(flashed.values(), str(flashed))


@rpikit.command()
@_options(_app, _board, _bench, _json)
def run(app: Path, name: str, bench: Path | None, as_json: bool) -> None:
    """Build and flash APP, then show its console until it ends; Ctrl-C ends the guest, too.

    With --json the console is told as events on stderr.
    """
    from rpikit import connect, report
    from rpikit import run as verb

    reporter = report.choose(json_lines=as_json)
    described, target = _described(app, name, bench)
    console = report.ConsoleEvents(sys.stderr) if as_json else sys.stdout.buffer
    with connect.connect(target, report=reporter.step) as there:
        status = verb.run(
            described, there.board, there.transport, reporter=reporter, console=console
        )
    if as_json:
        values = {"app": described.name, "version": described.version, "exit": status}
        reporter.result(values | {"board": name}, "")
    sys.exit(0 if status == 0 else 1)


@rpikit.command(context_settings={"ignore_unknown_options": True})
@_options(_app, _board, _bench, _json)
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def test(
    app: Path, name: str, bench: Path | None, as_json: bool, pytest_args: tuple[str, ...]
) -> None:
    """Run the tests of APP on a board: press its switches, watch its lights.

    What follows the options goes to pytest: `rpikit test . -- -k press -x`.
    """
    from rpikit import test as verb

    described, _ = _described(app, name, bench)
    sys.exit(
        verb.run(described, board_name=name, bench=bench, pytest_args=pytest_args, as_json=as_json)
    )


@rpikit.command()
@_options(_bench, _json)
@click.option("--board", "-b", "name", shell_complete=words.boards, help="Look at this board, too.")
def doctor(bench: Path | None, as_json: bool, name: str | None) -> None:
    """Look at this machine, and at a board: each finding with the command that mends it."""
    from rpikit import doctor as verb
    from rpikit import report

    reporter = report.choose(json_lines=as_json)
    found = verb.doctor(_target(Path(), name, bench) if name else None, reporter=reporter)
    reporter.result(found.values(), str(found))
    sys.exit(found.exit_code)


@rpikit.command()
@_json
def demo(as_json: bool) -> None:
    """Show it all: a switch lights an LED through a unikernel on a virtual Raspberry Pi 3."""
    from rpikit import demo as verb
    from rpikit import report

    reporter = report.choose(json_lines=as_json)
    shown = verb.demo(reporter=reporter)
    reporter.result(shown.values(), str(shown))


@rpikit.command()
@_json
def perf(as_json: bool) -> None:
    """Count the instructions of each call, beside what KVM alone costs in the same run."""
    from rpikit import perf as verb
    from rpikit import report

    reporter = report.choose(json_lines=as_json)
    measured = verb.perf(reporter=reporter)
    reporter.result(measured.values(), str(measured))


@rpikit.group()
def board() -> None:
    """Start, stop, list and reach into boards."""


@board.command()
@_options(_name, _bench, _json)
def up(name: str, bench: Path | None, as_json: bool) -> None:
    """Start the virtual board NAME and wait until SSH answers."""
    from rpikit import connect, report
    from rpikit.virtual import machine

    reporter = report.choose(json_lines=as_json)
    started = machine.up(
        connect.board_of(_target(None, name, bench)), name=name, report=reporter.step
    )
    reporter.result(started.values(), str(started))


@board.command()
@_options(_name, _json)
def down(name: str, as_json: bool) -> None:
    """Stop the virtual board NAME."""
    from rpikit import report
    from rpikit.virtual import machine

    was_up = machine.down(name)
    said = f"{name}: stopped" if was_up else f"{name}: was not running"
    report.choose(json_lines=as_json).result({"board": name, "stopped": was_up}, said)


@board.command()
@_options(_name, _json)
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
@_options(_bench, _json)
def list_(bench: Path | None, as_json: bool) -> None:
    """List the boards of the bench and which virtual ones run now."""
    from rpikit import listing as verb
    from rpikit import report

    listing = verb.listing(_found(None, bench))
    report.choose(json_lines=as_json).result(listing.values(), str(listing))


class _BeforeDashes(click.RichCommand):
    """A command whose own words end at `--`; what follows is somebody else's command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.obj = " ".join(args[at + 1 :])
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND]"]


@board.command(cls=_BeforeDashes)
@_options(_name, _bench)
@click.pass_obj
def shell(command: str, name: str, bench: Path | None) -> None:
    """Log in to the board NAME, or run COMMAND there and end with its exit status."""
    from rpikit import connect, report
    from rpikit import shell as verb
    from rpikit.transport.ssh import Ssh

    target = _target(None, name, bench)
    with connect.connect(target, report=report.choose().step, keep=True) as there:
        assert isinstance(there.transport, Ssh)
        status = verb.shell(there.transport, command or None)
    sys.exit(status)


@board.command()
@_options(_name, _bench)
@click.option("--line", type=int, help="A virtual board's serial line: 0 or 1, its main console.")
@click.option("--log", is_flag=True, help="Print what a virtual board has said so far, and end.")
def serial(name: str, bench: Path | None, line: int | None, log: bool) -> None:
    """Talk to the serial console of the board NAME; Ctrl-] ends it."""
    from rpikit import connect
    from rpikit import serial_line as verb

    target = _target(None, name, bench)
    is_virtual = connect.board_of(target).virtual is not None
    if log:
        sys.stdout.buffer.write(verb.log_of(target, is_virtual=is_virtual, line=line))
    else:
        verb.attach(verb.port_of(target, is_virtual=is_virtual, line=line), name)


@board.command()
@_options(_name, _bench, _json)
@click.option("--once", is_flag=True, help="Print the pins as they are now, and end.")
def pins(name: str, bench: Path | None, as_json: bool, once: bool) -> None:
    """Show what each pin of the virtual board NAME does, and its edges, until Ctrl-C.

    Without a terminal each edge is a line.
    """
    from rpikit import connect, report
    from rpikit import header as verb

    view = verb.View(connect.board_of(_target(None, name, bench)), name)
    reporter = report.choose(json_lines=as_json)
    if once:
        header = view.now()
        reporter.result(header.values(), str(header))
    elif sys.stdout.isatty() and not as_json:
        verb.show(view)
    for edge in () if once else view.edges():
        reporter.result(verb.edge_values(edge), verb.edge_line(edge))


@board.command()
@_options(_name, _json)
def cut(name: str, as_json: bool) -> None:
    """Take the power of the virtual board NAME away, whatever it is doing."""
    from rpikit import report
    from rpikit.virtual import machine

    was_up = machine.cut(name)
    said = f"{name}: its power is cut" if was_up else f"{name}: was not running"
    report.choose(json_lines=as_json).result({"board": name, "cut": was_up}, said)


@rpikit.command()
@click.argument("shell", type=click.Choice(words.SHELLS))
def completion(shell: str) -> None:
    """Print the script that lets SHELL complete rpikit's commands, options and boards.

    bash: `eval "$(rpikit completion bash)"` in ~/.bashrc. zsh: the same in ~/.zshrc.
    fish: `rpikit completion fish > ~/.config/fish/completions/rpikit.fish`.
    """
    click.echo(words.script(rpikit, shell))


@rpikit.group()
def config() -> None:
    """Check description files, and print their schemas."""


@config.command("schema")
@click.argument("kind", type=click.Choice(["app", "bench", "board", "soc", "interface"]))
def schema_(kind: str) -> None:
    """Print the JSON Schema of a KIND of description, for editors and other programs."""
    import json

    from rpikit import config as verb

    click.echo(json.dumps(verb.schema(kind), indent=2))


@config.command()
@_json
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def lint(files: tuple[Path, ...], as_json: bool) -> None:
    """Say every fault in FILES, or in the descriptions in this folder; exit 2 if there is one."""
    from rpikit import config as verb
    from rpikit import report

    linted = verb.lint(files)
    report.choose(json_lines=as_json).result(linted.values(), str(linted))
    sys.exit(linted.exit_code)


def _found(app: Path | None, bench: Path | None) -> Any:
    from rpikit import wiring

    return wiring.load(bench) if bench is not None else wiring.find(app)


def _target(app: Path | None, name: str, bench: Path | None) -> "Target":
    """Return the board's entry on the bench."""
    target: Target = _found(app, bench).target(name)
    return target


def _described(folder: Path, name: str, bench: Path | None) -> "tuple[App, Target]":
    """Read the application and the board's entry on the bench, and see that they fit."""
    from rpikit import app as apps

    described = apps.load(folder)
    found = _found(folder, bench)
    target: Target = found.target(name)
    found.check(described, name)
    return described, target


words.give_variables(rpikit)


def main() -> NoReturn:
    """Run the command line; whatever goes wrong ends in one line and the right exit code."""
    words.run(rpikit)


if __name__ == "__main__":
    main()
