# SPDX-License-Identifier: MIT
"""SCons tool: the programs for Linux that measure: each folder of perf/ that is no application."""

from typing import Any


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(measuring, "Measuring")


def measuring(env: Any) -> list[Any]:
    """Link perf/NAME for each such folder, started as the tender is."""
    root, out = env["SETTINGS"].root, env["SETTINGS"].out / "perf"
    inside = env.Clone(CPPPATH=[*env["CPPPATH"], str(root / "perf")], OBJECTS={})
    programs = []
    for folder in sorted(file.parent for file in (root / "perf").glob("*/*.c")):
        if (folder / "rpikit.toml").exists():
            continue
        files = [*sorted(folder.glob("*.c")), *sorted(folder.glob("*.S"))]
        files += [root / "c" / "tender" / "start.S", root / "c" / "lib" / "string.c"]
        parts = []
        for file in files:
            # The compiler itself calls memcpy and its kin, after it has looked for who is called.
            late = ["-fno-lto"] if file.name == "string.c" else []
            parts.append(inside.Compiled(file, out / "obj", [*env["HOST_FLAGS"], *late]))
        programs += env.Linked(out / folder.name, parts, "-s", "--gc-sections", whole=True)
    return programs
