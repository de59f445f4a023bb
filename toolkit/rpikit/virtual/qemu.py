# SPDX-License-Identifier: MIT
"""QEMU's command line for a virtual board, and QEMU as a child that never outlives its parent."""

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rpikit.errors import BoardError, ToolError
from rpikit.virtual import underlay

PROGRAM = "qemu-system-aarch64"
_PR_SET_PDEATHSIG = 1
SERIALS = ("serial0", "serial1")
"""The PL011 and the mini-UART, in QEMU's order; Linux has its main console on the second."""
CHANNELS = ("qmp", "qtest", *SERIALS)
"""The sockets a machine is given: its control, its registers, its consoles."""
COUNTED = ("-icount", "shift=0,sleep=off")
"""What has an instruction take one nanosecond of the machine's time, whatever its host does."""
SSH_PORT = 22
"""The port of the board at which its sshd listens."""


@dataclass(frozen=True)
class Options:
    """How a machine runs.

    With `icount` an instruction takes one nanosecond of the machine's time; its clock and random
    bytes have nothing to do with the host's, and until the network comes up each run is the same.
    `disk` is the size of the folder that firmware goes to, in bytes. Without `snapshot` the board
    boots its kernel even when a snapshot of it is there. With `card` the folder that firmware goes
    to is on an SD card, which is kept when the board ends; such a board boots each time. `beside`
    is an image for bare metal whose guests run beside the board's Linux.
    """

    icount: bool = False
    disk: int | None = None
    snapshot: bool = True
    card: bool = False
    beside: str | None = None


@dataclass(frozen=True)
class Boot:
    """What a machine is made of and boots; without a device tree its kernel is no Linux."""

    machine: str
    memory: int
    kernel: Path
    device_tree: Path | None
    initramfs: Path | None
    arguments: tuple[str, ...]
    options: Options
    snapshot: Path | None = None
    """Where the machine's state after the boot is kept; None to boot without."""
    card: Path | None = None
    """The content of its SD card; None for a slot without one."""
    underlay: Path | None = None
    """What boots at EL2 instead of the kernel and starts it; None for nothing beneath it."""
    loaded: tuple[tuple[int, Path], ...] = ()
    """What else is in its memory at the start, and where."""
    is_placed: bool = False
    """Whether that is all it needs besides its kernel, which then is no Linux."""

    @property
    def is_bare(self) -> bool:
        """Whether it boots no operating system, and so is no use for a network."""
        return self.device_tree is None


def require() -> None:
    """Refuse with the package's name when QEMU is not installed."""
    if shutil.which(PROGRAM) is None:
        raise ToolError(
            f"{PROGRAM} is missing: it is the virtual board's machine (package qemu-system-arm)",
            hint="on Debian or Ubuntu: sudo apt-get install qemu-system-arm",
        )


def forward(port: int) -> str:
    """Return a rule that has some port of this machine lead to one of the board's."""
    return f"tcp:127.0.0.1:0-:{port}"


def command(boot: Boot, channels: Mapping[str, int], state: int | None = None) -> list[str]:
    """Return QEMU's command line; `channels` gives the descriptors of its sockets by name.

    The machine waits to be told to go on; with `state` it is what that descriptor holds of another
    one. One thread runs all cores: cores that wait in QEMU's boot stub would burn a host core each.
    """
    words = _machine(boot)
    for name in CHANNELS:
        words += ["-chardev", f"socket,id={name},fd={channels[name]}"]
    for name in SERIALS:
        words += ["-serial", f"chardev:{name}"]
    words += ["-mon", "chardev=qmp,mode=control", "-qtest", "chardev:qtest", "-qtest-log", "none"]
    words += ["-netdev", f"user,id=net,hostfwd={forward(SSH_PORT)}", "-S"]
    if state is not None:
        words += ["-incoming", f"fd:{state}"]
    return words


def command_alone(boot: Boot, console: Path) -> list[str]:
    """Return QEMU's command line of a machine nobody talks to; what it says goes into a file."""
    return [*_machine(boot), "-serial", "null", "-serial", f"file:{console}", "-no-reboot"]


def _machine(boot: Boot) -> list[str]:
    words = [PROGRAM, "-M", boot.machine, "-m", f"{boot.memory >> 20}M"]
    words += ["-accel", "tcg,thread=single", "-nodefaults", "-display", "none"]
    words += ["-kernel", str(boot.underlay or boot.kernel)]
    if not boot.is_bare and not boot.is_placed:
        words += ["-dtb", str(boot.device_tree), "-initrd", str(boot.initramfs)]
        words += ["-append", " ".join(boot.arguments)]
    above = () if boot.underlay is None else ((underlay.KERNEL, boot.kernel),)
    for address, file in (*above, *boot.loaded):
        words += ["-device", f"loader,file={file},addr={address:#x},force-raw=on"]
    if boot.card is not None:
        words += ["-drive", f"if=sd,format=raw,file={boot.card}"]
    if boot.options.icount:  # QEMU writes seeds of its own into the device tree
        words += [*COUNTED, "-seed", "1"]
    return words


def run_to_end(words: list[str], console: Path, timeout: float, what: str) -> bytes:
    """Run a machine until it ends by itself; return its console, a file that `words` name.

    BoardError says of `what` that it did not end within `timeout` seconds, or that QEMU failed.
    """
    log = console.with_name("qemu.log")
    process = start(words, (), log)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired as error:
        last = console.read_text(errors="replace").strip().rpartition("\n")[2]
        raise BoardError(
            f"{what}: no end of the run after {timeout:g} s; last on the console: {last[:80]!r}"
        ) from error
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise BoardError(f"{what}: QEMU failed: {log.read_text().strip()[-200:]}")
    return console.read_bytes()


def start(words: list[str], descriptors: tuple[int, ...], log: Path) -> subprocess.Popen[bytes]:
    """Start QEMU; it is killed when the calling thread ends, however that happens."""
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def bind_to_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    with log.open("wb") as output:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=descriptors,
            preexec_fn=bind_to_parent,
        )
