# SPDX-License-Identifier: MIT
"""An image as blocks, and its way into the loader's memory: what goes next, and what has arrived.

No line and no clock. A line keeps the order of frames, so the answer to one tells that those before
it without an answer are lost. Where many are, they become smaller.
"""

import zlib
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import lz4.block

from rpikit.loader import protocol
from rpikit.loader.protocol import BLOCK, Coding

SIZES = (64, 128, 256, 512, 1024, BLOCK)
"""Bytes that a frame carries at most."""
_TOLERATED = 0.25  # share of lost frames above which they are made smaller
_JUDGED = 4  # frames, of the last so many
_REMEMBERED = 16


class Image:
    """What goes into memory, cut into blocks; the last one is filled up with zeros."""

    def __init__(self, data: bytes) -> None:
        starts = range(0, len(data), BLOCK)
        self.blocks = [data[at : at + BLOCK].ljust(BLOCK, b"\0") for at in starts]

    def missing(self, crcs: Sequence[int]) -> list[int]:
        """Return which blocks are not those with these CRCs, by their index."""
        assert len(crcs) == len(self.blocks)
        return [
            index
            for index, (block, crc) in enumerate(zip(self.blocks, crcs, strict=True))
            if zlib.crc32(block) != crc
        ]


@dataclass(frozen=True)
class Piece:
    """Bytes of a block that are to be sent: from `start` to `end`."""

    index: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """Return how many there are."""
        return self.end - self.start


@dataclass(frozen=True)
class _Sent:
    number: int
    piece: Piece
    bytes: int  # on the line
    at: float


class Window:
    """Blocks on their way, of which some frames may be without an answer at any time."""

    def __init__(
        self, image: Image, missing: Iterable[int], frames: int, size: int = BLOCK
    ) -> None:
        self._image = image
        self._frames = frames
        self._todo = deque(Piece(one, 0, BLOCK) for one in missing)
        self._under_way: deque[_Sent] = deque()
        self._given_up: dict[int, _Sent] = {}
        self._recent: deque[bool] = deque(maxlen=_REMEMBERED)  # whether frames arrived
        self._judged: deque[bool] = deque(maxlen=_REMEMBERED)  # those of the present size
        self.size = size
        """Bytes that a frame may carry now."""
        self.lost = 0
        """Frames that were sent and had to be sent again."""
        self.left = sum(one.size for one in self._todo)
        """Bytes of the image that are not known to be there."""

    @property
    def is_done(self) -> bool:
        """Whether all is there."""
        return not self._todo and not self._under_way

    @property
    def pending(self) -> int:
        """Return the bytes on the line that have no answer yet."""
        return sum(one.bytes for one in self._under_way)

    @property
    def oldest(self) -> float | None:
        """Return when the first of those was sent, None if there are none."""
        return self._under_way[0].at if self._under_way else None

    @property
    def loss(self) -> float:
        """Return the share of lost frames, of the last sixteen; 0 before there are so many."""
        if len(self._recent) < _REMEMBERED:
            return 0.0
        return self._recent.count(False) / _REMEMBERED

    def next(self, number: int, now: float, room: float) -> bytes | None:
        """Return what the BLOCK with this number carries; None while too much is under way.

        That is more than the loader's window, or, with two frames at least, than `room` bytes.
        """
        count = len(self._under_way)
        if not self._todo or count >= self._frames or (count >= 2 and self.pending >= room):
            return None
        piece = self._todo.popleft()
        block = self._image.blocks[piece.index]
        data = self._whole(piece, block) if piece.size == BLOCK else None
        if data is None:
            end = min(piece.end, piece.start + self.size)
            if end < piece.end:
                self._todo.appendleft(Piece(piece.index, end, piece.end))
                piece = Piece(piece.index, piece.start, end)
            data = protocol.part(piece.index, piece.start, block[piece.start : end])
        self._under_way.append(_Sent(number & 0xFF, piece, len(data), now))
        self._given_up.pop(number & 0xFF, None)
        return data

    def answered(self, number: int) -> float | None:
        """Take an answer that all went well; return when its frame was sent, None if unknown."""
        if number in self._given_up:  # too early
            late = self._given_up.pop(number)
            if late.piece in self._todo:
                self._todo.remove(late.piece)
                self.left -= late.piece.size
            return late.at
        while any(one.number == number for one in self._under_way):
            sent = self._under_way.popleft()
            if sent.number == number:
                self.left -= sent.piece.size
                self._judge(arrived=True)
                return sent.at
            self._lose(sent)
        return None

    def silent(self) -> None:
        """No answer will come any more: send again all that has none, in smaller frames."""
        for sent in reversed(self._under_way):
            self._lose(sent)
        self._under_way.clear()
        self._shrink()

    def _lose(self, sent: _Sent) -> None:
        self.lost += 1
        self._given_up[sent.number] = sent
        self._todo.appendleft(sent.piece)
        self._judge(arrived=False)

    def _judge(self, *, arrived: bool) -> None:
        """Choose the size of frames that suits the losses that were seen."""
        self._recent.append(arrived)
        self._judged.append(arrived)
        lost = self._judged.count(False)
        if len(self._judged) >= _JUDGED and lost > _TOLERATED * len(self._judged):
            self._shrink()
        elif lost == 0 and len(self._judged) == _REMEMBERED:
            self.size = min((one for one in SIZES if one > self.size), default=BLOCK)
            self._judged.clear()

    def _shrink(self) -> None:
        self.size = max((one for one in SIZES if one < self.size), default=SIZES[0])
        self._judged.clear()

    def _whole(self, piece: Piece, block: bytes) -> bytes | None:
        """Return a block in one frame; None if frames have to be smaller."""
        packed = lz4.block.compress(block, mode="high_compression", store_size=False)
        if len(packed) < len(block):
            coding, data = Coding.LZ4, packed
        else:
            coding, data = Coding.RAW, block
        if len(data) > self.size:
            return None
        return protocol.block(piece.index, coding, len(block), data)
