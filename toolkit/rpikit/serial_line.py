# SPDX-License-Identifier: MIT
"""The verb serial: a board's serial console at this terminal; Ctrl-] ends it."""

import select
import sys
import threading
from contextlib import suppress
from pathlib import Path

import serial

from rpikit import terminal
from rpikit.errors import BoardError
from rpikit.virtual import machine
from rpikit.wiring import Target

_BAUD = 115200
_CHUNK = 4096
_QUIET_SECONDS = 1.0
_GLANCE_SECONDS = 0.05


def port_of(target: Target, *, is_virtual: bool, line: int | None) -> str:
    """Return the port that leads to a board's console; its main one unless a line is named."""
    if not is_virtual:
        if target.serial is None:
            raise BoardError(
                f"board {target.name!r}: has no serial port",
                hint=f'write serial = "/dev/ttyUSB0" below [boards.{target.name}] in bench.toml',
            )
        return target.serial
    there = _running(target.name)
    ports = there.serials
    if line is not None and not 0 <= line < len(ports):
        raise BoardError(
            f"board {target.name!r}: serial line {line}; it has lines 0-{len(ports) - 1}"
        )
    return str(there.console if line is None else ports[line])


def log_of(target: Target, *, is_virtual: bool, line: int | None) -> bytes:
    """Return all that a virtual board has said on a console since its start."""
    if not is_virtual:
        raise BoardError(
            f"board {target.name!r}: nobody keeps what a real board says while nobody listens",
            hint=f"rpikit board serial {target.name} | tee console.log",
        )
    port = Path(port_of(target, is_virtual=True, line=line))
    return port.with_name(f"{port.name}.log").read_bytes()


def attach(port: str, name: str, baud: int = _BAUD, *, typed: bytes = b"") -> None:
    """Carry bytes between a port and this terminal until Ctrl-], or the end of what is piped in.

    `typed` is sent first, such as a return for which a shell shows its prompt.
    """
    try:
        opened = serial.serial_for_url(port, baud, timeout=_GLANCE_SECONDS)
    except (serial.SerialException, OSError) as error:
        raise BoardError(
            f"board {name!r}: its serial port {port} does not open: {error}",
            hint="is it plugged in, and are you in the group dialout?",
        ) from error
    line = _Line(opened)
    with opened, terminal.raw():
        if terminal.is_interactive():
            print(f"{name}: {port}, {baud} baud; Ctrl-] ends this", end="\r\n", file=sys.stderr)
        reader = threading.Thread(target=line.listen, daemon=True)
        reader.start()
        try:
            line.send(typed)
            line.type()
        finally:
            line.ended.set()
            reader.join()
    if line.unread:
        raise BrokenPipeError
    if line.lost:
        raise BoardError(f"board {name!r}: its serial port {port} is gone")


class _Line:
    """An open port between two directions; `ended` stops both."""

    def __init__(self, port: serial.SerialBase) -> None:
        self.ended = threading.Event()
        self.lost = False
        self.unread = False
        self._port = port
        self._heard = threading.Event()

    def listen(self) -> None:
        """Print what comes."""
        while not self.ended.is_set():
            try:
                data = self._port.read(max(1, min(self._port.in_waiting, _CHUNK)))
            except (serial.SerialException, OSError, TypeError):
                self.lost = not self.ended.is_set()
                self.ended.set()
                return
            if data:
                self._heard.set()
                try:
                    terminal.show(data)
                except BrokenPipeError:
                    self.unread = True
                    self.ended.set()

    def send(self, data: bytes) -> None:
        """Send bytes; that the port is gone, who listens hears and tells."""
        with suppress(serial.SerialException, OSError):
            self._port.write(data)

    def type(self) -> None:
        """Send what is typed; after the end of a pipe, wait until the board has gone quiet."""
        while not self.ended.is_set():
            if not select.select([sys.stdin], [], [], _GLANCE_SECONDS)[0]:
                continue
            typed = terminal.read()
            if not typed:
                while self._heard.wait(_QUIET_SECONDS) and not self.ended.is_set():
                    self._heard.clear()
                return
            kept, escape, _ = typed.partition(terminal.ESCAPE)
            self.send(kept)
            if escape:
                return


def _running(name: str) -> machine.Machine:
    found = machine.find(name)
    if found is None:
        raise BoardError(f"board {name!r}: is not running", hint=f"rpikit board up {name}")
    return found
