# SPDX-License-Identifier: MIT
"""The wires from this board's lines to those of other boards; the other end is in their daemon.

Both ends of a wire have a connection of their own, on which each tells the other what it does to
the wire. The connection is the wire: if it ends, for whatever reason, so does the wire.
"""

import asyncio
import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rpikit.errors import BenchError
from rpikit.virtual import protocol
from rpikit.virtual.pins import reach
from rpikit.virtual.protocol import Request
from rpikit.virtual.wires import Share, Wires

_ANSWER_SECONDS = 5.0
_UNREAD_LIMIT = 4 << 20
SHORT_NS = 20_000_000
"""Two that drive for less may never have: a direction is seen up to 10 ms after its change."""


@dataclass
class End:
    """The end of one wire that is here."""

    line: int
    peer: str
    target: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    shorts: int = 0
    short_at_ns: int | None = None
    differed: bool = False
    _since_ns: int | None = None
    _differs: bool = False

    def tell(self, share: Share) -> None:
        """Tell the other end what this one does."""
        self.send(protocol.share_line(share))

    def send(self, text: bytes) -> None:
        """Send a line; an end that reads no more has no wire any more."""
        self.writer.write(text)
        if self.writer.transport.get_write_buffer_size() > _UNREAD_LIMIT:
            self.writer.transport.abort()

    def judge(self, ours: Share, theirs: Share, now_ns: int) -> bool:
        """Take note whether both ends drive the wire now; say whether they have for a while."""
        is_short = ours.is_driven and theirs.is_driven
        if is_short and self._since_ns is None:
            self._since_ns = now_ns
        if self._since_ns is None:
            return False
        self._differs |= is_short and ours.high != theirs.high
        is_long = now_ns - self._since_ns >= SHORT_NS
        if is_long:
            self.shorts += self.short_at_ns != self._since_ns
            self.short_at_ns, self.differed = self._since_ns, self._differs
        if not is_short:
            self._since_ns, self._differs = None, False
        return is_short and is_long


class Plugs:
    """All wires from one board, whose name is `name`, to others."""

    def __init__(self, name: str, wires: Wires) -> None:
        self._name = name
        self._wires = wires
        self._plugs: dict[int, End] = {}
        self._following: set[asyncio.Task[None]] = set()
        self._used_at = 0.0

    def __len__(self) -> int:
        return len(self._plugs)

    async def plug(self, line: int, place: Path, target: int) -> None:
        """Wire a line to `target` of the board that answers at a socket."""
        self._refuse_second(line)
        peer = place.parent.name
        end = socket.socket(socket.AF_UNIX)
        try:
            reach(end, place)
            end.setblocking(False)
            reader, writer = await asyncio.open_unix_connection(sock=end, limit=protocol.LINE_LIMIT)
        except OSError as error:
            end.close()
            raise BenchError(
                f"the virtual board {peer!r} is gone: nobody answers at {place}",
                hint=f"start it: rpikit board up {peer}",
            ) from error
        try:
            asked: dict[str, object] = {"line": target, "name": self._name, "target": line}
            ours = self._wires.shares(line)[0]
            writer.write(protocol.request("join", **asked, share=[ours.strength, ours.high]))
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await reader.readline()
                if not answer:
                    raise BenchError(f"the virtual board {peer!r} ended")
                protocol.parse_answer(answer)
                theirs = json.loads(await reader.readline())
            self._refuse_second(line)  # somebody may have been quicker
        except (OSError, ValueError) as error:
            writer.close()
            said = f"the virtual board {peer!r} gave no answer to plug"
            raise BenchError(said, hint=f"is it alive? rpikit board status {peer}") from error
        except BenchError:
            writer.close()
            raise
        plug = self._begin(End(line, peer, target, reader, writer))
        self._feel(plug, protocol.parse_share(theirs))
        task = asyncio.create_task(self._follow(plug))
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    def join(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> asyncio.Task[None]:
        """Be the other end of a wire; return what lasts as long as it does."""
        self._refuse_second(request.line)
        writer.write(protocol.answer())
        plug = self._begin(End(request.line, request.name, request.target, reader, writer))
        self._feel(plug, request.share)
        return asyncio.create_task(self._follow(plug))

    async def unplug(self, line: int) -> None:
        """Take a line's wire away and wait until the other end has let go of it, too."""
        plug = self._plugs.get(line)
        if plug is None:
            raise BenchError(f"line {line} has no wire to another board")
        with suppress(OSError):
            plug.writer.write_eof()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await plug.ended.wait()
        except TimeoutError:
            plug.writer.transport.abort()
            await plug.ended.wait()

    def values(self) -> list[dict[str, object]]:
        """Return the wires, by line, and the shorts that were seen on them."""
        return [self._values(self._plugs[line]) for line in sorted(self._plugs)]

    def share_use(self, last_used: float) -> float:
        """Tell all others when one was last in use; return the last use that is known here."""
        last_used = max(last_used, self._used_at)
        for plug in list(self._plugs.values()):
            plug.send(json.dumps(["used", last_used]).encode() + b"\n")
        return last_used

    def _refuse_second(self, line: int) -> None:
        other = self._plugs.get(line)
        if other is not None:
            raise BenchError(
                f"line {line} of {self._name} has a wire already: to line {other.target} "
                f"of {other.peer}",
                hint="a line has one wire to another board; rpikit lab status shows them",
            )

    def _begin(self, plug: End) -> End:
        self._plugs[plug.line] = plug

        def tell(share: Share) -> None:
            plug.tell(share)
            self._judge(plug)

        self._wires.plug(plug.line, tell)
        return plug

    async def _follow(self, plug: End) -> None:
        """Take what the other end tells, until it tells no more."""
        try:
            while text := await plug.reader.readline():
                said = json.loads(text)
                if said[0] == "used":
                    self._used_at = max(self._used_at, float(said[1]))
                else:
                    self._feel(plug, protocol.parse_share(said))
        except (OSError, ValueError, BenchError):
            pass  # what is no wire any more ends below
        finally:
            del self._plugs[plug.line]
            self._wires.unplug(plug.line)
            plug.writer.close()
            plug.ended.set()

    def _feel(self, plug: End, share: Share) -> None:
        self._wires.feel(plug.line, share)
        self._judge(plug)

    def _judge(self, plug: End) -> bool:
        return plug.judge(*self._wires.shares(plug.line), time.monotonic_ns())

    def _values(self, plug: End) -> dict[str, object]:
        is_short = self._judge(plug)
        return {
            "line": plug.line,
            "peer": plug.peer,
            "target": plug.target,
            "shorts": plug.shorts,
            "short_at_ns": plug.short_at_ns,
            "differed": plug.differed,
            "is_short": is_short,
        }
