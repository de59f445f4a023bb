# SPDX-License-Identifier: MIT
"""What a modelled line does to bytes on its way: it repeats them, and holds them back."""

import pytest

from rpikit.virtual.line import Direction, Faults

MANY = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("faults", "least", "most"),
    [
        (Faults(repeat=1.0), 2 * len(MANY), 2 * len(MANY)),
        (Faults(repeat=0.01), len(MANY) + 60, len(MANY) + 150),
        (Faults(), len(MANY), len(MANY)),
    ],
)
def test_bytes_come_twice_as_often_as_is_asked(faults: Faults, least: int, most: int) -> None:
    way = Direction(None, faults, 1)
    way.push(MANY, 0.0)
    assert least <= len(way.pull(0.0)) <= most


def test_what_is_held_comes_later_and_whole() -> None:
    way = Direction(115200, Faults(), 1)
    way.push(b"before", 0.0)
    way.hold(2.0)
    way.push(b"after", 0.0)
    assert way.pull(1.9) == b"before"
    assert way.pull(2.1) == b"after"
