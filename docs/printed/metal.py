# SPDX-License-Identifier: MIT
"""What the same costs without and with Linux on the board, as it was measured last."""

from printed import text
from rpikit import figures, perf, toolchain


def markdown() -> str:
    """Return a table of what was measured on bare metal, from the baseline of `rpikit perf`."""
    known = figures.load(perf.baseline_file(), toolchain.DEFAULT)
    rows = ((says, value, beside, times) for says, value, _, beside, times in _rows(known))
    head = ("what, in instructions", "on bare metal", "with Linux and KVM", "times")
    made = f"QEMU {known.qemu}, Linux {known.kernel}, {known.compiler}."
    size = f"The underlay that was measured has {known.figures['underlay']:,} bytes."
    return text.page([text.table(head, rows), f"{made} {size}"])


def _rows(known: figures.Baseline) -> list[tuple[str, ...]]:
    return [(row[0].removeprefix("metal: "), *row[1:]) for row in figures.metal_rows(known)]
