# SPDX-License-Identifier: MIT
"""The port at this end of a line: bytes, a speed, and the time; pyserial is its body.

A port of another kind, with a clock of its own, has the same few operations.
"""

import time
from typing import Protocol

import serial

from rpikit.closing import Closing
from rpikit.errors import BoardError

_CHUNK = 65536
_STALLED_SECONDS = 10.0


class Port(Protocol):
    """An open port."""

    baud: int  # bits per second; a byte takes ten of them (8N1)

    def read(self, timeout: float) -> bytes:
        """Return what has come, after at most `timeout` seconds; b"" if nothing has."""
        ...

    def write(self, data: bytes) -> None:
        """Hand on bytes; wait while there is no room for them: BoardError if that has no end."""
        ...

    def drain(self) -> None:
        """Wait until what was written is on the line."""
        ...

    def set_baud(self, baud: int) -> None:
        """Change the speed of both directions."""
        ...

    def now(self) -> float:
        """Return the time in seconds, from any beginning."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def close(self) -> None:
        """Give the port back."""
        ...


class SerialPort(Closing):
    """A serial port of this machine, or one that pyserial reaches by a URL."""

    def __init__(self, place: str, baud: int, board: str) -> None:
        self._board = board
        self._place = place
        self._can_stall = place.startswith("/")  # what pyserial reaches by a URL has no such time
        self.baud = baud
        try:
            port = serial.serial_for_url(place, baud, timeout=0, do_not_open=True)
            if place.startswith("/"):
                port.exclusive = True
            port.open()
        except (serial.SerialException, OSError, ValueError) as error:
            raise _unopened(board, place, error) from error
        self._port = port

    def read(self, timeout: float) -> bytes:
        try:
            self._port.timeout = timeout
            first: bytes = self._port.read(1)
            if first and self._port.in_waiting:
                first += self._port.read(min(self._port.in_waiting, _CHUNK))
        except (serial.SerialException, OSError, TypeError) as error:
            raise self._gone() from error
        return first

    def write(self, data: bytes) -> None:
        try:
            if self._can_stall:
                self._port.write_timeout = _STALLED_SECONDS + 20 * len(data) / self.baud
            self._port.write(data)
        except serial.SerialTimeoutException as error:
            raise BoardError(
                f"board {self._board!r}: its serial port {self._place} takes nothing any more",
                hint="is flow control on, or the adapter stuck? plug it in anew",
            ) from error
        except (serial.SerialException, OSError, TypeError) as error:
            raise self._gone() from error

    def drain(self) -> None:
        try:
            self._port.flush()
        except (serial.SerialException, OSError, TypeError) as error:
            raise self._gone() from error

    def set_baud(self, baud: int) -> None:
        try:
            self._port.baudrate = baud
        except (serial.SerialException, OSError, ValueError) as error:
            raise BoardError(
                f"board {self._board!r}: its serial port {self._place} has no {baud} baud"
            ) from error
        self.baud = baud

    def now(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        self._port.close()

    def _gone(self) -> BoardError:
        return BoardError(f"board {self._board!r}: its serial port {self._place} is gone")


def _unopened(board: str, place: str, error: Exception) -> BoardError:
    if "exclusively lock" in str(error) or getattr(error, "errno", None) == 16:  # EBUSY
        return BoardError(
            f"board {board!r}: another program has its serial port {place}",
            hint=f"end that one; fuser {place} names it",
        )
    return BoardError(
        f"board {board!r}: its serial port {place} does not open: {error}",
        hint="is it plugged in, and are you in the group dialout?",
    )
