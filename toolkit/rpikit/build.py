# SPDX-License-Identifier: MIT
"""Build an application: its unikernel and its tender, for a board or for this machine."""

import concurrent.futures
import contextlib
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from rpikit import board as boards
from rpikit import bundle, describe, elf, group, interface, metal, paths, results, wording
from rpikit import stamp as stamps
from rpikit import toolchain as toolchains
from rpikit.app import App
from rpikit.board import Board
from rpikit.errors import DescriptionError, FirmwareError, ToolError
from rpikit.stamp import Stamp
from rpikit.target import AUTO, CHOICES

_UNFIT = re.compile(r"[^\w ./,+@%:~-]")
"""What means something to SCons or to the shell below it, and what is not UTF-8."""

LOCK = ".lock"

CACHE = "RPIKIT_BUILD_CACHE"
"""Names a folder: what was made for a board once, in whatever folder, is fetched from there."""


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
    sanitize: bool = False
    guests: tuple[metal.Built, ...] = ()
    """On bare metal: who is in the image, the application first."""

    def __str__(self) -> str:
        if self.board.platform == "loop":
            checked = ", every step checked by sanitizers" if self.sanitize else ""
            return (
                f"{self.unikernel}: for this machine{checked}\n"
                f"{self.tender}: for {', '.join(self.app.interfaces)}\n"
                f"by hand: {shlex.join(self.command())}"
            )
        loaded, zeroed, tender = (self._size(key) for key in ("loaded", "zeroed", "tender"))
        if self.board.platform == "metal":
            several = [f"  {one}\n" for one in self.guests] if len(self.guests) > 1 else []
            return (
                f"{self.unikernel}: {loaded} of text and data, {zeroed} of bss\n"
                f"{self.tender}: {self.sizes['image']} bytes, for the board's boot partition: the "
                f"underlay, {tender}, for {', '.join(self.interfaces)}, and the "
                f"unikernel{'s' if several else ''}\n{''.join(several)}"
                f"by hand, in QEMU: {shlex.join(metal.command(self.tender, self.board))}"
            )
        return (
            f"{self.unikernel}: {loaded} of text and data, {zeroed} of bss\n"
            f"{self.tender}: {tender}, for {', '.join(self.app.interfaces)}"
        )

    @property
    def interfaces(self) -> tuple[str, ...]:
        """What its tender serves; on bare metal what any of the image's guests uses."""
        used = {name for one in self.guests for name in one.app.interfaces}
        return tuple(sorted({*self.app.interfaces, *used}))

    def command(self, pins: Path | None = None) -> tuple[str, ...]:
        """Return the program and its arguments, to start here by hand or under a debugger.

        `pins` is the file that a bench shares (rpikit.bench.host); without one nobody does.
        """
        options = bundle.options(self.app, self.board)
        shared = ("--gpio-chip=", "--buses=")
        rest = [word for word in options if not word.startswith(shared)]
        chip = [f"--gpio-chip={pins}"] if pins is not None and self.app.devices else []
        buses = (
            [f"--buses={pins.parent}"]
            if pins is not None and any(one.is_wired for one in self.app.attachments)
            else []
        )
        return (str(self.tender), *rest, *chip, *buses, "--", str(self.unikernel))

    def _size(self, key: str) -> str:
        size, limit = self.sizes[key], self.app.budget.limits.get(key)
        share = "" if limit is None else f" ({size * 100 // limit} % of {limit})"
        return f"{size} bytes{share}"

    def values(self) -> results.Build:
        """Return it as one flat object for programs."""
        made: results.Build = {
            "app": self.app.name,
            "version": self.app.version,
            "board": self.board.name,
            "target": self.board.platform,
            "unikernel": str(self.unikernel),
            "tender": str(self.tender),
            "toolchain": self.toolchain,
            "sanitize": self.sanitize,
            "interfaces": list(self.interfaces),
            "sizes": self.sizes,
            "budget": self.app.budget.limits,
        }
        if self.guests:
            made["guests"] = [one.values() for one in self.guests]
        return made


def build(
    app: App,
    *,
    board: Board,
    beside: Sequence[App] = (),
    generic: bool = False,
    toolchain: str | None = None,
    sanitize: bool = False,
    out: Path | None = None,
    targets: tuple[str, ...] = (),
    anew: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> Build:
    """Build an application for a board, below its own folder unless `out` says where.

    `beside` are further guests of the same image, on bare metal only.
    `toolchain` is one's name, else RPIKIT_TOOLCHAIN decides.
    `sanitize` has every access and every undefined step checked, on this machine only.
    `targets` are files below that folder which are made besides.
    `anew` fetches nothing from the folder that RPIKIT_BUILD_CACHE names.
    """
    apps = (app, *beside)
    for one in apps:
        board.check_lines(one)
    if board.platform == "metal":
        metal.check(apps)
    elif beside:
        raise DescriptionError(
            f"--with: on {board.name}, for {board.platform}, an application is built alone; "
            "--target metal puts several into one image",
            hint="with Linux on the board `rpikit flash --beside` has them run together",
        )
    chain = _toolchain(board, toolchain, sanitize)
    for one in apps:
        found = interface.load_all(one.interfaces, one.folder / "interfaces")
        interface.check_handlers(found, one.folder / "devices")
    folder = _folder(apps, out or folder_of(app, board.platform, sanitize=sanitize))
    words = [f"generic={_yes(generic)}", f"toolchain={toolchains.name_of(toolchain)}"]
    words += [f"platform={board.platform}", f"sanitize={_yes(sanitize)}"]
    words += [f"beside={one.folder}" for one in beside]
    if board.platform == "metal":
        words.append(f"console={metal.console(board)}")
    if targets:
        words += [str(folder), *(str(folder / target) for target in targets)]
    with _alone(folder, report):
        _make_what_changed(apps, chain, folder, words, report, anew)
    unikernel, tender = folder / f"{app.name}.{board.guests}", folder / "rpikit-tender"
    if board.platform == "loop":  # sizes, and what fits into memory, are the board's affair
        return Build(app, board, folder, unikernel, tender, chain.name, {}, sanitize)
    sizes = _sizes(app, unikernel)
    guests: tuple[metal.Built, ...] = ()
    if board.platform == "metal":
        others = [folder / metal.BESIDE / one.name / f"{one.name}.hvt" for one in beside]
        guests = metal.built(apps, [unikernel, *others])
        for one, file in zip(beside, others, strict=True):
            _check_budget(one, _sizes(one, file))
        tender = metal.image(guests, folder)
        sizes |= {"tender": (folder / metal.UNDERLAY).stat().st_size}
        sizes |= {"image": tender.stat().st_size}
    else:
        sizes |= {"tender": tender.stat().st_size}
    _check_budget(app, sizes)
    return Build(app, board, folder, unikernel, tender, chain.name, sizes, guests=guests)


def _sizes(app: App, unikernel: Path) -> dict[str, int]:
    """Return the sizes of a unikernel; refuse one that its guest's memory is too small for."""
    read = elf.read(unikernel)
    if read.zeroed + read.loaded > app.memory - elf.GUEST_MIN:
        raise DescriptionError(
            f"{app.folder / 'rpikit.toml'}: firmware.memory = {app.memory >> 20}M: "
            f"{app.name} needs {read.loaded + read.zeroed} bytes above the first MiB",
            hint="give it more memory, or make its static data smaller",
        )
    return {"loaded": read.loaded, "zeroed": read.zeroed}


def _toolchain(
    board: Board, name: str | None, sanitize: bool
) -> toolchains.Toolchain | toolchains.Native:
    """Return what builds for a board; refuse to sanitize where that is not possible."""
    if board.platform == "loop":
        native = toolchains.native(name)
        if sanitize and not native.sanitize_words:
            raise ToolError(
                f"--sanitize: {native.name} has no libraries of sanitizers",
                hint="apt-get install gcc, and build with --toolchain gcc",
            )
        return native
    if sanitize:
        raise DescriptionError(
            f"--sanitize: {board.name} cannot; only this machine can: --board {boards.HOST}"
        )
    return toolchains.find(name)


def can_sanitize(board: Board) -> bool:
    """Whether sanitizers can check what is built for a board with the toolchain asked for."""
    return board.platform == "loop" and bool(toolchains.native().sanitize_words)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def folder_of(app: App, platform: str, *, sanitize: bool = False) -> Path:
    """Return which folder a build goes to unless told otherwise: each has objects of its own."""
    below = "" if platform == "hvt" else f"{platform}-sanitize" if sanitize else platform
    return app.folder / "build" / below


def folders(app: App, asked: str) -> dict[str, Path]:
    """Return where builds for boards lie, by target: the one asked for, or any, hvt first."""
    targets = [target for target in CHOICES if target != AUTO] if asked == AUTO else [asked]
    return {target: folder_of(app, target) for target in targets}


def _folder(apps: tuple[App, ...], out: Path) -> Path:
    """Return the folder to build in, made if need be; refuse one that cannot be used."""
    folder = out.absolute()
    for path in (*(one.folder for one in apps), folder):
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
        if sizes.get(name, 0) > limit
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
    apps: tuple[App, ...],
    chain: toolchains.Toolchain | toolchains.Native,
    folder: Path,
    words: list[str],
    report: Callable[[str], None],
    anew: bool,
) -> None:
    """Ask SCons, unless everything is as it was when it was asked last."""
    if isinstance(chain, toolchains.Native):  # the compiler of this machine is not known so well
        _make(apps[0], folder, words, report)
        return
    stamp = Stamp(folder, apps[0], chain, tuple(words), apps[1:])
    if not stamp.holds():
        stamp.lift()
        begun_ns = time.time_ns()
        _make(apps[0], folder, words + ([] if anew else _cache(chain)), report)
        stamp.press(begun_ns)


def _cache(chain: toolchains.Toolchain) -> list[str]:
    """Return SCons's word for the cache, if there is one; each toolchain's is a folder of its own.

    That of zig is left out: it writes no list of stack frames for a file without functions.
    """
    named = os.environ.get(CACHE)
    if not named or not chain.compiles_at_link:
        return []
    programs = json.dumps(stamps.programs(chain), sort_keys=True).encode()
    folder = Path(named).absolute() / hashlib.sha256(programs).hexdigest()[:16]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(f"{CACHE} = {named!r}: cannot be made ({reason})") from None
    return [f"cache={folder}"]


def _make(app: App, folder: Path, words: list[str], report: Callable[[str], None]) -> None:
    """Run scons and pass on what it makes as it is made; what went wrong, in full.

    It runs in the folder of the build, so that what it makes has the same name wherever that is.
    """
    script = paths.data_root() / "SConstruct"
    command = [sys.executable, "-m", "SCons", "-Q", "-j2", "--cache-show"]
    command += ["-C", str(folder), "-f", str(script)]
    command += [f"app={app.folder}", f"out={folder}", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # Its compilers end with it, before another build writes where they do.
    with group.running(command, **pipes, text=True, errors="replace") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            problem = pool.submit(process.stderr.read)
            try:
                for line in process.stdout:
                    report(line.rstrip("\n"))
            except BaseException:
                group.end(process)  # what reads its errors waits for that
                raise
    if process.returncode != 0:
        raise FirmwareError(f"{app.name}: does not build:\n{problem.result().strip()}")
