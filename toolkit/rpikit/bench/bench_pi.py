# SPDX-License-Identifier: MIT
"""Lines of a bench computer, by gpiod or RPi.GPIO: of a Pi within reach, or of this machine.

One agent for each computer moves and watches all of them. It runs there from memory (see `agent`),
leaves no file, and makes its lines inputs however it ends. Edges have that computer's stamps, put
on this machine's clock by round trips that go on as long as the agent lives.
"""

import shlex
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Protocol

from rpikit.bench import Edge
from rpikit.bench.agent import main as far
from rpikit.bench.clock_map import ClockMap
from rpikit.closing import Closing
from rpikit.errors import BenchError, BoardError
from rpikit.transport import Channel

_PACKAGE = far.__name__.rpartition(".")[0]
_PARTS = ("line", "kernel", "gpiod_line", "rpi_line", "main")
_NAME = "rpikit-bench-agent"
_START_S = 60.0
_ANSWER_S = 20.0
_TICK_S = 1.0
_LOOK_S = 0.2
_END_S = 3.0
_TRIPS = 12
_ERROR = "error: "

_BOOT = """\
import os, sys
if sys.version_info < (3, 9):
    sys.exit("error: Python 3.9 or newer is needed, this is %d.%d" % sys.version_info[:2])
text = b""
while len(text) < {size}:
    data = os.read(0, {size} - len(text))
    if not data:
        sys.exit()
    text += data
exec(text)
"""
_PROGRAM = """\
import sys, types
for name, text in {parts!r}.items():
    sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), sys.modules[name].__dict__)
sys.modules[{main!r}].main({silence_s})
"""


@cache
def program(silence_s: float = far.SILENCE_S) -> bytes:
    """Return the agent as one text, which Python runs without a file."""
    folder = Path(far.__file__).parent
    parts = {f"{_PACKAGE}.{part}": (folder / f"{part}.py").read_text() for part in _PARTS}
    text = _PROGRAM.format(parts=parts, main=f"{_PACKAGE}.main", silence_s=silence_s)
    return text.encode()


def command(program: bytes) -> str:
    """Return the command that runs the agent once it was sent the program."""
    boot = shlex.quote(_BOOT.format(size=len(program)))
    return (
        f"command -v python3 > /dev/null || {{ echo '{_ERROR}python3 is missing'; exit 127; }}; "
        f"exec python3 -u -c {boot} {_NAME}"
    )


class Way(Protocol):
    """What of a transport the agent needs."""

    @property
    def name(self) -> str:
        """Say what messages call this way."""
        ...

    def start(self, command: str) -> Channel:
        """Start `command` in the remote shell and hold its streams open."""
        ...


class BenchPi(Closing):
    """The agent on a bench computer; requests may come from several threads."""

    def __init__(self, way: Way, *, silence_s: float = far.SILENCE_S) -> None:
        """`silence_s` is how long the agent waits for a sign of us, in seconds, before it ends."""
        self.name = way.name
        self.clock = ClockMap()
        self._text = b""
        self._last = ""
        self._fault: BenchError | None = None
        self._asked = 0
        self._answers: dict[int, tuple[str, int] | None] = {}
        self._qualities: set[str] = set()
        self._watches: dict[int, list[BenchPiWatch]] = {}
        self._news = threading.Condition()
        self._writing = threading.Lock()
        self._closing = threading.Event()
        text = program(silence_s)
        self._channel: Channel = way.start(command(text))
        try:
            with suppress(BoardError):  # what it says in its end says more
                self._channel.write(text)
            self._await_ready()
        except BaseException:
            self._channel.close()
            raise
        self._threads = [
            threading.Thread(target=work, name=f"{_NAME} {work.__name__}", daemon=True)
            for work in (self._listen, self._keep_time)
        ]
        self._threads[0].start()
        try:
            for _ in range(_TRIPS):
                self.ask("time")
        except BaseException:
            self.close()
            raise
        self._threads[1].start()

    def ask(self, *words: object, within_s: float = _ANSWER_S) -> str:
        """Send a request and return what the answer has after its time."""
        request = " ".join(map(str, words))
        with self._news:
            self._check()
            self._asked += 1
            number = self._asked
            self._answers[number] = None
        try:
            sent_ns = time.monotonic_ns()
            self._write(f"{number} {request}\n".encode())
            answer, received_ns = self._answer(number, request, within_s)
        finally:
            with self._news:
                self._answers.pop(number, None)
        kind, _, rest = answer.partition(" ")
        if kind == "error":
            text, _, hint = rest.partition("\t")
            raise BenchError(f"{self.name}: {text}", hint=hint or None)
        now, _, result = rest.partition(" ")
        (now_ns,) = self.numbers(request, now, 1)
        self.clock.measure(sent_ns, now_ns, received_ns)
        return result

    def numbers(self, request: str, said: str, count: int) -> list[int]:
        """Return the numbers of an answer; refuse anything else."""
        found = _numbers(said.split())
        if found is None or len(found) != count:
            raise BenchError(
                f"{self.name}: the bench agent answered {said[:60]!r} to {request!r}: something "
                "else writes to its connection"
            )
        return found

    def line(self, number: int, driver: str, pull: str) -> "BenchPiLine":
        """Take a line, as an input with this pull."""
        self.driver(driver)
        self._qualities.add(self.ask("open", number, driver, pull))
        return BenchPiLine(self, number)

    def driver(self, name: str) -> str:
        """Have a driver's library loaded; return its name and version."""
        return self.ask("driver", name, within_s=_START_S)

    def claim(self) -> str:
        """Say what the stamps of its lines are worth."""
        within = self.clock.uncertainty_ns() / 1e6
        behind = " and ".join(sorted(self._qualities)) or "no line"
        return f"{self.name} by {behind}; its clock is known to {within:.2f} ms"

    def watch(self, number: int) -> "BenchPiWatch":
        """Return a source of a line's edges."""
        watch = BenchPiWatch(self, number)
        with self._news:
            is_first = not self._watches.get(number)
            self._watches.setdefault(number, []).append(watch)
        try:
            if is_first:
                self.ask("watch", number)
        except BaseException:
            self.forget(watch)
            raise
        return watch

    def forget(self, watch: "BenchPiWatch") -> None:
        """Stop a watch; the last of a line stops its edges."""
        with self._news:
            others = self._watches.get(watch.number, [])
            if watch not in others:
                return
            others.remove(watch)
            is_last = not others
        if is_last and self._fault is None:
            with suppress(BenchError):
                self.ask("unwatch", watch.number)

    def wait(self, watch: "BenchPiWatch", timeout: float) -> Edge | None:
        """Return the next edge of a watch, or None if none came within `timeout` seconds."""
        with self._news:
            self._news.wait_for(lambda: watch.edges or watch.has_lost or self._fault, timeout)
            if watch.edges:
                return watch.edges.popleft()
            if watch.has_lost:
                raise BenchError(
                    f"{self.name}: edges of line {watch.number} came faster than its kernel "
                    "could keep them, so not all are known",
                    hint="the firmware may be switching an output without a pause",
                )
            self._check()
            return None

    def close(self) -> None:
        """Let the agent make its lines inputs, and end it; what it cannot be told, it notices."""
        if self._closing.is_set():
            return
        self._closing.set()
        with suppress(BenchError):
            self._write(b"0 end\n")
        self._threads[0].join(_END_S)
        self._channel.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _check(self) -> None:
        if self._fault is not None:
            raise BenchError(str(self._fault), hint=self._fault.hint)

    def _write(self, data: bytes) -> None:
        with self._writing:
            try:
                self._channel.write(data)
            except BoardError as error:
                self._check()
                raise BenchError(f"{self.name}: the bench agent is gone: {error}") from None

    def _answer(self, number: int, request: str, within_s: float) -> tuple[str, int]:
        with self._news:
            self._news.wait_for(lambda: self._answers[number] or self._fault, within_s)
            answer = self._answers[number]
            if answer is None:
                self._check()
                raise BenchError(
                    f"{self.name}: the bench agent gave no answer to {request!r} within "
                    f"{within_s:.0f} s; it said last: {self._last or 'nothing'}"
                )
            return answer

    def _await_ready(self) -> None:
        """Wait for the agent's first word; what a login shell says before is no matter."""
        deadline = time.monotonic() + _START_S
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                data = self._channel.read(4096, remaining)
            except TimeoutError:
                break
            if not data:
                raise self._unready("ended at its start")
            for line in self._lines(data):
                if line == far.READY:
                    return
                if line.startswith(_ERROR):
                    raise self._unready(line.removeprefix(_ERROR))
                self._last = line or self._last
        raise self._unready(f"did not begin within {_START_S:.0f} s")

    def _unready(self, why: str) -> BenchError:
        if "ython" in why:
            return BenchError(f"{self.name}: {why}", hint="there: sudo apt install python3")
        said = f"; it said last: {self._last}" if self._last else ""
        return BenchError(f"{self.name}: the bench agent {why}{said}")

    def _lines(self, data: bytes) -> Iterator[str]:
        *lines, self._text = (self._text + data).split(b"\n")
        return (line.decode(errors="replace").strip("\r") for line in lines)

    def _listen(self) -> None:
        """Take what the agent says until it ends."""
        try:
            while True:
                try:
                    data = self._channel.read(4096, _LOOK_S)
                except TimeoutError:
                    continue
                if not data:
                    break
                received_ns = time.monotonic_ns()
                with self._news:
                    for line in self._lines(data):
                        self._take(line, received_ns)
                    self._news.notify_all()
            said = f": {self._last}" if self._last else ""
            fault = BenchError(f"{self.name}: the bench agent ended{said}")
        except BoardError as error:
            fault = BenchError(str(error), hint=error.hint)
        except (OSError, ValueError) as error:
            fault = BenchError(f"{self.name}: the bench agent is gone: {error}")
        with self._news:
            self._fault = fault
            self._news.notify_all()

    def _take(self, line: str, received_ns: int) -> None:
        """See to a line from the agent; another program's words are kept to be told."""
        first, _, rest = line.partition(" ")
        numbers = _numbers(rest.split()) or []
        if first == "edge" and len(numbers) == 3:
            number, level, there_ns = numbers
            edge = Edge(bool(level), self.clock.here(there_ns))
            for watch in self._watches.get(number, ()):
                watch.edges.append(edge)
        elif first == "lost" and len(numbers) == 1:
            for watch in self._watches.get(numbers[0], ()):
                watch.has_lost = True
        elif first.isdecimal() and int(first) in self._answers:
            self._answers[int(first)] = (rest, received_ns)
        elif line:
            self._last = line

    def _keep_time(self) -> None:
        """Measure the clocks again and again, which also tells the agent that we live."""
        while not self._closing.wait(_TICK_S):
            try:
                self.ask("time")
            except BenchError:
                if self._fault is not None:
                    return


def _numbers(words: list[str]) -> list[int] | None:
    return [int(word) for word in words] if all(map(str.isdecimal, words)) else None


class BenchPiLine:
    """A line of a bench computer."""

    def __init__(self, there: BenchPi, number: int) -> None:
        self._there = there
        self._number = number

    def drive(self, high: bool) -> int:
        """Bring the line to a level and return the time stamp of that."""
        said = self._there.ask("out", self._number, int(high))
        before, after = self._there.numbers("out", said, 2)
        return self._there.clock.here((before + after) // 2)

    def read(self) -> bool:
        """Return whether the line is high now."""
        return self._there.ask("get", self._number) == "1"

    def watch(self) -> "BenchPiWatch":
        """Return a source of the line's edges from now on."""
        return self._there.watch(self._number)

    def release(self) -> None:
        """Stop driving the line, so that its pull or its other end decides."""
        self._there.ask("in", self._number)


class BenchPiWatch(Closing):
    """The edges of one line of a bench computer, with that computer's stamps on our clock."""

    def __init__(self, there: BenchPi, number: int) -> None:
        self._there = there
        self.number = number
        self.edges: deque[Edge] = deque()
        self.has_lost = False

    def next(self, timeout: float) -> Edge | None:
        """Return the next edge, or None if none came within `timeout` seconds."""
        return self._there.wait(self, timeout)

    def close(self) -> None:
        """Stop watching."""
        self._there.forget(self)
