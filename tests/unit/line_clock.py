# SPDX-License-Identifier: MIT
"""A port whose time is that of its line alone, whatever this machine is busy with.

Time passes while bytes are on the line, 8N1, one way after the other; while the board waits for the
silence that ends a batch; and while our side waits of its own will. The board itself takes none.
"""

import os
import select
import time

from rpikit.closing import Closing

_BATCH_SECONDS = 0.1  # of silence: the receiver's `stty time 1`
_STUCK_SECONDS = 120.0  # of real time, in which nothing came


class ClockedPort(Closing):
    """A port that leads to the board's end of a pty."""

    def __init__(self, far: int, baud: int) -> None:
        self.baud = baud
        self._far = os.dup(far)
        self._now = 0.0
        self._is_answered = True
        self._heard = time.monotonic()

    def read(self, timeout: float) -> bytes:
        ready, _, _ = select.select([self._far], [], [], timeout)
        if not ready:
            assert time.monotonic() - self._heard < _STUCK_SECONDS
            return b""
        data = os.read(self._far, 4096)
        self._heard = time.monotonic()
        if not self._is_answered:
            self._now += _BATCH_SECONDS
            self._is_answered = True
        self._now += 10 * len(data) / self.baud
        return data

    def write(self, data: bytes) -> None:
        os.set_blocking(self._far, True)
        os.write(self._far, data)
        self._now += 10 * len(data) / self.baud
        self._is_answered = False

    def drain(self) -> None:
        pass

    def set_baud(self, baud: int) -> None:
        self.baud = baud

    def now(self) -> float:
        return self._now

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)
        self._now += seconds

    def close(self) -> None:
        if self._far >= 0:
            os.close(self._far)
            self._far = -1
