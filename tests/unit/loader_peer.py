# SPDX-License-Identifier: MIT
"""A loader in this process, with the clock of its line: for what a real one does not do on demand.

Time passes while bytes are on the line, 8N1, and while our side waits.
"""

import hashlib
import random
import struct
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import lz4.block

from rpikit.closing import Closing
from rpikit.loader import protocol
from rpikit.loader.protocol import BLOCK, Coding, Decoder, Flag, Frame, Kind, Status, Who

LIMIT = 64 * BLOCK
WORDS = b"guest: here I am\r\n"


@dataclass
class Peer(Closing):
    """A board at a port of its own; what a test sets decides how it behaves."""

    baud: int = protocol.BAUD
    carries: int = 10_000_000  # bits per second above which the line is noise
    damage: float = 0.0  # of each byte, in each direction
    protocol: int = protocol.VERSION
    flags: int = 0
    runs: bool = False  # something else than the loader
    loses_blocks: bool = False
    is_silent: bool = False  # no answer any more
    resets_after: int | None = None  # BLOCKs, once
    deaf_to: Callable[[Frame], bool] = lambda frame: False  # handled, but not answered
    refuses: dict[Kind, Status] = field(default_factory=dict)
    seed: int = 1

    def __post_init__(self) -> None:
        self.memory = bytearray(LIMIT)
        self.asked: list[Frame] = []
        self.blocks = 0
        self.errors = 0
        self.time = 0.0
        self.rate = protocol.BAUD  # the board's
        self.started = b""
        self._dice = random.Random(self.seed)
        self._decoder = Decoder()
        self._back: deque[tuple[float, bytes]] = deque()
        self._heard = self._written = 0.0
        self._comes_up = 0.0
        self._said = 0.0

    # The port.

    def read(self, timeout: float) -> bytes:
        end = self.time + timeout
        if not self._back:
            self._announce(end)
        if self._back and self._back[0][0] <= end:
            due, data = self._back.popleft()
            self.time = max(self.time, due)
            return data
        self.time = end
        return b""

    def write(self, data: bytes) -> None:
        quiet = self.time - self._written
        self.time += 10 * len(data) / self.baud
        self._written = self.time
        if self.rate != protocol.BAUD and self.time - self._heard > 1.0:
            self.rate = protocol.BAUD
        if self.time < self._comes_up or self.is_silent:
            return
        if self.baud != self.rate or self.baud > self.carries:
            self.errors += 1
            return
        if self.runs:
            if data == protocol.ATTENTION and quiet > 0.05:
                self.reset(2.0)
            return
        for frame in self._decoder.feed(self._damaged(data)):
            self._heard = self.time
            self._handle(frame)

    def drain(self) -> None:
        pass

    def set_baud(self, baud: int) -> None:
        self.baud = baud

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds

    def close(self) -> None:
        pass

    # The board.

    def reset(self, seconds: float) -> None:
        """Lose the memory, and be a loader again after so many seconds."""
        self.memory = bytearray(LIMIT)
        self.runs = False
        self.rate = protocol.BAUD
        self._comes_up = self.time + seconds
        self._decoder = Decoder()

    def _announce(self, until: float) -> None:
        begins = max(self._said + 0.25, self._heard + 2.0, self._comes_up)
        if not self.runs and not self.is_silent and begins <= until and self.baud == self.rate:
            self._said = begins
            self._back.append((begins, protocol.WAITING + b"\r\n"))

    def _damaged(self, data: bytes) -> bytes:
        if not self.damage:
            return data
        return bytes(
            one ^ (1 << self._dice.randrange(8)) if self._dice.random() < self.damage else one
            for one in data
        )

    def _handle(self, frame: Frame) -> None:
        if self.loses_blocks and frame.kind is Kind.BLOCK:
            return
        self.asked.append(frame)
        status, data = Status.OK, b""
        if frame.kind in self.refuses:
            status = self.refuses[frame.kind]
        elif frame.kind is Kind.HELLO:
            data = self._who(frame.payload)
        elif frame.kind is Kind.CRCS:
            first, count = struct.unpack("<II", frame.payload)
            starts = range(first * BLOCK, (first + count) * BLOCK, BLOCK)
            crcs = [zlib.crc32(self.memory[at : at + BLOCK]) for at in starts]
            data = struct.pack(f"<{count}I", *crcs)
        elif frame.kind is Kind.BLOCK:
            data = self._take(frame.payload)
            if self.blocks == self.resets_after:
                self.resets_after = None
                self.reset(1.0)
                return
        elif frame.kind is Kind.START:
            size, digest, _ = struct.unpack_from("<I32sH", frame.payload)
            if hashlib.sha256(self.memory[:size]).digest() != digest:
                status = Status.SHA256
        if not self.deaf_to(frame):
            self.say(protocol.answer(frame.kind, frame.number, status, data))
        if frame.kind is Kind.BAUD and status is Status.OK:
            (self.rate,) = struct.unpack("<I", frame.payload)
        elif frame.kind in (Kind.START, Kind.BOOT) and status is Status.OK:
            self.runs = True
            self.say(WORDS)
        elif frame.kind is Kind.RESET:
            self.reset(1.0)

    def _who(self, payload: bytes) -> bytes:
        (nonce,) = struct.unpack("<I", payload)
        return Who(
            nonce,
            self.protocol,
            BLOCK,
            8,
            Flag(self.flags),
            min(self.errors, 65535),
            0xA02082,
            "00000000deadbeef",
            LIMIT,
            3_000_000,
            48_000_000,
            "0.1.0",
        ).packed()

    def _take(self, payload: bytes) -> bytes:
        index, size, coding = struct.unpack_from("<IHB", payload)
        data = payload[7:]
        start = index * BLOCK
        if coding == Coding.PART:
            (at,) = struct.unpack_from("<H", data)
            assert len(data) == 2 + size
            self.memory[start + at : start + at + size] = data[2:]
        else:
            if coding == Coding.LZ4:
                data = lz4.block.decompress(data, uncompressed_size=size)
            assert len(data) == size
            self.memory[start : start + BLOCK] = data.ljust(BLOCK, b"\0")
        self.blocks += 1
        return payload[:4]

    def say(self, data: bytes) -> None:
        """Send bytes to the port."""
        begins = max(self.time, self._back[-1][0] if self._back else 0.0)
        self._back.append((begins + 10 * len(data) / self.rate, self._damaged(data)))
