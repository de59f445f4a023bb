# SPDX-License-Identifier: MIT
"""SCons tool: the program beneath a virtual board's kernel, as the image that QEMU loads."""

from typing import Any

NAME = "kernel8.img"
_SCRIPT = "underlay/edges/edges.lds"
_SHARED = ("start.S", "enter.S", "inject.c", "trap.c")
_OF_A_KERNEL = ("el1", "identity", "psci")
"""Files of c/underlay/linux."""
_OF_THE_CHIP = ("gpio", "power", "uart", "uart_say")
_LIBRARY = ("format", "string")


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(underlay, "Underlay")


def underlay(env: Any) -> Any:
    """Link kernel8.img, and kernel8.debug with symbols for a debugger."""
    settings = env["SETTINGS"]
    root, folder = settings.root / "c", settings.out / "underlay"
    files = [*env.SourcesIn("underlay/edges"), *(root / "underlay" / name for name in _SHARED)]
    files += [root / "underlay/linux" / f"{name}.c" for name in _OF_A_KERNEL]
    files += [root / "backends/bcm2837" / f"{name}.c" for name in _OF_THE_CHIP]
    files += [root / "lib" / f"{name}.c" for name in _LIBRARY]
    parts = [env.Compiled(file, folder / "obj", env["BARE_FLAGS"]) for file in files]
    return env.Image(folder / NAME, parts, _SCRIPT)
