# SPDX-License-Identifier: MIT
"""What other packages add: commands, boards, interfaces, transports, bench drivers.

They are found by their entry points:

group              an entry point's value
rpikit.commands    a click command; it appears beside our own
rpikit.boards      a package whose folder holds board files, as in boards/
rpikit.interfaces  a package whose folder holds interfaces, each with its handler beside it
rpikit.transports  a function (address, board) that opens a way to a board, as in transport/
rpikit.bench       a function (wire, device, site) that opens a wire, as in bench/wires.py

A name of our own is never taken by another package.
"""

import contextlib
import importlib.metadata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rpikit.errors import RpikitError, ToolError

COMMANDS = "rpikit.commands"
BOARDS = "rpikit.boards"
BENCH = "rpikit.bench"
INTERFACES = "rpikit.interfaces"
TRANSPORTS = "rpikit.transports"
GROUPS = (COMMANDS, BOARDS, INTERFACES, TRANSPORTS, BENCH)


@cache
def found(group: str) -> Mapping[str, EntryPoint]:
    """Return what the installed packages add to a group, by name."""
    points = importlib.metadata.entry_points(group=group)
    return MappingProxyType({one.name: one for one in sorted(points, key=lambda one: one.name)})


def load(point: EntryPoint) -> Any:
    """Return what an entry point leads to, or say whose it is and why it cannot be had."""
    try:
        return point.load()
    except Exception as error:
        raise unfit(point, f"cannot be loaded: {type(error).__name__}: {error}") from error


def owner(point: EntryPoint) -> str:
    """Return the name of the package that an entry point belongs to."""
    return point.dist.name if point.dist is not None else point.value


def unfit(point: EntryPoint, why: str) -> ToolError:
    """Return the error for what another package adds and nobody can use."""
    whose = owner(point)
    return ToolError(
        f"{whose}: its {point.group} {point.name!r} {why}",
        hint=f"mend or remove it: python -m pip uninstall {whose}",
    )


@contextlib.contextmanager
def blamed(
    point: EntryPoint, doing: str, kind: type[RpikitError], *passed: type[Exception]
) -> Iterator[None]:
    """Turn an exception of another package's code into an error of one line with its name.

    Our own errors, which it may raise as we do, and those of `passed` stay what they are.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, (RpikitError, *passed)):
            raise
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise kind(
            f"{doing}: {said}",
            hint=f"this is of {owner(point)} ({point.group} {point.name!r}), not of rpikit",
        ) from error


def culprit(error: BaseException) -> EntryPoint | None:
    """Return what another package added, if the exception was raised in that package's code."""
    points = [point for group in GROUPS for point in found(group).values()]
    packages = {point.value.partition(":")[0].partition(".")[0]: point for point in points}
    trace = error.__traceback__
    blamed = None
    while trace is not None:
        top = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        blamed = packages.get(top, None if top == "rpikit" else blamed)
        trace = trace.tb_next
    return blamed


@cache
def folders(group: str) -> tuple[Path, ...]:
    """Return the folders of the packages in a group of data."""
    return tuple(Path(next(iter(load(one).__path__))) for one in found(group).values())
