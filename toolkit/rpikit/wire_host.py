# SPDX-License-Identifier: MIT
"""The machine at the other end of a wire: an address, another board of the bench, or this one.

Knows what may be wired to what; connects to nothing.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rpikit import board, describe, wording
from rpikit.describe import Misfit

if TYPE_CHECKING:
    from rpikit.wiring import Target

_USER = r"[A-Za-z_][A-Za-z0-9_.-]*"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}"
"""What the name of a board on the bench looks like."""


def is_address(host: str) -> bool:
    """Whether the host of a wire is user@host; else it is the name of a board of the bench."""
    return "@" in host


def check_address(text: str) -> str:
    """Return user@host or user@host:port; refuse anything else."""
    match = re.fullmatch(rf"{_USER}@{_HOST}(?::([0-9]{{1,5}}))?", text)
    if match is None or not 1 <= int(match[1] or 22) <= 65535:
        raise Misfit('write user@host or user@host:port, such as "pi@lab3:2222"')
    return text


def check(host: str) -> str:
    """Return an address or what can be the name of a board; refuse anything else."""
    if is_address(host):
        return check_address(host)
    if not re.fullmatch(NAME, host):
        raise Misfit('write user@host, such as "pi@bench", or the name of another board')
    return host


def boards(
    path: Path, target: "Target", devices: Iterable[str], targets: Mapping[str, "Target"]
) -> dict[str, "Target"]:
    """Return the boards, by name, to which the wires of these devices lead.

    Refuse a name that no board has, and a pair that no wire connects.
    """
    found = {}
    is_virtual = board.load(target.board).virtual is not None
    for device in devices:
        host = target.wires[device].host
        place = f"boards.{target.name}.wires.{device}.host"
        if host is not None and not is_address(host):
            found[host] = _board(path, place, host, target, targets)
        elif is_virtual:
            remedy = "a virtual board is wired to a virtual one; write the name of that board"
            raise describe.fault(path, place, host, remedy)
    return found


def _board(
    path: Path, place: str, host: str, target: "Target", targets: Mapping[str, "Target"]
) -> "Target":
    others = [name for name in targets if name != target.name]
    if host not in others:
        remedy = "write user@host, or the name of another board"
        remedy += f": {wording.options(others)}" if others else " that this file describes"
        raise describe.fault(path, place, host, remedy)
    own, other = (board.load(one.board) for one in (target, targets[host]))
    if other.platform == "loop":
        remedy = "this board is made of this machine; leave host out to use its own lines"
        raise describe.fault(path, place, host, remedy)
    if (own.virtual is None) != (other.virtual is None):
        kinds = ("real", "virtual") if own.virtual is None else ("virtual", "real")
        remedy = (
            f"{target.name} is a {kinds[0]} board and this a {kinds[1]} one; no wire joins them"
        )
        raise describe.fault(path, place, host, remedy)
    return targets[host]
