# SPDX-License-Identifier: MIT
"""A way to a port of this machine that can be cut: at once on both sides, or by going mute."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from rpikit.closing import Closing

HOST = "127.0.0.1"
_PIECE = 4096
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: what is closed is reset


class Proxy(Closing):
    """Passes connections on, counts their bytes, and calls somebody after a certain one.

    Muted it takes bytes and passes none on, nor that a side has closed: like a network whose cable
    is out. Healed it serves new connections; those from before stay mute.
    """

    def __init__(self, target: int) -> None:
        self.target = target  # the port that it leads to; it may be changed
        self.port = 0
        self.passed = 0  # bytes in both directions since the last `arm`
        self._left: int | None = None
        self._act: Callable[[], None] = lambda: None
        self._is_mute = False
        self._sides: list[_Sides] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._ready.wait()

    def arm(self, after: int | None, act: Callable[[], None] = lambda: None) -> None:
        """Begin to count; after so many bytes and before the next one, act."""

        def begin() -> None:
            self.passed, self._left, self._act = 0, after, act

        self._ask(begin)

    def reset(self) -> None:
        """Cut every connection there is, with a reset to both sides."""
        self._ask(self._reset)

    def mute(self) -> None:
        """Pass nothing on from now on."""

        def begin() -> None:
            self._is_mute = True
            for sides in self._sides:
                sides.is_mute = True

        self._ask(begin)

    def heal(self) -> None:
        """Serve new connections again."""

        def begin() -> None:
            self._is_mute = False

        self._ask(begin)

    def close(self) -> None:
        self._ask(self._reset)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _ask(self, what: Callable[[], None]) -> None:
        """Have the loop's thread do something, and wait until it is done."""
        if threading.current_thread() is self._thread:
            what()
            return
        done = threading.Event()

        def do() -> None:
            what()
            done.set()

        self._loop.call_soon_threadsafe(do)
        done.wait()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, HOST, 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        try:
            answers, far = await asyncio.open_connection(HOST, self.target)
        except OSError:
            near.transport.abort()
            return
        sides = _Sides(near, far, self._is_mute)
        self._sides.append(sides)
        await asyncio.gather(self._pump(reader, far, sides), self._pump(answers, near, sides))
        if not sides.is_mute:
            sides.close()
            self._sides.remove(sides)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, sides: "_Sides"
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_PIECE):
                if sides.is_mute:
                    continue
                await self._pass(data, sink, sides)
        with contextlib.suppress(OSError):
            if not sides.is_mute and not sink.is_closing():
                sink.write_eof()

    async def _pass(self, data: bytes, sink: asyncio.StreamWriter, sides: "_Sides") -> None:
        """Pass bytes on as far as the one after which somebody is called."""
        if self._left is not None and self._left <= len(data):
            sink.write(data[: self._left])
            await sink.drain()
            self.passed += self._left
            data = data[self._left :]
            self._left, act = None, self._act
            act()
            if sides.is_mute:
                return
        elif self._left is not None:
            self._left -= len(data)
        sink.write(data)
        self.passed += len(data)
        await sink.drain()

    def _reset(self) -> None:
        for sides in self._sides:
            sides.reset()
        self._sides.clear()


class _Sides:
    """Both sides of a connection."""

    def __init__(
        self, near: asyncio.StreamWriter, far: asyncio.StreamWriter, is_mute: bool
    ) -> None:
        self.near = near
        self.far = far
        self.is_mute = is_mute

    def close(self) -> None:
        self.near.close()
        self.far.close()

    def reset(self) -> None:
        self.is_mute = True
        for side in (self.near, self.far):
            side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            side.transport.abort()
