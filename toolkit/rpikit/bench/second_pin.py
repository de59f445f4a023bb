# SPDX-License-Identifier: MIT
"""Another GPIO of the board under test, jumpered to the line of a device.

One shell on the board (second_pin.sh) drives and reads these lines; it lives as long as the
bench and puts everything back when its input ends. A board has no eye of its own for its lines:
without an observer a level is asked for again and again, so the stamp of an edge is only as
sharp as the way to the board is quick, and a pulse between two questions is not seen. The
virtual board is such an observer; there the stamps are those of its registers.
"""

import shlex
import threading
import time
from collections import deque
from pathlib import Path

from rpikit.bench import Edge, Line, Watch
from rpikit.closing import Closing
from rpikit.errors import BenchError
from rpikit.transport import Channel, Transport

_SCRIPT = Path(__file__).with_suffix(".sh")
_ANSWER_S = 10.0
_FOLLOW_S = 2.0
_POLL_S = 0.002


class Agent:
    """The shell on the board that moves its lines; requests may come from several threads."""

    def __init__(self, transport: Transport, chip_label: str) -> None:
        self._name = transport.name
        self._lock = threading.Lock()
        self._text = b""
        script = shlex.quote(_SCRIPT.read_text())
        command = f"exec sh -c {script} second-pin {shlex.quote(chip_label)}"
        self._channel: Channel = transport.start(command)
        self._expect(self._line("its start"), "ready")

    def drive(self, line: int, high: bool) -> None:
        """Make the line an output at a level."""
        self._expect(self._ask(f"out {line} {int(high)}"), "ok")

    def release(self, line: int) -> None:
        """Make the line an input."""
        self._expect(self._ask(f"in {line}"), "ok")

    def read(self, line: int) -> bool:
        """Return whether the line is high."""
        answer = self._ask(f"get {line}")
        self._expect(answer, "0", "1")
        return answer == "1"

    def look(self, *lines: int) -> list[bool]:
        """Return whether each of several lines is high."""
        answer = self._ask(f"look {' '.join(map(str, lines))}")
        levels = answer.split()
        if len(levels) != len(lines):
            self._expect(answer)
        for level in levels:
            self._expect(level, "0", "1")
        return [level == "1" for level in levels]

    def free(self, *lines: int) -> None:
        """Make lines inputs, and give them back to whoever wants them next."""
        self._expect(self._ask(f"free {' '.join(map(str, lines))}"), "ok")

    def close(self) -> None:
        """Let the shell put its lines back and end it."""
        self._channel.close()

    def _ask(self, request: str) -> str:
        with self._lock:
            self._channel.write(request.encode() + b"\n")
            return self._line(f"{request!r}")

    def _line(self, awaited: str) -> str:
        deadline = time.monotonic() + _ANSWER_S
        while b"\n" not in self._text:
            try:
                data = self._channel.read(4096, max(deadline - time.monotonic(), 0.0))
            except TimeoutError:
                raise BenchError(
                    f"{self._name}: the second-pin agent gave no answer to {awaited} "
                    f"within {_ANSWER_S:.0f} s"
                ) from None
            if not data:
                raise BenchError(f"{self._name}: the second-pin agent ended before {awaited}")
            self._text += data
        line, _, self._text = self._text.partition(b"\n")
        return line.decode(errors="replace").strip()

    def _expect(self, answer: str, *wanted: str) -> None:
        if answer not in wanted:
            text = answer.removeprefix("error: ")
            raise BenchError(
                f"{self._name}: second-pin: {text}",
                hint="the wires of this board in bench.toml name lines that nothing else uses",
            )


class SecondPin:
    """One jumpered line; `observer` sees the far end of the jumper, if anything can."""

    def __init__(self, agent: Agent, number: int, observer: Line | None = None) -> None:
        self._agent = agent
        self._number = number
        self._observer = observer

    def drive(self, high: bool) -> int:
        """Bring the line to a level; return when the far end had it, or when we were told so."""
        if self._observer is None:
            asked = time.monotonic_ns()
            self._agent.drive(self._number, high)
            return (asked + time.monotonic_ns()) // 2
        if self._observer.read() == high:
            self._agent.drive(self._number, high)
            return time.monotonic_ns()
        with self._observer.watch() as far_end:
            self._agent.drive(self._number, high)
            return self._followed(far_end, high)

    def read(self) -> bool:
        """Return whether the line is high now."""
        return self._observer.read() if self._observer else self._agent.read(self._number)

    def watch(self) -> Watch:
        """Return a source of the line's edges from now on."""
        return self._observer.watch() if self._observer else Poll(self._agent, self._number)

    def release(self) -> None:
        """Make the line an input, which drives nothing."""
        self._agent.release(self._number)

    def _followed(self, far_end: Watch, high: bool) -> int:
        deadline = time.monotonic() + _FOLLOW_S
        while (remaining := deadline - time.monotonic()) > 0:
            edge = far_end.next(remaining)
            if edge is not None and edge.high == high:
                return edge.at_ns
        level = "high" if high else "low"
        raise BenchError(
            f"line {self._number} was driven {level}, but the far end of its wire did not "
            f"follow within {_FOLLOW_S:.0f} s",
            hint=f"look at the jumper on line {self._number}, and for a second driver of its net",
        )


class Poll(Closing):
    """The edges of a line that can only be asked for its level, again and again."""

    def __init__(self, agent: Agent, number: int) -> None:
        self._agent = agent
        self._number = number
        self._level = agent.read(number)
        self._edges: deque[Edge] = deque()
        self._news = threading.Condition()
        self._fault: Exception | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"poll-{number}", daemon=True)
        self._thread.start()

    def next(self, timeout: float) -> Edge | None:
        """Return the next edge, or None if none came within `timeout` seconds."""
        with self._news:
            self._news.wait_for(lambda: self._edges or self._fault, timeout)
            if self._edges:
                return self._edges.popleft()
            if self._fault is not None:
                raise self._fault
            return None

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.wait(_POLL_S):
                asked = time.monotonic_ns()
                high = self._agent.read(self._number)
                if high == self._level:
                    continue
                self._level = high
                with self._news:
                    self._edges.append(Edge(high, (asked + time.monotonic_ns()) // 2))
                    self._news.notify_all()
        except Exception as fault:  # handed to whoever waits for the next edge
            with self._news:
                self._fault = fault
                self._news.notify_all()
