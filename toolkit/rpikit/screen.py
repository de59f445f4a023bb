# SPDX-License-Identifier: MIT
"""What is shown of a console: which lines, with which stamps, for people or for programs."""

import datetime
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, Protocol, TextIO

from rpikit import console_text, results
from rpikit.crash import Explained

Stamps = Literal["off", "wall", "elapsed", "delta"]
STAMPS: tuple[Stamps, ...] = ("off", "wall", "elapsed", "delta")

_MARK, _EXPLAINED, _DIM, _RESET = "\x1b[1;33m", "\x1b[36m", "\x1b[2m", console_text.RESET


@dataclass(frozen=True)
class Line:
    """A line of a console, or a piece of one that is too long or has not ended yet."""

    text: str
    whole: bool
    at: float  # seconds since the epoch, when its beginning came
    explained: Sequence[Explained] = ()


@dataclass(frozen=True)
class Patterns:
    """Which lines are shown, and what is marked in them; colours of the guest do not count."""

    wanted: tuple[re.Pattern[str], ...] = ()
    unwanted: tuple[re.Pattern[str], ...] = ()
    marked: tuple[re.Pattern[str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted or self.marked)

    def show(self, text: str) -> bool:
        """Say whether a line is shown."""
        if any(one.search(text) for one in self.unwanted):
            return False
        return not self.wanted or any(one.search(text) for one in self.wanted)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in a line something is to be marked, in order, without overlaps."""
        found = sorted(
            match.span()
            for one in (*self.wanted, *self.marked)
            for match in one.finditer(text)
            if match.group()
        )
        spans: list[tuple[int, int]] = []
        for begin, end in found:
            if spans and begin <= spans[-1][1]:
                spans[-1] = spans[-1][0], max(spans[-1][1], end)
            else:
                spans.append((begin, end))
        return spans


class Screen(Protocol):
    """Where a console is shown."""

    def line(self, line: Line) -> None:
        """Show a line that has ended."""
        ...

    def begun(self, line: Line) -> None:
        """Show what there is of a line that has not ended yet."""
        ...

    def note(self, text: str) -> None:
        """Say something that is not in the console."""
        ...

    def raw(self, data: bytes) -> None:
        """Take the bytes as they came."""
        ...

    def close(self) -> None:
        """End a line that is begun."""
        ...


@dataclass
class Clock:
    """Stamps of lines."""

    kind: Stamps
    start: float = field(default_factory=time.time)
    last: float | None = None

    def stamp(self, at: float) -> str:
        """Return the stamp of the next line that is shown, with a blank behind it."""
        before, self.last = self.last, at
        if self.kind == "off":
            return ""
        if self.kind == "wall":
            return f"{datetime.datetime.fromtimestamp(at):%H:%M:%S.%f}"[:-3] + " "
        if self.kind == "elapsed":
            return f"{at - self.start:10.3f} "
        return f"{at - (at if before is None else before):+9.3f} "


class Lines:
    """A screen for people: text, on a terminal with colours, and with what has not ended yet."""

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        stamps: Stamps = "off",
        patterns: Patterns = Patterns(),
        colours: bool = False,
        live: bool = False,
    ) -> None:
        self._out, self._err = out, err
        self._clock = Clock(stamps)
        self._patterns = patterns
        self._colours = colours
        self._live = live
        self._shown = 0  # characters of the line that is begun

    def line(self, line: Line) -> None:
        plain = console_text.strip(line.text)
        if self._shown:
            self._put(self._dressed(line.text[self._shown :]) + "\n")
        elif self._patterns.show(plain):
            self._put(f"{self._stamp(line)}{self._marked(line.text, plain)}\n")
        else:
            return
        self._shown = 0
        for explained in line.explained:
            for text in explained.lines():
                self._put(
                    self._painted(f"    {console_text.printable(text, colours=False)}") + "\n"
                )

    def begun(self, line: Line) -> None:
        if not self._live or self._patterns or len(line.text) == self._shown:
            return
        stamp = "" if self._shown else self._stamp(line)
        self._put(stamp + self._dressed(line.text[self._shown :]))
        self._shown = len(line.text)

    def note(self, text: str) -> None:
        self.close()
        said = f"--- {console_text.printable(text, colours=False)}"
        print(f"{_DIM}{said}{_RESET}" if self._colours else said, file=self._err, flush=True)

    def raw(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        if self._shown:
            self._put("\n")
            self._shown = 0

    def _put(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def _stamp(self, line: Line) -> str:
        stamp = self._clock.stamp(line.at)
        return f"{_DIM}{stamp}{_RESET}" if stamp and self._colours else stamp

    def _marked(self, text: str, plain: str) -> str:
        spans = self._patterns.spans(plain) if self._colours else []
        if not spans:
            return self._dressed(text)
        parts, at = [], 0
        for begin, end in spans:
            parts += [self._bare(plain[at:begin]), _MARK, self._bare(plain[begin:end]), _RESET]
            at = end
        return "".join(parts) + self._bare(plain[at:])

    def _dressed(self, text: str) -> str:
        return console_text.printable(text, colours=self._colours)

    def _bare(self, text: str) -> str:
        return console_text.printable(text, colours=False)

    def _painted(self, text: str) -> str:
        return f"{_EXPLAINED}{text}{_RESET}" if self._colours else text


class Objects:
    """A screen for programs: a JSON object for each line, and notes as events."""

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        source: str,
        patterns: Patterns = Patterns(),
    ) -> None:
        self._out, self._err = out, err
        self._source = source
        self._patterns = patterns
        self._start = time.time()

    def line(self, line: Line) -> None:
        if self._patterns.show(console_text.strip(line.text)):
            print(json.dumps(self._values(line)), file=self._out, flush=True)

    def _values(self, line: Line) -> results.Line:
        at = datetime.datetime.fromtimestamp(line.at, datetime.UTC)
        return {
            "time": at.isoformat(timespec="milliseconds"),
            "elapsed": round(line.at - self._start, 3),
            "source": self._source,
            "text": line.text,
            "whole": line.whole,
            "symbols": [one.values() for one in line.explained],
        }

    def begun(self, line: Line) -> None:
        pass

    def note(self, text: str) -> None:
        print(json.dumps({"event": "note", "text": text}), file=self._err, flush=True)

    def raw(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


class Bytes:
    """A screen that gets every byte as it came: whatever the guest says, the terminal does."""

    def __init__(self, out: BinaryIO, err: TextIO) -> None:
        self._out, self._err = out, err

    def line(self, line: Line) -> None:
        pass

    def begun(self, line: Line) -> None:
        pass

    def note(self, text: str) -> None:
        said = console_text.printable(text, colours=False)
        print(f"--- {said}", file=self._err, flush=True)

    def raw(self, data: bytes) -> None:
        self._out.write(data)
        self._out.flush()

    def close(self) -> None:
        pass
