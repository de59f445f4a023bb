# SPDX-License-Identifier: MIT
"""Captures and latencies as pictures: SVG that stands in a page, without fonts or scripts.

Pure functions; all text is escaped. Lengths are pixels.
"""

from collections.abc import Sequence
from html import escape

from rpikit.capture import ARRIVAL, Capture
from rpikit.results_evidence import ReportedLatency
from rpikit.units import Duration, ms, us
from rpikit.waveform import Trace, milliseconds

_WIDTH, _LEFT, _RIGHT = 900, 120, 20
_ROW, _HIGH = 34, 20
_TICKS = 8
_LAST_EDGES = 12  # as a failure's text waveform shows them
_BAR_HEIGHT = 130


def waves(capture: Capture) -> str:
    """Return the waveforms of a capture over its whole time."""
    return _waves(capture, capture.start_ns, max(capture.end_ns, capture.start_ns + 1))


def end_of(capture: Capture) -> str | None:
    """Return the waveforms around the last edges, or None if that is nearly everything."""
    times = sorted(at for trace in capture.traces.values() for at, _ in trace.edges)
    times = times[-_LAST_EDGES:]
    if not times:
        return None
    margin = max((times[-1] - times[0]) // 10, ms.ns)
    start, end = times[0] - margin, times[-1] + margin
    if end - start > (capture.end_ns - capture.start_ns) * 0.8:
        return None
    return _waves(capture, start, end)


def _waves(capture: Capture, start: int, end: int) -> str:
    scale = (_WIDTH - _LEFT - _RIGHT) / (end - start)
    rows = []
    for number, (name, trace) in enumerate(capture.traces.items()):
        base = number * _ROW + 28
        label = f'<text x="{_LEFT - 10}" y="{base}" class="name">{escape(name)}</text>'
        path = _path(trace, start, end, scale, base)
        rows.append(f'{label}<path class="wave" d="{path}"/>')
    bottom = len(capture.traces) * _ROW + 10
    said = [one for one in capture.said if start <= one.at_ns <= end]
    if said:
        bottom += 18
        label = f'<text x="{_LEFT - 10}" y="{bottom - 6}" class="name">console</text>'
        rows.append(label)
        for one in said:
            x = _LEFT + (one.at_ns - start) * scale
            told = f"{milliseconds(one.at_ns - start)} {one.text} ({ARRIVAL})"
            mark = f"M{x:.1f} {bottom - 14}l4 9h-8z"
            rows.append(f'<path class="said" d="{mark}"><title>{_plain(told)}</title></path>')
    return _framed(rows + _axis(start, end, scale, bottom), bottom + 24)


def _path(trace: Trace, start: int, end: int, scale: float, base: int) -> str:
    level = trace.initial
    columns: dict[int, list[tuple[float, bool]]] = {}
    for at, on in trace.edges:
        if at < start:
            level = on
        elif at <= end:
            x = _LEFT + (at - start) * scale
            columns.setdefault(int(x), []).append((x, on))
    drawn = [f"M{_LEFT} {base - _HIGH * level}"]
    for column, changes in columns.items():
        if len(changes) <= 2:
            for x, on in changes:
                drawn.append(f"H{x:.2f}V{base - _HIGH * on}")
        else:  # more than a pixel can show: one stroke over the whole height
            last = base - _HIGH * changes[-1][1]
            drawn.append(f"H{column}V{base}V{base - _HIGH}H{column + 1}V{base}V{last}")
    return f"{''.join(drawn)}H{_WIDTH - _RIGHT}"


def _axis(start: int, end: int, scale: float, y: int) -> list[str]:
    step = _tick((end - start) / _TICKS)
    drawn = [f'<path class="axis" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>']
    for number in range(int((end - start) // step) + 1):
        x = _LEFT + number * step * scale
        drawn.append(
            f'<path class="axis" d="M{x:.1f} {y}v4"/>'
            f'<text x="{x:.1f}" y="{y + 17}" class="tick">{_time(number * step)}</text>'
        )
    return drawn


def _tick(least: float) -> int:
    """Return the next of 1, 2, 5, 10, ... us that is no less."""
    unit = us.ns
    while True:
        for step in (1, 2, 5):
            if step * unit >= least:
                return step * unit
        unit *= 10


def histogram(latency: ReportedLatency) -> str:
    """Return the histogram of a latency with its median, p99 and baseline."""
    bins = latency["histogram"]
    most = max(count for _, count in bins)
    begins = [begin for begin, _ in bins]
    width = begins[1] - begins[0] if len(bins) > 1 else us.ns
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(bins), 6)
    bottom = _BAR_HEIGHT + 56
    drawn = []
    for number, (begin, count) in enumerate(bins):
        x, height = _LEFT + number * step, _BAR_HEIGHT * count / most
        top = bottom - height
        told = f"{Duration(begin)} and more: {count}"
        drawn.append(
            f'<rect class="bar" x="{x + 1:.1f}" y="{top:.1f}" width="{step - 2:.1f}" '
            f'height="{height:.1f}"><title>{told}</title></rect>'
            f'<text x="{x + step / 2:.1f}" y="{top - 4:.1f}" class="tick">{count}</text>'
            f'<text x="{x:.1f}" y="{bottom + 16}" class="tick">{_time(begin)}</text>'
        )
    marks = [("p50", latency["p50_ns"], 12), ("p99", latency["p99_ns"], 24)]
    if latency["baseline"] is not None:
        marks.append(("baseline p50", latency["baseline"]["p50_ns"], 36))
    for name, at, y in marks:
        place = min(max((at - begins[0]) / width, 0), len(bins))
        x = _LEFT + place * step
        beside = f'x="{x - 4:.1f}" class="right"' if x > _WIDTH / 2 else f'x="{x + 4:.1f}"'
        drawn.append(
            f'<path class="mark" d="M{x:.1f} {y + 3}V{bottom}"/>'
            f'<text y="{y}" {beside}>{name} {Duration(at)}</text>'
        )
    drawn.append(f'<path class="axis" d="M{_LEFT} {bottom}H{_WIDTH - _RIGHT}"/>')
    return _framed(drawn, bottom + 24)


def _framed(parts: Sequence[str], height: int) -> str:
    inside = "".join(parts)
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img">{inside}</svg>'


def _time(at_ns: int) -> str:
    return str(Duration(at_ns)) if at_ns else "0"


def _plain(text: str) -> str:
    return escape("".join(char if char.isprintable() else "." for char in text))
