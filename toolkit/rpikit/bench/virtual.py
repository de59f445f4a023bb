# SPDX-License-Identifier: MIT
"""A wire of the virtual board: drives and watches a line of its emulated GPIO from outside."""

from rpikit.bench import Edge
from rpikit.closing import Closing
from rpikit.virtual.pins import Pins, Watch


class VirtualLine:
    """The bench's end of a virtual wire to one line of the board."""

    def __init__(self, board: Pins, number: int) -> None:
        self._board = board
        self._number = number

    def drive(self, high: bool) -> int:
        """Bring the line to a level and return the time stamp of that."""
        return self._board.drive(self._number, high).at_ns

    def read(self) -> bool:
        """Return whether the line is high now."""
        return self._board.read(self._number)

    def watch(self) -> "VirtualWatch":
        """Return a source of the line's edges from now on."""
        return VirtualWatch(self._board.watch(self._number))

    def release(self) -> None:
        """Stop driving the line; its pull decides."""
        self._board.release(self._number)


class VirtualWatch(Closing):
    """The edges of one line of the virtual board, stamped by whoever runs its pins."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def next(self, timeout: float) -> Edge | None:
        """Return the next edge, or None if none came within `timeout` seconds."""
        edge = self._watch.next(timeout)
        return None if edge is None else Edge(edge.high, edge.at_ns)

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()
