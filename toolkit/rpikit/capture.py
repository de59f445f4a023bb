# SPDX-License-Identifier: MIT
"""What was recorded of a test: the edges of its named pins and the lines of its console.

One axis, in nanoseconds of one clock. An edge carries its own stamp; a line of the console has
the moment at which it arrived here, which is later than the one at which it was said, and every
form of a capture says so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rpikit import paths, waveform
from rpikit.errors import DescriptionError
from rpikit.results_evidence import Recording
from rpikit.waveform import Trace, milliseconds

ARRIVAL = "stamped on arrival"
"""What is said wherever lines of a console stand beside edges."""

_VERSION = 1
_LEVELS = {"off": False, "on": True}


@dataclass(frozen=True)
class Said:
    """A line of the console, and when it arrived."""

    at_ns: int
    text: str


@dataclass(frozen=True)
class Capture:
    """The pins by name and the console, from `start_ns` to `end_ns`."""

    start_ns: int
    end_ns: int
    traces: Mapping[str, Trace]
    said: tuple[Said, ...] = ()

    def draw(
        self,
        *,
        width: int = 80,
        glyphs: waveform.Glyphs = waveform.BLOCKS,
        most: int | None = None,
    ) -> str:
        """Return the waveforms, and below them what the console said.

        A pin with more than `most` edges has their number in place of their times.
        """
        span = (self.start_ns, self.end_ns)
        drawn = waveform.draw(self.traces, span=span, width=width, glyphs=glyphs, most=most)
        if not self.said:
            return drawn
        times = [milliseconds(one.at_ns - self.start_ns) for one in self.said]
        room = max(len(time) for time in times)
        told = [
            f"  {time:>{room}}  {printable(one.text)}"
            for time, one in zip(times, self.said, strict=True)
        ]
        return "\n".join([drawn, f"console, {ARRIVAL}:", *told])

    def levels(self, pin: str) -> list[str]:
        """Return the levels that a pin changed to, in order."""
        return ["on" if on else "off" for _, on in self.traces[pin].edges]

    def values(self) -> Recording:
        """Return it as one object for programs; times are nanoseconds after its beginning."""
        levels: dict[bool, Literal["on", "off"]] = {True: "on", False: "off"}
        return {
            "version": _VERSION,
            "duration_ns": self.end_ns - self.start_ns,
            "pins": {
                name: {
                    "initial": levels[trace.initial],
                    "edges": [[at - self.start_ns, levels[on]] for at, on in trace.edges],
                }
                for name, trace in self.traces.items()
            },
            "console": {
                "stamped": "on arrival",
                "lines": [[one.at_ns - self.start_ns, one.text] for one in self.said],
            },
        }

    def save(self, path: Path) -> None:
        """Write it to a file: as a VCD if the name ends in .vcd, else as JSON."""
        if path.suffix == ".vcd":
            from rpikit import vcd

            paths.write(path, vcd.written(self))
            return
        paths.write(path, json.dumps(self.values()) + "\n")


def printable(text: str) -> str:
    """Return a line of a console without what would move a terminal."""
    return "".join(char if char.isprintable() else "." for char in text)


def load(path: Path) -> Capture:
    """Read what `save` wrote, or a VCD of any other program with wires of one bit."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise DescriptionError(f"{path}: cannot be read as a recording ({reason})") from None
    if path.suffix == ".vcd":
        from rpikit import vcd

        return vcd.parsed(text, str(path))
    return parsed(text, str(path))


def parsed(text: str, source: str) -> Capture:
    """Return the capture that JSON says."""
    try:
        return of(json.loads(text))
    except KeyError as error:
        raise DescriptionError(f"{source}: is no recording: {error} is missing or wrong") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise DescriptionError(f"{source}: is no recording: {error}") from None


def of(values: Any) -> Capture:
    """Return the capture whose `values` these are; anything else is one of Python's own errors."""
    if values["version"] != _VERSION:
        raise ValueError(f"version {values['version']!r}; this one reads {_VERSION}")
    traces = {
        str(name): Trace(
            _LEVELS[pin["initial"]], tuple((int(at), _LEVELS[on]) for at, on in pin["edges"])
        )
        for name, pin in values["pins"].items()
    }
    lines = tuple(Said(int(at), str(line)) for at, line in values["console"]["lines"])
    return Capture(0, int(values["duration_ns"]), traces, lines)
