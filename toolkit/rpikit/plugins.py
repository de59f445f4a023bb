# SPDX-License-Identifier: MIT
"""What other packages add: commands, boards, interfaces, bench drivers; found by entry points.

group              an entry point's value
rpikit.commands    a click command; it appears beside our own
rpikit.boards      a package whose folder holds board files, as in boards/
rpikit.interfaces  a package whose folder holds interfaces, each with its handler beside it
rpikit.bench       a function (wire, device, site) that opens a wire, as in bench/wires.py

A name of our own is never taken by another package.
"""

import importlib.metadata
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rpikit.errors import ToolError

COMMANDS = "rpikit.commands"
BOARDS = "rpikit.boards"
BENCH = "rpikit.bench"
INTERFACES = "rpikit.interfaces"


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
        owner = point.dist.name if point.dist is not None else point.value
        raise ToolError(
            f"{owner}: its {point.group} {point.name!r} cannot be loaded: "
            f"{type(error).__name__}: {error}",
            hint=f"mend or remove it: python -m pip uninstall {owner}",
        ) from error


@cache
def folders(group: str) -> tuple[Path, ...]:
    """Return the folders of the packages in a group of data."""
    return tuple(Path(next(iter(load(one).__path__))) for one in found(group).values())
