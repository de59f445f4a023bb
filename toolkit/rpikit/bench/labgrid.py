# SPDX-License-Identifier: MIT
"""Digital outputs of a labgrid place as lines: `set` drives one, `get` asks for its level.

labgrid knows no inputs and no edges. What watches is an output whose driver can be asked for its
level; it is asked again and again, so an edge is stamped when it was noticed, and a pulse between
two questions is not seen. A drive is stamped when it was asked for: a latency is never told
shorter than it is.
"""

from rpikit.bench import Edge
from rpikit.closing import Closing
from rpikit.labgrid_place import Place, PlaceWatch


class PlaceLine:
    """One digital output of a place."""

    def __init__(self, place: Place, output: str) -> None:
        self._place = place
        self._output = output

    def drive(self, high: bool) -> int:
        """Bring the line to a level; return when that was asked for."""
        return self._place.set(self._output, high)

    def read(self) -> bool:
        """Return whether the line is high now."""
        return self._place.get(self._output)

    def watch(self) -> "PlaceLineWatch":
        """Return a source of the line's edges from now on."""
        return PlaceLineWatch(self._place.watch(self._output))

    def release(self) -> None:
        """Do nothing: an output of labgrid keeps its level, the idle one by now."""


class PlaceLineWatch(Closing):
    """The edges of one line, as they are noticed."""

    def __init__(self, watch: PlaceWatch) -> None:
        self._watch = watch

    def next(self, timeout: float) -> Edge | None:
        """Return the next edge, or None if none came within `timeout` seconds."""
        level = self._watch.next(timeout)
        return None if level is None else Edge(level.high, level.at_ns)

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()
