# SPDX-License-Identifier: MIT
"""What a terminal shows of a bench: `rpikit bench watch`, as a picture."""

import io
from collections import deque

from rich.console import Console
from rich.terminal_theme import MONOKAI

from rpikit.bench.live import Track, table
from rpikit.units import ms

COLUMNS = 100

# Rich's own frame takes its letters from a server; this one has those of the reader's machine.
_SVG = """\
<svg class="terminal" viewBox="-10 -6 {terminal_width} {terminal_height}" role="img" \
aria-label="What rpikit bench watch shows">
<title>What rpikit bench watch shows</title>
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; \
line-height: {line_height}px; }}
{styles}
</style>
<defs>
{lines}
</defs>
<rect x="-10" y="-6" width="100%" height="100%" rx="6" fill="#0c0c0c"/>
{backgrounds}
<g class="{unique_id}-matrix" transform="translate(0 -4)">
{matrix}
</g>
</svg>"""


def watch() -> str:
    """Return what `bench watch` shows while a button is pressed and a lamp follows it."""
    now = 20_000 * ms.ns
    button = _track("button", "in", now, ((-4200, -3900), (-3000, -2800), (-1500, -400)))
    lamp = _track("lamp", "out", now, ((-4190, -3892), (-2991, -2793), (-1492, -388)))
    door = Track("door", "in", is_on=True)
    screen = Console(
        file=io.StringIO(), width=COLUMNS, record=True, force_terminal=True, legacy_windows=False
    )
    screen.print(table([button, door, lamp], "desk: pins of porch", COLUMNS, now))
    return screen.export_svg(theme=MONOKAI, code_format=_SVG, unique_id="bench-watch")


def _track(name: str, direction: str, now: int, pulses: tuple[tuple[int, int], ...]) -> Track:
    """Return a pin that was on for some pulses, each from when to when, in ms."""
    track = Track(name, direction, is_on=False, edges=deque())
    for begin, end in pulses:
        track.take(True, now + begin * ms.ns)
        track.take(False, now + end * ms.ns)
    return track
