# SPDX-License-Identifier: MIT
"""SCons tool: the tender of an application, with its interfaces and no others."""

from pathlib import Path
from typing import Any

from rpikit.app import App
from rpikit.scons.interface import interfaces_of


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(tender, "Tender")
    env.AddMethod(handlers, "Handlers")


def handlers(env: Any, app: App) -> list[Path]:
    """Return the handler files of an application's interfaces: its own first, then rpikit's."""
    found = []
    for i in interfaces_of(env, app):
        own = app.folder / "devices" / f"{i.name}.c"
        ours = env["SETTINGS"].root / "c" / "devices" / f"{i.name}.c"
        found.append(own if own.is_file() else ours)
    return found


def tender(env: Any, app: App) -> Any:
    """Link the tender: rpikit-tender.debug with symbols, rpikit-tender without."""
    settings = env["SETTINGS"]
    folder = settings.folder(app)
    common = settings.common / "host"
    found = interfaces_of(env, app)
    parts = [
        env.Compiled(file, common, env["TENDER_FLAGS"])
        for file in env.SourcesIn("tender", "backends/linux")
    ]
    shared = [*env.SourcesIn("dispatch", "lib"), settings.root / "c" / "devices" / "gpio.c"]
    printed = [env.Generated(i, app)[f"dispatch_{i.name}.c"] for i in found]
    for file in (*shared, *env.Handlers(app), *(Path(str(node)) for node in printed)):
        parts.append(env.Compiled(file, common, env["DEVICE_FLAGS"]))
    (table,) = env.Table(found, folder / "gen")
    parts += env.Object(
        str(folder / "obj" / "dispatch.o"), table, CCFLAGS=[*env["CCFLAGS"], *env["DEVICE_FLAGS"]]
    )
    debug = env.Command(
        str(folder / "rpikit-tender.debug"),
        parts,
        "$CC -nostdlib -static -no-pie -Wl,--build-id=sha1 -Wl,--gc-sections"
        " -Wl,-z,noexecstack -Wl,-z,max-page-size=0x1000 -Wl,--fatal-warnings -o $TARGET $SOURCES",
    )
    return env.Stripped(folder / "rpikit-tender", debug)
