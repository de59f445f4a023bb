# SPDX-License-Identifier: MIT
"""SCons tool: the tender of an application, with its interfaces and no others."""

from pathlib import Path
from typing import Any

from rpikit import interface as interfaces
from rpikit.app import App
from rpikit.interface import Interface
from rpikit.scons.interface import interfaces_of


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(tender, "Tender")
    env.AddMethod(generic_tender, "GenericTender")
    env.AddMethod(floor, "Floor")


def _handlers(env: Any, app: App, found: tuple[Interface, ...]) -> list[Path]:
    """Return the files with the handlers of interfaces: the application's own first."""
    files = []
    for i in found:
        own = app.folder / "devices" / f"{i.name}.c"
        ours = env["SETTINGS"].root / "c" / "devices" / f"{i.name}.c"
        files.append(own if own.is_file() else ours)
    return files


def _parts_of_host(env: Any, found: tuple[Interface, ...]) -> tuple[list[Path], list[Path]]:
    """Return the files that need the kernel's headers, and the freestanding ones.

    A file named after a device (gpio.c, gpio_cdev.c) belongs to the tenders that use the device,
    every other file to all of them.
    """
    devices = {file.stem for file in env.SourcesIn("devices")}
    used = {name for i in found for name in (i.name, *i.interface.uses)}

    def belongs(file: Path) -> bool:
        noun = file.stem.split("_")[0]
        return noun not in devices or noun in used

    handled = {i.name for i in found}
    linux = [file for file in env.SourcesIn("tender", "backends/linux") if belongs(file)]
    shared = [*env.SourcesIn("dispatch", "lib")]
    shared += [file for file in env.SourcesIn("devices") if file.stem in used - handled]
    return linux, shared


def tender(env: Any, app: App) -> Any:
    """Link an application's tender."""
    return _link(env, app, interfaces_of(env, app), env["SETTINGS"].folder(app))


def generic_tender(env: Any) -> Any:
    """Link the tender that knows every interface of rpikit, for any guest."""
    some = env["SETTINGS"].apps[0]
    found = interfaces.load_all(interfaces.names())
    return _link(env, some, found, env["SETTINGS"].out / "generic")


def floor(env: Any) -> Any:
    """Link the program that measures KVM alone (perf/floor)."""
    out = env["SETTINGS"].out
    folder = env["SETTINGS"].root / "perf" / "floor"
    parts = [
        env.Compiled(file, out / "obj" / "floor", env["TENDER_FLAGS"])
        for file in (folder / "floor.c", folder / "guest.S")
    ]
    return env.Command(
        str(out / "floor"), parts, "$CC -nostdlib -static -no-pie -s -o $TARGET $SOURCES"
    )


def _link(env: Any, app: App, found: tuple[Interface, ...], folder: Path) -> Any:
    """Link rpikit-tender.debug with symbols, and from it rpikit-tender without."""
    common = env["SETTINGS"].common / "host"
    linux, shared = _parts_of_host(env, found)
    parts = [env.Compiled(file, common, env["TENDER_FLAGS"]) for file in linux]
    printed = [Path(str(env.Generated(i, app)[f"dispatch_{i.name}.c"])) for i in found]
    for file in (*shared, *_handlers(env, app, found), *printed):
        parts.append(env.Compiled(file, common, env["DEVICE_FLAGS"]))
    (table,) = env.Table(found, folder / "gen")
    parts += env.Object(
        str(folder / "obj" / "dispatch.o"), table, CCFLAGS=[*env["CCFLAGS"], *env["DEVICE_FLAGS"]]
    )
    debug = env.Command(
        str(folder / "rpikit-tender.debug"),
        parts,
        "$CC -nostdlib -static -no-pie -Wl,--build-id=sha1 -Wl,--gc-sections"
        " -Wl,-z,noexecstack -Wl,-z,max-page-size=0x1000 -Wl,--fatal-warnings"
        " -o $TARGET $SOURCES",
    )
    return env.Stripped(folder / "rpikit-tender", debug)
