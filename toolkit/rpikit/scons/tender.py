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


MACHINE = {"main", "kvm", "watch", "guest_clock", "gpio_page", "net_thread"}
"""Files right in c/tender that are about a virtual machine: no part of a tender of spt."""

SERVING = {"memory", "clock", "console", "guest_clock"}
"""Files of c/tender and c/backends/linux that only those need who serve a guest's calls."""


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


def _files(env: Any, app: App, found: tuple[Interface, ...]) -> list[Path]:
    """Return all files of a tender that serves these interfaces, but for the table of calls."""
    serving = [Path(str(env.Generated(i, app)[f"dispatch_{i.name}.c"])) for i in found]
    serving += handlers(env, app, found)
    if env["SETTINGS"].platform == "hvt":
        return [*files_of_host(env, found), *serving]
    alone = is_alone(found)
    world = "tender/spt/alone" if alone else "tender/spt/parent"
    ours = files_of_host(env, found, "tender/spt", world)
    files = [
        file
        for file in ours
        if not (file.parent.name == "tender" and file.stem in MACHINE) and file.stem != "paging"
    ]
    if not alone:
        return [*files, *serving]
    folders = {"dispatch", "devices"}
    return [file for file in files if file.parent.name not in folders and file.stem not in SERVING]


def is_alone(found: tuple[Interface, ...]) -> bool:
    """Whether an spt guest with these interfaces needs nobody: Linux itself serves its calls."""
    return {i.name for i in found} <= set(interfaces.SOLO5)


def generic_tender(env: Any) -> Any:
    """Link the tender that knows every interface of rpikit, for any guest."""
    some = env["SETTINGS"].apps[0]
    found = interfaces.load_all(interfaces.names())
    return _link(env, some, found, env["SETTINGS"].out / "generic")


def _link(env: Any, app: App, found: tuple[Interface, ...], folder: Path) -> Any:
    """Link rpikit-tender.debug with symbols, and from it rpikit-tender without."""
    common = env["SETTINGS"].common / "host"
    parts = []
    for file in _files(env, app, found):
        # The compiler itself calls memcpy and its kin, after it has looked for who is called.
        late = ["-fno-lto"] if file.name == "string.c" else []
        parts.append(env.Compiled(file, common, [*env["HOST_FLAGS"], *late]))
    if env["SETTINGS"].platform == "hvt" or not is_alone(found):
        (table,) = env.Table(found, folder / "gen")
        flags = [*env["CCFLAGS"], *env["HOST_FLAGS"]]
        parts += env.Object(str(folder / "obj" / "dispatch.o"), table, CCFLAGS=flags)
    debug = env.Linked(
        folder / "rpikit-tender.debug",
        parts,
        "--build-id=sha1",
        "--gc-sections",
        "-znostart-stop-gc",  # some parts are found by the name of their section alone
        "-znoexecstack",
        "-zrelro",  # what is written once, c/backends/linux/sealed.h, has pages of its own
        "-znow",  # else GNU ld puts the beginning of .data there, too
        "-zmax-page-size=0x4000",  # the largest of a Pi's kernels
        "-zcommon-page-size=0x4000",  # lld ends those pages by this one
        "--fatal-warnings",
        whole=True,
    )
    return env.Edited(folder / "rpikit-tender", debug, elf_edit.strip)
