# SPDX-License-Identifier: MIT
"""SCons tool: the loader, which takes images over the serial port of a board without Linux."""

from pathlib import Path
from typing import Any

IMAGE = "loader.img"
_SCRIPT = "loader/loader.lds"
_OF_THE_CHIP = (
    "clock",
    "gpio",
    "gpio_register",
    "mailbox",
    "power",
    "translation",
    "uart",
    "uart_say",
)
_LIBRARY = ("format", "string")


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(loader, "Loader")


def loader(env: Any, folder: Path) -> Any:
    """Link loader.img into a folder, and loader.debug with symbols for a debugger."""
    settings = env["SETTINGS"]
    root = settings.root / "c"
    files = env.SourcesIn("loader")
    files += [root / "backends/bcm2837" / f"{name}.c" for name in _OF_THE_CHIP]
    files += [root / "lib" / f"{name}.c" for name in _LIBRARY]
    flags = [*env["BARE_FLAGS"], "-Os"]  # a card's first pages, and nothing in it waits for it
    parts = [env.Compiled(file, settings.common / "loader", flags) for file in files]
    return env.Image(folder / IMAGE, parts, _SCRIPT)
