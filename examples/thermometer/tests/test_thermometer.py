# SPDX-License-Identifier: MIT
"""thermometer on this machine: its sensor is a file of registers, which the tests write.

Times are those of the edges' own stamps; the limits leave room for a busy machine.
"""

import struct

import pytest

from rpikit.units import ms

REGISTERS = "run/i2c-1-48"
REACTION = 1000 * ms


class Sensor:
    """The sensor on this machine's bus."""

    def __init__(self, transport):
        self.transport = transport

    def measures(self, celsius):
        self._do(f"dd of={REGISTERS} conv=notrunc", struct.pack(">h", int(celsius * 256)))

    def is_unplugged(self):
        self._do(f": >{REGISTERS}")

    def _do(self, command, data=b""):
        done = self.transport.run(command, input=data)
        assert done.status == 0, done.err


@pytest.fixture
def sensor(board):
    if board.home is None:
        pytest.skip("a sensor of metal measures what it measures: --board host")
    sensor = Sensor(board.transport)
    sensor.measures(20)
    return sensor


@pytest.mark.parametrize(
    ("celsius", "said"),
    [(21.5, "21.500 C"), (-3.25, "-3.250 C"), (0, "0.000 C"), (125, "125.000 C")],
)
def test_it_tells_what_the_sensor_measures(sensor, dut, celsius, said):
    sensor.measures(celsius)
    dut.expect_exact(f"{said}\n", timeout=10)


def test_the_lamp_is_lit_while_it_is_hot(sensor, dut, lamp):
    sensor.measures(30)
    hot = lamp.expect("on", within=REACTION)
    sensor.measures(28)
    dut.expect_exact("28.000 C\n", timeout=10)
    assert lamp.level() == "on"
    sensor.measures(27.9375)
    lamp.expect("off", within=REACTION, since=hot)


def test_it_says_once_that_the_sensor_does_not_answer_and_goes_on(sensor, dut):
    dut.expect_exact("20.000 C\n", timeout=10)
    sensor.is_unplugged()
    dut.expect_exact("the sensor does not answer\n", timeout=10)
    sensor.measures(20)
    dut.expect_exact("20.000 C\n", timeout=10)
