# SPDX-License-Identifier: MIT
"""The verb debug on this machine as a board: gdb starts the very program that a run starts.

There are no slots, no stub and no bench: nobody presses, so a switch is as its pull leaves it.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rpikit import gdb
from rpikit.build import Build
from rpikit.errors import BoardError

_LOADED = {"guest": "loop_run", "tender": "main"}
"""Where everything that may be asked for has been loaded."""


@dataclass(frozen=True)
class Ended:
    """With which status gdb ended."""

    build: Build
    what: str
    gdb_status: int

    def __str__(self) -> str:
        return f"{self.build.app.name} {self.build.app.version} ended with gdb"

    def values(self) -> dict[str, object]:
        """Return it as one flat object for programs."""
        built = self.build
        return {
            "name": built.app.name,
            "version": built.app.version,
            "what": self.what,
            "symbols": str(built.unikernel if self.what == "guest" else built.tender),
            "pid": None,
            "exit": None,
            "gdb_status": self.gdb_status,
        }


def require_plain(name: str, **asked: bool) -> None:
    """Refuse what only a virtual board has, by the names of the options that asked for it."""
    for option in (one for one, given in asked.items() if given):
        raise BoardError(
            f"board {name!r}: is this machine; --{option} is for virtual boards",
            hint="gdb itself starts the program of a build, or looks at one that runs (gdb -p): "
            "rpikit build --board host says its command line",
        )


def first_lines(what: str, breaks: tuple[str, ...]) -> list[str]:
    """Return what gdb does first: start the program, and go on to the first of `breaks`."""
    stops = breaks or (("solo5_app_main",) if what == "guest" else ())
    return [
        "set confirm off",
        "set breakpoint pending off",
        f"tbreak {_LOADED[what]}",
        "run",
        *(f"break {stop}" for stop in stops),
        *(["continue"] if stops else []),
    ]


def debug(
    build: Build, what: str, program: str, breaks: tuple[str, ...], words: tuple[str, ...]
) -> Ended:
    """Run gdb at this terminal, with words of the user's own before the program's."""
    with tempfile.TemporaryDirectory(prefix="rpikit-") as folder:
        first = Path(folder) / "first.gdb"  # a file, so that its first error is its end
        first.write_text("\n".join([*first_lines(what, breaks), ""]), encoding="utf-8")
        command = [program, "-q", "-x", str(first), *words, "--args", *build.command()]
        with gdb.interrupts_are_for_gdb():
            status = subprocess.run(command, check=False).returncode
    return Ended(build, what, status)
