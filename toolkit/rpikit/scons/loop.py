# SPDX-License-Identifier: MIT
"""SCons tool: programs for the developer's own machine, under sanitizers, with the fake board."""

import os
from pathlib import Path
from typing import Any

from rpikit import app as apps
from rpikit import interface as interfaces

SANITIZERS = [
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
]

_OF_THE_UNDERLAY = (
    *("backends/bcm2837/gpio", "backends/bcm2837/gpio_edge", "backends/bcm2837/watchdog"),
    *("backends/bcm2837/emmc", "backends/bcm2837/random", "backends/bcm2837/sd"),
    *("backends/bcm2837/mini_uart", "backends/bcm2837/uart_say"),
    *("underlay/edges/gpio", "underlay/edges/interrupts", "underlay/life"),
    "underlay/linux/lines",
    *("underlay/console", "underlay/payload", "underlay/schedule", "underlay/stage2"),
    *("underlay/trap", "underlay/watchdog", "underlay/window", "underlay/attention"),
)
"""Its files that touch no register, or those of the chip in a way that a test can have its own."""
_OF_THE_LOADER = (*("crc32", "ed25519", "frame", "image", "lz4", "request", "sha2", "sshsig"),)
"""Its files that touch no register."""


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(host_tests, "HostTests")


def host_tests(env: Any) -> list[Any]:
    """Build tests/c/test_*.c; test_app_NAME.c is linked with the application c/apps/NAME."""
    settings = env["SETTINGS"]
    folder = settings.out / "host"
    here = env.Clone(
        CC=os.environ.get("HOSTCC", "gcc"),
        LINK=os.environ.get("HOSTCC", "gcc"),
        AR="ar",
        OBJECTS={},
        CCFLAGS=[*env["CCFLAGS"], "-O1", *SANITIZERS],
        LINKFLAGS=SANITIZERS,
        CPPPATH=[*env["CPPPATH"], str(settings.root / "tests" / "c")],
    )
    parts = middle(env, here, folder)
    library = here.StaticLibrary(str(folder / "libloop.a"), parts)
    programs = []
    for test in sorted((settings.root / "tests" / "c").glob("test_*.c")):
        name = test.stem.removeprefix("test_app_")
        objects = (
            [here.Compiled(test, folder / "obj", [])]
            if name == test.stem
            else _with_application(env, here, test, settings.root / "c" / "apps" / name)
        )
        programs += here.Program(str(folder / test.stem), [*objects, library])
    return programs


def middle(env: Any, here: Any, folder: Path) -> list[Any]:
    """Compile stubs, dispatch, devices and the fake board for all of rpikit's interfaces."""
    some = env["SETTINGS"].apps[0]
    found = interfaces.load_all(interfaces.names())
    folders = ("guest", "guest/loop", "dispatch", "devices", "virtio", "lib", "backends/fake")
    files = env.SourcesIn(*folders)
    files.append(env["SETTINGS"].root / "c" / "tender" / "loop" / "run.c")
    files += [env["SETTINGS"].root / "c" / f"{name}.c" for name in _OF_THE_UNDERLAY]
    files += [env["SETTINGS"].root / "c/loader" / f"{name}.c" for name in _OF_THE_LOADER]
    files = [file for file in files if file.name != "string.c"]  # this machine has its own
    for i in found:
        printed = env.Generated(i, some)
        files += [Path(str(printed[f"{part}_{i.name}.c"])) for part in ("guest", "dispatch")]
    (table,) = env.Table(found, folder / "gen")
    return [here.Compiled(file, folder / "obj", []) for file in (*files, Path(str(table)))]


def _with_application(env: Any, here: Any, test: Path, folder: Path) -> list[Any]:
    """Compile an application of the tree, and its test, for this machine."""
    described = apps.load(folder)
    gen = env["SETTINGS"].folder(described) / "gen"
    inside = here.Clone(CPPPATH=[*here["CPPPATH"], str(gen)], OBJECTS={})
    place = env["SETTINGS"].out / "host" / "apps" / described.name
    return [inside.Compiled(file, place, []) for file in (test, *described.sources)]
