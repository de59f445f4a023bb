# SPDX-License-Identifier: MIT
"""gdb: which program it is, and the file that teaches it an application's build.

Knows no boards; what it is connected to is somebody else's business.
"""

import shlex
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rpikit import generate, paths
from rpikit.build import Build
from rpikit.errors import DescriptionError, ToolError

PROGRAM = "gdb-multiarch"
NATIVE = "gdb"
INSTALL = f"sudo apt-get install {PROGRAM}"
SCRIPT = "debug.gdb"
SOCKET = "gdb.sock"
WHAT = ("guest", "tender")
FIRST = {"guest": "solo5_app_main", "tender": "start"}
"""Where a person wants to be first."""


def find(program: str | None = None, *, native: bool = False) -> str:
    """Return the path of gdb, or of the one that was asked for.

    For programs of this machine, `native`, this machine's own will do as well.
    """
    found = shutil.which(program or PROGRAM)
    if found is None and native and program is None:
        found = shutil.which(NATIVE)
    if found is None and program:
        raise ToolError(
            f"--gdb {program!r}: there is no such program",
            hint=f"without --gdb it is {PROGRAM}: {INSTALL}",
        )
    if found is None:
        raise ToolError(f"{PROGRAM} is not installed", hint=INSTALL)
    return found


@dataclass(frozen=True)
class Program:
    """What is debugged: a file with symbols, and the script for it."""

    what: str
    symbols: Path
    script: Path

    @classmethod
    def of(cls, build: Build, what: str) -> "Program":
        """Return the guest or the tender of a build, with its script written beside it."""
        if what not in WHAT:
            raise DescriptionError(f"--what {what!r}: write {' or '.join(WHAT)}")
        built = build.unikernel if what == "guest" else build.tender
        script = build.folder / SCRIPT
        script.write_text(text(build), encoding="utf-8")
        return cls(what, built.with_suffix(".debug"), script)

    def command(self, gdb: str, *words: str) -> list[str]:
        """Return gdb's command line with some words more."""
        return [gdb, "-q", "-x", str(self.script), str(self.symbols), *words]


def first_lines(address: Path, stops: tuple[str, ...]) -> list[str]:
    """Return what gdb does first: meet the board and go on to the first of `stops`, if any."""
    breaks = [f"break {stop}" for stop in stops]
    return [f"target remote {address}", *breaks, *(["continue"] if stops else [])]


def text(build: Build) -> str:
    """Return the script for a build.

    Builds name no folder of this machine; here each gets its place back.
    """
    folders = {"app": build.app.folder, "rpikit": paths.data_root(), "build": build.folder}
    sources = [(name, shlex.quote(str(folder.absolute()))) for name, folder in folders.items()]
    return generate.render("debug/debug.gdb.j2", app=build.app.name, sources=sources)


@contextmanager
def interrupts_are_for_gdb() -> Iterator[None]:
    """Let Ctrl-C stop what gdb debugs; both processes hear of it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
