# SPDX-License-Identifier: MIT
"""Lines by the kernel's character device, with either version of libgpiod's Python module."""

from __future__ import annotations

import errno
import importlib
import time

from rpikit.bench.agent.kernel import Kernel
from rpikit.bench.agent.line import CONSUMER, FaultError, Line, reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NO_PULL = (errno.EINVAL, errno.EOPNOTSUPP, 524)  # 524 is the kernel's own ENOTSUPP
_INSTALL = "there: sudo apt install python3-libgpiod"
_HOUR_NS = 3600 * 10**9
_KEPT = 1024  # edges that the kernel keeps until they are read, if version 2 asks for it
_KEPT_1 = 16  # and what it keeps for version 1; it says nothing of those it drops


class Gpiod:
    """The driver gpiod, of whichever version the module there is."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        try:
            module: Any = importlib.import_module("gpiod")
        except ImportError as error:
            missing = getattr(error, "name", "") == "gpiod"
            said = "the Python module gpiod is missing" if missing else reason(error)
            raise FaultError(said, _INSTALL) from None
        kernel.find()
        self._kind: type[Gpiod1Line | Gpiod2Line]
        if hasattr(module, "LineSettings"):
            self._kind, version = Gpiod2Line, module.__version__
        elif hasattr(module, "LINE_REQ_FLAG_BIAS_DISABLE"):
            self._kind, version = Gpiod1Line, module.version_string()
        else:
            place = getattr(module, "__file__", None) or "gpiod"
            raise FaultError(f"the Python module {place} is not libgpiod's", _INSTALL)
        self.name = f"gpiod {version}"
        self._module = module
        self._chip = module.Chip(kernel.path)

    def open(self, number: int, pull: str) -> Line:
        """Take a line as an input."""
        self._kernel.refuse_used(number)
        try:
            return self._kind(self._module, self._chip, number, pull)
        except OSError as error:
            self._kernel.refuse_used(number)
            said = f"cannot take line {number} with pull {pull}: {reason(error)}"
            raise FaultError(said) from None


class _KernelLine(Line):
    """What both versions have in common."""

    @property
    def quality(self) -> str:
        return "edges stamped by its kernel"

    @staticmethod
    def _stamp(event_ns: int) -> int:
        """Return the time of an event, which kernels before 5.7 tell as time of day."""
        now = time.monotonic_ns()
        return event_ns if abs(now - event_ns) < _HOUR_NS else now - (time.time_ns() - event_ns)


class Gpiod1Line(_KernelLine):
    """A line by libgpiod 1.6: python3-libgpiod up to Debian 12."""

    def __init__(self, module: Any, chip: Any, number: int, pull: str) -> None:
        super().__init__(number, pull)
        self._gpiod = module
        self._line = chip.get_line(number)
        self._mode = ""
        flags = {"up": "PULL_UP", "down": "PULL_DOWN", "none": "DISABLE"}
        self._pull_flag = getattr(module, f"LINE_REQ_FLAG_BIAS_{flags[pull]}")
        self.set_input()

    def set_output(self, high: bool) -> None:
        if self._mode == "out":
            self._line.set_value(int(high))
        elif self._mode == "in":
            self._line.set_config(self._gpiod.LINE_REQ_DIR_OUT, 0, int(high))
            self._mode = "out"
        else:
            self._request("out", self._gpiod.LINE_REQ_DIR_OUT, int(high))

    def set_input(self) -> None:
        if self.is_watched:
            self._request("watch", self._gpiod.LINE_REQ_EV_BOTH_EDGES)
        elif self._mode == "out":
            self._line.set_config(self._gpiod.LINE_REQ_DIR_IN, self._pull_flag, 0)
            self._mode = "in"
        elif self._mode != "in":
            self._request("in", self._gpiod.LINE_REQ_DIR_IN)

    def _request(self, mode: str, kind: int, value: int = 0) -> None:
        """Take the line anew; the kernel has no other way between edges and the rest."""
        if self._mode:
            self._mode = ""
            self._line.release()
        flags = 0 if mode == "out" else self._pull_flag
        try:
            self._line.request(consumer=CONSUMER, type=kind, flags=flags, default_val=value)
        except OSError as error:
            if error.errno not in _NO_PULL or self.pull != "none" or not flags:
                raise
            self._pull_flag = 0  # this chip has no pulls that could be off
            self._line.request(consumer=CONSUMER, type=kind, flags=0, default_val=value)
        self._mode = mode

    def get(self) -> bool:
        return bool(self._line.get_value())

    @property
    def descriptor(self) -> int | None:
        return int(self._line.event_get_fd()) if self._mode == "watch" else None

    def edges(self) -> list[tuple[bool, int]]:
        found = []
        while self._line.event_wait(sec=0):
            events = self._line.event_read_multiple()
            self.lost += len(events) >= _KEPT_1
            for event in events:
                high = event.type == self._gpiod.LineEvent.RISING_EDGE
                found.append((high, self._stamp(event.sec * 10**9 + event.nsec)))
        return found

    def close(self) -> None:
        if self._mode == "out":
            self.is_watched = False
            self.set_input()
        if self._mode:
            self._mode = ""
            self._line.release()


class Gpiod2Line(_KernelLine):
    """A line by the module gpiod 2: python3-libgpiod from Debian 13 on, or gpiod of PyPI."""

    def __init__(self, module: Any, chip: Any, number: int, pull: str) -> None:
        super().__init__(number, pull)
        self._gpiod = module
        self._seen = 0
        biases = {"up": "PULL_UP", "down": "PULL_DOWN", "none": "DISABLED"}
        self._bias = getattr(module.line.Bias, biases[pull])
        try:
            self._request = self._requested(chip)
        except OSError as error:
            if error.errno not in _NO_PULL or pull != "none":
                raise
            self._bias = module.line.Bias.AS_IS  # this chip has no pulls that could be off
            self._request = self._requested(chip)

    def _requested(self, chip: Any) -> Any:
        config = {self.number: self._input()}
        return chip.request_lines(consumer=CONSUMER, config=config, event_buffer_size=_KEPT)

    def _input(self) -> Any:
        kinds = self._gpiod.line
        edges = kinds.Edge.BOTH if self.is_watched else kinds.Edge.NONE
        return self._gpiod.LineSettings(
            direction=kinds.Direction.INPUT, edge_detection=edges, bias=self._bias
        )

    def set_output(self, high: bool) -> None:
        kinds = self._gpiod.line
        value = kinds.Value.ACTIVE if high else kinds.Value.INACTIVE
        if self.is_output:
            self._request.set_value(self.number, value)
            return
        driven = self._gpiod.LineSettings(direction=kinds.Direction.OUTPUT, output_value=value)
        self._request.reconfigure_lines({self.number: driven})

    def set_input(self) -> None:
        self._request.reconfigure_lines({self.number: self._input()})

    def get(self) -> bool:
        return bool(self._request.get_value(self.number) == self._gpiod.line.Value.ACTIVE)

    @property
    def descriptor(self) -> int | None:
        return int(self._request.fd) if self.is_watched and not self.is_output else None

    def edges(self) -> list[tuple[bool, int]]:
        found = []
        while self._request.wait_edge_events(0):
            for event in self._request.read_edge_events():
                if self._seen:
                    self.lost += event.line_seqno - self._seen - 1
                self._seen = event.line_seqno
                high = event.event_type == event.Type.RISING_EDGE
                found.append((high, self._stamp(event.timestamp_ns)))
        return found

    def close(self) -> None:
        if self.is_output:
            self.is_watched = False
            self.set_input()
        self._request.release()
