# SPDX-License-Identifier: MIT
"""Plays a recording again: what was driven then is driven now, at the same distances in time.

The outputs of the firmware in a recording are not played; they are what it did then, to compare
with what it does now.
"""

from collections.abc import Mapping

from rpikit.bench import Clock
from rpikit.bench.pin import Pin
from rpikit.bench.scope import PinEdge
from rpikit.capture import Capture
from rpikit.errors import BenchError


def play(recording: Capture, pins: Mapping[str, Pin], clock: Clock) -> list[PinEdge]:
    """Drive the inputs of the firmware as they were recorded; return the edges that were made.

    Every time counts from the call, so that one late edge delays no other; it returns when as
    much time is over as was recorded. The stamps tell how well the driver kept up.
    """
    strange = [name for name in recording.traces if name not in pins]
    if strange:
        raise BenchError(
            f"the recording has {', '.join(strange)}, and no wire leads to a device of that name; "
            f"wired are: {', '.join(pins) or 'none'}",
            hint="scope.capture(NAME, ...) records the pins that are named, and no others",
        )
    driven = {name: trace for name, trace in recording.traces.items() if pins[name].is_input}
    if not driven:
        raise BenchError(
            "the recording has no input of the firmware, so there is nothing to play",
            hint='an input is a device with direction = "in" in rpikit.toml',
        )
    begun = clock.now_ns()
    made = [
        pins[name].drive("on" if trace.initial else "off")
        for name, trace in driven.items()
        if (pins[name].level() == "on") != trace.initial
    ]
    changes = sorted(
        (at - recording.start_ns, name, on)
        for name, trace in driven.items()
        for at, on in trace.edges
    )
    for after, name, on in changes:
        clock.sleep_until(begun + after)
        made.append(pins[name].drive("on" if on else "off"))
    clock.sleep_until(begun + recording.end_ns - recording.start_ns)
    return made
