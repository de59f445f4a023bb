# SPDX-License-Identifier: MIT
# ruff: noqa: SIM105
"""The agent of a bench computer: takes the requests of `bench_pi`, its only user, one by one.

It leaves no file. However it ends, its lines are inputs again: by itself, or, when it is killed, by
the kernel (gpiod) or a process that stands by (RPi.GPIO). It ends with its input, and when nobody
has spoken for some time: a network that is dead says nothing.

A request is a line `NUMBER VERB ARGUMENT...`; its answer is `NUMBER ok NOW RESULT...` or
`NUMBER error TEXT<tab>HINT`. By itself it says `edge LINE LEVEL WHEN` and `lost LINE`. Times
are in ns of this computer's CLOCK_MONOTONIC.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from rpikit.bench.agent.gpiod_line import Gpiod
from rpikit.bench.agent.kernel import Kernel
from rpikit.bench.agent.line import FaultError, Line, reason
from rpikit.bench.agent.rpi_line import SAMPLE_MS, RpiGpio, Standby

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

READY = "rpikit-bench-agent: ready"
"""What it says first."""

SILENCE_S = 20.0
"""How long it waits for a request."""

LINES = 64
_LONGEST = 200  # bytes of a request
_PULLS = ("up", "down", "none")


class Agent:
    """Takes requests from its input, and tells edges between them."""

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s
        self._kernel = Kernel()
        self._standby = Standby()
        self._drivers: dict[str, Gpiod | RpiGpio] = {}
        self._lines: dict[int, Line] = {}
        self._text = b""
        self._is_skipping = False
        self._woken, self._waking = os.pipe()
        os.set_blocking(self._waking, False)
        self._verbs: dict[str, Callable[..., tuple[object, ...]]] = {
            "time": self._time,
            "driver": self._load,
            "open": self._open,
            "out": self._out,
            "in": self._in,
            "get": self._get,
            "watch": self._watch,
            "unwatch": self._unwatch,
            "end": self._end,
        }

    def run(self) -> None:
        """Work until the input ends, or a signal comes."""
        for wish in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(wish, _leave)
        self._listened()
        try:
            self._say(READY)
            while self._turn():
                pass
        except OSError:
            pass  # nobody listens any more
        finally:
            self._give_back()

    def _give_back(self) -> None:
        """Make every line an input and let go of it, whatever else is wished for."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        for wish in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(wish, signal.SIG_IGN)
        is_whole = True
        for line in self._lines.values():
            try:
                line.close()
            except Exception:  # the other lines have a right to it, too
                is_whole = False
        if is_whole:
            self._standby.end()

    # What comes in and goes out.

    def _turn(self) -> bool:
        """Wait for something and see to it; say whether to go on."""
        poll = select.poll()
        for descriptor in (0, self._woken, *(line.descriptor for line in self._lines.values())):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        is_sampling = any(line.is_sampled for line in self._lines.values())
        ready = {descriptor for descriptor, _ in poll.poll(SAMPLE_MS if is_sampling else None)}
        if self._woken in ready:
            os.read(self._woken, 256)
        for line in self._lines.values():
            self._tell(line)
        return self._hear() if 0 in ready else True

    def _hear(self) -> bool:
        """Answer what has come; say whether more can come."""
        data = os.read(0, 4096)
        *requests, self._text = (self._text + data).split(b"\n")
        for request in requests:
            if not self._is_skipping:
                self._answer(request)
            self._is_skipping = False
            self._listened()
        if len(self._text) > _LONGEST:
            if not self._is_skipping:
                self._say(f"? error this request is longer than {_LONGEST} bytes")
            self._text, self._is_skipping = b"", True
        return bool(data)

    def _listened(self) -> None:
        """Begin the time anew after which silence is the end, also of a write nobody takes."""
        signal.setitimer(signal.ITIMER_REAL, self._silence_s)

    def _say(self, *words: object) -> None:
        data = (" ".join(map(str, words)) + "\n").encode()
        while data:
            data = data[os.write(1, data) :]

    def _answer(self, request: bytes) -> None:
        number, *words = request.decode("ascii", "replace").split() or [""]
        if not (number.isascii() and number.isdigit()):
            self._say(f"? error a request begins with its number, not with {request[:40]!r}")
            return
        try:
            result = self._do(words)
        except FaultError as fault:
            self._say(number, "error", f"{fault}\t{fault.hint}")
        except Exception as error:  # what a library makes of a request that it cannot do
            self._say(number, "error", f"{' '.join(words)}: {reason(error)}\t")
        else:
            self._say(number, "ok", time.monotonic_ns(), *result)

    def _do(self, words: list[str]) -> tuple[object, ...]:
        verb, *given = words or [""]
        does = self._verbs.get(verb)
        wanted = 0 if does is None else does.__code__.co_argcount - 1
        if does is None or len(given) != wanted:
            raise FaultError(f"there is no request {' '.join(words)[:40]!r}")
        return does(*given)

    def _wake(self) -> None:
        try:
            os.write(self._waking, b"\0")
        except BlockingIOError:
            pass  # it will wake already

    def _tell(self, line: Line) -> None:
        """Tell the edges of a line since it was looked at last.

        Two to the same level have another between them, too short for a stamp of its own.
        """
        if not line.is_watched or line.is_output:
            return
        for high, at_ns in line.edges():
            if high == line.level and at_ns <= line.known_ns:
                continue  # it made the level that was read after it
            if high == line.level:
                self._say("edge", line.number, int(not high), at_ns)
            self._say("edge", line.number, int(high), at_ns)
            line.level = high
        if line.lost:
            self._say("lost", line.number)
            line.lost = 0

    # The verbs.

    def _time(self) -> tuple[object, ...]:
        return ()

    def _open(self, number: str, driver: str, pull: str) -> tuple[object, ...]:
        if not (number.isascii() and number.isdigit()) or int(number) >= LINES:
            raise FaultError(f"there is no line {number}; there are 0-{LINES - 1}")
        if pull not in _PULLS:
            raise FaultError(f"there is no pull {pull!r}")
        if int(number) in self._lines:
            raise FaultError(f"line {number} is in use by another wire of this bench")
        line = self._driver(driver).open(int(number), pull)
        self._lines[int(number)] = line
        return (f"{self._driver(driver).name}, {line.quality}",)

    def _load(self, name: str) -> tuple[object, ...]:
        return (self._driver(name).name,)

    def _driver(self, name: str) -> Gpiod | RpiGpio:
        if name not in self._drivers:
            if name == "gpiod":
                self._drivers[name] = Gpiod(self._kernel)
            elif name == "RPi.GPIO":
                self._drivers[name] = RpiGpio(self._kernel, self._standby, self._wake)
            else:
                raise FaultError(f"there is no driver {name!r}")
        return self._drivers[name]

    def _line(self, number: str) -> Line:
        line = self._lines.get(int(number)) if number.isascii() and number.isdigit() else None
        if line is None:
            raise FaultError(f"line {number} is not open")
        return line

    def _out(self, number: str, level: str) -> tuple[object, ...]:
        if level not in ("0", "1"):
            raise FaultError(f"there is no level {level!r}")
        line = self._line(number)
        self._tell(line)
        before, after = line.drive(level == "1")
        if line.is_watched:
            self._moved(line, level == "1", (before + after) // 2)
        return before, after

    def _in(self, number: str) -> tuple[object, ...]:
        line = self._line(number)
        if line.is_output:
            line.set_input()
            line.is_output = False
            if line.is_watched:
                self._moved(line, line.get(), time.monotonic_ns())
        return ()

    def _moved(self, line: Line, high: bool, at_ns: int) -> None:
        """Tell the edge that driving the line made, or the end of it."""
        if high != line.level:
            self._say("edge", line.number, int(high), at_ns)
        line.know(high)

    def _get(self, number: str) -> tuple[object, ...]:
        return (int(self._line(number).get()),)

    def _watch(self, number: str) -> tuple[object, ...]:
        line = self._line(number)
        self._set_watched(line, True)
        line.know(line.get())
        return int(line.level), line.quality

    def _unwatch(self, number: str) -> tuple[object, ...]:
        self._set_watched(self._line(number), False)
        return ()

    def _set_watched(self, line: Line, is_watched: bool) -> None:
        before, line.is_watched = line.is_watched, is_watched
        try:
            if before != is_watched and not line.is_output:
                line.set_input()
        except Exception:
            line.is_watched = before
            raise

    def _end(self) -> NoReturn:
        raise SystemExit(0)


def _leave(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


def main(silence_s: float) -> None:
    """Work; take no module from the folder in which the shell happens to be."""
    sys.path[:] = [place for place in sys.path if place]
    Agent(silence_s).run()
