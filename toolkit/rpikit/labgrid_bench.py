# SPDX-License-Identifier: MIT
"""From the name of a labgrid place to a board: of the bench file, or by the place's own tag."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rpikit import board as boards
from rpikit import labgrid_place, wiring, wording
from rpikit.errors import BoardError, DescriptionError
from rpikit.wiring import Bench

TAG = "board"
"""The tag of a place that says what kind of board is there."""


@contextlib.contextmanager
def at(bench: Bench, place: str, coordinator: str | None) -> Iterator[tuple[str, Path | None]]:
    """Give the name of the board at a place, and the bench file that describes it.

    Without a file it is the bench's own. A board that the bench does not describe is what the tag
    of the place says; its wires are the outputs that have the names of devices.
    """
    written = [one.name for one in bench.boards.values() if one.place == place]
    if len(written) > 1:
        raise DescriptionError(
            f"{bench.source}: {wording.options(written)} are all at place {place!r}",
            hint="name the board instead: --board NAME",
        )
    if written:
        yield written[0], None
        return
    where = labgrid_place.coordinator_of(coordinator)
    shown = labgrid_place.show(place, where)
    kind = shown.tags.get(TAG)
    known = boards.names()
    if kind not in known:
        said = f"its tag says {TAG}={kind}" if kind else f"it has no tag {TAG}"
        raise BoardError(
            f"place {place!r}: nothing says what kind of board is there: {said}",
            hint=f"labgrid-client -p {place} set-tags {TAG}=KIND, with {wording.options(known)}; "
            f'or write place = "{place}" below a board in bench.toml',
        )
    name = "".join(one if one.isalnum() or one in "-_" else "-" for one in place)[:63].strip("-_")
    with tempfile.TemporaryDirectory(prefix="rpikit-place-") as folder:
        file = Path(folder) / wiring.FILE
        file.write_text(
            f"[boards.{name or 'place'}]\nboard = {json.dumps(kind)}\n"
            f"place = {json.dumps(shown.name)}\ncoordinator = {json.dumps(where)}\n",
            encoding="utf-8",
        )
        yield name or "place", file
