# SPDX-License-Identifier: MIT
"""Runs an image without an operating system where an instruction takes one nanosecond.

Nobody talks to the machine, so that every run of the same image is the same run; replay.py does the
same for a board with Linux.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from rpikit.errors import BoardError
from rpikit.virtual import qemu


def run(image: Path, *, timeout: float = 60.0) -> str:
    """Run an image until the board resets itself; return what came out of the serial port.

    BoardError if that does not happen within (timeout) seconds of this machine's time.
    """
    qemu.require()
    with TemporaryDirectory(prefix="rpikit-") as aside:
        console, log = Path(aside) / "console", Path(aside) / "qemu.log"
        words = [qemu.PROGRAM, "-M", "raspi3b", "-accel", "tcg,thread=single", "-nodefaults"]
        words += ["-display", "none", "-no-reboot", "-kernel", str(image)]
        words += ["-serial", f"file:{console}", *qemu.COUNTED]
        process = qemu.start(words, (), log)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            last = console.read_text(errors="replace").strip().rpartition("\n")[2]
            raise BoardError(
                f"{image.name}: no end of the run after {timeout:g} s; last on its serial port: "
                f"{last[:80]!r}"
            ) from error
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise BoardError(f"{image.name}: QEMU failed: {log.read_text().strip()[-200:]}")
        return console.read_bytes().decode(errors="replace").replace("\r\n", "\n")
