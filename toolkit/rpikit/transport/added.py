# SPDX-License-Identifier: MIT
"""A way to a board that another package adds, by an entry point of the group rpikit.transports.

What it leads to is called with the address of bench.toml and the board's name, and returns a
Transport. Whatever goes wrong in it ends in one line with the name of its package.
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import EntryPoint
from pathlib import Path
from types import TracebackType
from typing import Self

from rpikit import plugins
from rpikit.errors import BoardError, ToolError
from rpikit.transport import Channel, Result, Transport

OPERATIONS = ("name", "run", "put", "get", "start", "close", "__enter__", "__exit__")
CHANNEL = ("read", "write", "close")


def connect(transport: str, address: str, board: str) -> "Added":
    """Open a way to a board by the transport of that name; ToolError says whose fault it is."""
    points = plugins.found(plugins.TRANSPORTS)
    if transport not in points:  # a bench that was read before may be of another installation
        raise ToolError(f"board {board!r}: no installed package has a transport {transport!r}")
    point = points[transport]
    opening = plugins.load(point)
    if not callable(opening):
        raise plugins.unfit(point, f"is {opening!r}, which opens nothing")
    with _blamed(point, f"board {board!r}: not reached through {address!r}"):
        made = opening(address, board)
    _check(point, made, OPERATIONS, "transport")
    return Added(point, made)


class Added:
    """A transport of another package, whose faults become errors of a board."""

    def __init__(self, point: EntryPoint, body: Transport) -> None:
        self._point = point
        self._body = body

    @property
    def name(self) -> str:
        with _blamed(self._point, "name"):
            return str(self._body.name)

    def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
        with self._during("run"):
            return self._body.run(command, input=input, timeout=timeout)

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write a file; a transport that cannot go on where another broke off writes it whole."""
        with self._during("put"):
            if offset and "offset" in inspect.signature(self._body.put).parameters:
                self._body.put(data, remote, offset=offset, progress=progress)
            else:
                self._body.put(data, remote, progress=progress)

    def get(self, remote: str) -> bytes:
        with self._during("get"):
            return self._body.get(remote)

    def start(self, command: str) -> Channel:
        with self._during("start"):
            channel = self._body.start(command)
        _check(self._point, channel, CHANNEL, "channel")
        return AddedChannel(self._point, self.name, channel)

    def close(self) -> None:
        with self._during("close"):
            self._body.close()

    def __enter__(self) -> Self:
        with self._during("enter"):
            self._body.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._during("exit"):
            self._body.__exit__(kind, error, trace)

    def _during(self, operation: str) -> AbstractContextManager[None]:
        return _blamed(self._point, f"{self.name}: {operation}")


class AddedChannel:
    """A channel of such a transport; that nothing came in time is no fault."""

    def __init__(self, point: EntryPoint, name: str, body: Channel) -> None:
        self._point = point
        self._name = name
        self._body = body

    def read(self, size: int, timeout: float | None) -> bytes:
        with _blamed(self._point, f"{self._name}: read", TimeoutError):
            return self._body.read(size, timeout)

    def write(self, data: bytes) -> None:
        with _blamed(self._point, f"{self._name}: write"):
            self._body.write(data)

    def close(self) -> None:
        with _blamed(self._point, f"{self._name}: close"):
            self._body.close()


def _blamed(
    point: EntryPoint, doing: str, *passed: type[Exception]
) -> AbstractContextManager[None]:
    return plugins.blamed(point, doing, BoardError, *passed)


def _check(point: EntryPoint, made: object, operations: tuple[str, ...], what: str) -> None:
    missing = [one for one in operations if not hasattr(made, one)]
    if missing:
        kind = type(made).__name__
        raise plugins.unfit(point, f"gives a {kind}, no {what}: it has no {', '.join(missing)}")
