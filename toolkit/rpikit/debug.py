# SPDX-License-Identifier: MIT
"""The verb debug: put an application on a virtual board, and let gdb see its first instruction.

It is a flash whose last step, the start, happens under the debugger. The machine stands still from
the moment that gdb is there until it says to continue, so nothing happens unseen.
"""

import shlex
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rpikit import bundle as bundles
from rpikit import device, flash, results
from rpikit.board import Board
from rpikit.build import Build
from rpikit.device import Answer, DeviceHalf, Status
from rpikit.errors import BoardError, FirmwareError, ToolError
from rpikit.gdb import FIRST, SOCKET, Program, first_lines, interrupts_are_for_gdb
from rpikit.report import Reporter
from rpikit.transport import Result
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.debugger import Meeting

if TYPE_CHECKING:
    import paramiko

    from rpikit.connect import Connection

WAITING = "waiting for a debugger"
"""What `debug --server` says last before it waits; VS Code listens for it."""

_PATIENCE = 86400.0  # seconds of the board's time that a person may take to look around
_READY_SECONDS = 20.0  # for the firmware once the debugger has left it
_END_SECONDS = 30.0
_CORE = 3

ON_ONE_CORE = f"$(command -v taskset >/dev/null && echo taskset {1 << _CORE:x}) sh"
"""Runs the firmware on one core, where the board can: a core is a thread to gdb, and a step over a
call ends in the thread where it began."""

Attend = Callable[[Callable[[], None]], None]
"""Serves one debugger; calls what it is given when the machine has stopped for it."""


@dataclass(frozen=True)
class Served:
    """Where a debugger finds the board and the symbols."""

    board: str
    program: Program
    address: Path
    gdb: str

    def __str__(self) -> str:
        lines = first_lines(self.address, (FIRST[self.program.what],))
        words = [word for line in lines for word in ("-ex", line)]
        command = shlex.join(self.program.command(self.gdb, *words))
        return f"{self.board}: the {self.program.what} is at {self.address}\n  {command}"

    def values(self) -> results.Served:
        """Return it as one flat object for programs."""
        return {
            "board": self.board,
            "what": self.program.what,
            "address": str(self.address),
            "symbols": str(self.program.symbols),
            "script": str(self.program.script),
            "gdb": self.gdb,
        }


@dataclass(frozen=True)
class Debugged:
    """How the board was left, and with which status gdb ended."""

    status: Status
    gdb_status: int
    program: Program

    def __str__(self) -> str:
        status = self.status
        does = f"runs as process {status.pid}" if status.running else f"ended with {status.exit}"
        return f"{status.name} {status.version} {does}"

    def values(self) -> results.Debugged:
        """Return it as one flat object for programs."""
        status = self.status
        return {
            "name": status.name,
            "version": status.version,
            "what": self.program.what,
            "symbols": str(self.program.symbols),
            "pid": status.pid,
            "exit": status.exit,
            "gdb_status": self.gdb_status,
        }


class _UnderDebugger(DeviceHalf):
    """A device half whose install begins when a debugger has stopped the board."""

    def __init__(self, ssh: Ssh, attend: Attend, report: Callable[[str], None]) -> None:
        super().__init__(ssh, shell=ON_ONE_CORE)
        self._report = report
        self._ssh = ssh
        self._attend = attend

    def install(
        self,
        token: str,
        ready_within: float,
        *,
        beside: bool = False,
        trial: int | None = None,
        upload: str = "",
    ) -> Status:
        """Install while a debugger looks on; then the firmware gets the usual time to be ready."""
        begun = False
        words = device.install_words(
            token, round(_PATIENCE), beside=beside, trial=trial, upload=upload
        )
        command = self._command(*words)
        with self._ssh.session(command, None) as channel:

            def begin() -> None:
                nonlocal begun
                begun = True
                channel.sendall(device.script().encode())
                channel.shutdown_write()

            try:
                self._attend(begin)
            except BaseException:
                if not begun:
                    self.abandon(token)
                raise
            self._report("the board goes on; wait until the firmware is ready")
            try:
                result = _result(channel, _READY_SECONDS)
            except TimeoutError:
                self.stop()
                _result(channel, _END_SECONDS)
                raise FirmwareError(
                    f"{self.transport.name}: the firmware was not ready {_READY_SECONDS:.0f} s "
                    "after the debugger had left it; what ran before runs again"
                ) from None
        if result.status != 0:
            raise self._fault(result)
        return Status.parse(Answer(result.out))


def require_stub(board: Board, name: str) -> None:
    """Refuse a board that no debugger can stop."""
    if board.virtual is None:
        raise BoardError(
            f"board {name!r}: is a real one; a debugger needs the stub of QEMU",
            hint="rpikit debug --board virtual-pi3",
        )


def require_free(name: str) -> None:
    """Refuse a virtual board that another debugger has: nothing there may answer."""
    if machine.is_debugged(name):
        raise BoardError(
            f"board {name!r}: a debugger is at work there", hint="end it; a board has one at a time"
        )


@dataclass(frozen=True)
class Session:
    """One meeting of a debugger with an application on a virtual board.

    With `attach` it looks at what runs there; otherwise the build is put there and started.
    """

    build: Build
    there: "Connection"
    program: Program
    gdb: str
    attach: bool = False

    def debug(
        self, breaks: tuple[str, ...], words: tuple[str, ...], reporter: Reporter
    ) -> Debugged:
        """Run gdb at this terminal, with words of the user's own at the end of its command line."""
        status = 0

        def attend(begin: Callable[[], None]) -> None:
            nonlocal status
            with tempfile.TemporaryDirectory(prefix="rpikit-") as folder:
                address = Path(folder) / SOCKET
                stops = breaks or (() if self.attach else (FIRST[self.program.what],))
                first = Path(folder) / "first.gdb"  # a file, so that its first error is its end
                first.write_text("\n".join([*first_lines(address, stops), ""]), encoding="utf-8")
                command = self.program.command(self.gdb, "-x", str(first), *words)
                status = self._meet(address, command, begin)

        return Debugged(self._put(attend, reporter), status, self.program)

    def serve(self, reporter: Reporter) -> Debugged:
        """Let a debugger of somebody else's, such as an editor's, come and go."""
        address = self.build.folder / SOCKET

        def attend(begin: Callable[[], None]) -> None:
            with Meeting(address) as meeting:
                served = Served(self.there.target.name, self.program, address, self.gdb)
                reporter.result(served.values(), str(served))
                reporter.step(WAITING)
                meeting.serve(self._board, begin)

        return Debugged(self._put(attend, reporter), 0, self.program)

    @property
    def _board(self) -> Path:
        assert self.there.machine is not None
        return self.there.machine.pins_socket

    def _put(self, attend: Attend, reporter: Reporter) -> Status:
        """Put the build on the board and start it before the debugger's eyes."""
        ssh = self.there.transport
        assert isinstance(ssh, Ssh)
        app, built = self.build.app, self.build
        made = bundles.make(app, built.board, built.unikernel, built.tender, built.folder)
        if not self.attach:
            half = _UnderDebugger(ssh, attend, reporter.step)
            return flash.flash(made, ssh, reporter=reporter, half=half).status
        status = DeviceHalf(ssh).status()
        if not status.running or status.digest != made.digest:
            runs = f"{status.name} {status.version}, other bytes" if status.running else "nothing"
            raise BoardError(
                f"{ssh.name}: runs {runs}; --attach needs what this build makes",
                hint="without --attach the build is put there and started",
            )
        ssh.run(f"taskset -p {1 << _CORE:x} {status.pid}")  # to help; it may be missing
        attend(lambda: None)
        return DeviceHalf(ssh).status()

    def _meet(self, address: Path, command: list[str], begin: Callable[[], None]) -> int:
        """Run gdb in the foreground, another thread carrying what it says; return its status."""
        with ThreadPoolExecutor(1) as pool, Meeting(address) as meeting:
            served = pool.submit(meeting.serve, self._board, begin)
            with interrupts_are_for_gdb():
                status = subprocess.run(command, check=False).returncode
            meeting.close()
            if not served.result():
                raise ToolError(
                    f"{self.gdb} ended with status {status} before it met the board",
                    hint=f"it was: {shlex.join(command)}",
                )
        return status


def _result(channel: "paramiko.Channel", seconds: float) -> Result:
    """Return what a remote command says to its end; TimeoutError when it is silent for so long."""
    channel.settimeout(seconds)
    out, err = (
        stream.read().decode(errors="replace")
        for stream in (channel.makefile("rb"), channel.makefile_stderr("rb"))
    )
    return Result(channel.recv_exit_status(), out, err)
