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
def _set(variable: str, value: str | None) -> Iterator[None]:
    """Have this process, and what it starts, go by what was said, for a while."""
    before = os.environ.get(variable)
    if value is not None:
        os.environ[variable] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = before


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
        with _set(VIA, via):
            return command(*args, **named)

    return _via(cast("F", on_its_way))


def board(command: F) -> F:
    """Give a command a board, and the way to it."""
    return _board(way(command))


_LENT = (
    click.option(
        "--place",
        default=lambda: os.environ.get("LG_PLACE"),
        metavar="NAME",
        help="Take the board at this place of a labgrid coordinator, and give it back at the end; "
        "else labgrid's LG_PLACE.",
    ),
    click.option(
        "--coordinator",
        metavar="HOST:PORT",
        help="The coordinator; else as bench.toml says, else LG_COORDINATOR, else this machine.",
    ),
    click.option(
        "--wait",
        type=click.IntRange(0, 604800),
        metavar="SECONDS",
        help="Wait so long for a place, or a board, that somebody else has.",
    ),
)


def place(command: F) -> F:
    """Let a command take its board from a labgrid coordinator; what is said holds while it runs."""

    @functools.wraps(command)
    def at_place(
        *args: Any, place: str | None, coordinator: str | None, wait: int | None, **named: Any
    ) -> Any:
        said = {
            "RPIKIT_COORDINATOR": coordinator,
            "RPIKIT_WAIT": None if wait is None else str(wait),
        }
        with contextlib.ExitStack() as lasting:
            for variable, value in said.items():
                lasting.enter_context(_set(variable, value))
            if place is not None and _is_meant(place, named):
                lasting.enter_context(_board_at(place, coordinator, named))
            return command(*args, **named)

    return several(*_LENT)(cast("F", at_place))


def _is_meant(place: str, named: dict[str, Any]) -> bool:
    """Whether a place is to be taken: one that a variable names gives way to boards on the line."""
    other = "--board" if is_typed("name") else ""
    other = other or next(
        (f"--{one}" for one in ("boards", "group", "resume") if named.get(one)), ""
    )
    if other and is_typed("place"):
        raise click.UsageError(f"--place {place} and {other} both name boards; leave one out")
    return not other


def is_typed(name: str) -> bool:
    """Whether an option was given on the command line, not by its variable."""
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source(name) if context is not None else None
    return source is not None and source.name == "COMMANDLINE"


@contextlib.contextmanager
def _board_at(place: str, coordinator: str | None, named: dict[str, Any]) -> Iterator[None]:
    """Have a command use the board of the bench that is at a place, or that its tag describes."""
    from rpikit import labgrid_bench

    folder = named["app"] if named["app"].is_dir() else None
    bench = found(folder, named["bench"])
    with labgrid_bench.at(bench, place, coordinator) as (name, file):
        named["name"] = name
        named["bench"] = file or named["bench"]
        yield


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
key = click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RPIKIT_KEY",
    help="Sign what is flashed with this SSH key, for a board that takes signed firmware only; a "
    ".pub stands for one in the agent or in a token.",
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
target_of_build = click.option(
    "--target",
    "asked",
    type=click.Choice(["auto", "hvt", "spt", "metal"]),
    default="auto",
    show_default=True,
    envvar="RPIKIT_TARGET",
    help="hvt needs KVM on the board, spt is a sandboxed process, metal a board's kernel8.img "
    "without an operating system; auto: what the board has.",
)
with_others = click.option(
    "--with",
    "others",
    multiple=True,
    type=click.Path(file_okay=False, path_type=Path),
    envvar="RPIKIT_WITH",
    metavar="OTHER",
    help="Have OTHER, the folder of another application, in the same image: with --target metal; "
    "as often as there are others.",
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


def selected(
    app: Path, bench: Path | None, boards: tuple[str, ...], groups: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the names of the boards that --boards and --group name; () if they were not given."""
    if not boards and not groups:
        return ()
    if is_typed("name"):
        raise click.UsageError("--board is one board; write all of them after --boards")
    patterns = [one for text in boards for one in text.split(",") if one]
    names: tuple[str, ...] = found(app, bench).select(patterns, groups)
    return names


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
