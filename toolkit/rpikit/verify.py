# SPDX-License-Identifier: MIT
"""The verb of `build --verify`: build once more somewhere else, and compare every byte."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rpikit import app as apps
from rpikit import build as building
from rpikit import bundle, elf, paths, results
from rpikit.app import App
from rpikit.board import Board
from rpikit.build import Build
from rpikit.errors import DescriptionError, VerificationError


@dataclass(frozen=True)
class Verified:
    """A build whose every byte came out again."""

    build: Build
    digests: dict[str, str]

    def __str__(self) -> str:
        lines = [f"  {digest}  {name}" for name, digest in self.digests.items()]
        return "\n".join([str(self.build), "the same bytes from another folder (SHA-256):", *lines])

    def values(self) -> results.Verified:
        """Return it as one object for programs."""
        return {**self.build.values(), "verified": self.digests}


def verify(
    app: App,
    *,
    board: Board,
    beside: Sequence[App] = (),
    generic: bool = False,
    toolchain: str | None = None,
    out: Path | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Verified:
    """Build an application, build a copy of it in another folder, and compare what was made."""
    if board.platform == "loop":
        raise DescriptionError(
            f"--verify: what is built for {board.name} names its folders, for debuggers; "
            "only a build for a board can be verified"
        )

    def make(
        described: App, others: Sequence[App], folder: Path | None
    ) -> tuple[Build, list[Path]]:
        built = building.build(
            described,
            board=board,
            beside=others,
            generic=generic,
            toolchain=toolchain,
            out=folder,
            anew=True,
            report=report,
        )
        made = [built.unikernel, *(one.unikernel for one in built.guests[1:]), built.tender]
        if board.platform != "metal":
            packed = bundle.make(described, board, built.unikernel, built.tender, built.folder)
            made.append(packed.path)
        return built, made

    first, files = make(app, beside, out)
    with tempfile.TemporaryDirectory(prefix="rpikit-verify-") as place:
        copies = [Path(place) / "another" / f"folder{at}" for at in range(1 + len(beside))]
        for original, copy in zip((app, *beside), copies, strict=True):
            _copy(original, first.folder, copy)
        again = [apps.load(copy) for copy in copies]
        _, others = make(again[0], again[1:], Path(place) / "out")
        for one, other in zip(files, others, strict=True):
            _compare(one, other)
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return Verified(first, digests)


def _copy(app: App, built: Path, target: Path) -> None:
    """Copy an application without what was built from it; the copies are of today."""
    left_out = {built, app.folder / "build", *paths.data_root().parents}

    def ignore(folder: str, names: list[str]) -> list[str]:
        here = Path(folder)
        return [name for name in names if name.startswith(".") or here / name in left_out]

    shutil.copytree(app.folder, target, ignore=ignore, copy_function=shutil.copy, symlinks=True)


def _compare(one: Path, other: Path) -> None:
    """Say where two files differ, if they do; a program's debug information tells most."""
    if one.read_bytes() == other.read_bytes():
        return
    where = ""
    if one.suffix != bundle.SUFFIX:
        names = elf.differing(*(file.with_suffix(".debug") for file in (one, other)))
        where = f": {', '.join(names)}" if names else ": its headers"
    raise VerificationError(
        f"{one}: a second build in another folder has other bytes{where}",
        hint="look for what changes by itself: a time, a folder's name, a hidden file that is read",
    )
