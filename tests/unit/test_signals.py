# SPDX-License-Identifier: MIT
"""Buses and channels on a board: where they come out, what is refused, what the tender is told."""

from pathlib import Path

import pytest

from rpikit import app, board, bundle, elf, interface, signals
from rpikit.app import App
from rpikit.errors import DescriptionError

HEAD = """\
[firmware]
name = "wired"
version = "1.0.0"
sources = ["main.c"]
memory = "2M"
"""
SENSOR = '[devices.sensor]\ntype = "i2c"\nbus = 1\naddress = 0x48\n'
DISPLAY = '[devices.display]\ntype = "spi"\nbus = 0\nchip_select = 1\nspeed_hz = 500_000\n'
SERVO = """\
[devices.servo]
type = "pwm"
line = 18
period_max_ns = 20_000_000
duty_max_ns = 2_000_000
"""

rpi3b = board.load("rpi3b")


def described(folder: Path, *devices: str) -> App:
    (folder / "main.c").touch()
    (folder / "rpikit.toml").write_text("\n".join((HEAD, *devices)))
    return app.load(folder)


def test_signals_come_out_where_the_chip_says() -> None:
    lines = {name: signals.line_of(rpi3b, name) for name in ("SDA1", "SCL1", "SPI0_SCLK")}
    assert lines == {"SDA1": 2, "SCL1": 3, "SPI0_SCLK": 11}
    assert signals.line_of(rpi3b, "SDA0") is None
    channels = {line: signals.channel_of(rpi3b, line) for line in (12, 13, 17, 18, 19)}
    assert channels == {12: 0, 13: 1, 17: None, 18: 0, 19: 1}


def test_the_tender_is_told_of_each_grant_and_the_board_of_each_node(tmp_path: Path) -> None:
    wired = described(tmp_path, SENSOR, DISPLAY, SERVO)
    rpi3b.check_lines(wired)
    assert bundle.options(wired, rpi3b) == (
        "--mem=2",
        "--i2c:sensor=1@0x48",
        "--spi:display=0.1,mode=0,speed=500000",
        "--pwm:servo=0.0,period-min=20000000,period-max=20000000,duty-max=2000000",
    )
    assert bundle.needs(wired, rpi3b) == (
        "/dev/kvm",
        "/dev/i2c-1",
        "/dev/spidev0.1",
        "/sys/class/pwm/pwmchip0",
    )
    assert {"i2c", "spi", "pwm"} <= set(wired.interfaces)
    assert wired.pins == {}


def test_devices_share_a_bus_but_not_a_chip_select(tmp_path: Path) -> None:
    second = DISPLAY.replace("display", "memory").replace("chip_select = 1", "chip_select = 0")
    other = SENSOR.replace("sensor", "outside").replace("0x48", "0x49")
    rpi3b.check_lines(described(tmp_path, SENSOR, other, DISPLAY, second))


REFUSALS = {
    "bus": (
        [SENSOR.replace("bus = 1", "bus = 0")],
        "devices.sensor.bus = 0: rpi3b has no such I2C bus on its header; write 1",
    ),
    "spi bus": (
        [DISPLAY.replace("bus = 0", "bus = 2")],
        "devices.display.bus = 2: rpi3b has no such SPI bus on its header; write 0 or 1",
    ),
    "chip select": (
        [DISPLAY.replace("chip_select = 1", "chip_select = 2")],
        "devices.display.chip_select = 2: rpi3b has no such chip select on bus 0; write 0 or 1",
    ),
    "line of a bus": (
        [SENSOR, '[devices.lamp]\ntype = "led"\nline = 3\n'],
        "devices.lamp.line = 3: it is SCL1 for devices.sensor; choose another line",
    ),
    "no channel": (
        [SERVO.replace("line = 18", "line = 17")],
        "devices.servo.line = 17: no PWM channel of rpi3b comes out there; write 12, 13, 18 or 19",
    ),
    "one channel twice": (
        [SERVO, SERVO.replace("servo", "fan").replace("line = 18", "line = 12")],
        "devices.fan.line = 12: PWM0 comes out there, which devices.servo has; choose another line",
    ),
    "two signals on a line": (
        [
            SERVO,
            DISPLAY.replace("bus = 0", "bus = 1").replace("chip_select = 1", "chip_select = 0"),
        ],
        "devices.display: line 18 would be SPI1_CE0_N; it is PWM0 for devices.servo",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_the_board_cannot_give_is_refused(tmp_path: Path, case: str) -> None:
    devices, message = REFUSALS[case]
    with pytest.raises(DescriptionError) as caught:
        rpi3b.check_lines(described(tmp_path, *devices))
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["i2c", "spi", "pwm"])
def test_the_manifest_has_one_type_for_each_interface(name: str) -> None:
    header = (interface.folder().parent / "abi/manifest.h").read_text()
    number = interface.load(interface.find(name)).interface.device_type
    assert number is not None
    assert f"MFT_{name.upper()} = {number:#x}," in header
    assert elf.TYPES[number] == name


def test_an_interface_of_ones_own_stands_in_for_raw_transfers(tmp_path: Path) -> None:
    wired = described(tmp_path, SENSOR + 'interface = "thermometer"\n')
    assert "thermometer" in wired.interfaces
    assert "i2c" not in wired.interfaces
    assert bundle.options(wired, rpi3b) == ("--mem=2", "--i2c:sensor=1@0x48")


def test_this_machine_is_told_where_the_devices_on_its_buses_are(tmp_path: Path) -> None:
    host = board.load("host")
    lamp = '[devices.lamp]\ntype = "led"\nline = 18\n'
    _memory, chip, _pin, buses, sensor = bundle.options(described(tmp_path, SENSOR, lamp), host)
    assert f"{buses.removeprefix('--buses=')}/pins" == chip.removeprefix("--gpio-chip=")
    assert sensor == "--i2c:sensor=1@0x48"
    assert not any("buses" in word for word in bundle.options(described(tmp_path, lamp), host))


def test_the_board_is_told_which_line_has_which_signal(tmp_path: Path) -> None:
    wired = described(tmp_path, SENSOR, DISPLAY, SERVO)
    assert signals.of(wired, rpi3b) == (
        *((2, "SDA1"), (3, "SCL1"), (7, "SPI0_CE1_N"), (9, "SPI0_MISO"), (10, "SPI0_MOSI")),
        *((11, "SPI0_SCLK"), (18, "PWM0")),
    )
    files = {name: tmp_path / name for name in ("unikernel", "tender")}
    for file in files.values():
        file.write_bytes(b"bytes")
    made = bundle.make(wired, rpi3b, files["unikernel"], files["tender"], tmp_path / "out")
    launch = made.slot_contents["launch"].decode()
    assert "signal=2 SDA1\nsignal=3 SCL1\nsignal=7 SPI0_CE1_N\n" in launch
    assert bundle.read(made.path).manifest.launch.signals[-1] == "18 PWM0"
