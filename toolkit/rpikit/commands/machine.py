# SPDX-License-Identifier: MIT
"""The commands about this machine and rpikit itself."""

import sys
from pathlib import Path

import rich_click as click

from rpikit import words
from rpikit.commands import options


@click.command()
@options.several(options.bench, options.as_json)
@click.option("--board", "-b", "name", shell_complete=words.boards, help="Look at this board, too.")
def doctor(bench: Path | None, as_json: bool, name: str | None) -> None:
    """Look at this machine, and at a board: each finding with the command that mends it."""
    from rpikit import doctor as verb
    from rpikit import report

    reporter = report.choose(json_lines=as_json)
    found = verb.doctor(options.target(Path(), name, bench) if name else None, reporter=reporter)
    reporter.result(found.values(), str(found))
    sys.exit(found.exit_code)


@click.command()
@options.as_json
def demo(as_json: bool) -> None:
    """Show it all: a switch lights an LED through a unikernel on a virtual Raspberry Pi 3."""
    from rpikit import demo as verb
    from rpikit import report

    reporter = report.choose(json_lines=as_json)
    shown = verb.demo(reporter=reporter)
    reporter.result(shown.values(), str(shown))


@click.command()
@options.as_json
@click.option("--check", is_flag=True, help="Exit 1 if a figure is over 5 % worse than before.")
@click.option("--update", is_flag=True, help="Make what is measured the baseline.")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What to compare with, a file; else the one that comes with rpikit.",
)
@options.toolchain
def perf(
    as_json: bool, check: bool, update: bool, baseline: Path | None, toolchain: str | None
) -> None:
    """Count what calls and starts cost, beside their floors in the same run and a baseline."""
    from rpikit import perf as verb
    from rpikit import report

    if check and update:
        raise click.UsageError("--check and --update: first the one, then the other")
    reporter = report.choose(json_lines=as_json)
    measured = verb.perf(chain=toolchain, baseline=baseline, must_compare=check, reporter=reporter)
    status = int(check and bool(measured.regressions))
    reporter.result({**measured.values(), "status": status}, str(measured))
    for file in verb.update(measured, baseline) if update else ():
        reporter.note(f"{file} is renewed")
    sys.exit(status)


@click.command()
@click.argument("shell", type=click.Choice(words.SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options, boards and guests.

    bash: `eval "$(rpikit completion bash)"` in ~/.bashrc. zsh: the same in ~/.zshrc.
    fish: `rpikit completion fish > ~/.config/fish/completions/rpikit.fish`.
    """
    group = context.find_root().command
    assert isinstance(group, click.Group)
    click.echo(words.script(group, shell))


@click.group()
def config() -> None:
    """Check description files, and print their schemas."""


@config.command("schema")
@click.argument("kind", type=click.Choice(words.SCHEMAS))
def schema_(kind: str) -> None:
    """Print a JSON Schema, for editors and other programs.

    KIND is one of description files, or the results or events that --json prints.
    """
    import json

    from rpikit import config as verb

    click.echo(json.dumps(verb.schema(kind), indent=2))


@config.command()
@options.as_json
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def lint(files: tuple[Path, ...], as_json: bool) -> None:
    """Say every fault in FILES, or in the descriptions in this folder; exit 2 if there is one."""
    from rpikit import config as verb
    from rpikit import report

    linted = verb.lint(files)
    report.choose(json_lines=as_json).result(linted.values(), str(linted))
    sys.exit(linted.exit_code)
