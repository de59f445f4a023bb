# SPDX-License-Identifier: MIT
"""Starts a board's daemon, waits until the board's sshd greets, and undoes it all on failure."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from rpikit.errors import BoardError
from rpikit.virtual import bare, daemon, image

_START_SECONDS = 20.0
BOOT_SECONDS = 240.0  # of a busy machine; a boot that leaves a snapshot takes twice its time
RESTORE_SECONDS = 20.0
_END_SECONDS = 5.0
_GREETING_SECONDS = 3.0
_GLANCE_SECONDS = 0.02
_LOG = "daemon.log"


class Launch:
    """A daemon that starts; left by an exception, nothing of it stays.

    The daemon is nobody's child. A pipe tells its process id, then that QEMU runs, and its end.
    """

    def __init__(self, plan: daemon.Plan) -> None:
        self._folder = plan.folder
        self._pid = 0
        self._said = b""
        self._pipe, theirs = os.pipe()
        with (plan.folder / _LOG).open("wb") as output:
            starter = subprocess.Popen(
                [sys.executable, "-m", daemon.__name__, str(theirs)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=(theirs,),
                start_new_session=True,
            )
        os.close(theirs)
        starter.communicate(plan.dump().encode())

    def wait_for_machine(self) -> None:
        """Wait until QEMU runs and the board's state is written."""
        self._pid = int(self._line())
        self._line()

    def wait_for_ssh(self, log: Path, port: int, within: float) -> None:
        """Wait for the greeting of the board's sshd.

        QEMU accepts for the board long before the board listens, and each connection costs the
        board a new process, so the first one waits for the boot's last line in the console's log.
        """
        deadline = time.monotonic() + within
        self._wait_for(image.READY, log, deadline)
        while not _greets(port):
            self._check_alive()
            if time.monotonic() > deadline:
                last = log.read_text(errors="replace").strip().rpartition("\n")[2]
                raise BoardError(
                    f"board {self._folder.name!r}: SSH does not answer {within:.0f} s after the "
                    f"start; last on the console: {last[:80]!r}",
                    hint=f"its logs are in {self._folder}",
                )

    def wait_for_loader(self, log: Path, within: float) -> None:
        """Wait until the loader of a board without an operating system says that it waits."""
        if not self._wait_for(bare.WAITING, log, time.monotonic() + within):
            raise BoardError(
                f"board {self._folder.name!r}: its loader says nothing {within:.0f} s after the "
                "start",
                hint=f"its logs are in {self._folder}",
            )

    def _wait_for(self, words: str, log: Path, deadline: float) -> bool:
        """Wait until a console has said something; say whether it has."""
        while words.encode() not in log.read_bytes():
            if time.monotonic() > deadline:
                return False
            self._check_alive()
            time.sleep(_GLANCE_SECONDS)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is not None:
                self._undo()
        finally:
            os.close(self._pipe)

    def _undo(self) -> None:
        """End the daemon, which ends QEMU, and wait until both are gone."""
        with suppress(BoardError, OSError):
            self._pid = self._pid or int(self._line())
            for number in (signal.SIGTERM, signal.SIGKILL):
                os.kill(self._pid, number)
                if self._has_ended(_END_SECONDS):
                    return

    def _line(self) -> bytes:
        """Return the next thing the daemon tells."""
        deadline = time.monotonic() + _START_SECONDS
        while b"\n" not in self._said:
            if self._has_ended(max(0.0, deadline - time.monotonic())):
                self._complain()
            if time.monotonic() > deadline:
                raise BoardError(
                    f"board {self._folder.name!r}: QEMU shows no sign of life after "
                    f"{_START_SECONDS:.0f} s",
                    hint=f"its logs are in {self._folder}",
                )
        line, _, self._said = self._said.partition(b"\n")
        return line

    def _has_ended(self, timeout: float) -> bool:
        """Wait for something from the daemon; say whether that was its end."""
        if not select.select([self._pipe], [], [], timeout)[0]:
            return False
        data = os.read(self._pipe, 4096)
        self._said += data
        return not data

    def _check_alive(self) -> None:
        if self._has_ended(0.0):
            self._complain()

    def _complain(self) -> None:
        logs = [self._folder / log for log in (daemon.QEMU_LOG, _LOG)]
        said = "".join(log.read_text(errors="replace") for log in logs if log.exists()).strip()
        last = said.rpartition("\n")[2] or "it said nothing"
        raise BoardError(
            f"board {self._folder.name!r}: the machine ended while it started: {last}",
            hint=f"its logs are in {self._folder}",
        )


def _greets(port: int) -> bool:
    with suppress(OSError), socket.create_connection((image.HOST, port)) as probe:
        if select.select([probe], [], [], _GREETING_SECONDS)[0]:
            return probe.recv(64).startswith(b"SSH-")
    time.sleep(_GLANCE_SECONDS)
    return False
