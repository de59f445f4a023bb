# SPDX-License-Identifier: MIT
"""The cross-toolchain: which programs make aarch64 code, and what to do when they are missing."""

import shutil
from dataclasses import dataclass

from rpikit.errors import ToolError

PREFIX = "aarch64-linux-gnu-"


@dataclass(frozen=True)
class Toolchain:
    """The programs of one toolchain."""

    name: str
    cc: str
    objcopy: str


def find() -> Toolchain:
    """Return Debian's gcc for aarch64, or say how to install it."""
    for program in (f"{PREFIX}gcc", f"{PREFIX}objcopy"):
        if shutil.which(program) is None:
            raise ToolError(
                f"toolchain: {program} is not installed",
                hint="apt-get install gcc-aarch64-linux-gnu",
            )
    return Toolchain(
        name="gcc",
        cc=f"{PREFIX}gcc",
        objcopy=f"{PREFIX}objcopy",
    )
