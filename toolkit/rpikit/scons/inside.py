# SPDX-License-Identifier: MIT
"""SCons tool: an application for the loop platform, and the tender that loads it into itself."""

from pathlib import Path
from typing import Any

from rpikit import interface as interfaces
from rpikit.app import App
from rpikit.interface import Interface
from rpikit.scons.interface import interfaces_of
from rpikit.scons.tender import files_of_host, handlers
from rpikit.scons.unikernel import sources

ENDING = {"sum_up", "gpio_sampled"}
"""Files of c/tender that tell the operator what came of it."""


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(unikernel, "Unikernel")
    env.AddMethod(tender, "Tender")
    env.AddMethod(sources, "SourcesIn")


def unikernel(env: Any, app: App) -> Any:
    """Link an application with its bindings to NAME.loop, which needs nothing from a libc."""
    settings, flags = env["SETTINGS"], env["GUEST_FLAGS"]
    folder, common = settings.folder(app), settings.common / "guest"
    printed = env.AppFiles(app)
    inside = env.Clone(CPPPATH=[*env["CPPPATH"], str(folder / "gen"), str(app.folder)])
    parts = [env.Compiled(file, common, flags) for file in env.SourcesIn("guest", "guest/loop")]
    names = tuple(sorted({*app.interfaces, *interfaces.SOLO5}))
    for i in interfaces.load_all(names, app.folder / "interfaces"):
        stub = env.Generated(i, app)[f"guest_{i.name}.c"]
        parts.append(env.Compiled(Path(str(stub)), common, flags))
    for file in app.sources:
        place = folder / "obj" / "app" / file.relative_to(app.folder).with_suffix(".o")
        parts += inside.Object(str(place), str(file), CCFLAGS=[*env["CCFLAGS"], *flags])
    parts += env.Object(
        str(folder / "obj" / "manifest.o"),
        printed["manifest.c"],
        CCFLAGS=[*env["CCFLAGS"], *flags],
    )
    helpers = [
        env.Compiled(settings.root / "c" / "lib" / f"{name}.c", common, flags)
        for name in ("string", "format", "manifest")
    ]
    parts += env.StaticLibrary(str(common / "libapp.a"), helpers)
    words = ["-shared", "-nostdlib", "-Wl,-Bsymbolic", "-Wl,--build-id=none"]
    # Under sanitizers it calls those of the tender.
    words += [] if settings.sanitize else ["-Wl,--no-undefined"]
    return _linked(env, folder / f"{app.name}.loop", parts, *words)


def tender(env: Any, app: App) -> Any:
    """Link the tender of an application for this machine."""
    settings = env["SETTINGS"]
    common, folder = settings.common / "host", settings.folder(app)
    found = interfaces_of(env, app)
    printed = [Path(str(env.Generated(i, app)[f"dispatch_{i.name}.c"])) for i in found]
    files = [*_files(env, found), *handlers(env, app, found), *printed]
    parts = [env.Compiled(file, common, env["HOST_FLAGS"]) for file in files]
    parts += [env.Compiled(file, common, []) for file in env.SourcesIn("tender/loop")]
    (table,) = env.Table(found, folder / "gen")
    parts += env.Object(
        str(folder / "obj" / "dispatch.o"), table, CCFLAGS=[*env["CCFLAGS"], *env["HOST_FLAGS"]]
    )
    return _linked(env, folder / "rpikit-tender", parts, "-pthread", "-ldl")


def _files(env: Any, found: tuple[Interface, ...]) -> list[Path]:
    """Return the files of a board's tender that serve here as well, with this machine's pins."""
    ours = files_of_host(env, found, "backends/host")
    replaced = {file.stem for file in ours if file.parent.name == "host"}

    def serves(file: Path) -> bool:
        if file.parent.name == "tender":
            devices = {one.stem for one in env.SourcesIn("devices")}
            return file.stem in {"options", "report", "devices", "inherit", *ENDING, *devices}
        if file.parent.name == "linux":
            return file.stem.split("_")[0] not in replaced
        # The first is this machine's libc; nothing is laid out in memory here.
        return file.name not in {"string.c", "paging.c"}

    return [file for file in ours if serves(file)]


def _linked(env: Any, target: Path, parts: list[Any], *words: str) -> Any:
    """Return the node of what the compiler links of parts."""
    return env.Command(
        str(target), parts, [["$LINK", "$LINKFLAGS", "-o", "$TARGET", "$SOURCES", *words]]
    )
