# SPDX-License-Identifier: MIT
"""SCons tool: the fuzz targets of tests/fuzz, with a driver of ours or with clang's libFuzzer."""

import os
import re
from typing import Any

from rpikit.scons import loop

LIBFUZZER = ["-fsanitize=fuzzer-no-link", "-O2"]


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(fuzz_targets, "FuzzTargets")


def fuzz_targets(env: Any, libfuzzer: bool = False) -> list[Any]:
    """Build tests/fuzz/fuzz_*.c; with libFuzzer they go on by themselves, and need clang."""
    settings = env["SETTINGS"]
    source = settings.root / "tests" / "fuzz"
    folder = settings.out / ("libfuzzer" if libfuzzer else "fuzz")
    compiler = os.environ.get("FUZZCC", "clang") if libfuzzer else os.environ.get("HOSTCC", "gcc")
    watched = re.findall(
        r"__wrap_(?!##)(\w+)\(|WATCHED\(\w+, (\w+),", (source / "guest.c").read_text()
    )
    names = sorted({first or second for first, second in watched})
    here = env.Clone(
        CC=compiler,
        LINK=compiler,
        AR="ar",
        OBJECTS={},
        CCFLAGS=[*env["CCFLAGS"], "-O1", *loop.SANITIZERS, *(LIBFUZZER if libfuzzer else [])],
        LINKFLAGS=[*loop.SANITIZERS, *(["-fsanitize=fuzzer"] if libfuzzer else [])],
        CPPPATH=[*env["CPPPATH"], str(source)],
    )
    guest = here.Clone(LINKFLAGS=[*here["LINKFLAGS"], *(f"-Wl,--wrap={name}" for name in names)])
    library = here.StaticLibrary(str(folder / "libloop.a"), loop.middle(env, here, folder))
    shared = [] if libfuzzer else [here.Compiled(source / "driver.c", folder / "obj", [])]
    programs = []
    for target in sorted(source.glob("fuzz_*.c")):
        objects = [here.Compiled(target, folder / "obj", []), *shared]
        linker = here
        if '"guest.h"' in target.read_text(encoding="utf-8"):
            objects.append(here.Compiled(source / "guest.c", folder / "obj", []))
            linker = guest
        programs += linker.Program(str(folder / target.stem), [*objects, library])
    return programs
