# SPDX-License-Identifier: MIT
"""The pins of a virtual board as a bench sees them: read, drive, pull, jumper, watch."""

import os
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpikit.closing import Closing
from rpikit.errors import BoardError
from rpikit.virtual import protocol
from rpikit.virtual.wires import Edge

__all__ = ["Edge", "Pins", "Plugged", "Watch"]

_ANSWER_SECONDS = 10.0
_PATH_LIMIT = 100
_CHUNK = 65536


class Connection:
    """A connection to a board's socket that sends requests and takes lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = b""
        self._lines: list[bytes] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWER_SECONDS)
        try:
            reach(self._socket, path)
        except OSError as error:
            self._socket.close()
            raise self._gone() from error

    def ask(self, op: str, **needs: object) -> Mapping[str, Any]:
        """Send a request and return its answer."""
        try:
            self._socket.sendall(protocol.request(op, **needs))
        except OSError as error:
            raise self._gone() from error
        answer = self.line(_ANSWER_SECONDS)
        if answer is None:
            raise BoardError(f"{self._path}: no answer to {op} within {_ANSWER_SECONDS:.0f} s")
        return protocol.parse_answer(answer)

    def line(self, timeout: float) -> bytes | None:
        """Return the next line, or None when none came in time."""
        deadline = time.monotonic() + timeout
        while not self._lines:
            left = max(0.0, deadline - time.monotonic())
            try:
                if not select.select([self._socket], [], [], left)[0]:
                    return None
                data = self._socket.recv(_CHUNK)
            except (OSError, ValueError) as error:
                raise self._gone() from error
            if not data:
                raise self._gone()
            *self._lines, self._partial = (self._partial + data).split(b"\n")
        return self._lines.pop(0)

    def detach(self) -> socket.socket:
        """Return the socket of a connection that carries no lines any more."""
        self._socket.settimeout(None)
        return self._socket

    def wait_for_end(self, timeout: float) -> bool:
        """Wait until the board closes the connection; say whether it did."""
        try:
            while self.line(timeout) is not None:
                pass
        except BoardError:
            return True
        return False

    def close(self) -> None:
        """Give the connection back."""
        self._socket.close()

    def _gone(self) -> BoardError:
        name = self._path.parent.name
        return BoardError(
            f"the virtual board {name!r} is gone: nobody answers at {self._path}",
            hint=f"start it: rpikit board up {name}",
        )


@dataclass(frozen=True)
class Plugged:
    """A wire from a line to line `target` of the board `peer`, and whether both ends drove it.

    `short_at_ns` is when the last of `shorts` began, in ns of the host's CLOCK_MONOTONIC;
    `differed` says that the ends wanted different levels then, `is_short` that it lasts.
    """

    line: int
    peer: str
    target: int
    shorts: int
    short_at_ns: int | None
    differed: bool
    is_short: bool


class Watch(Closing):
    """The edges of some lines from now on; a context manager."""

    def __init__(self, path: Path, lines: tuple[int, ...]) -> None:
        self._connection = Connection(path)
        self._edges: list[Edge] = []
        answer = self._connection.ask("watch", lines=list(lines))
        self.levels = {int(line): bool(high) for line, high in answer["levels"].items()}

    @property
    def edges(self) -> list[Edge]:
        """Return the edges so far, with those that came but were not asked for yet."""
        while self.next(0.0) is not None:
            pass
        return list(self._edges)

    def next(self, timeout: float) -> Edge | None:
        """Return the next edge, or None when none came within `timeout` seconds."""
        line = self._connection.line(timeout)
        if line is None:
            return None
        self._edges.append(protocol.parse_edge(line))
        return self._edges[-1]

    def close(self) -> None:
        """Stop watching."""
        self._connection.close()


class Pins(Closing):
    """The pins of one running board, by the path of its socket."""

    def __init__(self, socket: Path) -> None:
        self._path = socket
        self._connection = Connection(socket)

    def read(self, line: int) -> bool:
        """Return the level on the line."""
        return bool(self._connection.ask("read", line=line)["high"])

    def function(self, line: int) -> str:
        """Return what the board uses the line for: "in", "out" or "alt0" to "alt5"."""
        return str(self._connection.ask("function", line=line)["function"])

    def lines(self) -> list[tuple[str, bool]]:
        """Return function and level of every line of the chip."""
        answer = self._connection.ask("lines")
        return list(zip(answer["functions"], answer["levels"], strict=True))

    def drive(self, line: int, high: bool) -> Edge:
        """Drive a line from outside; BenchError while the board itself drives it."""
        at_ns = self._connection.ask("drive", line=line, high=high)["at_ns"]
        return Edge(line, high, at_ns, "drive")

    def release(self, line: int) -> None:
        """Stop driving a line; it goes back to the level of its jumper or its pull."""
        self._connection.ask("release", line=line)

    def pull(self, line: int, high: bool) -> None:
        """Set the level the line has while nothing drives it."""
        self._connection.ask("pull", line=line, high=high)

    def jumper(self, source: int, target: int) -> None:
        """Carry the level of `source`, an output, to `target`."""
        self._connection.ask("jumper", source=source, target=target)

    def cut(self, source: int, target: int) -> None:
        """Take a jumper away."""
        self._connection.ask("cut", source=source, target=target)

    def plug(self, line: int, socket: Path, target: int) -> None:
        """Wire a line to `target` of the board that answers at `socket`, both ways.

        Whoever drives decides the level. The wire stays until one of the two boards ends or
        unplugs it; then the line goes back to its pull.
        """
        self._connection.ask("plug", line=line, socket=str(socket), target=target)

    def unplug(self, line: int) -> None:
        """Take the wire between a line and another board away, at both ends."""
        self._connection.ask("unplug", line=line)

    def plugs(self) -> list["Plugged"]:
        """Return the wires to other boards, by line."""
        return [Plugged(**one) for one in self._connection.ask("plugs")["plugs"]]

    def watch(self, *lines: int) -> Watch:
        """Watch the edges of lines from now on."""
        return Watch(self._path, lines)

    def close(self) -> None:
        """Give the connection back; what is driven stays driven."""
        self._connection.close()


def reach(end: socket.socket, path: Path) -> None:
    """Connect to a path that may be longer than a socket's address can hold."""
    if len(os.fsencode(path)) <= _PATH_LIMIT:
        end.connect(str(path))
        return
    folder = os.open(path.parent, os.O_PATH)
    try:
        end.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
