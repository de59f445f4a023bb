# SPDX-License-Identifier: MIT
"""The clock of another machine on this one's: how far it is off, and how well that is known.

A round trip tells it to half its own length, whatever the way there and back; the quickest one is
the best. It gets worse with time, because two clocks drift apart, and so is measured again.
"""

import threading
import time

DRIFT = 200e-6
"""How far two clocks of crystals drift apart at most, in seconds a second."""

_BACKLOG = 10**9  # ns; stamps this old or younger come in their order


class ClockMap:
    """Gives stamps of another machine's CLOCK_MONOTONIC on this one's; for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = 0
        self._error = float("inf")
        self._measured = 0
        self._last = (0, 0)

    def measure(self, sent_ns: int, there_ns: int, received_ns: int) -> None:
        """Learn from a round trip that had the other machine's time on its way."""
        error = (received_ns - sent_ns) / 2
        with self._lock:
            if error <= self._aged(received_ns):
                self._offset = there_ns - (sent_ns + received_ns) // 2
                self._error, self._measured = error, received_ns

    def here(self, there_ns: int) -> int:
        """Return a stamp of the other machine on this one's clock.

        What comes later there is not earlier here, although the offset is measured anew.
        """
        with self._lock:
            at_ns = there_ns - self._offset
            last_there, last_here = self._last
            if there_ns >= last_there:
                if there_ns - last_there < _BACKLOG:
                    at_ns = max(at_ns, last_here)
                self._last = (there_ns, at_ns)
            return at_ns

    def uncertainty_ns(self) -> int:
        """Return how far off a stamp can be that is taken now."""
        with self._lock:
            aged = self._aged(time.monotonic_ns())
        return round(aged)

    def _aged(self, now_ns: int) -> float:
        return self._error + DRIFT * (now_ns - self._measured)
