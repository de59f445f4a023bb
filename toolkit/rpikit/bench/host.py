# SPDX-License-Identifier: MIT
"""Wires of a board made of this machine: its pins are memory that the firmware's process shares.

An edge has the stamp of whoever made it: the process that sets its output, or the bench that
drives. Each side keeps its newest edges; whoever looks too late is told, never given a gap.
"""

import mmap
import os
import threading
import time
from collections import deque
from pathlib import Path

from rpikit.bench import Edge
from rpikit.closing import Closing
from rpikit.errors import BenchError

# The layout of c/backends/host/pins.h.
VERSION = 1
LINES = 64
EDGES = 65536
FREE, LOW, HIGH = range(3)
PULL_AT = 8
GUEST_AT = PULL_AT + LINES
SIDE_SIZE = LINES + 8 + 16 * EDGES
BENCH_AT = GUEST_AT + SIDE_SIZE
SIZE = BENCH_AT + SIDE_SIZE
WAKE = ".wake"
"""What the name of the FIFO adds, by which firmware that sleeps learns of edges."""

_LOOK_S = 0.0005  # between two looks; stamps do not depend on it


class _Side:
    """What one side does, and the edges it made."""

    def __init__(self, memory: memoryview, at: int) -> None:
        self.drive = memory[at : at + LINES]
        # In words of 8 bytes: each is read and written whole.
        self._words = memory[at + LINES : at + SIDE_SIZE].cast("Q")

    @property
    def count(self) -> int:
        return self._words[0]

    def add(self, line: int, high: bool, at_ns: int) -> None:
        count = self._words[0]
        slot = 1 + 2 * (count % EDGES)
        self._words[slot] = at_ns
        self._words[slot + 1] = line + (LINES if high else 0)
        self._words[0] = count + 1

    def since(self, first: int) -> list[tuple[int, Edge]]:
        """Return the edges from number `first` on, each with its line."""
        found = []
        for number in range(first, self.count):
            slot = 1 + 2 * (number % EDGES)
            at_ns, line = self._words[slot], self._words[slot + 1]
            found.append((line % LINES, Edge(line >= LINES, at_ns)))
        lost = self.count - first - EDGES
        if lost > 0:
            raise BenchError(
                f"host: {lost} edges were lost: more than {EDGES} came before they were read",
                hint="the firmware may be switching an output without a pause",
            )
        return found

    def release(self) -> None:
        self._words.release()
        self.drive.release()


class HostPins(Closing):
    """The bench's side of the pins in a file, which is made if need be."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.ftruncate(descriptor, SIZE)
                self._map = mmap.mmap(descriptor, SIZE)
            finally:
                os.close(descriptor)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BenchError(f"{file}: cannot be the file of the pins ({reason})") from None
        self._memory = memoryview(self._map)
        self._version = self._memory[:PULL_AT].cast("Q")
        self._pull = self._memory[PULL_AT:GUEST_AT]
        self.guest = _Side(self._memory, GUEST_AT)
        self.bench = _Side(self._memory, BENCH_AT)
        self._lock = threading.Lock()
        if self._version[0] not in (0, VERSION):
            self.close()
            raise BenchError(f"{file}: pins of another version of rpikit; remove the file")
        self._version[0] = VERSION

    def read(self, line: int) -> bool:
        """Return whether a line is high: what drives it decides, else its pull."""
        for drives in (self.guest.drive, self.bench.drive, self._pull):
            drive = drives[line]
            if drive != FREE:
                return drive == HIGH
        return False

    def drive(self, line: int, drive: int) -> int:
        """Do something to a line from outside and return the time stamp of that."""
        with self._lock:
            before = self.read(line)
            at_ns = time.monotonic_ns()
            self.bench.drive[line] = drive
            after = self.read(line)
            if after != before:
                self.bench.add(line, after, at_ns)
                self._wake()
        return at_ns

    def _wake(self) -> None:
        """Wake firmware that sleeps; a FIFO that is full wakes it already."""
        try:
            fifo = os.open(f"{self._file}{WAKE}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return  # nobody waits for edges
        try:
            os.write(fifo, b"\0")
        except BlockingIOError:
            pass
        finally:
            os.close(fifo)

    def line(self, number: int) -> "HostLine":
        """Return the bench's end of a wire to a line."""
        return HostLine(self, number)

    def close(self) -> None:
        """Let go of the memory; what was driven stays driven."""
        self.guest.release()
        self.bench.release()
        self._pull.release()
        self._version.release()
        self._memory.release()
        self._map.close()


class HostBoard:
    """The board's own side of its lines, while no firmware has them."""

    def __init__(self, pins: HostPins) -> None:
        self._pins = pins

    def drive(self, line: int, high: bool) -> None:
        """Make the line an output at a level."""
        self._pins.guest.drive[line] = HIGH if high else LOW

    def release(self, line: int) -> None:
        """Make the line an input."""
        self._pins.guest.drive[line] = FREE

    def look(self, *lines: int) -> list[bool]:
        """Return whether each of several lines is high."""
        return [self._pins.read(line) for line in lines]

    def free(self, *lines: int) -> None:
        """Make lines inputs."""
        for line in lines:
            self.release(line)


class HostLine:
    """The bench's end of a wire to one line."""

    def __init__(self, pins: HostPins, number: int) -> None:
        self._pins = pins
        self._number = number

    def drive(self, high: bool) -> int:
        """Bring the line to a level and return the time stamp of that."""
        return self._pins.drive(self._number, HIGH if high else LOW)

    def read(self) -> bool:
        """Return whether the line is high now."""
        return self._pins.read(self._number)

    def watch(self) -> "HostWatch":
        """Return a source of the line's edges from now on."""
        return HostWatch(self._pins, self._number)

    def release(self) -> None:
        """Stop driving the line; its pull decides."""
        self._pins.drive(self._number, FREE)


class HostWatch(Closing):
    """The edges of one line, from either side, in the order of their stamps."""

    def __init__(self, pins: HostPins, number: int) -> None:
        self._number = number
        self._sides = (pins.guest, pins.bench)
        self._seen = [side.count for side in self._sides]
        self._edges: deque[Edge] = deque()

    def next(self, timeout: float) -> Edge | None:
        """Return the next edge, or None if none came within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self._edges:
            self._look()
            remaining = deadline - time.monotonic()
            if self._edges or remaining <= 0:
                break
            time.sleep(min(_LOOK_S, remaining))
        return self._edges.popleft() if self._edges else None

    def _look(self) -> None:
        found: list[Edge] = []
        for at, side in enumerate(self._sides):
            new = side.since(self._seen[at])
            self._seen[at] += len(new)
            found += [edge for line, edge in new if line == self._number]
        self._edges.extend(sorted(found, key=lambda edge: edge.at_ns))

    def close(self) -> None:
        """Stop watching."""
        self._edges.clear()
