# SPDX-License-Identifier: MIT
"""SCons tool: this machine's own compiler, and the same rules for the code as on a board."""

from typing import Any

from rpikit import __version__, toolchain
from rpikit.scons.cross import FREESTANDING, WARNINGS, compiled, say


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    settings = env["SETTINGS"]
    chain = toolchain.native(settings.toolchain)
    checks = list(chain.sanitize_words) if settings.sanitize else []
    env.Replace(
        CC=list(chain.cc),
        LINK=list(chain.cc),
        AR=list(chain.ar),
        RANLIBCOM="",
        ARFLAGS=["rcsD"],
        # No folder is renamed: a debugger and a sanitizer's report find the files as they are.
        CCFLAGS=[*WARNINGS, *chain.compile_words, "-g", "-O1", "-fno-omit-frame-pointer", *checks],
        LINKFLAGS=checks,
        CPPPATH=[
            str(settings.root / "c"),
            str(settings.root / "c/abi"),
            str(settings.common / "gen"),
        ],
        CPPDEFINES={"RPIKIT_VERSION": f'\\"{__version__}\\"'},
        PRINT_CMD_LINE_FUNC=say,
    )
    env["ENV"].update(chain.environment)
    env["OBJECTS"] = {}
    env.AddMethod(compiled, "Compiled")
    # Neither the guest nor the devices have a libc here, as they have none on the board.
    env["HOST_FLAGS"] = [*FREESTANDING, "-isystem", chain.headers, "-fno-builtin", "-fPIC"]
    env["GUEST_FLAGS"] = [
        *env["HOST_FLAGS"],
        "-fvisibility=hidden",
        *([] if checks else ["-fstack-protector-strong"]),
    ]
