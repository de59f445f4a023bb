# SPDX-License-Identifier: MIT
"""A Pi 3 of QEMU with the loader as its kernel8.img, behind a line as slow and bad as is asked.

The line knows the speeds of both ends: of ours from its terminal, of the board's from the registers
of its UART. What one sends at a speed that is not the other's arrives as garbage.
"""

import json
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from rpikit.closing import Closing
from rpikit.virtual import qemu
from rpikit.virtual.line import Faults, Wire

_UART = 0x3F201000
_DIVISOR, _FRACTION = _UART + 0x24, _UART + 0x28  # UARTIBRD, UARTFBRD
_GLANCE_SECONDS = 0.005
SPEEDS = (115200, 230400, 460800, 921600)


class LoaderBoard(Closing):
    """A board without an operating system; a reset leaves its memory, a loss of power does not."""

    def __init__(self, image: bytes, folder: Path) -> None:
        self._kernel = folder / "kernel8.img"
        self._kernel.write_bytes(image)
        self._lock = threading.Lock()
        self.clock = 0  # Hz of its UART, as its loader says
        self._begin()

    def wire(
        self,
        faults: Faults,
        *,
        seed: int = 1,
        baud: int | None = 0,
        speeds: tuple[int, ...] = SPEEDS,
    ) -> Wire:
        """Lay a line to it, which carries `speeds`.

        With `baud` that is its speed, whatever both ends say, and None is one without a limit.
        """
        far = self._console.dup().detach()
        if baud != 0:
            return Wire(far, baud=baud, faults=faults, seed=seed)
        return Wire(far, faults=faults, seed=seed, speeds=speeds, far_speed=self.speed)

    def speed(self) -> int:
        """Return the speed of its port, as its registers had it of late; one of SPEEDS.

        This waits for nothing: QEMU answers no question while nobody takes what the port says.
        """
        now = time.monotonic()
        with self._lock, suppress(OSError):
            if self._is_asked:
                self._told += self._qtest.recv(4096)
                if self._told.count(b"\n") == 2:
                    whole, fraction = (int(line.split()[1], 0) for line in self._told.splitlines())
                    self._speed = self._nearest(64 * whole + fraction)
                    self._told, self._is_asked, self._next = b"", False, now + _GLANCE_SECONDS
            elif now >= self._next:
                self._qtest.sendall(f"readl {_DIVISOR:#x}\nreadl {_FRACTION:#x}\n".encode())
                self._is_asked = True
        return self._speed

    def reset(self) -> None:
        """Reset it, as its watchdog would."""
        self._order("system_reset")

    def cut_power(self, wire: Wire) -> None:
        """Take its power away and give it back; the line leads there again."""
        self._end()
        self._begin()
        wire.lead_to(self._console.dup().detach())

    def close(self) -> None:
        self._end()

    def _begin(self) -> None:
        with self._lock:
            self._start()
        self._control.readline()  # its greeting
        self._order("qmp_capabilities")

    def _start(self) -> None:
        pairs = [socket.socketpair() for _ in range(3)]
        self._console, self._qtest, control = (ours for ours, _ in pairs)
        theirs = [theirs for _, theirs in pairs]
        words = [qemu.PROGRAM, "-M", "raspi3b", "-accel", "tcg,thread=single", "-nodefaults"]
        words += ["-display", "none", "-kernel", str(self._kernel)]
        for name, one in zip(("console", "qtest", "control"), theirs, strict=True):
            words += ["-chardev", f"socket,id={name},fd={one.fileno()}"]
        words += ["-serial", "chardev:console", "-qtest", "chardev:qtest", "-qtest-log", "none"]
        words += ["-qmp", "chardev:control"]
        numbers = [one.fileno() for one in theirs]
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=numbers)
        for one in theirs:
            one.close()
        self._qtest.setblocking(False)
        control.settimeout(30.0)
        self._control = control.makefile("rw")
        control.close()
        self._told, self._is_asked, self._next = b"", False, 0.0
        self._speed = SPEEDS[0]

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        with self._lock:
            for one in (self._qtest, self._control, self._console):
                with suppress(OSError):
                    one.close()

    def _nearest(self, divisor: int) -> int:
        """Return the speed of a divisor in 64ths."""
        exact = 4 * self.clock / divisor if divisor else 0.0
        return min(SPEEDS, key=lambda one: abs(one - exact))

    def _order(self, name: str) -> None:
        print(json.dumps({"execute": name}), file=self._control, flush=True)
        while "return" not in json.loads(self._control.readline()):
            pass  # an event
