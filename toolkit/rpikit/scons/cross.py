# SPDX-License-Identifier: MIT
"""SCons tool: the cross-compiler and the flags of each kind of code."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rpikit import __version__, toolchain

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
    chain = toolchain.find()
    maps = [f"-ffile-prefix-map={settings.out}=build", f"-ffile-prefix-map={settings.root}=rpikit"]
    maps += [f"-ffile-prefix-map={app.folder}=app" for app in settings.apps]
    env.Replace(
        CC=chain.cc,
        LINK=chain.cc,
        OBJCOPY=chain.objcopy,
        CCFLAGS=[*WARNINGS, "-g", *maps],
        CPPPATH=[
            str(settings.root / "c"),
            str(settings.root / "c/abi"),
            str(settings.common / "gen"),
        ],
        CPPDEFINES={"RPIKIT_VERSION": f'\\"{__version__}\\"'},
        ASPPFLAGS="$CCFLAGS",
        PRINT_CMD_LINE_FUNC=_say,
    )
    env["OBJECTS"] = {}
    env.AddMethod(compiled, "Compiled")
    env.AddMethod(stripped, "Stripped")
    headers = ["-isystem", _compiler_headers(chain.cc)]
    # Code that runs in the guest, beneath and beside the application.
    env["GUEST_FLAGS"] = [
        *FREESTANDING,
        *headers,
        *SECTIONS,
        "-Os",
        "-fno-pie",
        "-fno-builtin",
        "-fno-tree-loop-distribute-patterns",
        "-fvisibility=hidden",
        "-fstack-protector-strong",
        "-ftls-model=local-exec",
        "-fno-asynchronous-unwind-tables",
        "-mno-outline-atomics",
    ]
    # The bindings run with whatever is in the vector registers.
    env["BINDINGS_FLAGS"] = [*env["GUEST_FLAGS"], "-mgeneral-regs-only"]
    # The host's side: no libc, not even its headers. Optimised as one program, because every
    # instruction between an exit of the guest and the next entry counts (perf/).
    env["HOST_OPTIMISATION"] = ["-O2", "-flto"]
    env["HOST_FLAGS"] = [
        *FREESTANDING,
        *headers,
        *SECTIONS,
        *env["HOST_OPTIMISATION"],
        "-fno-pie",
        "-fno-builtin",
        "-fno-tree-loop-distribute-patterns",
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",
        "-fno-stack-protector",
        "-mgeneral-regs-only",
        "-mno-outline-atomics",
    ]


def compiled(env: Any, file: Path, folder: Path, flags: list[str]) -> Any:
    """Return the node of one object file; the same node when it is asked for again."""
    target = str(folder / f"{file.parent.name}-{file.stem}.o")
    known = env["OBJECTS"]
    if target not in known:
        (known[target],) = env.Object(target, str(file), CCFLAGS=[*env["CCFLAGS"], *flags])
    return known[target]


def stripped(env: Any, target: Path, source: Any) -> Any:
    """Return the node of a program without its symbols."""
    return env.Command(str(target), source, "$OBJCOPY --strip-all $SOURCE $TARGET")


def _say(command: str, target: list[Any], source: list[Any], env: Any) -> None:
    """Name what is being made instead of showing the whole command."""
    if target and not command.startswith("Mkdir"):
        sys.stdout.write(f"{os.path.relpath(str(target[0]), env['SETTINGS'].out)}\n")


def _compiler_headers(cc: str) -> str:
    done = subprocess.run(
        [cc, "-print-file-name=include"], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
