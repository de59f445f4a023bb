# SPDX-License-Identifier: MIT
"""QEMU's two side doors as asyncio protocols: qtest for registers and notices, QMP for the machine.

Both speak lines. In qtest the answers and the notices share one stream, in the order in which the
machine made them; what is read before a notice was true before it.
"""

import asyncio
import json
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

Notice = Callable[[int, bool, int], None]


class _Lines(asyncio.Protocol):
    """A peer that sends lines and answers requests in their order."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._partial = b""
        self._awaited: deque[Callable[[str | None], None]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self.line(line.decode(errors="replace").rstrip("\r"), now_ns)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        while self._awaited:
            self._awaited.popleft()(None)

    def line(self, line: str, now_ns: int) -> None:
        raise NotImplementedError

    def answer(self, line: str) -> None:
        if self._awaited:
            self._awaited.popleft()(line)

    def send(self, line: str, answered: Callable[[str | None], None]) -> None:
        """Send a request; `answered` gets the answer, or None when the machine is gone."""
        if self._transport is None:
            answered(None)
            return
        self._awaited.append(answered)
        self._transport.write(line.encode() + b"\n")

    async def ask(self, line: str) -> str:
        """Send a request and return its answer."""
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def answered(reply: str | None) -> None:
            if done.done():
                return
            if reply is None:
                done.set_exception(ConnectionError("the machine is gone"))
            else:
                done.set_result(reply)

        self.send(line, answered)
        return await done


class Qtest(_Lines):
    """Reads and writes physical memory; hands notices of changed outputs on as they come."""

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self._notice = notice

    def line(self, line: str, now_ns: int) -> None:
        if not line.startswith("IRQ "):
            self.answer(line)
            return
        _, change, number = line.split()
        self._notice(int(number), change == "raise", now_ns)

    def write_word(self, address: int, value: int) -> None:
        """Write a register; the machine does it before anything asked later."""
        self.send(f"writel {address:#x} {value:#x}", lambda _: None)

    def write_block(self, address: int, data: bytes) -> None:
        """Write memory; the machine does it before anything asked later."""
        self.send(f"write {address:#x} {len(data):#x} 0x{data.hex()}", lambda _: None)

    def read_block(self, address: int, size: int, done: Callable[[bytes | None], None]) -> None:
        """Read `size` bytes of registers at once; `done` is called in the stream's order."""

        def answered(reply: str | None) -> None:
            ok = reply is not None and reply.startswith("OK 0x")
            done(bytes.fromhex(reply[5:]) if ok and reply else None)

        self.send(f"read {address:#x} {size:#x}", answered)


class Qmp(_Lines):
    """Gives QEMU commands; hands the names of its events on."""

    def __init__(self, event: Callable[[str], None]) -> None:
        super().__init__()
        self._event = event

    def line(self, line: str, now_ns: int) -> None:
        said = json.loads(line)
        if "event" in said:
            self._event(said["event"])
        elif "QMP" not in said:
            self.answer(line)

    async def execute(self, command: str, **arguments: object) -> Any:
        """Execute a command and return what it returns."""
        request = {"execute": command} | ({"arguments": arguments} if arguments else {})
        reply = json.loads(await self.ask(json.dumps(request)))
        if "error" in reply:
            raise ValueError(f"{command}: {reply['error'].get('desc', reply['error'])}")
        return reply["return"]

    async def give(self, name: str, descriptor: int) -> None:
        """Hand QEMU a descriptor; the next command that asks for it by name gets it."""
        transport = self._transport
        if transport is None:
            raise ConnectionError("the machine is gone")
        assert not transport.get_write_buffer_size()  # it must not overtake a command
        done: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._awaited.append(done.set_result)
        request = json.dumps({"execute": "getfd", "arguments": {"fdname": name}})
        with transport.get_extra_info("socket").dup() as end:
            socket.send_fds(end, [request.encode() + b"\n"], [descriptor])
        reply = await done
        if reply is None or "error" in json.loads(reply):
            raise ConnectionError(f"QEMU does not take a descriptor: {reply}")

    async def monitor(self, line: str) -> str:
        """Execute a line of the human monitor and return what it prints."""
        return str(await self.execute("human-monitor-command", **{"command-line": line}))
