# SPDX-License-Identifier: MIT
"""A capture as a value change dump, the format that GTKWave, PulseView and simulators open.

IEEE 1364-2005, clause 18: one wire of one bit for each pin, 1 while it is on. The console is a
variable of GTKWave's kind `string`, which other programs pass over. The unit is a nanosecond up to
20 ms, and coarser for what lasts longer: PulseView keeps a sample for each unit, and a microsecond
for 20 s is what it can take. JSON has every nanosecond.
"""

import io
from typing import Any

from rpikit.capture import ARRIVAL, Capture, Said, printable
from rpikit.errors import DescriptionError
from rpikit.waveform import Trace

_SCOPE = "bench"
_CONSOLE = "console"
_SAMPLES = 20_000_000  # units of time that PulseView opens without trouble
_SCALES = (1, 10, 100, 1_000, 10_000, 100_000)  # ns
_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def written(capture: Capture) -> str:
    """Return the text of the dump; the same capture gives the same bytes."""
    from vcd import VCDWriter

    out = io.StringIO()
    scale = next(
        (scale for scale in _SCALES if capture.end_ns - capture.start_ns <= scale * _SAMPLES),
        _SCALES[-1],
    )
    comment = f"pins on and off by the stamps of their edges; console {ARRIVAL}"
    with VCDWriter(
        out, timescale=_named(scale), date="", version="rpikit", comment=comment
    ) as writer:
        wires = {
            name: writer.register_var(_SCOPE, name, "wire", size=1, init=int(trace.initial))
            for name, trace in capture.traces.items()
        }
        changes: list[tuple[int, Any, int | str]] = [
            (at - capture.start_ns, wires[name], int(on))
            for name, trace in capture.traces.items()
            for at, on in trace.edges
        ]
        if capture.said:
            console = writer.register_var(_SCOPE, _CONSOLE, "string", init="")
            changes += [
                (one.at_ns - capture.start_ns, console, f"{_plain(one.text)}{' ' * (number % 2)}")
                for number, one in enumerate(capture.said)  # a line said twice is two changes
            ]
        # At the dump's first moment a level is where a wire begins, and no change of it.
        shift = int(any(at < scale for at, _, _ in changes))
        for at, variable, value in sorted(changes, key=lambda change: change[0]):
            writer.change(variable, at // scale + shift, value)
        writer.close((capture.end_ns - capture.start_ns) // scale + shift)
    return out.getvalue()


def parsed(dump: str, source: str) -> Capture:
    """Return what a dump records: its wires of one bit, and a console if there is one.

    An unknown or floating level (x, z) counts as off.
    """
    from vcd.reader import TokenKind, VCDParseError, tokenize

    unit = 1.0
    names: dict[str, str] = {}
    said: list[Said] = []
    console: set[str] = set()
    initial: dict[str, bool] = {}
    edges: dict[str, list[tuple[int, bool]]] = {}
    now = start = -1
    try:
        for token in tokenize(io.BytesIO(dump.encode())):
            if token.kind is TokenKind.TIMESCALE:
                magnitude, per = token.timescale.magnitude, token.timescale.unit
                unit = int(magnitude) * _UNITS.get(per.value, 0.0)
            elif token.kind is TokenKind.VAR and token.var.type_.value == "string":
                console.add(token.var.id_code)
            elif token.kind is TokenKind.VAR and token.var.size == 1:
                names[token.var.id_code] = token.var.reference
            elif token.kind is TokenKind.CHANGE_TIME:
                now = round(token.time_change * unit)
                start = now if start < 0 else start
            elif token.kind is TokenKind.CHANGE_STRING:
                change = token.string_change
                if change.id_code in console and change.value:
                    text = change.value.encode("latin-1", "replace").decode("unicode_escape")
                    said.append(Said(max(now, 0), text.rstrip()))
            elif token.kind is TokenKind.CHANGE_SCALAR and token.scalar_change.id_code in names:
                name, on = names[token.scalar_change.id_code], token.scalar_change.value == "1"
                if name not in initial:
                    initial[name] = on if now <= start else False
                last = edges.setdefault(name, [])
                if on != (last[-1][1] if last else initial[name]):
                    last.append((now, on))
    except VCDParseError as error:
        raise DescriptionError(f"{source}: is no value change dump: {error}") from None
    if not names or unit <= 0:
        raise DescriptionError(
            f"{source}: is no value change dump with wires of one bit, in seconds to nanoseconds"
        )
    start = max(start, 0)
    traces = {
        name: Trace(initial.get(name, False), tuple(edges.get(name, ()))) for name in names.values()
    }
    return Capture(start, max(now, start), traces, tuple(said))


def _named(scale: int) -> str:
    return f"{scale} ns" if scale < 1_000 else f"{scale // 1_000} us"


def _plain(text: str) -> str:
    """Return a line of a console in ASCII, which is all that a dump can carry."""
    return "".join(char if char.isascii() else "." for char in printable(text))
