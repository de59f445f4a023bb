# SPDX-License-Identifier: MIT
"""The commands about what a board boots in place of an operating system: cards and partitions."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from rpikit.commands import options

if TYPE_CHECKING:
    from rpikit.boot_partition import BootPartition
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


_signers = click.option(
    "--signers",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RPIKIT_SIGNERS",
    metavar="FILE",
    help="A list of allowed signers (OpenSSH's, keys of the kind ssh-ed25519): the loader on the "
    "board starts only what one of them signed.",
)
_key = click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RPIKIT_KEY",
    metavar="FILE",
    help="The private key of one of them, or its .pub if an agent or token has it.",
)


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
@click.option(
    "--empty",
    is_flag=True,
    envvar="RPIKIT_EMPTY",
    help="With the loader only: it waits at the serial port for what is flashed; no APP is needed.",
)
@options.several(_signers, _key, options.with_others, options.toolchain)
def image(
    app: Path,
    name: str,
    bench: Path | None,
    as_json: bool,
    output: Path,
    firmware: Path | None,
    size: int | None,
    empty: bool,
    signers: Path | None,
    key: Path | None,
    others: tuple[Path, ...],
    toolchain: str | None,
) -> None:
    """Prepare an SD card's image from which a Pi 3 boots APP without an operating system.

    The board listens at its serial port for a second, where another one can be flashed over it.

    It writes a file and no card: which device that is, you know, and the last line says how.
    """
    from rpikit import card, chip_firmware, report
    from rpikit import image as verb

    reporter = report.choose(json_lines=as_json)
    verb.check_output(output)
    if empty:
        kernel = _loader(signers, reporter.step)
        guests: tuple[str, ...] = ()
    else:
        built = _built(app, name, bench, others, toolchain, reporter.step)
        kernel = _kernel(built, signers, key, reporter.note)
        guests = tuple(f"{one.app.name} {one.app.version}" for one in built.guests)
    found = card.firmware_in(firmware) if firmware else chip_firmware.fetched(reporter.step)
    reporter.step(f"image {output}")
    made = verb.image(kernel, guests, found, output=output, size=size)
    reporter.result(made.values(), str(made))


def _loader(signers: Path | None, step: Callable[[str], None]) -> bytes:
    """Return the loader alone."""
    from rpikit import stored
    from rpikit.virtual import bare

    keys = stored.keys_of(signers) if signers else ()
    return stored.kernel(bare.prepare(step).read_bytes(), None, keys=keys)


def _kernel(
    built: "Build", signers: Path | None, key: Path | None, note: Callable[[str], None]
) -> bytes:
    """Return the loader with what was built behind it."""
    from rpikit import stored
    from rpikit.loader import signature

    keys = stored.keys_of(signers) if signers else ()
    image = built.tender.read_bytes()
    signed = signature.sign_image(image, key, report=note) if key else b""
    loader = (built.folder / stored.LOADER).read_bytes()
    return stored.kernel(loader, image, keys=keys, signature=signed)


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


_folder = click.option(
    "--folder",
    default="",
    envvar="RPIKIT_BOOT_FOLDER",
    metavar="FOLDER",
    help="Where the boot partition is on the board; else /boot/firmware, or /boot.",
)
_spare = click.option(
    "--spare",
    default="",
    envvar="RPIKIT_BOOT_SPARE",
    metavar="FOLDER",
    help="Where a second FAT partition of its card is mounted: the image goes there, and the "
    "firmware is told that partition's number.",
)


@click.group()
def boot() -> None:
    """Have a Pi that runs Linux boot an image of yours in its place: once, or from then on."""


@boot.command()
@options.several(options.app, options.board, options.bench, _folder, _spare, options.as_json)
@click.option(
    "--trial",
    is_flag=True,
    envvar="RPIKIT_BOOT_TRIAL",
    help="Restart the board into it, once: the start after that is Linux's again.",
)
@options.several(_signers, _key, options.with_others, options.toolchain)
def install(
    app: Path,
    name: str,
    bench: Path | None,
    folder: str,
    spare: str,
    as_json: bool,
    trial: bool,
    signers: Path | None,
    key: Path | None,
    others: tuple[Path, ...],
    toolchain: str | None,
) -> None:
    """Put APP as an image beside a board's Linux, on its boot partition; nothing boots it yet."""
    from rpikit import report

    reporter = report.choose(json_lines=as_json)
    built = _built(app, name, bench, others, toolchain, reporter.step)
    kernel = _kernel(built, signers, key, reporter.note)
    with _partition(name, bench, folder, spare, reporter.step, app) as partition:
        found = partition.install(kernel, trial=trial, reporter=reporter)
    reporter.result(found.values(), str(found))


@boot.command("status")
@options.several(options.board, options.bench, _folder, _spare, options.as_json)
def status_(name: str, bench: Path | None, folder: str, spare: str, as_json: bool) -> None:
    """Say what a board with Linux boots, and what is installed beside it."""
    _ask("status", name, bench, folder, spare, as_json)


@boot.command("confirm")
@options.several(options.board, options.bench, _folder, _spare, options.as_json)
def confirm_(name: str, bench: Path | None, folder: str, spare: str, as_json: bool) -> None:
    """Have every start boot what was installed; Linux, and the way back by SSH, end with it."""
    _ask("confirm", name, bench, folder, spare, as_json)


@boot.command("rollback")
@options.several(options.board, options.bench, _folder, _spare, options.as_json)
def rollback_(name: str, bench: Path | None, folder: str, spare: str, as_json: bool) -> None:
    """Have every start boot Linux, and remove what was installed."""
    _ask("rollback", name, bench, folder, spare, as_json)


def _ask(what: str, name: str, bench: Path | None, folder: str, spare: str, as_json: bool) -> None:
    from rpikit import report

    reporter = report.choose(json_lines=as_json)
    with _partition(name, bench, folder, spare, reporter.step) as partition:
        found = getattr(partition, what)()
    reporter.result(found.values(), str(found))


@contextlib.contextmanager
def _partition(
    name: str,
    bench: Path | None,
    folder: str,
    spare: str,
    step: Callable[[str], None],
    app: Path | None = None,
) -> "Iterator[BootPartition]":
    """Give the boot partition of a board, which a transport leads to."""
    from rpikit import connect
    from rpikit.boot_partition import BootPartition

    target = options.target(app, name, bench)
    with connect.connect(target, report=step, keep=True) as there:
        yield BootPartition(name, there.transport, folder, spare)
