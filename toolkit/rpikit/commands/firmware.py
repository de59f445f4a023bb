# SPDX-License-Identifier: MIT
"""The commands about an application: make, build, look into, put on a board, prove."""

import contextlib
import sys
from pathlib import Path
from typing import Any

import rich_click as click

from rpikit import words
from rpikit.commands import bundled, fleet, options


@click.command()
@click.argument("name")
@click.option(
    "--template",
    "-t",
    default="blink",
    show_default=True,
    envvar="RPIKIT_TEMPLATE",
    help="blink, switch or own-interface.",
)
@options.as_json
def new(name: str, template: str, as_json: bool) -> None:
    """Make the project NAME in a folder of that name: it builds and passes its tests at once."""
    from rpikit import new as verb
    from rpikit import report

    made = verb.new(name, template=template)
    report.choose(json_lines=as_json).result(made.values(), str(made))


@click.command()
@options.several(options.app, options.board, options.bench, options.as_json)
@click.option("--verbose", "-v", is_flag=True, help="Name each file as it is made.")
@click.option("--generic", is_flag=True, help="Make a tender for every interface, not only APP's.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Build here, not in APP/build."
)
@options.target_of_build
@options.with_others
@options.toolchain
@options.sanitize
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
    asked: str,
    others: tuple[Path, ...],
    toolchain: str | None,
    sanitize: bool | None,
    verify: bool,
) -> None:
    """Build APP: its unikernel and its tender, or with --target metal the board's kernel8.img.

    Bare metal has room for several: `rpikit build . --target metal --with ../logger`.
    """
    from rpikit import board as boards
    from rpikit import build as building
    from rpikit import report
    from rpikit import target as targets

    reporter = report.choose(json_lines=as_json)
    described, target = options.described(app, name, bench)
    kind = targets.expected(boards.load(target.board), asked)
    # What the operator grants is in an image for bare metal; else it is given when it starts.
    read = options.granted if kind.platform == targets.METAL else options.described
    described = read(app, name, bench)[0]
    reporter.step(f"build {described.name} {described.version}")
    note = reporter.note if verbose else report.Silent().note
    wanted: dict[str, Any] = {"board": kind, "generic": generic, "toolchain": toolchain}
    wanted |= {"out": out, "report": note}
    wanted["beside"] = [read(other, name, bench)[0] for other in others]
    if verify:
        from rpikit import verify as verifying

        verified = verifying.verify(described, **wanted)
        reporter.result(verified.values(), str(verified))
    else:
        built = building.build(described, sanitize=bool(sanitize), **wanted)
        reporter.result(built.values(), str(built))


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=".")
@options.as_json
@click.option(
    "--top",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    envvar="RPIKIT_TOP",
    help="How many stack frames to show.",
)
@click.option(
    "--attack-surface",
    is_flag=True,
    envvar="RPIKIT_ATTACK_SURFACE",
    help="Count the host code that the guest can reach, and list the system calls left.",
)
@options.target_of_build
def inspect(file: Path, as_json: bool, top: int, attack_surface: bool, asked: str) -> None:
    """Say what is in the unikernel FILE, or in the last build of the application's folder FILE.

    Notes, manifest, segments, sizes against their limits, calls, and the largest stack frames; for
    bare metal also the underlay's lines of C and assembly.
    """
    from rpikit import inspection as verb
    from rpikit import report, surface

    if attack_surface:
        found = surface.of(file, target=asked)
        report.choose(json_lines=as_json).result(found.values(), str(found))
        return
    seen = verb.inspect(file, top=top, target=asked)
    report.choose(json_lines=as_json).result(seen.values(), str(seen))


@click.command()
@options.several(bundled.app_or_bundle, options.board, options.place, options.bench)
@options.several(options.target_kind, options.key, options.sanitize, options.as_json)
@click.option("--beside", is_flag=True, help="Let the board's other guests run on.")
@click.option(
    "--confirm",
    "confirmed_by",
    type=click.Choice(["ready", "tests"]),
    default="ready",
    show_default=True,
    envvar="RPIKIT_CONFIRM",
    help="Keep it once it is ready, or only if the tests of APP pass on the board.",
)
@click.option(
    "--trial",
    type=click.IntRange(1, 86400),
    metavar="SECONDS",
    envvar="RPIKIT_TRIAL",
    help="Leave it on trial: unless `rpikit confirm` comes in time, the one before is back.",
)
@fleet.several_boards
def flash(
    app: Path,
    name: str,
    bench: Path | None,
    asked: str,
    key: Path | None,
    sanitize: bool | None,
    as_json: bool,
    beside: bool,
    confirmed_by: str,
    trial: int | None,
) -> None:
    """Build APP, put it on a board, start it, and wait until it is ready.

    A bundle (.rpk) in its place is flashed as it is, with the signature beside it. Other guests
    of the board are stopped, unless it is to run beside them.
    """
    from rpikit import build as building
    from rpikit import completion, connect, proving, putting, report
    from rpikit import target as targets

    if app.is_file():
        if confirmed_by == "tests":
            raise click.UsageError("--confirm tests: a bundle has no tests with it; name APP")
        if key is not None:
            raise click.UsageError("--key: a bundle is signed already, or not; name APP")
        bundled.flash(app, name, bench, as_json=as_json, beside=beside, trial=trial)
        return
    by_tests = confirmed_by == "tests"
    if by_tests and trial is None:
        trial = proving.TESTS_WITHIN

    reporter = report.choose(json_lines=as_json)
    described, target = options.granted(app, name, bench)
    reporter.step(f"build {described.name} {described.version}")
    kind = targets.expected(connect.board_of(target), asked)
    built = building.build(described, board=kind, sanitize=bool(sanitize))
    with contextlib.ExitStack() as lasting:
        if by_tests:  # nobody else gets the board before they are over
            lasting.enter_context(connect.reserved(target, report=reporter.step))
        with connect.connect(target, report=reporter.step, keep=True) as there:
            kind = targets.chosen(there.board, asked, there.transport, reporter.step)
            if kind.platform != built.board.platform:
                built = building.build(described, board=kind)
            flashed = putting.prepared(built, key=key)(
                there.transport, reporter=reporter, beside=beside, trial=trial
            )
        completion.add(name, described.name)
        if by_tests:
            flashed = proving.prove(
                flashed,
                described,
                target,
                asked=asked,
                bench=bench,
                reporter=reporter,
                quiet=as_json,
            )
    reporter.result(flashed.values(), str(flashed))


@click.command()
@options.several(options.app, options.board, options.place, options.bench)
@options.several(options.target_kind, options.key, options.sanitize, options.as_json)
def run(
    app: Path,
    name: str,
    bench: Path | None,
    asked: str,
    key: Path | None,
    sanitize: bool | None,
    as_json: bool,
) -> None:
    """Build and flash APP, then show its console until it ends; Ctrl-C ends the guest, too.

    With --json the console is told as events on stderr.
    """
    from rpikit import connect, report
    from rpikit import run as verb

    reporter = report.choose(json_lines=as_json)
    described, target = options.granted(app, name, bench)
    console = report.ConsoleEvents(sys.stderr) if as_json else sys.stdout.buffer
    with connect.connect(target, report=reporter.step) as there:
        status = verb.run(
            described,
            there.board,
            there.transport,
            reporter=reporter,
            console=console,
            sanitize=bool(sanitize),
            target=asked,
            key=key,
        )
    if as_json:
        values = {"app": described.name, "version": described.version, "exit": status}
        reporter.result(values | {"board": name}, "")
    sys.exit(0 if status == 0 else 1)


@click.command(context_settings={"ignore_unknown_options": True})
@options.several(options.app, options.board, options.place, options.bench)
@options.several(options.target_kind, options.key, options.sanitize, options.as_json)
@click.option(
    "--boards",
    multiple=True,
    metavar="NAMES",
    shell_complete=words.boards,
    help="Spread the tests over several boards: names or patterns such as 'lab-*', with commas.",
)
@click.option(
    "--peer",
    "peers",
    multiple=True,
    envvar="RPIKIT_PEERS",
    metavar="ROLE=BOARD[:APP]",
    help="A further board that each test has, in the fixture `boards`; APP is the folder of "
    "another application.",
)
@click.option(
    "--group",
    multiple=True,
    metavar="NAME",
    help="Spread the tests over the boards of a group of bench.toml.",
)
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="RPIKIT_REPORT",
    help="A folder for what proves the run: an HTML page, JUnit XML, JSON, and waveforms.",
)
@click.option(
    "--update-baseline",
    is_flag=True,
    envvar="RPIKIT_UPDATE_BASELINE",
    help="Keep the latencies measured now, in APP's latency.json, to compare later ones with.",
)
@click.option(
    "--no-check",
    is_flag=True,
    envvar="RPIKIT_NO_CHECK",
    help="Do not prove the wiring before flashing and after a failure, as `bench check` does.",
)
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def test(
    app: Path,
    name: str,
    bench: Path | None,
    asked: str,
    key: Path | None,
    sanitize: bool | None,
    as_json: bool,
    report: Path | None,
    update_baseline: bool,
    no_check: bool,
    boards: tuple[str, ...],
    group: tuple[str, ...],
    peers: tuple[str, ...],
    pytest_args: tuple[str, ...],
) -> None:
    """Run the tests of APP on a board: press its switches, watch its lights.

    What follows the options goes to pytest: `rpikit test . -- -k press -x`. On several boards each
    test runs on whichever is free; needs pytest-xdist.
    """
    from rpikit import test as verb

    if str(app).startswith("-"):  # pytest's words without APP before them
        app, pytest_args = Path(), (str(app), *pytest_args)
    several = options.selected(app, bench, boards, group)
    described, _ = options.granted(app, several[0] if several else name, bench)
    sys.exit(
        verb.run(
            described,
            boards=several,
            peers=peers,
            board_name=name,
            bench=bench,
            sanitize=sanitize,
            target=asked,
            key=key,
            pytest_args=pytest_args,
            report=report,
            update_baseline=update_baseline,
            check=not no_check,
            as_json=as_json,
        )
    )
