# SPDX-License-Identifier: MIT
# ruff: noqa: PTH108, PTH110, PTH112, PTH118, PTH208, SIM105
"""Lines by RPi.GPIO, the library or rpi-lgpio in its place, and what stands by for them."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time

from rpikit.bench.agent.kernel import Kernel
from rpikit.bench.agent.line import FaultError, Line, reason, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SAMPLE_MS = 1
"""How often a level is looked at where the library tells no edges."""

_MODULE = "RPi.GPIO"
_OWN_LINES = "/sys/class/gpio/gpiochip0"
_INSTALL = "there: sudo apt install python3-rpi.gpio (on a Pi 5: python3-rpi-lgpio)"
_DONE = 0xFF


class Library:
    """A library with the face of RPi.GPIO; `is_genuine` unless it is rpi-lgpio."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.is_genuine = "RPi._GPIO" in sys.modules
        told = f"RPi.GPIO {module.VERSION}"
        self.name = told if self.is_genuine else f"rpi-lgpio as {told}"
        module.setwarnings(False)
        module.setmode(module.BCM)
        if self.is_genuine:
            module.gpio_function(2)  # the first that touches the chip

    @classmethod
    def find(cls) -> Library:
        """Return the first of that name on Python's path that works here."""
        refused = []
        for place in list(sys.path):
            if not os.path.isdir(os.path.join(place, *_MODULE.split("."))):
                continue
            for name in [name for name in sys.modules if name.partition(".")[0] == "RPi"]:
                del sys.modules[name]
            sys.path.insert(0, place)
            before = _pipes()
            try:
                return cls(importlib.import_module(_MODULE))
            except (ImportError, RuntimeError, OSError) as error:
                refused.append(reason(error))
            finally:
                sys.path.remove(place)
                for pipe in _pipes() - before:
                    os.unlink(pipe)  # it is open, and needs its name no more
        if not refused:
            raise FaultError("the Python module RPi.GPIO is missing", _INSTALL)
        if any("root" in said or "permission" in said.lower() for said in refused):
            hint = f"there: sudo usermod -aG gpio {user()}, and then log in again"
        else:
            hint = 'there: sudo apt install python3-rpi-lgpio; or write driver = "gpiod"'
        raise FaultError(f"RPi.GPIO does not work: {'; '.join(refused)}", hint)


def _pipes() -> set[str]:
    """Return the pipes that lgpio, which rpi-lgpio uses, makes in the folder it is started in."""
    try:
        there = os.listdir()
    except OSError:  # a folder that we may not read, so that nothing of it can be unlinked either
        return set()
    return {name for name in there if name.startswith(".lgd-nfy")}


class RpiGpio:
    """The driver RPi.GPIO; `wake` is called, in a thread of the library, when it has an edge."""

    def __init__(self, kernel: Kernel, standby: Standby, wake: Callable[[], None]) -> None:
        self._kernel = kernel
        self._standby = standby
        self.wake = wake
        try:
            kernel.find()
        except FaultError:
            pass  # the library needs no chip; only nobody tells who uses a line then
        standby.begin()
        library = Library.find()
        self.name = library.name
        self.module = library.module
        # The genuine one takes the chip's lines for those of sysfs, which is true on old kernels
        # only; elsewhere it would take lines of another chip.
        self.tells_edges = not library.is_genuine or os.path.exists(_OWN_LINES)

    def open(self, number: int, pull: str) -> Line:
        """Take a line as an input."""
        self._kernel.refuse_used(number)
        self._standby.note(number)
        try:
            return RpiLine(self, number, pull)
        except (RuntimeError, ValueError, OSError) as error:
            raise FaultError(f"cannot take line {number}: {reason(error)}") from None


class RpiLine(Line):
    """A line by RPi.GPIO; the library tells its edges where it can, else it is sampled."""

    def __init__(self, driver: RpiGpio, number: int, pull: str) -> None:
        super().__init__(number, pull)
        self._driver = driver
        self._gpio = driver.module
        self._is_told = False
        self._found: list[tuple[bool, int]] = []
        resistors = {"up": "PUD_UP", "down": "PUD_DOWN", "none": "PUD_OFF"}
        self._resistor = getattr(self._gpio, resistors[pull])
        self.set_input()

    @property
    def is_sampled(self) -> bool:
        return self.is_watched and not self.is_output and not self._is_told

    @property
    def quality(self) -> str:
        if self._driver.tells_edges:
            return "edges stamped when the library told of them"
        return f"levels sampled every {SAMPLE_MS} ms"

    def set_output(self, high: bool) -> None:
        if self.is_output:
            self._gpio.output(self.number, int(high))
            return
        self._stop_telling()
        self._gpio.setup(self.number, self._gpio.OUT, initial=int(high))

    def set_input(self) -> None:
        self._stop_telling()
        self._gpio.setup(self.number, self._gpio.IN, pull_up_down=self._resistor)
        if self.is_watched and self._driver.tells_edges:
            try:
                self._gpio.add_event_detect(self.number, self._gpio.BOTH, callback=self._tell)
                self._is_told = True
            except RuntimeError:
                self._driver.tells_edges = False

    def _stop_telling(self) -> None:
        if self._is_told:
            self._gpio.remove_event_detect(self.number)
            self._is_told = False

    def _tell(self, _number: int) -> None:
        self._found.append((self.get(), time.monotonic_ns()))
        self._driver.wake()

    def get(self) -> bool:
        return bool(self._gpio.input(self.number))

    def edges(self) -> list[tuple[bool, int]]:
        if self._is_told:
            found = self._found[:]
            del self._found[: len(found)]
            return found
        high = self.get()
        return [(high, time.monotonic_ns())] if high != self.level else []

    def close(self) -> None:
        self._stop_telling()
        self._gpio.cleanup(self.number)


class Standby:
    """A process that makes lines inputs again if the agent is killed; RPi.GPIO leaves them as is.

    It learns of the lines by a pipe, which also tells it of the agent's end.
    """

    _pipe = -1

    def begin(self) -> None:
        """Start it, while there is one thread only."""
        if self._pipe >= 0:
            return
        reading, self._pipe = os.pipe()
        if os.fork() == 0:
            try:
                os.close(self._pipe)
                _stand_by(reading)
            finally:
                os._exit(0)
        os.close(reading)

    def note(self, number: int) -> None:
        """Tell of a line that the agent takes."""
        os.write(self._pipe, bytes([number]))

    def end(self) -> None:
        """Tell that there is nothing to do."""
        if self._pipe >= 0:
            os.write(self._pipe, bytes([_DONE]))
            os.close(self._pipe)
            self._pipe = -1


def _stand_by(reading: int) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    for wish in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, signal.SIG_IGN)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    said = b""
    while data := os.read(reading, 256):
        said += data
    if said and _DONE not in said:
        gpio = Library.find().module
        for number in sorted(set(said)):
            gpio.setup(number, gpio.IN, pull_up_down=gpio.PUD_OFF)
