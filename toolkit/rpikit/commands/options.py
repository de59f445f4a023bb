# SPDX-License-Identifier: MIT
"""What several commands have in common: their options, and the descriptions these lead to."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import rich_click as click

from rpikit import words

if TYPE_CHECKING:
    from rpikit.app import App
    from rpikit.wiring import Target

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_BOARD = "virtual-pi3"

app = click.argument("app", type=click.Path(file_okay=False, path_type=Path), default=".")
_board = click.option(
    "--board",
    "-b",
    "name",
    default=DEFAULT_BOARD,
    show_default=True,
    shell_complete=words.boards,
    help="A board of bench.toml.",
)


@contextlib.contextmanager
def _way(named: str | None) -> Iterator[None]:
    """Have this process take a way to boards, as the variable would, for a while."""
    before = os.environ.get(VIA)
    if named is not None:
        os.environ[VIA] = named
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VIA, None)
        else:
            os.environ[VIA] = before


VIA = "RPIKIT_VIA"
_via = click.option(
    "--via",
    type=click.Choice(["ssh", "serial"]),
    envvar=VIA,
    help="The way to the board: its serial console needs no network; else as bench.toml says.",
)


def way(command: F) -> F:
    """Let a command be told the way to its board, which holds while it runs."""

    @functools.wraps(command)
    def on_its_way(*args: Any, via: str | None, **named: Any) -> Any:
        with _way(via):
            return command(*args, **named)

    return _via(cast("F", on_its_way))


def board(command: F) -> F:
    """Give a command a board, and the way to it."""
    return _board(way(command))


bench = click.option(
    "--bench",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RPIKIT_BENCH",
    help="The lab's wiring; else APP's bench.toml, else the one here.",
)
toolchain = click.option(
    "--toolchain",
    type=click.Choice(["gcc", "zig"]),
    envvar="RPIKIT_TOOLCHAIN",
    help="Debian's gcc, unless named; zig is the Python package ziglang.",
)
sanitize = click.option(
    "--sanitize/--no-sanitize",
    default=None,
    envvar="RPIKIT_SANITIZE",
    help="On the board host: check every access and every undefined step; only test does unasked.",
)
target_kind = click.option(
    "--target",
    "asked",
    type=click.Choice(["auto", "hvt", "spt"]),
    default="auto",
    show_default=True,
    envvar="RPIKIT_TARGET",
    help="hvt needs KVM on the board, spt is a sandboxed process; auto: what the board has.",
)
as_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    envvar="RPIKIT_JSON",
    help="Print the result as one JSON object; progress becomes JSON lines on stderr.",
)
board_name = click.argument("name", default=DEFAULT_BOARD, shell_complete=words.boards)


def several(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Give a command several options at once."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def found(app: Path | None, bench: Path | None) -> Any:
    from rpikit import wiring

    return wiring.load(bench) if bench is not None else wiring.find(app)


def target(app: Path | None, name: str, bench: Path | None) -> "Target":
    """Return the board's entry on the bench."""
    on_bench: Target = found(app, bench).target(name)
    return on_bench


def described(folder: Path, name: str, bench: Path | None) -> "tuple[App, Target]":
    """Read the application and the board's entry on the bench, and see that they fit."""
    app, _, on_bench = _fitting(folder, name, bench)
    return app, on_bench


def granted(folder: Path, name: str, bench: Path | None) -> "tuple[App, Target]":
    """Read the same, the application with what the board's operator grants it."""
    app, wiring, on_bench = _fitting(folder, name, bench)
    return wiring.granted(app, name), on_bench


def _fitting(folder: Path, name: str, bench: Path | None) -> "tuple[App, Any, Target]":
    from rpikit import app as apps

    app = apps.load(folder)
    wiring = found(folder, bench)
    on_bench: Target = wiring.target(name)
    wiring.check(app, name)
    return app, wiring, on_bench
