# SPDX-License-Identifier: MIT
"""A board's serial console for tests: a shell of this machine behind a line of any quality."""

import os
import pty
import signal
import termios
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
def shell(kind: str | Path, folder: Path) -> Iterator[int]:
    """Start a shell, or a program, on a terminal of its own; give what leads there."""
    words = [str(kind)] if isinstance(kind, Path) else SHELLS[kind]
    process, far = pty.fork()
    if process == 0:
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)  # nohup and & had them ignored
        with suppress(OSError):
            os.chdir(folder)
            os.execvpe(words[0], words, {**os.environ, "TMPDIR": str(folder), "HOME": str(folder)})
        os._exit(127)
    try:
        yield far
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(far)


@contextmanager
def console(
    kind: str | Path,
    folder: Path,
    *,
    baud: int | None = None,
    faults: Faults | None = None,
    seed: int = 1,
    speeds: tuple[int, ...] = (),
) -> Iterator[Wire]:
    """Start a shell, or a program, on a terminal of its own and lay a line to it.

    With `speeds` that terminal has the first of them, and the line those of its two ends.
    """
    with shell(kind, folder) as far:
        if speeds:
            set_speed(far, speeds[0])
        with Wire(os.dup(far), baud=baud, faults=faults, seed=seed, speeds=speeds) as wire:
            yield wire


def set_speed(descriptor: int, baud: int) -> None:
    """Give a terminal a speed in both directions."""
    settings = termios.tcgetattr(descriptor)
    settings[4] = settings[5] = getattr(termios, f"B{baud}")
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
