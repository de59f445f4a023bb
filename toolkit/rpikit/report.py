# SPDX-License-Identifier: MIT
"""Tells a person or a program how far a verb has come: progress to stderr, the result to stdout.

A verb is handed a Reporter and never asks what kind it is.
"""

import io
import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from rich.progress import Progress, TaskID


class Reporter(Protocol):
    """What a verb says while it works and when it is done."""

    def step(self, name: str) -> None:
        """Begin the next step."""
        ...

    def progress(self, done: int, total: int) -> None:
        """Say that `done` of `total` bytes of this step are behind us."""
        ...

    def note(self, text: str) -> None:
        """Say something worth knowing that is no step."""
        ...

    def result(self, values: Mapping[str, object], text: str) -> None:
        """Give the outcome: `values` to programs, `text` to people."""
        ...


class Silent:
    """Says nothing: for callers that use what the verb returns."""

    def step(self, name: str) -> None:
        """Begin the next step."""

    def progress(self, done: int, total: int) -> None:
        """Count the bytes of this step."""

    def note(self, text: str) -> None:
        """Say something that is no step."""

    def result(self, values: Mapping[str, object], text: str) -> None:
        """Give the outcome."""


class Plain:
    """One line per step: for logs of continuous integration and for pipes."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err

    def step(self, name: str) -> None:
        """Write the step's name on a line."""
        print(name, file=self._err, flush=True)

    def progress(self, done: int, total: int) -> None:
        """Write one line, once all bytes are through."""
        if done == total:
            print(f"  {size(total)}", file=self._err, flush=True)

    def note(self, text: str) -> None:
        """Write the note, indented below its step."""
        print(f"  {text}", file=self._err, flush=True)

    def result(self, values: Mapping[str, object], text: str) -> None:
        """Write the sentence."""
        print(text, file=self._out, flush=True)


class Terminal(Plain):
    """Steps as lines, bytes as a bar that moves and leaves when it is full."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        super().__init__(out, err)
        self._bar: tuple[Progress, TaskID] | None = None

    def step(self, name: str) -> None:
        """Write the step's name on a line."""
        self._stop()
        super().step(name)

    def progress(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._bar is None:
            self._bar = self._start(total)
        progress, task = self._bar
        progress.update(task, completed=done)
        if done >= total:
            self._stop()
            super().progress(total, total)

    def note(self, text: str) -> None:
        """Write the note; a bar that still moves ends here."""
        self._stop()
        super().note(text)

    def result(self, values: Mapping[str, object], text: str) -> None:
        """Write the sentence below everything else."""
        self._stop()
        super().result(values, text)

    def _start(self, total: int) -> "tuple[Progress, TaskID]":
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
        progress = Progress(*columns, console=Console(file=self._err), transient=True)
        progress.start()
        return progress, progress.add_task("", total=total)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar[0].stop()
            self._bar = None


class JsonLines:
    """One JSON object per line: events to stderr, the result alone to stdout."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err

    def step(self, name: str) -> None:
        """Write a `step` event."""
        self._write(self._err, {"event": "step", "name": name})

    def progress(self, done: int, total: int) -> None:
        """Write a `progress` event."""
        self._write(self._err, {"event": "progress", "done": done, "total": total})

    def note(self, text: str) -> None:
        """Write a `note` event."""
        self._write(self._err, {"event": "note", "text": text})

    def result(self, values: Mapping[str, object], text: str) -> None:
        """Write the values as one object."""
        self._write(self._out, values)

    @staticmethod
    def _write(stream: TextIO, values: Mapping[str, object]) -> None:
        print(json.dumps(values), file=stream, flush=True)


class ConsoleEvents(io.BytesIO):
    """A console for programs: each line of a guest becomes a `console` event."""

    def __init__(self, err: TextIO) -> None:
        super().__init__()
        self._err = err
        self._begun = b""

    def write(self, data: "ReadableBuffer") -> int:
        """Write an event for each line that is whole now."""
        *lines, self._begun = (self._begun + bytes(data)).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip("\r")
            print(json.dumps({"event": "console", "text": text}), file=self._err, flush=True)
        return len(bytes(data))


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count} B" if count < 1024 else f"{count / 1024:.1f} KiB"


def choose(
    *, json_lines: bool = False, out: TextIO | None = None, err: TextIO | None = None
) -> Reporter:
    """Return the reporter that fits the streams, `CI`, `NO_COLOR` and the wish for JSON."""
    out = out or sys.stdout
    err = err or sys.stderr
    if json_lines:
        return JsonLines(out, err)
    plain = os.environ.get("CI") or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Plain(out, err) if plain or not err.isatty() else Terminal(out, err)
