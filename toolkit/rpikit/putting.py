# SPDX-License-Identifier: MIT
"""What was built, on its way to whatever kind of board it was built for."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from rpikit import bundle, flash, sign
from rpikit.build import Build
from rpikit.flash import READY_WITHIN, Flashed
from rpikit.metal_flash import Image
from rpikit.report import Reporter
from rpikit.transport import Transport


class Put(Protocol):
    """Leaves what is ready to go running on a board, or the board as it was; as flash.flash."""

    def __call__(
        self,
        transport: Transport,
        *,
        reporter: Reporter,
        ready_within: float = READY_WITHIN,
        beside: bool = False,
        trial: int | None = None,
    ) -> Flashed: ...


def prepared(built: Build, *, key: Path | None = None) -> Put:
    """Return what puts a build on a board: as a bundle, or as an image for one without Linux.

    Another build meanwhile changes nothing about it. `key` is as for sign.sign(): with one it is
    signed, as a board wants it that trusts somebody.
    """
    if built.board.platform == "metal":
        return Image.of(built, key).put
    made = bundle.make(built.app, built.board, built.unikernel, built.tender, built.folder)
    if key is not None:
        made = replace(made, signature=sign.sign(made.signed, key, sign.BUNDLE))
    return partial(flash.flash, made)
