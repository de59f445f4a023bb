# SPDX-License-Identifier: MIT
"""The commands about releases: make one that is signed, and check one."""

from pathlib import Path

import rich_click as click

from rpikit.commands import boards, options

_SIGNERS = click.option(
    "--signers",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The allowed signers, as OpenSSH lists them; else the file allowed_signers here.",
)


@click.command()
@options.several(options.app, options.board, options.bench, options.target_kind, options.toolchain)
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sign with this SSH key; a .pub stands for one in the agent or in a token.",
)
@_SIGNERS
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write here, not in APP/dist."
)
@options.as_json
def release(
    app: Path,
    name: str,
    bench: Path | None,
    asked: str,
    toolchain: str | None,
    key: Path | None,
    signers: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Make a signed release of APP from a clean commit: built twice, tested on the virtual Pi.

    Its folder holds bundle, signature, SBOM, provenance, test evidence and checksums.
    """
    from rpikit import connect, report
    from rpikit import release as verb
    from rpikit import target as targets

    reporter = report.choose(json_lines=as_json)
    described, target = options.described(app, name, bench)
    kind = targets.expected(connect.board_of(target), asked)
    wish = verb.Wish(
        app=described,
        board=kind,
        target=asked,
        toolchain=toolchain,
        key=verb.key_named(key),
        signers=verb.signers_named(signers, described.folder),
        out=out or described.folder / verb.FOLDER,
    )
    done = verb.release(wish, reporter=reporter)
    reporter.result(done.values(), str(done))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@_SIGNERS
@options.as_json
def verify(file: Path, signers: Path | None, as_json: bool) -> None:
    """Check the release FILE, a bundle or its folder: every byte, who signed it, what it proves.

    Exit 6 on any fault, with one line that names it.
    """
    from rpikit import release as verb
    from rpikit import released, report

    done = released.verify(file, verb.signers_required(signers))
    report.choose(json_lines=as_json).result(done.values(), str(done))


@boards.board.command()
@options.several(options.board_name, options.bench)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sign the list with this SSH key, which the board trusts now; else FILE.sig has to.",
)
@options.as_json
def trust(
    name: str, bench: Path | None, file: Path | None, key: Path | None, as_json: bool
) -> None:
    """Let the board NAME take only firmware that is signed by one in FILE; say whom it trusts.

    FILE is a list of allowed signers as OpenSSH has it. The first is taken as it is, each one
    after it has to be signed with a key that the board trusts.
    """
    from rpikit import connect, report
    from rpikit import trust as verb

    reporter = report.choose(json_lines=as_json)
    target = options.target(None, name, bench)
    with connect.connect(target, report=reporter.step, keep=True) as there:
        held = verb.trust(there.transport, file, key, reporter=reporter)
    reporter.result(held.values(), str(held))
