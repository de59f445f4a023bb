# SPDX-License-Identifier: MIT
"""Where a debugger meets a virtual board: a socket in the file system, for one debugger, once.

Only the user may connect: who speaks to QEMU's stub commands QEMU. That is also why there is no
port: on 127.0.0.1 every user of the machine could.
"""

import os
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rpikit.closing import Closing
from rpikit.errors import BenchError, BoardError
from rpikit.virtual.pins import Connection

_CHUNK = 65536


class Meeting(Closing):
    """A socket at `address` that waits for a debugger; a context manager."""

    def __init__(self, address: Path) -> None:
        self.address = address
        self._listener = socket.socket(socket.AF_UNIX)
        address.unlink(missing_ok=True)
        folder = os.open(address.parent, os.O_PATH)
        before = os.umask(0o077)
        try:  # a socket's address holds 107 bytes
            self._listener.bind(f"/proc/self/fd/{folder}/{address.name}")
        finally:
            os.umask(before)
            os.close(folder)
        self._listener.listen(1)

    def serve(self, board: Path, begin: Callable[[], None]) -> bool:
        """Wait for a debugger, stop the machine, call `begin`, and carry what they say to its end.

        False when none came before `close`. `board` is the socket of the machine, which goes on
        when its debugger is gone.
        """
        try:
            debugger, _ = self._listener.accept()
        except OSError:
            return False
        with debugger:
            connection = Connection(board)
            try:
                connection.ask("debug")
                begin()
                _carry(debugger, connection.detach())
            except BenchError as error:
                raise BoardError(str(error), hint=error.hint) from error
            finally:
                connection.close()
        return True

    def close(self) -> None:
        """Wait no longer."""
        self.address.unlink(missing_ok=True)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        self._listener.close()


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one end is closed."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                try:
                    data = source.recv(_CHUNK)
                    key.data.sendall(data)
                except OSError:
                    return
                if not data:
                    return
