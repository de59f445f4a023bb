# SPDX-License-Identifier: MIT
"""A line of the bench computer as the agent has it, whichever driver is behind it."""

from __future__ import annotations

import os
import pwd
import time
from abc import ABC, abstractmethod

CONSUMER = "rpikit"
"""What the kernel calls whoever has these lines."""


class FaultError(Exception):
    """What cannot be done; `hint` is the command or the edit that mends it."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


def user() -> str:
    """Return who runs the agent."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def reason(error: BaseException) -> str:
    """Return an error in words, on one line."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(said).split())


class Line(ABC):
    """An open line; its methods raise what the library of its driver raises."""

    def __init__(self, number: int, pull: str) -> None:
        self.number = number
        self.pull = pull
        self.is_output = False
        self.is_watched = False
        self.level = False  # as told last
        self.known_ns = 0  # when it was known without an edge
        self.lost = 0  # how often the kernel could not keep an edge, or may have been unable to

    @property
    def is_sampled(self) -> bool:
        """Whether somebody has to look at its level because nothing tells its edges."""
        return False

    @property
    def descriptor(self) -> int | None:
        """What becomes readable when there are edges, if something does."""
        return None

    @property
    @abstractmethod
    def quality(self) -> str:
        """How good the stamps of its edges are."""

    @abstractmethod
    def set_output(self, high: bool) -> None:
        """Drive the line."""

    @abstractmethod
    def set_input(self) -> None:
        """Drive the line no more, and have its edges told if it is watched."""

    @abstractmethod
    def get(self) -> bool:
        """Return whether the line is high."""

    @abstractmethod
    def edges(self) -> list[tuple[bool, int]]:
        """Return the edges since the last call, each with its level and its time."""

    @abstractmethod
    def close(self) -> None:
        """Leave the line as an input and let go of it."""

    def know(self, high: bool) -> None:
        """Take a level that was read or driven for the one that edges begin from."""
        self.level = high
        self.known_ns = time.monotonic_ns()

    def drive(self, high: bool) -> tuple[int, int]:
        """Drive the line; return the times, in ns, between which it got its level."""
        before = time.monotonic_ns()
        self.set_output(high)
        after = time.monotonic_ns()
        self.is_output = True
        return before, after
