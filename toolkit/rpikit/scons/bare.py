# SPDX-License-Identifier: MIT
"""SCons tool: programs that a board starts at EL2, as the images that its loader takes."""

from pathlib import Path
from typing import Any

from rpikit import elf_edit


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env["BARE_FLAGS"] = [
        *env["BINDINGS_FLAGS"],
        "-Os",
        "-fno-stack-protector",
        "-mstrict-align",  # with the MMU off all memory is device memory
    ]
    env.AddMethod(image, "Image")


def image(env: Any, target: Path, parts: Any, script: str) -> Any:
    """Link the image, and beside it NAME.debug with symbols for a debugger."""
    script = str(env["SETTINGS"].root / "c" / script)
    debug = env.Linked(
        target.with_suffix(".debug"),
        parts,
        "--build-id=none",
        "--gc-sections",
        "-zmax-page-size=0x1000",
        "--fatal-warnings",
        f"--script={script}",
    )
    env.Depends(debug, script)
    return [*env.Edited(target, debug, elf_edit.flat), *debug]
