# SPDX-License-Identifier: MIT
"""`rpikit flash FILE`: a bundle that was made before, as it is, onto a board of its kind."""

from pathlib import Path

import rich_click as click

from rpikit.commands import options

app_or_bundle = click.argument("app", type=click.Path(path_type=Path), default=".")


def flash(
    file: Path, name: str, bench: Path | None, *, as_json: bool, beside: bool, trial: int | None
) -> None:
    """Flash a bundle and print what runs."""
    from rpikit import bundle, completion, connect, report
    from rpikit import flash as verb
    from rpikit.errors import BoardError

    if file.suffix != bundle.SUFFIX:
        raise click.UsageError(
            f"{file}: is a file; name an application's folder, or a bundle (.rpk)"
        )
    reporter = report.choose(json_lines=as_json)
    made = bundle.read(file)
    target = options.target(None, name, bench)
    kind, wanted = connect.board_of(target).name, made.manifest.board
    if kind != wanted:
        raise BoardError(
            f"{file}: is for {wanted}, and {name} is a {kind}",
            hint=f"rpikit release --board {name} makes a bundle for it",
        )
    with connect.connect(target, report=reporter.step, keep=True) as there:
        flashed = verb.flash(made, there.transport, reporter=reporter, beside=beside, trial=trial)
    completion.add(name, made.manifest.name)
    reporter.result(flashed.values(), str(flashed))
