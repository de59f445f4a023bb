# SPDX-License-Identifier: MIT
"""A board's serial console for tests: a shell of this machine behind a line of any quality."""

import os
import pty
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rpikit.virtual.line import Faults, Wire

SHELLS = {
    "dash": ["dash", "-i"],
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "busybox": ["busybox", "sh"],
}


@contextmanager
def console(
    kind: str | Path,
    folder: Path,
    *,
    baud: int | None = None,
    faults: Faults | None = None,
    seed: int = 1,
) -> Iterator[Wire]:
    """Start a shell, or a program, on a terminal of its own and lay a line to it."""
    words = [str(kind)] if isinstance(kind, Path) else SHELLS[kind]
    process, far = pty.fork()
    if process == 0:
        with suppress(OSError):
            os.chdir(folder)
            os.execvpe(words[0], words, {**os.environ, "TMPDIR": str(folder), "HOME": str(folder)})
        os._exit(127)
    try:
        with Wire(far, baud=baud, faults=faults, seed=seed) as wire:
            yield wire
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
