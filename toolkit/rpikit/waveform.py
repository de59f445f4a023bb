# SPDX-License-Identifier: MIT
"""Edges as a text waveform: several named pins above one another on one time axis.

Pure functions. It knows nothing of boards or benches: a trace is a level at the start of the
span and the changes that followed, in nanoseconds of any one clock.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

_NS_PER_MS = 1_000_000
_NARROWEST_WAVE = 24  # columns; with less room the times go below the wave


@dataclass(frozen=True)
class Trace:
    """What one pin did: its level at the start and its changes (time in ns, active)."""

    initial: bool
    edges: tuple[tuple[int, bool], ...] = ()


@dataclass(frozen=True)
class Glyphs:
    """The characters of a wave; `busy` is a column with several pulses."""

    inactive: str
    active: str
    busy: str


BLOCKS = Glyphs(inactive="▁", active="█", busy="▒")
ASCII = Glyphs(inactive="_", active="#", busy="%")


def glyphs_for(stream: TextIO) -> Glyphs:
    """Return the block characters if `stream` can carry them, else ASCII."""
    try:
        (BLOCKS.inactive + BLOCKS.active + BLOCKS.busy).encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def milliseconds(duration_ns: int) -> str:
    """Return a duration as `12.3 ms`."""
    return f"{duration_ns / _NS_PER_MS:.1f} ms"


def draw(
    traces: Mapping[str, Trace],
    *,
    span: tuple[int, int] | None = None,
    width: int = 80,
    glyphs: Glyphs = BLOCKS,
    most: int | None = None,
) -> str:
    """Return the waveforms of `traces` over `span`, no line longer than `width` columns.

    Times are printed in milliseconds after the start of the span; where a pin has more than `most`
    edges, their number is. Without `span` the drawing reaches from a little before the first edge
    to a little after the last.
    """
    if not traces:
        return ""
    start, end = span or _span_of(traces)
    end = max(end, start + 1)
    names = max(len(name) for name in traces)
    labels = {name: _labels(trace, start, end, most) for name, trace in traces.items()}
    inline = max(len("  ".join(texts)) for texts in labels.values())
    columns = width - names - 1 - (inline + 3 if inline else 0)
    beside = columns >= _NARROWEST_WAVE
    if not beside:
        columns = max(width - names - 1, 1)
    lines = []
    for name, trace in traces.items():
        wave = row_of(trace, start, end, columns, glyphs)
        row = f"{name:<{names}} {wave}"
        texts = labels[name]
        if beside and texts:
            row += "   " + "  ".join(texts)
        lines.append(row)
        if not beside and texts:
            indent = " " * (names + 1)
            lines += _wrapped(texts, indent, width)
    lines.append(_axis(names, columns, end - start))
    return "\n".join(lines)


def _span_of(traces: Mapping[str, Trace]) -> tuple[int, int]:
    """Return a span that shows every edge with a margin of a tenth on both sides."""
    times = [at for trace in traces.values() for at, _ in trace.edges]
    if not times:
        return (0, _NS_PER_MS)
    margin = max((max(times) - min(times)) // 10, _NS_PER_MS)
    return (min(times) - margin, max(times) + margin)


def _labels(trace: Trace, start: int, end: int, most: int | None) -> list[str]:
    """Return `on 12.0 ms` or `off 112.3 ms` for every edge inside the span, or their number."""
    count = sum(start <= at <= end for at, _ in trace.edges)
    if most is not None and count > most:
        return [f"{count} edges"]
    return [
        f"{'on' if active else 'off'} {milliseconds(at - start)}"
        for at, active in trace.edges
        if start <= at <= end
    ]


def row_of(trace: Trace, start: int, end: int, columns: int, glyphs: Glyphs) -> str:
    """Return one character per column; a pulse shorter than a column still shows."""
    buckets: list[list[bool]] = [[] for _ in range(columns)]
    level = trace.initial
    for at, active in trace.edges:
        if at < start:
            level = active
        elif at <= end:
            buckets[min((at - start) * columns // (end - start), columns - 1)].append(active)
    drawn = []
    for changes in buckets:
        drawn.append(_column(level, changes, glyphs))
        if changes:
            level = changes[-1]
    return "".join(drawn)


def _column(level: bool, changes: list[bool], glyphs: Glyphs) -> str:
    """Return the character of a column that begins at `level` and sees `changes`."""
    if len(changes) > 2:
        return glyphs.busy
    shown = (not level) if changes else level
    return glyphs.active if shown else glyphs.inactive


def _axis(names: int, columns: int, span_ns: int) -> str:
    """Return the line that says what the left and the right end of the waves are."""
    right = milliseconds(span_ns)
    gap = columns - len("0") - len(right)
    return " " * (names + 1) + "0" + " " * max(gap, 1) + right


def _wrapped(texts: list[str], indent: str, width: int) -> list[str]:
    """Return the times as paragraph lines below their wave; a time is never torn apart."""
    glued = "  ".join(text.replace(" ", "\0") for text in texts)
    room = max(width, len(indent) + max(len(text) for text in texts))
    lines = textwrap.wrap(glued, room, initial_indent=indent, subsequent_indent=indent)
    return [line.replace("\0", " ") for line in lines]
