# SPDX-License-Identifier: MIT
"""Hints: what helps with a failure that another program put into words; hints.toml has them.

Knows texts only; an error of ours that has a hint of its own needs none of these.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("hints.toml")


@dataclass(frozen=True)
class Hint:
    """A failure by the text that gives it away, and what helps."""

    name: str
    pattern: re.Pattern[str]
    text: str

    def answer(self, said: str) -> str | None:
        """Return the hint with the words of a text in it, or None when it is another failure."""
        match = self.pattern.search(said)
        return (
            re.sub(r"\\(\d)", lambda number: match[int(number[1])] or "", self.text)
            if match
            else None
        )


@cache
def known() -> tuple[Hint, ...]:
    """Return all hints, in the order in which they are tried."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Hint(one["name"], re.compile(one["pattern"]), one["hint"]) for one in read["hint"])


def find(said: str) -> str | None:
    """Return what helps with a failure of this text, None when nobody knows."""
    answers = (hint.answer(said) for hint in known())
    return next((answer for answer in answers if answer is not None), None)
