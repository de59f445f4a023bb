# SPDX-License-Identifier: MIT
"""The command that debugs."""

import sys
from pathlib import Path

import rich_click as click

from rpikit.commands import options


@click.command(context_settings={"ignore_unknown_options": True})
@options.several(options.app, options.board, options.bench, options.target_kind, options.as_json)
@click.option(
    "--what",
    type=click.Choice(["guest", "tender"]),
    default="guest",
    show_default=True,
    help="The unikernel, or the Linux program that runs it.",
)
@click.option("--break", "breaks", multiple=True, help="Where to stop first; may come again.")
@click.option("--gdb", "program", help="Which gdb; else gdb-multiarch.")
@click.option("--attach", is_flag=True, help="Look at what runs already instead of starting it.")
@click.option("--server", is_flag=True, help="Say where the board is and wait for a debugger.")
@click.option("--vscode", is_flag=True, help="Write what VS Code needs for F5, and end.")
@click.argument("gdb_args", nargs=-1, type=click.UNPROCESSED)
def debug(
    app: Path,
    name: str,
    bench: Path | None,
    asked: str,
    as_json: bool,
    what: str,
    breaks: tuple[str, ...],
    program: str | None,
    attach: bool,
    server: bool,
    vscode: bool,
    gdb_args: tuple[str, ...],
) -> None:
    """Debug APP on a virtual board, or on this machine, with gdb, from its first line on.

    What follows the options goes to gdb: `rpikit debug . -- --batch -ex bt`.
    """
    from rpikit import build as building
    from rpikit import connect, debug_host, gdb, report
    from rpikit import debug as verb
    from rpikit import target as targets
    from rpikit import vscode as editor

    reporter = report.choose(json_lines=as_json)
    described, target = options.granted(app, name, bench)
    kind = targets.expected(connect.board_of(target), asked)
    is_here = kind.platform == "loop"
    if is_here:
        debug_host.require_plain(name, attach=attach, server=server, vscode=vscode)
    if vscode:
        written = editor.write(described, name)
        reporter.result(written.values(), str(written))
        return
    if not is_here:
        verb.require_stub(kind, name)
        verb.require_free(target.name)
    found = gdb.find(program, native=is_here)
    reporter.step(f"build {described.name} {described.version}")
    built = building.build(described, board=kind)
    if is_here:
        ended = debug_host.debug(built, what, found, breaks, gdb_args)
        reporter.result(ended.values(), str(ended))
        sys.exit(1 if ended.gdb_status else 0)
    with connect.connect(target, report=reporter.step, keep=True) as there:
        session = verb.Session(built, there, gdb.Program.of(built, what), found, attach)
        done = session.serve(reporter) if server else session.debug(breaks, gdb_args, reporter)
    if not server:
        reporter.result(done.values(), str(done))
    sys.exit(1 if done.gdb_status else 0)
