# SPDX-License-Identifier: MIT
"""One test file, whoever presses: the tests of test_switch pass unchanged with each driver.

Each run is `rpikit test` as anybody types it; the report says which driver pressed. Where a bench
Pi presses, rpikit itself plugs its lines into those of the board under test and takes them out.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import board
from rpikit.device import DeviceHalf
from rpikit.paths import data_root
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins

pytestmark = [pytest.mark.lab, pytest.mark.alone]

APP = data_root() / "c" / "apps" / "test_switch"
DUT, BENCH_PI = board.DEFAULT, "bench-pi"
BUTTON, LAMP = 17, 18
ON_THE_BOARD = {"virtual": (BUTTON, LAMP), "second-pin": (27, 22)}
ON_THE_BENCH_PI = {"gpiod": (5, 6), "RPi.GPIO": (23, 24)}


@pytest.fixture(scope="module")
def virtual_bench_pi(virtual_state: Path) -> Iterator[Machine]:
    """Give the board that presses the buttons of the one that all tests share."""
    yield machine.up(board.load("virtual-pi3-bench"), name=BENCH_PI)
    machine.down(BENCH_PI)


@pytest.fixture
def virtual_dut(virtual_board: Machine, virtual_ssh: Ssh) -> Iterator[Machine]:
    """Give the board that all tests share, and end its firmware, which looks at its switch."""
    yield virtual_board
    DeviceHalf(virtual_ssh).stop_all()


def passes(folder: Path, *options: str) -> dict[str, tuple[str, int, str | None]]:
    """Run the tests; return driver, line and host of each device's other end from the report."""
    report = folder / "report"
    words = [sys.executable, "-m", "rpikit", "test", str(APP), "--report", str(report), *options]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    told = json.loads((report / "report.json").read_text())
    names = {test["name"].rpartition("::")[2]: test["outcome"] for test in told["tests"]}
    source = (APP / "tests" / "test_switch.py").read_text()
    assert set(names.values()) == {"passed"}, said
    assert all(f"def {name}(" in source for name in names)
    assert len(names) == source.count("\ndef test_")
    return {wire["device"]: (wire["driver"], wire["end"], wire["host"]) for wire in told["wiring"]}


def wiring(folder: Path, driver: str, ends: tuple[int, int], host: str = "") -> Path:
    """Write the wiring in which a driver presses the button and watches the lamp."""
    leads = f', host = "{host}"' if host else ""
    lines = [f'[boards.{DUT}]\nboard = "{DUT}"\n\n[boards.{DUT}.wires]']
    for device, end in zip(("button", "lamp"), ends, strict=True):
        lines.append(f'{device} = {{ driver = "{driver}", line = {end}{leads} }}')
    if host:
        lines.append(f'\n[boards.{host}]\nboard = "virtual-pi3-bench"')
    file = folder / "bench.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_on_this_machine(tmp_path: Path) -> None:
    ends = passes(tmp_path, "--board", board.HOST)
    assert ends == {"button": ("host", BUTTON, None), "lamp": ("host", LAMP, None)}


@pytest.mark.parametrize("driver", ON_THE_BOARD)
def test_on_the_virtual_board(driver: str, virtual_dut: Machine, tmp_path: Path) -> None:
    lines = ON_THE_BOARD[driver]
    ends = passes(tmp_path, "--bench", str(wiring(tmp_path, driver, lines)))
    assert ends == {"button": (driver, lines[0], None), "lamp": (driver, lines[1], None)}


@pytest.mark.parametrize("driver", ON_THE_BENCH_PI)
def test_by_a_bench_pi(
    driver: str, virtual_dut: Machine, virtual_bench_pi: Machine, tmp_path: Path
) -> None:
    lines = ON_THE_BENCH_PI[driver]
    ends = passes(tmp_path, "--bench", str(wiring(tmp_path, driver, lines, BENCH_PI)))
    assert ends == {
        "button": (driver, lines[0], BENCH_PI),
        "lamp": (driver, lines[1], BENCH_PI),
    }
    for there in (virtual_dut, virtual_bench_pi):
        with Pins(there.pins_socket) as pins:
            assert pins.plugs() == []
