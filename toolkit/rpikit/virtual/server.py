# SPDX-License-Identifier: MIT
"""The board's socket: reads requests, moves and watches the wires, keeps them up to date.

It looks at the machine's registers as often as somebody cares: each 2 ms while edges are watched
or carried, each 10 ms while the lines that are wired to other boards rest, each 20 ms while a level
from outside must be kept, otherwise only when asked.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rpikit.errors import BenchError
from rpikit.virtual import protocol
from rpikit.virtual.gpio import Registers
from rpikit.virtual.plugs import Plugs
from rpikit.virtual.protocol import Request
from rpikit.virtual.qtest import Qtest
from rpikit.virtual.underlay import Posts
from rpikit.virtual.wires import Edge, Wires

_WATCHING_SECONDS = 0.002
_RESTING_SECONDS = 0.01
_KEEPING_SECONDS = 0.02
_REST_AFTER_SECONDS = 1.0
_UNREAD_LIMIT = 4 << 20


async def _no_network(delay_ms: int, is_cut: bool) -> None:
    raise BenchError("the board's network cannot be changed before it is plugged in")


async def _no_way(port: int) -> int:
    raise BenchError("no port leads to the board before it is plugged in")


async def _no_debugger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    raise BenchError("the board cannot be debugged before it is up")


class Server:
    """Serves clients of one machine; `stopped` is set when one asks for the end."""

    def __init__(self, name: str, registers: Registers, *, has_underlay: bool = False) -> None:
        self.stopped = asyncio.Event()
        self.last_used = time.monotonic()
        self._clients: set[asyncio.StreamWriter] = set()
        self.qtest = Qtest(self._notice)
        self.network: Callable[[int, bool], Awaitable[None]] = _no_network
        self.forward: Callable[[int], Awaitable[int]] = _no_way
        self.withdraw: Callable[[int], Awaitable[int]] = _no_way
        self.debugger: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
        self.debugger = _no_debugger
        self._registers = registers
        self._posts = Posts(self.qtest, registers) if has_underlay else None
        mover = self._posts or self.qtest
        self._wires = Wires(registers, mover, self._emit, time.monotonic_ns)
        self.plugs = Plugs(name, self._wires)
        self._watchers: dict[asyncio.StreamWriter, frozenset[int]] = {}
        self._wanted = asyncio.Event()
        self._block = b""
        self._changed_at = 0.0
        self.is_ready = False
        self._is_debugged = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it goes."""
        self._clients.add(writer)
        try:
            while text := await reader.readline():
                self.last_used = time.monotonic()
                try:
                    request = protocol.parse(text, self._registers.lines)
                    if request.op == "debug":
                        await self._debug(reader, writer)
                        break
                    if request.op == "join":
                        await self._join(request, reader, writer)
                        break
                    writer.write(protocol.answer(**await self._do(request, writer)))
                except BenchError as error:
                    writer.write(protocol.refusal(error))
                await writer.drain()
        except ValueError:
            limit = BenchError(f"a request has at most {protocol.LINE_LIMIT} bytes")
            writer.write(protocol.refusal(limit))
        except ConnectionError:
            pass
        finally:
            if writer in self._clients:
                self._clients.remove(writer)
                self.last_used = time.monotonic()
            self._watchers.pop(writer, None)
            writer.close()

    @property
    def clients(self) -> int:
        """Return how many use the board; the other end of a wire is none of them."""
        return len(self._clients)

    async def poll(self) -> None:
        """Keep looking at the registers while there is a reason to."""
        while True:
            pause = self._pause()
            if pause is None:
                self._wanted.clear()
                await self._wanted.wait()
            else:
                await self._look()
                await asyncio.sleep(pause)

    async def _debug(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_debugged:
            raise BenchError(
                "a debugger is at work on the board", hint="end it; a board has one at a time"
            )
        self._is_debugged = True
        try:
            await self.debugger(reader, writer)
        finally:
            self._is_debugged = False

    async def _join(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Be the other end of a wire as long as it lasts."""
        await self._look()
        following = self.plugs.join(request, reader, writer)
        self._clients.discard(writer)
        self._wanted.set()
        await following

    async def begin(self) -> None:
        """Take note that the machine, which stands still, was brought back from a snapshot."""
        if self._posts is not None:
            await self._posts.begin()

    def reset(self) -> None:
        """Take note that the machine was reset."""
        self._block = b""
        self._wires.reset(time.monotonic_ns())

    def _pause(self) -> float | None:
        if self._watchers or self._wires.has_jumpers:
            return _WATCHING_SECONDS
        if self.plugs:
            is_at_rest = time.monotonic() - self._changed_at > _REST_AFTER_SECONDS
            return _RESTING_SECONDS if is_at_rest else _WATCHING_SECONDS
        return _KEEPING_SECONDS if self._wires.has_levels else None

    async def _look(self) -> None:
        """Read the registers once and take what they say."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def seen(block: bytes | None) -> None:
            if block is None:
                if not done.done():
                    done.set_exception(ConnectionError("the machine is gone"))
                return
            if block != self._block:
                self._block = block
                self._changed_at = time.monotonic()
                self._wires.observe(self._registers.decode(block), time.monotonic_ns())
            if not done.done():  # the one who asked may be gone by now
                done.set_result(None)

        if self._posts is not None:
            self._posts.look()
        self.qtest.read_block(self._registers.base, self._registers.size, seen)
        await done

    async def _do(self, request: Request, writer: asyncio.StreamWriter) -> dict[str, object]:
        match request.op:
            case "hello":
                return {"ready": self.is_ready, "debugged": self._is_debugged}
            case "ready":
                self.is_ready = True
                return {}
            case "stop":
                self.stopped.set()
                return {}
            case "network":
                await self.network(request.delay_ms, request.cut)
                return {}
            case "forward":
                return {"port": await self.forward(request.port)}
            case "withdraw":
                return {"port": await self.withdraw(request.port)}
        await self._look()
        if self._posts is not None:
            self._posts.check()
        self._wanted.set()
        wires, line = self._wires, request.line
        match request.op:
            case "lines":
                every = range(self._registers.lines)
                return {
                    "functions": [wires.function(line) for line in every],
                    "levels": [wires.level(line) for line in every],
                }
            case "read":
                return {"high": wires.level(line)}
            case "function":
                return {"function": wires.function(line)}
            case "drive":
                return {"at_ns": wires.drive(line, request.high)}
            case "release":
                wires.release(line)
            case "pull":
                wires.pull(line, request.high)
            case "jumper":
                wires.jumper(request.source, request.target)
            case "cut":
                wires.cut(request.source, request.target)
            case "plug":
                await self.plugs.plug(line, Path(request.socket), request.target)
                self._wanted.set()
            case "unplug":
                await self.plugs.unplug(line)
            case "plugs":
                return {"plugs": self.plugs.values()}
            case "watch":
                self._watchers[writer] = frozenset(request.lines)
                return {"levels": {str(line): wires.level(line) for line in request.lines}}
        return {}

    def _notice(self, line: int, high: bool, at_ns: int) -> None:
        if line < self._registers.lines:
            self._block = b""
            self._wires.notice(line, high, at_ns)

    def _emit(self, edge: Edge) -> None:
        text = protocol.edge_line(edge)
        for writer, lines in list(self._watchers.items()):
            if edge.line not in lines:
                continue
            writer.write(text)
            if writer.transport.get_write_buffer_size() > _UNREAD_LIMIT:
                del self._watchers[writer]
                writer.transport.abort()
