# SPDX-License-Identifier: MIT
"""SCons tool: from an application's sources to its unikernel for hvt or spt."""

from pathlib import Path
from typing import Any

from rpikit import elf_edit
from rpikit import interface as interfaces
from rpikit.app import App

UNGUARDED = {"start.c", "protector.c", "block.c", "hypercall.c"}
"""Bindings that run before the stack protector's guard is set, or are the protector; and some that
have no array which could overflow, and are called often, as all stubs are."""

SHARED = ("backtrace", "clock", "protector", "run", "tls")
"""What guests of hvt and spt have in common: a processor and memory of their own."""

SCRIPT = "guest/hvt/guest.lds"
PUBLIC = ("solo5.h", "manifest.h", "mft_abi.h")
"""The headers of c/abi that an application outside rpikit's own build may include."""

PAGE = {"hvt": 0x1000, "spt": 0x4000}
"""What segments are aligned to. Pages of an hvt guest are its own; those of spt are Linux's, and a
stock kernel of a Pi 5 has some of 16 KiB."""


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(unikernel, "Unikernel")
    env.AddMethod(bindings, "Bindings")
    env.AddMethod(guest_library, "GuestLibrary")
    env.AddMethod(app_library, "AppLibrary")
    env.AddMethod(sources, "SourcesIn")


def sources(env: Any, *folders: str) -> list[Path]:
    """Return the C and assembly files right in folders below c/, sorted."""
    root = env["SETTINGS"].root / "c"
    return sorted(
        file
        for folder in folders
        for suffix in "cS"
        for file in (root / folder).glob(f"*.{suffix}")
    )


def bindings(env: Any, app: App, folder: Path) -> Any:
    """Return one object that exports the public API and keeps everything else to itself."""
    return _joined(env, app, app.interfaces, folder / "bindings-all.o", folder / "bindings.o")


def guest_library(env: Any) -> Any:
    """Return what another build links its application with: Solo5's API, under Solo5's names."""
    settings = env["SETTINGS"]
    folder, c = settings.out / "guest", settings.root / "c"
    name = f"solo5_{settings.guests}"
    made = [_joined(env, settings.apps[0], (), settings.common / f"{name}.o", folder / f"{name}.o")]
    copies = {f"{name}.lds": c / SCRIPT}
    copies |= {f"include/{file}": c / "abi" / file for file in PUBLIC}
    for target, source in copies.items():
        copy = env.Action(lambda target, source, env: _copy(target, source), "$GENCOMSTR")
        made += env.Command(str(folder / target), str(source), copy)
    return made


def _copy(target: list[Any], source: list[Any]) -> None:
    Path(str(target[0])).write_bytes(Path(str(source[0])).read_bytes())


def _joined(env: Any, app: App, used: tuple[str, ...], whole: Path, target: Path) -> Any:
    common = env["SETTINGS"].common / "guest"
    flags = env["BINDINGS_FLAGS"]
    parts = []
    for file in _guest_files(env):
        unguarded = ["-fno-stack-protector"] if file.name in UNGUARDED else []
        parts.append(env.Compiled(file, common, [*flags, *unguarded]))
    names = tuple(sorted({*used, *interfaces.SOLO5}))
    for i in interfaces.load_all(names, app.folder / "interfaces"):
        stub = env.Generated(i, app)[f"guest_{i.name}.c"]
        parts.append(env.Compiled(Path(str(stub)), common, [*flags, "-fno-stack-protector"]))
    joined = env.Linked(whole, parts, "--build-id=none", "-r")
    return env.Edited(target, joined, elf_edit.localize_hidden)


def _guest_files(env: Any) -> list[Path]:
    """Return the files of the bindings that are not generated."""
    platform, root = env["SETTINGS"].guests, env["SETTINGS"].root / "c"
    files: list[Path] = env.SourcesIn("guest", f"guest/{platform}")
    if platform != "hvt":
        files += [root / "guest" / "hvt" / f"{name}.c" for name in SHARED]
        files.append(root / "guest" / "loop" / "frames.c")
    return files + [root / "lib" / f"{name}.c" for name in ("format", "manifest", "string")]


def app_library(env: Any) -> Any:
    """Return the archive of helpers that an application may use; it may bring its own instead."""
    common = env["SETTINGS"].common / "app"
    lib = env["SETTINGS"].root / "c" / "lib"
    target = str(common / "libapp.a")
    if target not in env["OBJECTS"]:
        files = [lib / "string.c", lib / "format.c", *env.SourcesIn("guest/virtio")]
        parts = [env.Compiled(file, common, env["BINDINGS_FLAGS"]) for file in files]
        (env["OBJECTS"][target],) = env.StaticLibrary(target, parts)
    return env["OBJECTS"][target]


def unikernel(env: Any, app: App) -> Any:
    """Link an application with the bindings: NAME.debug with symbols, NAME.hvt (.spt) without."""
    settings = env["SETTINGS"]
    folder = settings.folder(app)
    script = str(settings.root / "c" / SCRIPT)
    printed = env.AppFiles(app)
    flags = env["GUEST_FLAGS"]
    inside = env.Clone(CPPPATH=[*env["CPPPATH"], str(folder / "gen"), str(app.folder)])
    objects = []
    for file in app.sources:
        place = folder / "obj" / "app" / file.relative_to(app.folder).with_suffix(".o")
        objects += inside.Object(str(place), str(file), CCFLAGS=[*env["CCFLAGS"], *flags])
    objects += env.Object(
        str(folder / "obj" / "manifest.o"),
        printed["manifest.c"],
        CCFLAGS=[*env["CCFLAGS"], *env["BINDINGS_FLAGS"]],
    )
    env.NoCache(objects)  # who knows what an application's files look at
    library = env.AppLibrary()
    debug = env.Linked(
        folder / f"{app.name}.debug",
        [env.Bindings(app, folder), *objects, library],
        "--build-id=sha1",
        f"-zmax-page-size={PAGE[settings.guests]:#x}",
        "--gc-sections",
        "--fatal-warnings",
        f"--script={script}",
    )
    env.Depends(debug, script)
    return env.Edited(folder / f"{app.name}.{settings.guests}", debug, elf_edit.strip)
