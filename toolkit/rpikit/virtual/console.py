# SPDX-License-Identifier: MIT
"""A console of the virtual board: the machine's serial line here, a pty and a log there.

The pty is held open here, so the machine never waits for a reader and a reader that comes late
finds the last few kilobytes; the log has everything.
"""

import asyncio
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path

_CHUNK = 4096
_LOG_LIMIT = 16 << 20


class Console(asyncio.Protocol):
    """Carries bytes between the machine and a pty, and keeps them in a log."""

    def __init__(self, link: Path, log: Path) -> None:
        self.link = link
        self.typed = 0
        self.listener: Callable[[bytes], None] = lambda data: None
        self._log_path = log
        self._log = log.open("wb", buffering=0)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._transport: asyncio.WriteTransport | None = None
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._slave))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        self._record(data)
        self.listener(data)
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                termios.tcflush(self._slave, termios.TCIFLUSH)

    def pause_writing(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)

    def resume_writing(self) -> None:
        asyncio.get_running_loop().add_reader(self._master, self._type)

    def connection_lost(self, error: Exception | None) -> None:
        self.close()

    def type(self, data: bytes) -> None:
        """Type into the machine from here."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Take the pty and its link away; the log stays."""
        if self._master < 0:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = -1
        self._log.close()
        self.link.unlink(missing_ok=True)

    def _type(self) -> None:
        """Hand on what someone typed."""
        try:
            data = os.read(self._master, _CHUNK)
        except (BlockingIOError, OSError):
            return
        self.typed += len(data)
        self.type(data)

    def _record(self, data: bytes) -> None:
        if self._log.tell() > _LOG_LIMIT:
            self._log.close()
            self._log_path.rename(self._log_path.with_suffix(".old"))
            self._log = self._log_path.open("wb", buffering=0)
        self._log.write(data)
