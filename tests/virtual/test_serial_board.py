# SPDX-License-Identifier: MIT
"""The virtual Pi behind its UART alone: a line as slow as a real one, and as bad as is asked."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit.transport.serial import Serial, SerialAddress
from rpikit.transport.ssh import Ssh
from rpikit.virtual.line import Faults, Wire
from rpikit.virtual.machine import Machine

BAUD = 115200


@pytest.fixture
def folder(virtual_ssh: Ssh) -> Iterator[str]:
    yield "/tmp/by-serial"
    virtual_ssh.run("rm -f /tmp/by-serial")


def carried(machine: Machine, blob: bytes, target: str, folder: Path, faults: Faults) -> int:
    """Put a blob over a line with faults; return the bytes that the line carried for it."""
    source = folder / "source"
    source.write_bytes(blob)
    with (
        Wire.to(machine.serials[0], baud=BAUD, faults=faults, seed=1) as wire,
        Serial(SerialAddress(wire.place), "uart") as serial,
    ):
        serial.run("true")
        before = wire.there.carried
        serial.put(source, target)
        used = wire.there.carried - before
        assert serial.run(f"sha256sum < {target}").out == _sum(serial, blob)
    return used


def _sum(serial: Serial, blob: bytes) -> str:
    return serial.run("sha256sum", input=blob).out


def test_what_is_put_costs_the_line_hardly_more_than_its_bytes(
    virtual_board: Machine, folder: str, tmp_path: Path
) -> None:
    blob = random.Random(1).randbytes(30_000)
    assert carried(virtual_board, blob, folder, tmp_path, Faults()) < len(blob) / 0.9


def test_what_compresses_costs_less_than_its_bytes(
    virtual_board: Machine, folder: str, tmp_path: Path
) -> None:
    blob = b"".join(b"a line of a file, number %d\n" % number for number in range(1200))
    assert carried(virtual_board, blob, folder, tmp_path, Faults()) < len(blob) / 2


def test_each_thousandth_byte_may_be_damaged(
    virtual_board: Machine, folder: str, tmp_path: Path
) -> None:
    carried(
        virtual_board,
        random.Random(2).randbytes(8_000),
        folder,
        tmp_path,
        Faults(drop=0.0005, flip=0.0005),
    )
