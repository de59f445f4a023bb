# SPDX-License-Identifier: MIT
"""The verb list: which boards there are to choose from, and which of them run now."""

from dataclasses import dataclass

from rpikit import board as boards
from rpikit import host
from rpikit.virtual import machine
from rpikit.wiring import Bench


@dataclass(frozen=True)
class Listing:
    """The boards of a bench, in its order."""

    rows: tuple[dict[str, str], ...]

    def __str__(self) -> str:
        header = {"name": "NAME", "kind": "KIND", "reach": "REACHED BY", "state": "STATE"}
        table = [header, *self.rows]
        widths = {key: max(len(row[key]) for row in table) for key in header}
        lines = ("  ".join(row[key].ljust(widths[key]) for key in header) for row in table)
        return "\n".join(line.rstrip() for line in lines)

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        return {"boards": list(self.rows)}


def listing(bench: Bench) -> Listing:
    """List the boards of a bench, and virtual ones that run besides."""
    up = {one.name: one for one in machine.running()}
    rows: list[dict[str, str]] = []
    for name, target in bench.boards.items():
        kind = boards.load(target.board)
        is_virtual = kind.virtual is not None
        added = f"{target.transport}: {target.address}" if target.transport else None
        added = f"place {target.place}" if target.place else added
        reach = (
            target.ssh or added or target.serial or ("started when needed" if is_virtual else "")
        )
        state = "up" if name in up else ("down" if is_virtual else "not asked")
        if kind.platform == "loop":
            reach = "this machine"
            state = "up" if host.is_running(name) else "down"
        rows.append({"name": name, "kind": target.board, "reach": reach, "state": state})
    rows += [
        {"name": name, "kind": "virtual", "reach": "not on this bench", "state": "up"}
        for name in up
        if name not in bench.boards
    ]
    return Listing(tuple(rows))
