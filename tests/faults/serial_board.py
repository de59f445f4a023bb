# SPDX-License-Identifier: MIT
"""Boards at the end of a serial line that live through many cuts: a shell here, a virtual Pi.

Both are flashed by the product as a process of its own, through a line that can be cut.
"""

import contextlib
import importlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
import uuid
from pathlib import Path
from typing import NoReturn, Protocol

import processes
from local_board import NAME, READY, make_bundle

from rpikit import board, cli, device
from rpikit.closing import Closing
from rpikit.device import DeviceHalf, Status
from rpikit.transport.line.session import DEAD_SECONDS, LOGIN_SECONDS
from rpikit.transport.local import Local
from rpikit.transport.serial import Serial
from rpikit.transport.ssh import Ssh
from rpikit.virtual import line, machine, qemu
from rpikit.virtual.line import Faults, Wire

KIND = "rpi3b"  # that the bench takes them for
_HURRIED = (10.0, 3.0)  # seconds for a login, and of silence, that end a flash that is cut
_PATIENT = (LOGIN_SECONDS, DEAD_SECONDS)
_WITHIN = 300.0  # seconds for any flash, of which others may want the processor
_NEEDED = (
    "bundle", "claim", "commands.bundled", "completion", "connect", "flash", "identity", "report",
)  # fmt: skip

for _name in _NEEDED:
    importlib.import_module(f"rpikit.{_name}")


class SerialBoard(Protocol):
    """What a campaign cuts."""

    folder: Path
    boot_id: str  # the file that tells one boot from another

    def wire(self, faults: Faults) -> Wire:
        """Lay a line to its console."""
        ...

    def status(self) -> Status:
        """Ask by another way what is selected and what runs."""
        ...

    def cut_power(self, wire: Wire) -> None:
        """Take the power away and give it back; the line leads there again, once it has booted."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Flash:
    """`rpikit flash` as a process of its own, and the step that it is at.

    It is forked off this one, which has imported all that it needs: that is most of its work.
    """

    def __init__(
        self, on: SerialBoard, wire: Wire, version: str, noise: str, *, hurried: bool
    ) -> None:
        folder = on.folder / "bench"
        folder.mkdir(exist_ok=True)
        port = folder / "console"
        port.unlink(missing_ok=True)
        port.symlink_to(wire.place)
        bench = folder / "bench.toml"
        bench.write_text(f'[boards.cut]\nboard = "{KIND}"\nserial = "{port}"\nvia = "serial"\n')
        guest = f"# {noise}\n{READY}"
        made = make_bundle(folder / f"{version}.rpk", guest, version=version, board=KIND)
        words = ["flash", str(made.path), "--board", "cut", "--bench", str(bench)]
        self._log = folder / "log"
        self._log.write_text("")
        self._status: int | None = None
        self.begun = time.monotonic()
        self._process = os.fork()
        if self._process == 0:
            _become(words, on.boot_id, folder, self._log, *(_HURRIED if hurried else _PATIENT))

    @property
    def step(self) -> str:
        """Name the step; the login is in stage."""
        steps = re.findall(r"^(stage|send|verify)", self._log.read_text(), re.MULTILINE)
        return str(steps[-1]) if steps else "begin"

    @property
    def said(self) -> str:
        """What it gave as its error."""
        lines = [line.strip() for line in self._log.read_text().splitlines()]
        at = max((i for i, line in enumerate(lines) if "rror" in line), default=0)
        return " ".join(line for line in lines[at:] if line)

    @property
    def status(self) -> int | None:
        """Its exit status; None while it goes on."""
        if self._status is None:
            process, status = os.waitpid(self._process, os.WNOHANG)
            if process:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def kill(self) -> None:
        """End it without a word."""
        os.kill(self._process, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end; return its exit status."""
        deadline = time.monotonic() + _WITHIN
        while (status := self.status) is None:
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the flash did not end within {_WITHIN:.0f} s")
            time.sleep(0.01)
        return status


def _become(
    words: list[str], boot_id: str, folder: Path, log: Path, patience: float, dead: float
) -> NoReturn:
    """Be rpikit, in a process that was just forked: nothing of ours stays open."""
    status: object = 1
    try:
        os.closerange(3, 1024)
        with Path(os.devnull).open("r+b") as null, log.open("wb") as told:
            for descriptor, target in ((null, 0), (null, 1), (told, 2)):
                os.dup2(descriptor.fileno(), target)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, m) for n, m in enumerate("rww"))
        os.environ.update(RPIKIT_STATE=str(folder / "state"), COLUMNS="500")
        device.BOOT_ID = boot_id
        device.script.cache_clear()
        (Serial.__init__.__kwdefaults__ or {}).update(patience=patience, dead=dead)
        sys.argv = ["rpikit", *words]
        cli.main()
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


class ShellBoard(Closing):
    """A shell of this machine and its programs; its power takes all of them at once."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.kind = kind
        self.boot_id = str(folder / "boot_id")
        self._home = folder / "home"
        self._fleeting = folder / "tmp"  # as a tmpfs
        path = os.environ["PATH"]
        if kind == "busybox":
            path = str(_applets(folder / "applets"))
        self._environment = {
            "PATH": path,
            "HOME": str(folder),
            "TMPDIR": str(self._fleeting),
            "RPIKIT_HOME": str(self._home),
            "TERM": "dumb",
        }
        device.BOOT_ID = self.boot_id
        device.script.cache_clear()
        self._half = DeviceHalf(Local(folder), guest=NAME, home=str(self._home))
        self._console: int | None = None
        self._far = -1
        self._boot()

    def wire(self, faults: Faults) -> Wire:
        if self._console is not None and os.waitpid(self._console, os.WNOHANG)[0]:
            os.close(self._far)  # what came in a cut may have been an end of input to its shell
            self._begin_console()
        return Wire(os.dup(self._far), baud=None, faults=faults)

    def status(self) -> Status:
        return self._half.status()

    def cut_power(self, wire: Wire) -> None:
        while left := processes.of_home(self._home):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()
            time.sleep(0.01)
        shutil.rmtree(self._fleeting)
        os.close(self._far)
        self._boot()
        wire.lead_to(os.dup(self._far))

    def close(self) -> None:
        for pid in processes.of_home(self._home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._reap()
        os.close(self._far)

    def _boot(self) -> None:
        """Start what a board starts, then a shell at its console."""
        Path(self.boot_id).write_text(f"{uuid.uuid4()}\n")
        self._fleeting.mkdir()
        subprocess.run(
            ["sh", "-s", "--", "boot"],
            input=device.script().encode(),
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        self._begin_console()

    def _begin_console(self) -> None:
        """Do what init does: let a shell be at the console, again if it ended."""
        shell = shutil.which(self.kind) or self.kind
        words = [shell, "sh", "-i"] if self.kind == "busybox" else [shell, "-i"]
        process, far = pty.fork()
        if process == 0:
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)  # nohup and & had them ignored
            with contextlib.suppress(OSError):
                os.chdir(self.folder)
                os.execve(words[0], words, self._environment)
            os._exit(127)
        self._console, self._far = process, far
        said = b""
        while b"# " not in said and b"$ " not in said:  # before that a Ctrl-C would end it
            said += os.read(far, 4096)

    def _reap(self) -> None:
        if self._console is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._console, 0)
            self._console = None


class PiBoard(Closing):
    """A virtual Pi with an SD card, flashed over its UART and looked at over SSH."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.boot_id = device.BOOT_ID
        self._name = name
        self._up()
        with Ssh(self._machine.ssh, self._name) as way:
            DeviceHalf(way, guest=NAME).setup()

    def wire(self, faults: Faults) -> Wire:
        return Wire.to(self._machine.serials[-1], baud=921600, faults=faults)

    def status(self) -> Status:
        with Ssh(self._machine.ssh, self._name) as way:
            return DeviceHalf(way, guest=NAME).status()

    def cut_power(self, wire: Wire) -> None:
        machine.cut(self._name)
        self._up()
        wire.lead_to(line.opened(self._machine.serials[-1]))

    def close(self) -> None:
        machine.down(self._name)

    def _up(self) -> None:
        options = qemu.Options(card=True)
        self._machine = machine.up(board.load(board.DEFAULT), name=self._name, options=options)


def _applets(folder: Path) -> Path:
    """Return a folder with all that BusyBox is, and with what it has not."""
    busybox = shutil.which("busybox") or "/nowhere"
    folder.mkdir()
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        (folder / name).symlink_to(busybox)
    return folder
