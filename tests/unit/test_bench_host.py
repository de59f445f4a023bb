# SPDX-License-Identifier: MIT
"""The pins of this machine as a board, seen from the bench; firmware is the other side's memory."""

import re
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit.bench import Edge, host
from rpikit.bench.host import EDGES, HIGH, LINES, LOW, HostPins
from rpikit.errors import BenchError

HEADER = Path(__file__).parents[2] / "c/backends/host/pins.h"


@pytest.fixture
def pins(tmp_path: Path) -> Iterator[HostPins]:
    with HostPins(tmp_path / "pins") as pins:
        yield pins


def test_the_layout_is_that_of_the_header() -> None:
    text = HEADER.read_text()
    said = dict(re.findall(r"#define PINS_(\w+) +(\S+)", text))
    assert said == {
        "VERSION": str(host.VERSION),
        "LINES": str(LINES),
        "EDGES": str(EDGES),
        "WAKE": f'"{host.WAKE}"',
    }
    assert "PINS_FREE = 0, PINS_LOW = 1, PINS_HIGH = 2" in text
    assert (host.FREE, LOW, HIGH) == (0, 1, 2)
    size = re.search(r"sizeof\(struct pins\) == (.*), ", text)
    assert size is not None
    assert size[1].replace("PINS_EDGES", str(EDGES)) == f"72 + 2 * (72 + 16 * {EDGES})"
    assert host.SIZE == 72 + 2 * (72 + 16 * EDGES)


def test_what_drives_a_line_decides_and_firmware_first(pins: HostPins) -> None:
    line = pins.line(17)
    assert not line.read()
    line.drive(True)
    assert line.read()
    pins.guest.drive[17] = LOW
    assert not line.read()
    pins.guest.drive[17] = host.FREE
    line.release()
    assert not line.read()


def test_two_openers_share_the_pins(pins: HostPins, tmp_path: Path) -> None:
    with HostPins(tmp_path / "pins") as other:
        pins.line(4).drive(True)
        assert other.line(4).read()


def test_edges_of_both_sides_come_in_the_order_of_their_stamps(pins: HostPins) -> None:
    now = time.monotonic_ns()
    with pins.line(5).watch() as watch:
        pins.line(5).drive(True)
        pins.guest.add(5, False, now - 1000)
        pins.guest.add(6, True, now)
        first, second = watch.next(0), watch.next(0)
        assert first == Edge(False, now - 1000)
        assert second is not None
        assert second.high
        assert watch.next(0) is None


def test_a_level_that_does_not_change_is_no_edge(pins: HostPins) -> None:
    with pins.line(5).watch() as watch:
        pins.line(5).drive(False)
        pins.line(5).release()
        assert watch.next(0) is None


def test_edges_that_were_lost_are_told(pins: HostPins) -> None:
    with pins.line(5).watch() as watch:
        for number in range(EDGES + 3):
            pins.guest.add(5, number % 2 == 0, number)
        with pytest.raises(BenchError, match="3 edges were lost"):
            watch.next(0)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pins").write_bytes(struct.pack("=Q", 99))
    with pytest.raises(BenchError, match="another version of rpikit"):
        HostPins(tmp_path / "pins")


def test_a_file_that_cannot_be_made_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="cannot be the file of the pins"):
        HostPins(tmp_path / "missing" / "pins")
