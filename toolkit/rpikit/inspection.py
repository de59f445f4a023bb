# SPDX-License-Identifier: MIT
"""The verb inspect: what is in a unikernel, and how near it comes to its limits."""

from dataclasses import asdict, dataclass
from pathlib import Path

from rpikit import app as apps
from rpikit import build, describe, elf, interface, metal, stack, underlay, wording
from rpikit.app import MEMORY_STEP, App
from rpikit.elf import Unikernel
from rpikit.errors import DescriptionError
from rpikit.interface import Interface
from rpikit.stack import Frame
from rpikit.target import AUTO, METAL
from rpikit.underlay import Underlay

TOP = 10
TENDER = "rpikit-tender"
BELOW = ("common/metal", "common/loader", metal.BESIDE)
"""Folders of a build with what was compiled for bare metal, or for another guest."""


@dataclass(frozen=True)
class Inspection:
    """One unikernel, looked at."""

    unikernel: Unikernel
    sizes: dict[str, int]
    limits: dict[str, int]
    interfaces: tuple[Interface, ...]
    stack: tuple[Frame, ...]
    top: int
    underlay: Underlay | None = None
    """What is below the guest in an image for bare metal."""

    def __str__(self) -> str:
        unikernel = self.unikernel
        parts = {
            str(wording.path(unikernel.path)): [
                f"{'abi':<9} {unikernel.target} {unikernel.abi_version}",
                f"{'entry':<9} {unikernel.entry:#x}",
                f"{'build id':<9} {unikernel.build_id or 'none'}",
            ],
            "segments": [
                f"{one.address:#010x}  {one.flags}  {one.file_size:>7} loaded  "
                f"{one.memory_size - one.file_size:>7} zeroed"
                for one in unikernel.segments
            ],
            "sizes": [self._size(name) for name in self.sizes],
            "manifest": [f"{entry.name}: {entry}" for entry in unikernel.manifest]
            or ["it declares no devices"],
            "interfaces": [_calls(one) for one in self.interfaces],
            "underlay, which runs it on bare metal": self.underlay.shown if self.underlay else [],
            f"stack, the largest frames of {len(self.stack)} functions": [
                str(frame) for frame in self.stack[: self.top]
            ],
        }
        return "\n".join(
            "\n".join([title, *(f"  {line}" for line in lines)])
            for title, lines in parts.items()
            if lines
        )

    def _size(self, name: str) -> str:
        size, limit = self.sizes[name], self.limits.get(name)
        share = "" if not limit else f", {size * 100 // limit} % of {describe.format_size(limit)}"
        return f"{name:<7} {size:>8} bytes{share}"

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        unikernel = self.unikernel
        below = {"underlay": self.underlay.values()} if self.underlay else {}
        return {
            "file": str(unikernel.path),
            "abi": {"target": unikernel.target, "version": unikernel.abi_version},
            "entry": unikernel.entry,
            "build_id": unikernel.build_id,
            "segments": [asdict(one) for one in unikernel.segments],
            "sizes": self.sizes,
            "limits": self.limits,
            "manifest": [asdict(entry) for entry in unikernel.manifest],
            "interfaces": {
                one.name: {call.name: call.number for call in one.call} for one in self.interfaces
            },
            "stack": [frame.values() for frame in self.stack],
            **below,
        }


def _calls(one: Interface) -> str:
    calls = ", ".join(f"{call.name} {call.number:#x}" for call in one.call)
    return f"{one.name} {one.interface.version}: {calls}"


def inspect(path: Path, *, top: int = TOP, target: str = AUTO) -> Inspection:
    """Look at a unikernel's file, or at the build of the application in a folder.

    Of builds for several targets that for hvt goes before that for spt, and this before that for
    metal, unless `target` says which.
    """
    return _of_app(apps.load(path), top, target) if path.is_dir() else _of_file(path, top)


def _of_file(path: Path, top: int) -> Inspection:
    read = elf.read(path)
    sizes = {"file": read.size, "loaded": read.loaded, "zeroed": read.zeroed, "memory": read.end}
    least = -(-read.end // MEMORY_STEP) * MEMORY_STEP
    return Inspection(read, sizes, {"memory": least}, (), _stack(read), top)


def _of_app(app: App, top: int, target: str) -> Inspection:
    kind, path, host = _built(app, target)
    seen = _of_file(path, top)
    sizes = {**seen.sizes, "tender": host.stat().st_size}
    if kind == METAL:
        sizes["image"] = (host.parent / metal.IMAGE).stat().st_size
    return Inspection(
        unikernel=seen.unikernel,
        sizes=sizes,
        limits={"memory": app.memory, **app.budget.limits},
        interfaces=interface.load_all(app.interfaces, app.folder / "interfaces"),
        stack=seen.stack,
        top=top,
        underlay=underlay.read(host, (app.folder,)) if kind == METAL else None,
    )


def _built(app: App, target: str) -> tuple[str, Path, Path]:
    """Return target, unikernel and host's side of the build asked for, or of the first there is."""
    kinds = (*build.folders(app, AUTO), METAL) if target == AUTO else (target,)
    builds = [(kind, *_files(app, kind)) for kind in kinds]
    for kind, *files in builds:
        if all(file.is_file() for file in files):
            return kind, files[0], files[1]
    _, *files = builds[0]
    missing = next(file for file in files if not file.is_file())
    wanted = "" if target == AUTO else f" --target {target}"
    raise DescriptionError(
        f"{wording.path(missing)}: there is no such file; build the application first",
        hint=f"rpikit build {wording.path(app.folder)}{wanted}",
    )


def _files(app: App, kind: str) -> tuple[Path, Path]:
    """Return where unikernel and host's side of a build are."""
    folder = build.folder_of(app, kind)
    if kind == METAL:
        return folder / f"{app.name}.hvt", folder / metal.UNDERLAY
    return folder / f"{app.name}.{kind}", folder / TENDER


def _stack(read: Unikernel) -> tuple[Frame, ...]:
    """Return the stack use of a unikernel that still lies where it was built, else nothing."""
    debug = read.path.with_suffix(".debug")
    if read.build_id is None or not debug.is_file() or elf.build_id(debug) != read.build_id:
        return ()
    return stack.read(debug.absolute().parent, elf.functions(debug), BELOW)
