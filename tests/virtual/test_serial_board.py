# SPDX-License-Identifier: MIT
"""The virtual Pi behind its UART alone: a line as slow as a real one, and as bad as is asked."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import board
from rpikit.transport.serial import Serial, SerialAddress
from rpikit.virtual import machine
from rpikit.virtual.line import Faults, Wire
from rpikit.virtual.machine import Machine

BAUD = 115200


TARGET = "/tmp/by-serial"


@pytest.fixture(scope="module")
def uart(virtual_board: Machine) -> Iterator[Machine]:
    """Give a board of their own: a bad line may leave a console with a session half ended."""
    yield machine.up(board.load(board.DEFAULT), name="by-serial")
    machine.down("by-serial")


def carried(on: Machine, blob: bytes, folder: Path, faults: Faults) -> int:
    """Put a blob over a line with faults; return the bytes that the line carried for it."""
    source = folder / "source"
    source.write_bytes(blob)
    with (
        Wire.to(on.serials[0], baud=BAUD, faults=faults, seed=1) as wire,
        Serial(SerialAddress(wire.place), "uart") as serial,
    ):
        serial.run("true")
        before = wire.there.carried
        serial.put(source, TARGET)
        used = wire.there.carried - before
        assert serial.run(f"sha256sum < {TARGET}").out == _sum(serial, blob)
    return used


def _sum(serial: Serial, blob: bytes) -> str:
    return serial.run("sha256sum", input=blob).out


def test_what_is_put_costs_the_line_hardly_more_than_its_bytes(
    uart: Machine, tmp_path: Path
) -> None:
    blob = random.Random(1).randbytes(30_000)
    assert carried(uart, blob, tmp_path, Faults()) < len(blob) / 0.9


def test_what_compresses_costs_less_than_its_bytes(uart: Machine, tmp_path: Path) -> None:
    blob = b"".join(b"a line of a file, number %d\n" % number for number in range(1200))
    assert carried(uart, blob, tmp_path, Faults()) < len(blob) / 2


def test_each_thousandth_byte_may_be_damaged(uart: Machine, tmp_path: Path) -> None:
    carried(
        uart,
        random.Random(2).randbytes(8_000),
        tmp_path,
        Faults(drop=0.0005, flip=0.0005),
    )
