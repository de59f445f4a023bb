# SPDX-License-Identifier: MIT
"""QEMU's gdb stub: opened while a debugger is there, and left so that the machine goes on.

The stub has no address: QEMU is handed one end of a pair of sockets, and whoever may use the
board's socket gets the other. QEMU stops the machine when the stub is opened.
"""

import asyncio
import re
import socket
from contextlib import suppress

from rpikit.errors import BenchError
from rpikit.virtual import protocol
from rpikit.virtual.qtest import Qmp

_NAME = "gdb"
_CHUNK = 65536
_ANSWER_SECONDS = 20.0
_INTERRUPT = b"\x03"
_STEPS = b"Qqemu.sstep=7"
"""How QEMU steps unless it is told: one instruction, no interrupts, no timers."""

_KILL = re.compile(rb"k|vKill;([0-9a-f]+)")
_PACKET = re.compile(rb"\$([^#]*)#[0-9a-f]{2}", re.DOTALL)
_PARTIAL = re.compile(rb"\$[^#]*(#.?)?\Z", re.DOTALL)


def packet(content: bytes) -> bytes:
    """Return a packet of gdb's remote protocol."""
    return b"$%s#%02x" % (content, sum(content) % 256)


class Merciful:
    """Turns a debugger's wish to kill the machine into one to leave it running.

    The protocol escapes `$` and `#` inside a packet, so what stands between them is one.
    """

    def __init__(self) -> None:
        self._partial = b""

    def pass_on(self, data: bytes) -> bytes:
        """Return what the stub shall hear of what the debugger said; a part of a packet waits."""
        data = self._partial + data
        begun = _PARTIAL.search(data)
        at = begun.start() if begun else len(data)
        self._partial = data[at:]
        return _PACKET.sub(_spare, data[:at])


def _spare(found: re.Match[bytes]) -> bytes:
    kill = _KILL.fullmatch(found[1])
    if kill is None:
        return found[0]
    return packet(b"D;" + kill[1] if kill[1] else b"D")


class Stub:
    """The stub of one machine, for one debugger at a time."""

    def __init__(self, qmp: Qmp) -> None:
        self._qmp = qmp

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Stop the machine, carry what debugger and stub say to its end, let the machine go on.

        A debugger is answered once the machine has stopped.
        """
        try:
            from_stub, to_stub = await self._open()
            writer.write(protocol.answer())
            ways = {
                asyncio.create_task(_carry(reader, to_stub, Merciful())),
                asyncio.create_task(_carry(from_stub, writer, None)),
            }
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_stub.close()
        finally:
            await self._leave()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        ours, theirs = socket.socketpair()
        with theirs:
            await self._qmp.give(_NAME, theirs.fileno())
        address = {"type": "fd", "data": {"str": _NAME}}
        backend = {"type": "socket", "data": {"addr": address, "server": False}}
        await self._qmp.execute("chardev-add", id=_NAME, backend=backend)
        await self._monitor(f"gdbserver chardev:{_NAME}")
        return await asyncio.open_connection(sock=ours)

    async def _leave(self) -> None:
        """Take away what a debugger left, which may be gone in the middle of it; let all go on.

        QEMU forgets breakpoints when it is asked why the machine stands still. It does not forget
        that a core was to make one step, and no timer of the machine runs until that is made: so
        each core is sent on with a step that is none.
        """
        with suppress(ConnectionError, ValueError):
            await self._monitor("gdbserver none")
            reader, writer = await self._open()
            with suppress(TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await _ask(reader, writer, packet(b"?"))
                    await _ask(reader, writer, packet(b"Qqemu.sstep=0"))
                    await _ask(reader, writer, packet(b"vCont;s") + _INTERRUPT)
                    await _ask(reader, writer, packet(_STEPS))
            writer.close()
            await self._monitor("gdbserver none")
            await self._qmp.execute("cont")

    async def _monitor(self, line: str) -> None:
        said = await self._qmp.monitor(line)
        if "Could not" in said or "rror" in said:
            raise BenchError(f"QEMU's gdb stub does not open: {said.strip()}")


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    """Send a request and wait for its answer."""
    writer.write(request)
    await reader.readuntil(b"#")
    await reader.readexactly(2)
    writer.write(b"+")


async def _carry(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, between: Merciful | None
) -> None:
    while data := await source.read(_CHUNK):
        target.write(between.pass_on(data) if between else data)
        await target.drain()
