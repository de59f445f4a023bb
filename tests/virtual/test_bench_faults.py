# SPDX-License-Identifier: MIT
"""A bench that is at fault, on the virtual board: what is said names the net, and never firmware.

The wires of bench.toml lead to lines 5 and 6 of the virtual board; a jumper from there to the line
of a device, or from it, is the wire itself, and so can be elsewhere, or missing.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import promised
import pytest

from rpikit import new
from rpikit.errors import BenchError
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins

BUTTON, LAMP = 17, 18
DRIVES, WATCHES = 5, 6
# A jumper carries a level one way.
PROPER = ((DRIVES, BUTTON), (LAMP, WATCHES))

TESTS = '''\
"""Tests that need no firmware, but for the last."""

import pytest

from rpikit.units import ms
from rpikit.virtual import machine
from rpikit.virtual.pins import Pins


def test_the_board_is_cut(bench):
    with bench.panel() as panel:
        machine.cut("victim")
        panel["button"].press(50 * ms)


def test_a_wire_comes_loose(dut, button, lamp):
    board = machine.find("virtual-pi3")
    with Pins(board.pins_socket) as pins:
        pins.cut(5, 17)
    press = button.press(50 * ms)
    lamp.expect("on", within=500 * ms, since=press)
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a lamp whose wires end at lines 5 and 6."""
    folder = tmp_path_factory.mktemp("faults")
    made = new.new("porch", template="switch", parent=folder).folder
    (made / "tests" / "test_faults.py").write_text(TESTS)
    wires = (
        f'button = {{ driver = "virtual", line = {DRIVES} }}\n'
        f'lamp = {{ driver = "virtual", line = {WATCHES} }}\n'
    )
    (made / "bench.toml").write_text(
        f'[boards.virtual-pi3]\nboard = "virtual-pi3"\n[boards.virtual-pi3.wires]\n{wires}'
        '[boards.victim]\nboard = "virtual-pi3"\n'
    )
    return made


@contextmanager
def wired(pins: Pins, jumpers: Sequence[tuple[int, int]]) -> Iterator[None]:
    """Put jumpers in, and take them out again unless that is done."""
    with ExitStack() as closing:
        for source, target in jumpers:
            pins.jumper(source, target)
            closing.callback(_cut, pins, source, target)
        yield


def _cut(pins: Pins, source: int, target: int) -> None:
    with suppress(BenchError):  # it has come loose already
        pins.cut(source, target)


def rpikit(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rpikit", *words],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=300,
    )


def check(project: Path) -> list[str]:
    """Return what the check of the bench says is wrong, and see that its exit code fits."""
    done = rpikit(project, "bench", "check", "--json")
    found = promised.result("bench check", done.stdout)
    assert found["status"] == done.returncode == (3 if found["faults"] else 0), done.stderr
    faults: list[str] = found["faults"]
    return faults


def judged(project: Path, *words: str) -> tuple[int, str]:
    """Return the exit code of a run of tests, and what was wrong besides the firmware."""
    done = rpikit(project, "test", ".", "--json", *words)
    verdict = promised.result("test", done.stdout)
    assert verdict["status"] == done.returncode, done.stderr
    assert verdict["fault_code"] == done.returncode
    return done.returncode, str(verdict["fault"])


FAULTS = [
    pytest.param(
        ((DRIVES, LAMP), (LAMP, DRIVES), (WATCHES, BUTTON), (BUTTON, WATCHES)),
        "button and lamp are swapped: virtual line 5 moves GPIO 18 instead of GPIO 17",
        id="swapped",
    ),
    pytest.param(
        ((LAMP, WATCHES),),
        "button: no wire: GPIO 17 does not follow virtual line 5, it stays low",
        id="missing",
    ),
    pytest.param(
        (*PROPER, (BUTTON, LAMP)),
        "button and lamp are shorted: virtual line 5 moves GPIO 17 and GPIO 18",
        id="shorted",
    ),
]


def test_a_bench_as_described_is_proved(
    project: Path, virtual_board: Machine, virtual_pins: Pins
) -> None:
    with wired(virtual_pins, PROPER):
        assert check(project) == []
    assert virtual_pins.function(BUTTON) == virtual_pins.function(LAMP) == "in"


@pytest.mark.parametrize(("jumpers", "said"), FAULTS)
def test_check_names_the_nets(
    project: Path,
    jumpers: Sequence[tuple[int, int]],
    said: str,
    virtual_board: Machine,
    virtual_pins: Pins,
) -> None:
    with wired(virtual_pins, jumpers):
        assert said in check(project)


def test_a_stuck_switch_is_named_by_check_and_test(
    project: Path, virtual_board: Machine, virtual_pins: Pins
) -> None:
    said = "button: stuck high: GPIO 17 stays high against its pull, whatever virtual line 5 does"
    with wired(virtual_pins, PROPER):
        virtual_pins.drive(BUTTON, True)
        assert check(project) == [said]
        assert judged(project) == (3, said)
        virtual_pins.release(BUTTON)


@pytest.mark.parametrize(("jumpers", "said"), FAULTS[:2])
def test_a_wire_at_fault_is_no_firmware_that_failed(
    project: Path,
    jumpers: Sequence[tuple[int, int]],
    said: str,
    virtual_board: Machine,
    virtual_pins: Pins,
) -> None:
    with wired(virtual_pins, jumpers):
        assert judged(project) == (3, said)


def test_a_wire_that_comes_loose_amid_a_test_is_no_firmware_that_failed(
    project: Path, virtual_board: Machine, virtual_pins: Pins
) -> None:
    report = project.parent / "report"
    with wired(virtual_pins, PROPER):
        status, fault = judged(project, "--report", str(report), "--", "-k", "loose")
    assert (status, fault) == (
        3,
        "button: no wire: GPIO 17 does not follow virtual line 5, it stays low",
    )
    told = json.loads((report / "report.json").read_text())
    assert told["outcome"] == "bench fault"
    (found,) = told["tests"]
    assert (found["outcome"], found["message"]) == ("fault", fault)
    assert "expected on within" in found["text"], "what the test itself saw is kept"


def test_a_board_that_dies_amid_a_test_is_no_firmware_that_failed(
    project: Path, virtual_state: Path
) -> None:
    status, fault = judged(project, "--board", "victim", "--", "-k", "board_is_cut")
    assert status == 4
    assert fault.startswith("button: the virtual board 'victim' is gone")
