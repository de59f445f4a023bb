# SPDX-License-Identifier: MIT
"""Build an application: its unikernel and its tender."""

import concurrent.futures
import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from rpikit import describe, elf, interface, paths, wording
from rpikit import toolchain as toolchains
from rpikit.app import App
from rpikit.board import Board
from rpikit.errors import DescriptionError, FirmwareError
from rpikit.stamp import Stamp

_UNFIT = re.compile(r"[^\w ./,+@%:~-]")
"""What means something to SCons or to the shell below it, and what is not UTF-8."""

LOCK = ".lock"


@dataclass(frozen=True)
class Build:
    """What a build made."""

    app: App
    board: Board
    folder: Path
    unikernel: Path
    tender: Path
    toolchain: str
    sizes: dict[str, int]

    def __str__(self) -> str:
        loaded, zeroed, tender = (self._size(key) for key in ("loaded", "zeroed", "tender"))
        return (
            f"{self.unikernel}: {loaded} of text and data, {zeroed} of bss\n"
            f"{self.tender}: {tender}, for {', '.join(self.app.interfaces)}"
        )

    def _size(self, key: str) -> str:
        size, limit = self.sizes[key], self.app.budget.limits.get(key)
        share = "" if limit is None else f" ({size * 100 // limit} % of {limit})"
        return f"{size} bytes{share}"

    def values(self) -> dict[str, object]:
        """Return it as one flat object for programs."""
        return {
            "app": self.app.name,
            "version": self.app.version,
            "board": self.board.name,
            "unikernel": str(self.unikernel),
            "tender": str(self.tender),
            "toolchain": self.toolchain,
            "interfaces": list(self.app.interfaces),
            "sizes": self.sizes,
            "budget": self.app.budget.limits,
        }


def build(
    app: App,
    *,
    board: Board,
    generic: bool = False,
    toolchain: str | None = None,
    out: Path | None = None,
    targets: tuple[str, ...] = (),
    report: Callable[[str], None] = lambda line: None,
) -> Build:
    """Build an application for a board, below its own folder unless `out` says where.

    `toolchain` is one's name, else RPIKIT_TOOLCHAIN decides.
    `targets` are files below that folder which are made besides.
    """
    board.check_lines(app)
    chain = toolchains.find(toolchain)
    found = interface.load_all(app.interfaces, app.folder / "interfaces")
    interface.check_handlers(found, app.folder / "devices")
    folder = _folder(app, out)
    words = [f"generic={'yes' if generic else 'no'}", f"toolchain={chain.name}"]
    if targets:
        words += [str(folder), *(str(folder / target) for target in targets)]
    with _alone(folder, report):
        _make_what_changed(app, chain, folder, words, report)
    unikernel, tender = folder / f"{app.name}.hvt", folder / "rpikit-tender"
    read = elf.read(unikernel)
    if read.zeroed + read.loaded > app.memory - elf.GUEST_MIN:
        raise DescriptionError(
            f"{app.folder / 'rpikit.toml'}: firmware.memory = {app.memory >> 20}M: "
            f"{app.name} needs {read.loaded + read.zeroed} bytes above the first MiB",
            hint="give it more memory, or make its static data smaller",
        )
    sizes = {"loaded": read.loaded, "zeroed": read.zeroed, "tender": tender.stat().st_size}
    _check_budget(app, sizes)
    return Build(app, board, folder, unikernel, tender, chain.name, sizes)


def _folder(app: App, out: Path | None) -> Path:
    """Return the folder to build in, made if need be; refuse one that cannot be used."""
    folder = (out or app.folder / "build").absolute()
    for path in (app.folder, folder):
        unfit = _UNFIT.search(str(path))
        if unfit:
            raise DescriptionError(
                f"{str(path)!r}: {unfit[0]!r} does not get through the build; give the folder a "
                "name of letters, digits, blanks and . , + - _ @ % : ~",
                hint="rename the folder, or move the project",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(
            f"{wording.path(folder)}: cannot be made ({reason})",
            hint="rpikit build --out FOLDER builds elsewhere",
        ) from None
    return folder


def _check_budget(app: App, sizes: dict[str, int]) -> None:
    """Refuse what became larger than the application's description allows."""
    over = [
        f"budget.{name} = {describe.format_size(limit)}: "
        f"{name} is {sizes[name]} bytes, {sizes[name] - limit} too many"
        for name, limit in app.budget.limits.items()
        if sizes[name] > limit
    ]
    if over:
        raise FirmwareError(
            f"{wording.path(app.source)}: {'; '.join(over)}",
            hint="make it smaller, or give it a larger budget; rpikit inspect shows what is in it",
        )


@contextlib.contextmanager
def _alone(folder: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Keep a folder to one build at a time; the next one waits."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(f"another build works in {wording.path(folder)}; waiting for its end")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make_what_changed(
    app: App,
    chain: toolchains.Toolchain,
    folder: Path,
    words: list[str],
    report: Callable[[str], None],
) -> None:
    """Ask SCons, unless everything is as it was when it was asked last."""
    stamp = Stamp(folder, app, chain, tuple(words))
    if not stamp.holds():
        stamp.lift()
        begun_ns = time.time_ns()
        _make(app, folder, words, report)
        stamp.press(begun_ns)


def _make(app: App, folder: Path, words: list[str], report: Callable[[str], None]) -> None:
    """Run scons and pass on what it makes as it is made; what went wrong, in full.

    It runs in the folder of the build, so that what it makes has the same name wherever that is.
    """
    script = paths.data_root() / "SConstruct"
    command = [sys.executable, "-m", "SCons", "-Q", "-j2", "-C", str(folder), "-f", str(script)]
    command += [f"app={app.folder}", f"out={folder}", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            problem = pool.submit(process.stderr.read)
            try:
                for line in process.stdout:
                    report(line.rstrip("\n"))
            except BaseException:
                process.terminate()
                raise
    if process.returncode != 0:
        raise FirmwareError(f"{app.name}: does not build:\n{problem.result().strip()}")
