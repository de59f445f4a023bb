# SPDX-License-Identifier: MIT
"""Where the signals of a chip's buses and channels come out on a board, and who has which line.

A bus is on the board if all its signals are on lines that an application may have. Knows no
files: what is refused is said by whoever loads.
"""

import re
from typing import TYPE_CHECKING

from rpikit import describe, wording

if TYPE_CHECKING:
    from rpikit.app import App
    from rpikit.attachment import Attachment
    from rpikit.board import Board

_PWM = re.compile(r"PWM(\d+)")


def line_of(board: "Board", signal: str) -> int | None:
    """Return the line that a signal comes out at, if an application may have it."""
    functions = board.soc.gpio.functions
    return next((line for line in board.usable if signal in functions.get(line, ())), None)


def channel_of(board: "Board", line: int) -> int | None:
    """Return the PWM channel that comes out at a line, if one does."""
    found = map(_PWM.fullmatch, board.soc.gpio.functions.get(line, ()))
    return next((int(match[1]) for match in found if match), None)


def _numbers(board: "Board", pattern: str) -> str:
    """Return which numbers there are of a signal, as a reader's list."""
    signals = (
        match[1]
        for line in board.usable
        for signal in board.soc.gpio.functions.get(line, ())
        if (match := re.fullmatch(pattern, signal))
    )
    return wording.options(sorted(set(map(int, signals))))


def _missing(app: "App", board: "Board", one: "Attachment", key: str) -> Exception:
    """Return the refusal of a bus or a chip select that is not on the board."""
    kind = one.type.upper()
    if key == "bus":
        known = _numbers(board, r"SDA(\d+)" if one.type == "i2c" else r"SPI(\d+)_SCLK")
        remedy = f"{board.name} has no such {kind} bus on its header; write {known}"
    else:
        known = _numbers(board, rf"SPI{one.bus}_CE(\d+)_N")
        remedy = f"{board.name} has no such chip select on bus {one.bus}; write {known}"
    return describe.fault(app.source, f"devices.{one.name}.{key}", getattr(one, key), remedy)


def _claims(app: "App", board: "Board", one: "Attachment") -> dict[int, str]:
    """Return the signal that a device has on each of its lines."""
    claims = {}
    for signal, key in one.signals.items():
        line = line_of(board, signal)
        if line is None:
            raise _missing(app, board, one, key)
        claims[line] = signal
    if one.line is not None:
        channel = channel_of(board, one.line)
        if channel is None or one.line not in board.usable:
            lines = [line for line in board.usable if channel_of(board, line) is not None]
            remedy = (
                f"no PWM channel of {board.name} comes out there; write {wording.options(lines)}"
            )
            raise describe.fault(app.source, f"devices.{one.name}.line", one.line, remedy)
        claims[one.line] = f"PWM{channel}"
    return claims


def of(app: "App", board: "Board") -> tuple[tuple[int, str], ...]:
    """Return the lines that an application has for buses and channels, each with its signal."""
    claims = {pair for one in app.attachments for pair in _claims(app, board, one).items()}
    return tuple(sorted(claims))


def check(app: "App", board: "Board") -> None:
    """Refuse an application whose buses are not on the board, or want a line that another has."""
    taken: dict[int, tuple[str, str]] = {}  # whose, what
    channels: dict[str, str] = {}
    for one in app.attachments:
        for line, signal in _claims(app, board, one).items():
            other, what = taken.setdefault(line, (one.name, signal))
            if what != signal:
                remedy = f"line {line} would be {signal}; it is {what} for devices.{other}"
                raise describe.fault(app.source, f"devices.{one.name}", None, remedy)
        if one.line is not None:
            channel = f"PWM{channel_of(board, one.line)}"
            other = channels.setdefault(channel, one.name)
            if other != one.name:
                remedy = (
                    f"{channel} comes out there, which devices.{other} has; choose another line"
                )
                raise describe.fault(app.source, f"devices.{one.name}.line", one.line, remedy)
    for device in app.devices:
        if device.line in taken:
            other, what = taken[device.line]
            remedy = f"it is {what} for devices.{other}; choose another line"
            raise describe.fault(app.source, f"devices.{device.name}.line", device.line, remedy)
