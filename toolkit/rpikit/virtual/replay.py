# SPDX-License-Identifier: MIT
"""Runs a program on a virtual board of its own that nobody can disturb: the same bytes each time.

An instruction takes one nanosecond of the board's time, its seeds are known, and it has neither
network nor consoles to type at, so every run of the same program is the same run.
"""

import dataclasses
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rpikit import board as boards
from rpikit.errors import BoardError
from rpikit.virtual import cpio, image, machine, qemu, underlay
from rpikit.virtual.gpio import Registers
from rpikit.virtual.underlay import Stimulus

if TYPE_CHECKING:
    from rpikit.board import Board

FOLDER = "/root"
_NAME = "replay"


def replay(
    board: "Board",
    script: str,
    files: Mapping[str, Path],
    *,
    stimuli: Iterable[Stimulus] = (),
    timeout: float = 60.0,
) -> bytes:
    """Run a shell script beside some files and return what came out of the console.

    The kernel and its drivers are the board's; KVM and GPIO are there, USB is not. Stimuli are
    counted from the moment when somebody on the board first wants edges of a line among theirs, so
    edges have the same time stamps in each run; their board is one that reports edges.
    """
    if board.virtual is None:
        raise BoardError(f"{board.name} is a real board; only a virtual one repeats itself")
    played = tuple(stimuli)
    if played and not board.virtual.underlay:
        raise BoardError(
            f"{board.name} reports no edges; stimuli are for a board that does",
            hint=f"replay on {boards.WITH_EDGES}",
        )
    qemu.require()
    made = image.prepare(board.virtual, lambda step: None)
    with TemporaryDirectory(prefix="rpikit-") as aside:
        folder = Path(aside) / _NAME
        folder.mkdir()
        boot = machine.boot_of(board, made, folder, qemu.Options(icount=True))
        both = folder / "initramfs"
        shutil.copyfile(made.initramfs, both)
        with both.open("ab") as out:
            _overlay(script, files).write(out)
        if played:
            lines = underlay.stimuli(Registers.of(board.soc), played)
            (folder / "stimuli").write_bytes(lines)
            boot = dataclasses.replace(boot, loaded=((underlay.STIMULI, folder / "stimuli"),))
        console = folder / "console"
        words = qemu.command_alone(dataclasses.replace(boot, initramfs=both), console)
        return qemu.run_to_end(words, console, timeout, f"board {_NAME!r}")


def _overlay(script: str, files: Mapping[str, Path]) -> cpio.Archive:
    """Return what is laid over the board's root folder."""
    root = cpio.Archive()
    root.file(image.ALONE, f"#!/bin/sh\ncd {FOLDER}\n{script}\n".encode(), 0o755)
    for name, file in files.items():
        root.file(f"{FOLDER}/{name}", file.read_bytes(), 0o755)
    return root
