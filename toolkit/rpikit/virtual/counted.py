# SPDX-License-Identifier: MIT
"""Runs an image without an operating system where an instruction takes one nanosecond.

Nobody talks to the machine, so that every run of the same image is the same run; replay.py does the
same for a board with Linux.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from rpikit.virtual import qemu


def run(image: Path, *, timeout: float = 60.0) -> str:
    """Run an image until the board resets itself; return what came out of the serial port.

    BoardError if that does not happen within (timeout) seconds of this machine's time.
    """
    qemu.require()
    with TemporaryDirectory(prefix="rpikit-") as aside:
        console = Path(aside) / "console"
        words = [qemu.PROGRAM, "-M", "raspi3b", "-accel", "tcg,thread=single", "-nodefaults"]
        words += ["-display", "none", "-no-reboot", "-kernel", str(image)]
        words += ["-serial", f"file:{console}", *qemu.COUNTED]
        said = qemu.run_to_end(words, console, timeout, image.name)
    return said.decode(errors="replace").replace("\r\n", "\n")
