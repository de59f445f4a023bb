# SPDX-License-Identifier: MIT
"""The sending half of an upload, without a line or a clock: what to send next, what has arrived.

The receiver appends all that comes to a file, the sink, whole or not, and tells the check of each
piece of it. The pieces are found again in what was sent, wherever lost or added bytes have moved
them; what no piece vouches for is sent once more. At the end the blob lies scattered in the sink,
and `runs` says where.
"""

import bisect
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rpikit.transport.line.check import Check

PIECES = (64, 128, 256, 1024, 4096)
"""Sizes of a piece, in bytes."""
_NEAR = 24  # bytes that a piece is expected to have moved since the last one, at most
_LATE = 3  # pieces in a row that are nowhere near, before all that is under way is searched
_TOLERATED = 0.07  # share of damaged pieces above which they are made smaller
_JUDGED = 12  # pieces


@dataclass(frozen=True)
class Run:
    """A part of the blob that lies in one piece in the sink."""

    start: int  # in the blob
    offset: int  # in the sink
    size: int


class Sender:
    """One blob on its way into a sink that has `base` bytes already."""

    def __init__(self, blob: bytes, check: Check, *, base: int = 0, window: int = 16384) -> None:
        self.blob = blob
        self.window = window
        self._check = check
        self._sent = bytearray()  # all of it, in order
        self._segments: list[tuple[int, int, int]] = []  # start in what was sent, in blob, size
        self._todo: deque[tuple[int, int]] = deque([(0, len(blob))] if blob else [])
        self._settled = 0  # of what was sent: all before is known to be there, or sent again
        self._shift = -base  # of what was sent against the sink
        self._heard = base  # end of the last piece told of
        self._stored: list[Run] = []
        self._missed = 0
        self._fates: deque[tuple[int, bool]] = deque(maxlen=64)

    @property
    def is_done(self) -> bool:
        """Whether all of the blob is in the sink."""
        return not self._todo and self._settled == len(self._sent)

    @property
    def covered(self) -> int:
        """Return the bytes of the blob that are in the sink or on their way."""
        return len(self.blob) - sum(end - start for start, end in self._todo)

    @property
    def sent(self) -> int:
        """Return all bytes that were sent."""
        return len(self._sent)

    @property
    def is_told(self) -> bool:
        """Whether the receiver has told of as many bytes as were sent, or nearly."""
        return len(self._sent) - (self._heard + self._shift) <= _NEAR

    def resume(self, pieces: Iterable[tuple[int, int, int]]) -> None:
        """Take pieces of the sink (offset, size, check) that hold parts of this very blob."""
        by_size: dict[int, dict[int, int]] = {}
        at = 0  # most pieces follow the one before
        for offset, size, value in pieces:
            self._heard = max(self._heard, offset + size)
            found = at if self._check(self.blob[at : at + size]) == value else None
            if found is None and size in PIECES:
                if size not in by_size:
                    ends = range(max(0, len(self.blob) - size + 1))
                    by_size[size] = {self._check(self.blob[one : one + size]): one for one in ends}
                found = by_size[size].get(value)
            if found is not None and found + size <= len(self.blob):
                self._stored.append(Run(found, offset, size))
                at = found + size
        self._shift = -self._heard
        missing, reached = [], 0
        for run in self.runs(whole=False):
            if run.start > reached:
                missing.append((reached, run.start))
            reached = run.start + run.size
        if reached < len(self.blob):
            missing.append((reached, len(self.blob)))
        self._todo = deque(missing)

    def next(self, limit: int) -> bytes:
        """Return what to send now, at most `limit` bytes; b"" while too much is under way."""
        room = min(limit, self.window - (len(self._sent) - self._settled))
        made = bytearray()
        while self._todo and room > len(made):
            start, end = self._todo.popleft()
            stop = min(end, start + room - len(made))
            self._segments.append((len(self._sent) + len(made), start, stop - start))
            made += self.blob[start:stop]
            if stop < end:
                self._todo.appendleft((stop, end))
        self._sent += made
        return bytes(made)

    def piece(self, offset: int, size: int, value: int) -> bool:
        """Take what the receiver tells of a piece of the sink; say whether it is ours."""
        self._heard = max(self._heard, offset + size)
        at = self._find(offset + self._shift, size, value)
        self._fates.append((size, at is not None))
        if at is None:
            self._missed += 1
            return False
        self._missed = 0
        self._shift = at - offset
        self._lose(at)
        for start, into, length in self._blob_parts(at, at + size):
            self._stored.append(Run(into, offset + start - at, length))
            if at < self._settled:  # it was given up too early
                self._spare(into, into + length)
        self._settled = max(self._settled, at + size)
        return True

    def quiet(self) -> None:
        """Nothing more will be told of what was sent so far: send again what is not there."""
        self._lose(len(self._sent))
        self._shift = len(self._sent) - self._heard

    def advice(self, current: int) -> int:
        """Return the size of a piece that suits the damage that was seen."""
        if len(self._fates) < _JUDGED:
            return current
        told = sum(size for size, _ in self._fates)
        lost = sum(1 for _, whole in self._fates if not whole)
        if lost / len(self._fates) > _TOLERATED:
            fitting = [size for size in PIECES if size * lost / told <= _TOLERATED]
            return min(current, max(fitting, default=PIECES[0]))
        if lost == 0 and len(self._fates) == self._fates.maxlen:
            return min(PIECES[-1], current * 4)
        return current

    def forget_damage(self) -> None:
        """Judge anew: pieces have another size from now on."""
        self._fates.clear()

    def runs(self, *, whole: bool = True) -> list[Run]:
        """Return where the blob is in the sink, in the order of the blob, nothing twice."""
        found: list[Run] = []
        reached = 0
        for run in sorted(self._stored, key=lambda one: (one.start, -one.size)):
            skip = max(0, reached - run.start)
            if skip >= run.size:
                continue
            assert not whole or run.start <= reached
            kept = Run(run.start + skip, run.offset + skip, run.size - skip)
            last = found[-1] if found else None
            if last and (last.start + last.size, last.offset + last.size) == (
                kept.start,
                kept.offset,
            ):
                found[-1] = Run(last.start, last.offset, last.size + kept.size)
            else:
                found.append(kept)
            reached = kept.start + kept.size
        assert not whole or reached == len(self.blob)
        return found

    def _find(self, expected: int, size: int, value: int) -> int | None:
        """Return where in what was sent a piece is, the place nearest to the expected one."""
        first = max(0, min(self._settled - _NEAR, len(self._sent) - 4 * self.window))
        last = len(self._sent) - size
        for at in _outward(expected, _NEAR * (1 + self._missed)):
            if first <= at <= last and self._check(bytes(self._sent[at : at + size])) == value:
                return at
        if self._missed < _LATE or size < PIECES[0]:
            return None
        ahead = bytes(self._sent[first:])
        for at in range(len(ahead) - size + 1):
            if self._check(ahead[at : at + size]) == value:
                return first + at
        return None

    def _lose(self, end: int) -> None:
        """Send again what lies between what is settled and `end`."""
        for _, start, size in reversed(list(self._blob_parts(self._settled, end))):
            self._todo.appendleft((start, start + size))
        self._settled = max(self._settled, end)

    def _spare(self, first: int, last: int) -> None:
        """Do not send a part of the blob that has arrived after all."""
        kept: deque[tuple[int, int]] = deque()
        for start, end in self._todo:
            kept += [
                part
                for part in ((start, min(end, first)), (max(start, last), end))
                if part[0] < part[1]
            ]
        self._todo = kept

    def _blob_parts(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Give what was sent from start to end: its place in what was sent, in the blob, size."""
        for sent, into, size in self._segments_from(start):
            if sent >= end:
                return
            first, last = max(start, sent), min(end, sent + size)
            if first < last:
                yield first, into + first - sent, last - first

    def _segments_from(self, start: int) -> Iterator[tuple[int, int, int]]:
        index = bisect.bisect_right(self._segments, start, key=lambda one: one[0])
        yield from self._segments[max(0, index - 1) :]


def _outward(middle: int, reach: int) -> Iterator[int]:
    yield middle
    for step in range(1, reach + 1):
        yield middle + step
        yield middle - step
