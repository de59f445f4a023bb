# SPDX-License-Identifier: MIT
"""The commands about what a board boots in place of an operating system: cards and partitions."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from rpikit.commands import options

if TYPE_CHECKING:
    from rpikit.build import Build


def _size(context: click.Context, parameter: click.Parameter, said: str | None) -> int | None:
    from rpikit import card, describe

    if said is None:
        return None
    try:
        size = describe.parse_size(said)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None
    card.check_size(size)
    return size


@click.command()
@options.several(options.app, options.board, options.bench, options.as_json)
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    envvar="RPIKIT_OUTPUT",
    metavar="FILE",
    help="Where the image goes; packed if its name ends in .gz or .xz.",
)
@click.option(
    "--firmware",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="RPIKIT_FIRMWARE",
    metavar="FOLDER",
    help="Take the chip's firmware from there; else from Debian's package, fetched once.",
)
@click.option(
    "--size",
    callback=_size,
    envvar="RPIKIT_SIZE",
    metavar="SIZE",
    help="A power of two such as 128M, as QEMU has its cards; else what is enough, at least 64M.",
)
@options.with_others
@options.toolchain
def image(
    app: Path,
    name: str,
    bench: Path | None,
    as_json: bool,
    output: Path,
    firmware: Path | None,
    size: int | None,
    others: tuple[Path, ...],
    toolchain: str | None,
) -> None:
    """Prepare an SD card's image from which a Pi 3 boots APP without an operating system.

    It writes a file and no card: which device that is, you know, and the last line says how.
    """
    from rpikit import card, chip_firmware, report
    from rpikit import image as verb

    reporter = report.choose(json_lines=as_json)
    verb.check_output(output)
    built = _built(app, name, bench, others, toolchain, reporter.step)
    found = card.firmware_in(firmware) if firmware else chip_firmware.fetched(reporter.step)
    reporter.step(f"image {output}")
    guests = tuple(f"{one.app.name} {one.app.version}" for one in built.guests)
    made = verb.image(built.tender.read_bytes(), guests, found, output=output, size=size)
    reporter.result(made.values(), str(made))


def _built(
    app: Path,
    name: str,
    bench: Path | None,
    others: tuple[Path, ...],
    toolchain: str | None,
    step: Callable[[str], None],
) -> "Build":
    """Build what a board of that name boots without an operating system."""
    from rpikit import board as boards
    from rpikit import build as building
    from rpikit import card
    from rpikit import target as targets

    described, target = options.described(app, name, bench)
    kind = targets.expected(boards.load(target.board), targets.METAL)
    card.check_board(kind)
    step(f"build {described.name} {described.version}")
    beside = [options.described(other, name, bench)[0] for other in others]
    return building.build(described, board=kind, toolchain=toolchain, beside=beside)
