# SPDX-License-Identifier: MIT
"""The verb run: build, flash, and show the guest's console until it ends."""

from pathlib import Path
from typing import BinaryIO

from rpikit import build
from rpikit import target as targets
from rpikit.app import App
from rpikit.board import Board
from rpikit.console import Console
from rpikit.flash import READY_WITHIN
from rpikit.half import Half, half_of
from rpikit.putting import prepared
from rpikit.report import Reporter
from rpikit.transport import Transport


def run(
    app: App,
    board: Board,
    transport: Transport,
    *,
    reporter: Reporter,
    console: BinaryIO,
    out: Path | None = None,
    ready_within: float = READY_WITHIN,
    sanitize: bool = False,
    target: str = targets.AUTO,
    key: Path | None = None,
) -> int:
    """Run the application on a board and return its exit status; Ctrl-C ends the guest, too."""
    kind = targets.chosen(board, target, transport, reporter.step)
    reporter.step(f"build {app.name} {app.version}")
    built = build.build(app, board=kind, out=out, sanitize=sanitize, report=reporter.note)
    prepared(built, key=key)(transport, reporter=reporter, ready_within=ready_within)
    return show(half_of(transport, app.name), console)


def show(half: Half, console: BinaryIO) -> int:
    """Copy the guest's console until it ends, and return its status; Ctrl-C ends the guest."""
    with Console(half) as following:
        try:
            for data in following.chunks():
                console.write(data)
                console.flush()
        except KeyboardInterrupt:
            half.stop()
            raise
        return following.exit_status()
