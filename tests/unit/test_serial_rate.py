# SPDX-License-Identifier: MIT
"""What a serial line carries in a second of its own time, at 115200 baud, at least.

One way after the other, so it is less than what a line carries that is busy both ways.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from line_clock import ClockedPort
from serial_console import shell

from rpikit import device
from rpikit.transport.serial import Serial, SerialAddress

BAUD = 115200
LINE = BAUD / 10  # bytes in a second, 8N1


class Desk:
    """A board at a clocked line."""

    def __init__(self, far: int, folder: Path) -> None:
        self.ports: list[ClockedPort] = []

        def opened(address: SerialAddress, board: str) -> ClockedPort:
            self.ports.append(ClockedPort(far, address.baud))
            return self.ports[-1]

        self.serial = Serial(SerialAddress("the desk", BAUD), "desk", opening=opened)
        self._folder = folder

    @property
    def now(self) -> float:
        """Seconds of the line's time."""
        return sum(port.now() for port in self.ports)

    def put(self, blob: bytes) -> float:
        """Put a blob; return the bytes of it in a second."""
        source = self._folder / "source"
        source.write_bytes(blob)
        self.serial.run("true")
        begun = self.now
        self.serial.put(source, "target")
        assert (self._folder / "target").read_bytes() == blob
        return len(blob) / (self.now - begun)


@pytest.fixture(params=["dash", "busybox"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with shell(request.param, tmp_path) as far:
        made = Desk(far, tmp_path)
        with made.serial:
            yield made


def test_what_compresses_is_carried_faster_than_the_raw_line_could(desk: Desk) -> None:
    blob = device.script().encode()
    rate = desk.put(blob)
    print(f"{rate:.0f} bytes/s of {len(blob)}; the line carries {LINE:.0f}")
    assert rate > LINE
