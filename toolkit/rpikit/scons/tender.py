# SPDX-License-Identifier: MIT
"""SCons tool: the tender of an application, with its interfaces and no others."""

from pathlib import Path
from typing import Any

from rpikit import elf_edit
from rpikit import interface as interfaces
from rpikit.app import App
from rpikit.interface import Interface
from rpikit.scons.interface import interfaces_of


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(tender, "Tender")
    env.AddMethod(generic_tender, "GenericTender")


def handlers(env: Any, app: App, found: tuple[Interface, ...]) -> list[Path]:
    """Return the files with the handlers of interfaces: the application's own first."""
    own, ours = app.folder / "devices", env["SETTINGS"].root / "c" / "devices"
    return [interfaces.handler_file(i.name, own) or ours / f"{i.name}.c" for i in found]


def files_of_host(env: Any, found: tuple[Interface, ...], *more: str) -> list[Path]:
    """Return the files of a tender that serves these interfaces, without their handlers.

    A file named after a device (gpio.c, gpio_cdev.c) belongs to the tenders that use the device,
    every other file to all of them. Handlers are in files without an underscore.
    """
    devices = {file.stem for file in env.SourcesIn("devices")}
    handled = {i.name for i in found}
    used = handled | {name for i in found for name in i.interface.uses}

    def belongs(file: Path) -> bool:
        noun = file.stem.split("_")[0]
        return noun not in devices or noun in used

    files = env.SourcesIn("tender", "backends/linux", "dispatch", "lib", *more)
    below = [file for file in env.SourcesIn("devices") if "_" in file.stem and belongs(file)]
    return [*filter(belongs, files), *below]


def tender(env: Any, app: App) -> Any:
    """Link an application's tender."""
    return _link(env, app, interfaces_of(env, app), env["SETTINGS"].folder(app))


def generic_tender(env: Any) -> Any:
    """Link the tender that knows every interface of rpikit, for any guest."""
    some = env["SETTINGS"].apps[0]
    found = interfaces.load_all(interfaces.names())
    return _link(env, some, found, env["SETTINGS"].out / "generic")


def _link(env: Any, app: App, found: tuple[Interface, ...], folder: Path) -> Any:
    """Link rpikit-tender.debug with symbols, and from it rpikit-tender without."""
    common = env["SETTINGS"].common / "host"
    printed = [Path(str(env.Generated(i, app)[f"dispatch_{i.name}.c"])) for i in found]
    parts = []
    for file in (*files_of_host(env, found), *handlers(env, app, found), *printed):
        # The compiler itself calls memcpy and its kin, after it has looked for who is called.
        late = ["-fno-lto"] if file.name == "string.c" else []
        parts.append(env.Compiled(file, common, [*env["HOST_FLAGS"], *late]))
    (table,) = env.Table(found, folder / "gen")
    parts += env.Object(
        str(folder / "obj" / "dispatch.o"), table, CCFLAGS=[*env["CCFLAGS"], *env["HOST_FLAGS"]]
    )
    debug = env.Linked(
        folder / "rpikit-tender.debug",
        parts,
        "--build-id=sha1",
        "--gc-sections",
        "-znostart-stop-gc",  # some parts are found by the name of their section alone
        "-znoexecstack",
        "-znorelro",
        "--fatal-warnings",
        whole=True,
    )
    return env.Edited(folder / "rpikit-tender", debug, elf_edit.strip)
