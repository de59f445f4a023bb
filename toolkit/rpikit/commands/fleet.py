# SPDX-License-Identifier: MIT
"""Several boards at once: the options that make a flash a roll-out, and the roll-out itself."""

import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import rich_click as click

from rpikit import words
from rpikit.commands.options import is_typed

_OPTIONS = (
    click.option(
        "--boards",
        multiple=True,
        metavar="NAMES",
        shell_complete=words.boards,
        help="Flash several boards: names or patterns such as 'lab-*', with commas between them.",
    ),
    click.option(
        "--group", multiple=True, metavar="NAME", help="Flash the boards of a group of bench.toml."
    ),
    click.option(
        "--canary",
        type=click.IntRange(0),
        help="So many of several boards go first, and alone; 1 unless given.",
    ),
    click.option(
        "--wave",
        type=click.IntRange(1),
        help="Flash at most so many of several boards at once; 4 unless given.",
    ),
    click.option(
        "--max-failures",
        metavar="N|N%",
        help="Begin no more of several boards once more than so many failed; 0 unless given.",
    ),
    click.option(
        "--resume", is_flag=True, help="Go on with the last roll-out of APP that was not finished."
    ),
)


def several_boards(flash: Callable[..., None]) -> Callable[..., None]:
    """Give a command that flashes one board the options to flash several instead."""

    @functools.wraps(flash)
    def either(
        boards: tuple[str, ...],
        group: tuple[str, ...],
        canary: int | None,
        wave: int | None,
        max_failures: str | None,
        resume: bool,
        **words: Any,
    ) -> None:
        limits = {"canary": canary, "wave": wave, "max_failures": max_failures}
        if boards or group or resume:
            _check(boards or group, resume)
            if words.pop("key") is not None:
                raise click.UsageError(
                    "--key is for one board; several get the bundle that rpikit release has signed"
                )
            roll_out(boards, group, resume, limits, **words)
            return
        for name in filter(is_typed, limits):
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} is for several boards: name them with --boards")
        flash(**words)

    for option in reversed(_OPTIONS):
        either = option(either)
    return either


def _check(named: tuple[str, ...], resume: bool) -> None:
    """Refuse options that say two things."""
    if resume and named:
        raise click.UsageError("--resume has the boards of the roll-out; leave the others out")
    if is_typed("name"):
        raise click.UsageError("--board is one board; write all of them after --boards")
    for name in filter(is_typed, ("trial", "confirmed_by")):
        if resume:
            option = "confirm" if name == "confirmed_by" else name
            raise click.UsageError(f"--resume goes on as the roll-out began; leave --{option} out")


def roll_out(
    boards: tuple[str, ...],
    groups: tuple[str, ...],
    resume: bool,
    limits: dict[str, Any],
    *,
    app: Path,
    bench: Path | None,
    asked: str,
    sanitize: bool | None,
    beside: bool,
    confirmed_by: str,
    trial: int | None,
    as_json: bool,
    name: str,
) -> None:
    """Flash every board that was named, or that a roll-out has left, and end with its status."""
    from rpikit import app as apps
    from rpikit import bundle, proving, report, rollout, rollout_view
    from rpikit import journal as journals
    from rpikit.bundle import Bundle
    from rpikit.bundling import Built, Made
    from rpikit.commands import options
    from rpikit.fleet import Plan
    from rpikit.journal import Journal, Wish

    reporter = report.choose(json_lines=as_json)
    source = bundle.read(app) if app.is_file() else apps.load(app)
    folder = None if app.is_file() else app
    what = source.manifest if isinstance(source, Bundle) else source
    if resume:
        journal = journals.last(what.name)
        if isinstance(source, Bundle) and journal.wish.by_tests:
            journal.close()
            raise click.UsageError("--resume: its tests decide, and a bundle has none; name APP")
        place = bench or (Path(journal.wish.bench) if journal.wish.bench else None)
        on_bench = options.found(folder, place)
    else:
        on_bench = options.found(folder, bench)
        if isinstance(source, Bundle) and confirmed_by == "tests":
            raise click.UsageError("--confirm tests: a bundle has no tests with it; name APP")
        patterns = [one for text in boards for one in text.split(",") if one]
        by_tests = confirmed_by == "tests"
        wish = Wish(
            app=str(app.absolute()),
            name=what.name,
            version=what.version,
            bench=str(on_bench.source.absolute()) if on_bench.source else None,
            target=asked,
            sanitize=bool(sanitize),
            beside=beside,
            trial=proving.TESTS_WITHIN if by_tests and trial is None else trial,
            by_tests=by_tests,
        )
        chosen = Plan(on_bench.select(patterns, groups))
        journal = Journal.begin(wish, replace(chosen, **_given(limits)))
    with journal:
        bundles = (
            Made(on_bench, journal, source)
            if isinstance(source, Bundle)
            else Built(on_bench, journal, source, reporter)
        )
        bundles.prepare()
        plan = replace(journal.plan, **_given(limits))
        outcome = rollout.run(journal, bundles.flash, rollout_view.choose(reporter), plan=plan)
    reporter.result(outcome.values(), str(outcome))
    sys.exit(outcome.exit_code)


def _given(limits: dict[str, Any]) -> dict[str, Any]:
    from rpikit.fleet import Limit

    given = {name: value for name, value in limits.items() if value is not None}
    if "max_failures" in given:
        given["max_failures"] = Limit.parse(given["max_failures"])
    return given
