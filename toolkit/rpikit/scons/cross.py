# SPDX-License-Identifier: MIT
"""SCons tool: the cross-compiler and the flags of each kind of code."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rpikit import __version__, elf_edit, toolchain

WARNINGS = [
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
]
FREESTANDING = ["-ffreestanding", "-nostdinc", "-fno-common"]
SECTIONS = ["-ffunction-sections", "-fdata-sections"]


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    settings = env["SETTINGS"]
    chain = toolchain.find(settings.toolchain)
    maps = _maps(settings, chain)
    env.Replace(
        CC=list(chain.cc),
        LINK=list(chain.link),
        LINK_WHOLE_PROGRAM=[*chain.whole_program, *(maps if chain.compiles_at_link else [])],
        AR=list(chain.ar),
        RANLIBCOM="",
        ARFLAGS=["rcsD"],
        CCFLAGS=[*WARNINGS, "-g", *maps],
        CPPPATH=[
            str(settings.root / "c"),
            str(settings.root / "c/abi"),
            str(settings.common / "gen"),
        ],
        CPPDEFINES={"RPIKIT_VERSION": f'\\"{__version__}\\"'},
        ASPPFLAGS="$CCFLAGS",
        PRINT_CMD_LINE_FUNC=say,
    )
    env["OBJECTS"] = {}
    env.AddMethod(compiled, "Compiled")
    env.AddMethod(linked, "Linked")
    env.AddMethod(edited, "Edited")
    headers = ["-isystem", chain.headers]
    # Code that runs in the guest, beneath and beside the application.
    env["GUEST_FLAGS"] = [
        *FREESTANDING,
        *headers,
        *chain.compile_words,
        *SECTIONS,
        "-Os",
        "-fno-pie",
        "-fno-builtin",
        "-fno-omit-frame-pointer",
        "-fvisibility=hidden",
        "-fstack-protector-strong",
        "-ftls-model=local-exec",
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",  # what a debugger needs is kept beside the program, not in it
        "-mno-outline-atomics",
        "-fstack-usage",
    ]
    # The bindings run with whatever is in the vector registers.
    env["BINDINGS_FLAGS"] = [*env["GUEST_FLAGS"], "-mgeneral-regs-only"]
    # The host's side: no libc, not even its headers. Optimised as one program, because every
    # instruction between an exit of the guest and the next entry counts (perf/).
    env["HOST_OPTIMISATION"] = ["-O2", "-flto"]
    env["HOST_FLAGS"] = [
        *FREESTANDING,
        *headers,
        *chain.compile_words,
        *SECTIONS,
        *env["HOST_OPTIMISATION"],
        "-fno-pie",
        "-fno-builtin",
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",
        "-fno-stack-protector",
        "-mgeneral-regs-only",
        "-mno-outline-atomics",
        "-DRPIKIT_SEALS",
    ]


def compiled(env: Any, file: Path, folder: Path, flags: list[str]) -> Any:
    """Return the node of one object file; the same node when it is asked for again."""
    target = str(folder / f"{file.parent.name}-{file.stem}.o")
    known = env["OBJECTS"]
    if target not in known:
        beside = []
        if env["SETTINGS"].cache and file.suffix == ".c" and "-fstack-usage" in flags:
            beside.append(target.removesuffix("o") + "su")  # fetched together with the object
        made = env.Object([target, *beside], str(file), CCFLAGS=[*env["CCFLAGS"], *flags])
        known[target] = made[0]
        if any(file.is_relative_to(app.folder) for app in env["SETTINGS"].apps):
            env.NoCache(made)  # who knows what an application's files look at
    return known[target]


def linked(env: Any, target: Path, sources: list[Any], *options: str, whole: bool = False) -> Any:
    """Return the node of what the linker makes of sources, with options in the linker's words."""
    chain = toolchain.find(env["SETTINGS"].toolchain)
    words = ["$LINK", *(["$LINK_WHOLE_PROGRAM"] if whole else [])]
    words += [f"{chain.to_linker}{option}" for option in options]
    return env.Command(str(target), sources, [[*words, "-o", "$TARGET", "$SOURCES"]])


def edited(env: Any, target: Path, source: Any, change: Callable[[bytes], bytes]) -> Any:
    """Return the node of an ELF file that `change`, of elf_edit, makes of another."""

    def action(target: list[Any], source: list[Any], env: Any) -> None:
        made, original = Path(str(target[0])), Path(str(source[0]))
        made.write_bytes(change(original.read_bytes()))
        made.chmod(original.stat().st_mode)

    node = env.Command(str(target), source, env.Action(action, "$GENCOMSTR"))
    env.Depends(node, env.Value(Path(elf_edit.__file__).read_bytes()))
    return node


def _maps(settings: Any, chain: toolchain.Toolchain) -> list[str]:
    """Return the flags that leave no folder of this machine in what is built.

    The compilers take the last one that fits, so the longest folder comes last.
    """
    names = {
        str(settings.root): "rpikit",
        chain.headers: "compiler",
        **{str(app.folder): "app" for app in settings.apps},
        str(settings.out): "build",
    }
    maps = [f"-ffile-prefix-map={path}={names[path]}" for path in sorted(names, key=len)]
    # It is their very purpose to make no difference, so they are no part of a cache's key.
    return ["$(", *maps, "$)"] if settings.cache else maps


def say(command: str, target: list[Any], source: list[Any], env: Any) -> None:
    """Name what is being made instead of showing the whole command."""
    if target and not command.startswith("Mkdir"):
        sys.stdout.write(f"{os.path.relpath(str(target[0]), env['SETTINGS'].out)}\n")
