# SPDX-License-Identifier: MIT
"""What was built, on its way to whatever kind of board it was built for."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from rpikit import bundle, flash, sign
from rpikit.build import Build
from rpikit.bundle import Bundle
from rpikit.flash import READY_WITHIN, Flashed
from rpikit.metal_flash import Image
from rpikit.report import Reporter
from rpikit.transport import Transport


class Cargo(Protocol):
    """What is ready to go: another build meanwhile changes nothing about it."""

    def put(
        self,
        transport: Transport,
        *,
        reporter: Reporter,
        ready_within: float = READY_WITHIN,
        beside: bool = False,
        trial: int | None = None,
    ) -> Flashed:
        """Leave it running on a board, or the board as it was; as flash.flash."""
        ...


class _Bundled:
    def __init__(self, made: Bundle) -> None:
        self._made = made

    def put(
        self,
        transport: Transport,
        *,
        reporter: Reporter,
        ready_within: float = READY_WITHIN,
        beside: bool = False,
        trial: int | None = None,
    ) -> Flashed:
        return flash.flash(
            self._made,
            transport,
            reporter=reporter,
            ready_within=ready_within,
            beside=beside,
            trial=trial,
        )


def prepared(built: Build, *, key: Path | None = None) -> Cargo:
    """Return a build as what goes to a board: a bundle, or an image for one without Linux.

    `key` is as for sign.sign(): with one it is signed, as a board wants it that trusts somebody.
    """
    if built.board.platform == "metal":
        return Image.of(built, key)
    made = bundle.make(built.app, built.board, built.unikernel, built.tender, built.folder)
    if key is not None:
        made = replace(made, signature=sign.sign(made.signed, key, sign.BUNDLE))
    return _Bundled(made)
