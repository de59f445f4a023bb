# SPDX-License-Identifier: MIT
"""SCons tool: the underlay for bare metal, with the interfaces of its guests and no others."""

from pathlib import Path
from typing import Any

from rpikit import interface as interfaces
from rpikit import metal as on_metal
from rpikit.app import App
from rpikit.interface import Interface
from rpikit.scons.tender import handlers

_SCRIPT = "underlay/underlay.lds"
_LINES = ("gpio_edge", "gpio_line")
"""Files of c/devices: each guest has lines, be it none."""
_WINDOW = ("gpio", "mmio", "queue")
"""Files of c/virtio: what a guest's lines are besides."""
_ALONE = ("alone.c", "block.c")
"""What the image without Linux has of c/underlay, and the other has not."""
_OF_LINUX = ("console",)
"""Files of c/virtio: what Linux has besides."""
_QUICK = ("memory", "string")
"""Files that go over megabytes; the others are compiled for their size."""
_LIBRARY = ("boot", "elf", "format", "manifest", "paging", "string")


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(metal, "Metal")
    env.AddMethod(generic_metal, "GenericMetal")


def metal(env: Any) -> Any:
    """Link the underlay of all applications of a run: they are to be guests of one image.

    The loader, which takes that image over a serial port, is beside it.
    """
    settings = env["SETTINGS"]
    more = interfaces.ON_METAL if settings.generic else ()
    found = on_metal.interfaces(settings.apps, *more)
    return [*_link(env, settings.apps, found, settings.out), *env.Loader(settings.out)]


def generic_metal(env: Any) -> Any:
    """Link the underlay that knows every interface of rpikit which has a body on bare metal."""
    settings = env["SETTINGS"]
    folder = settings.out / "metal"
    found = interfaces.load_all(interfaces.ON_METAL)
    return [*_link(env, settings.apps[:1], found, folder), *env.Loader(folder)]


def _files_of(env: Any, found: tuple[Interface, ...]) -> list[Path]:
    """Return the files of c/underlay: one in C that is named after an interface goes with it."""
    others = {f"{name}.c" for name in interfaces.names()} - {f"{i.name}.c" for i in found}
    return [file for file in env.SourcesIn("underlay") if file.name not in others]


def _of_the_chip(env: Any) -> list[Path]:
    """Return the files of c/backends/bcm2837: of the consoles' one."""
    others = {*on_metal.CONSOLES.values()} - {on_metal.CONSOLES[env["SETTINGS"].console]}
    return [file for file in env.SourcesIn("backends/bcm2837") if file.stem not in others]


def _link(env: Any, apps: tuple[App, ...], found: tuple[Interface, ...], folder: Path) -> Any:
    """Link the images that guests are put behind, each with symbols in NAME.debug beside it."""
    settings = env["SETTINGS"]
    root = settings.root / "c"
    files = _files_of(env, found) + _of_the_chip(env) + env.SourcesIn("dispatch")
    files += [root / "lib" / f"{name}.c" for name in _LIBRARY]
    files += [root / "devices" / f"{name}.c" for name in _LINES]
    files += [root / "virtio" / f"{name}.c" for name in _WINDOW]
    for i in found:
        app = on_metal.owner(i, apps)
        files += handlers(env, app, (i,))
        files.append(Path(str(env.Generated(i, app)[f"dispatch_{i.name}.c"])))
    alone = [file for file in files if file.parent.name == "underlay" and file.name in _ALONE]
    beside = env.SourcesIn("underlay/linux")
    beside += [root / "virtio" / f"{name}.c" for name in _OF_LINUX]
    flags = env["BARE_FLAGS"]

    def compiled(some: Any) -> list[Any]:
        return [
            env.Compiled(
                file,
                settings.common / "metal",
                [*flags, "-O2"] if file.stem in _QUICK else flags,
            )
            for file in some
        ]

    parts = compiled(file for file in files if file not in alone)
    (table,) = env.Table(found, folder / "gen" / "metal")
    all_flags = [*env["CCFLAGS"], *flags]
    parts += env.Object(str(folder / "obj" / "metal-dispatch.o"), table, CCFLAGS=all_flags)
    return [
        *env.Image(folder / on_metal.UNDERLAY, [*compiled(alone), *parts], _SCRIPT),
        *env.Image(folder / on_metal.WITH_LINUX, [*compiled(beside), *parts], _SCRIPT),
    ]
