# SPDX-License-Identifier: MIT
"""`rpikit test` on the virtual board: the applications of the tree, and what goes wrong."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.pins import Pins

APPS = Path(__file__).parents[2] / "c/apps"
BUTTON, JUMPER, LAMP = 17, 27, 18


@pytest.fixture(autouse=True)
def quiet_board(virtual_ssh: Ssh) -> Iterator[None]:
    """End the firmware after a test: it looks at its switch a thousand times a second."""
    yield
    DeviceHalf(virtual_ssh).stop()


def command(app: Path, *arguments: str) -> list[str]:
    """Return the words of `rpikit test`."""
    return [sys.executable, "-m", "rpikit.cli", "test", str(app), *arguments]


def rpikit_test(app: Path, *arguments: str) -> tuple[int, str]:
    """Run `rpikit test` and return its exit status and what it said."""
    done = subprocess.run(command(app, *arguments), capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def mutant(tmp_path: Path) -> Path:
    """Give a copy of test_switch, to be changed."""
    folder = tmp_path / "test_switch"
    shutil.copytree(APPS / "test_switch", folder, ignore=shutil.ignore_patterns("build", ".*"))
    return folder


def mutate(folder: Path, before: str, after: str) -> None:
    """Replace a piece of the application's program."""
    program = (folder / "main.c").read_text()
    assert program.count(before) == 1
    (folder / "main.c").write_text(program.replace(before, after))


@pytest.mark.parametrize("app", ["hello", "test_led", "test_switch"])
def test_the_applications_of_the_tree_pass(app: str) -> None:
    status, said = rpikit_test(APPS / app)
    assert status == 0, said
    assert " passed" in said


def test_the_same_tests_pass_with_a_virtual_wire(mutant: Path) -> None:
    bench = (mutant / "bench.toml").read_text()
    wired = bench.replace('"second-pin", line = 27', f'"virtual", line = {BUTTON}')
    assert wired != bench
    (mutant / "bench.toml").write_text(wired)
    status, said = rpikit_test(mutant)
    assert status == 0, said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("level ? solo5_led_on", "!level ? solo5_led_on"),
        (": solo5_led_off(PIN_LAMP)", ": solo5_led_on(PIN_LAMP)"),
        ("#define PERIOD_NS UINT64_C(1000000)", "#define PERIOD_NS UINT64_C(800000000)"),
    ],
    ids=["inverted", "misses the release", "late"],
)
def test_firmware_that_does_not_obey_fails_with_a_waveform(
    mutant: Path, before: str, after: str
) -> None:
    mutate(mutant, before, after)
    status, said = rpikit_test(mutant, "--", "-k", "each_press")
    assert status == 1, said
    assert re.search(r"lamp: expected (on|off) within .* ms of (button|lamp) (on|off)", said)
    assert re.search(r"E +button ▁.*\n(E .*\n)*E +lamp   ▁", said), said


def test_firmware_that_never_gets_ready_is_a_failed_test(mutant: Path) -> None:
    mutate(mutant, 'say("test_switch: ready\\n");', "return SOLO5_EXIT_FAILURE;")
    status, said = rpikit_test(mutant)
    assert status == 1
    assert "ended with status 1" in said
    assert "= 1 error in" in said
    assert "Traceback" not in said


def test_a_driver_for_real_boards_is_refused_on_a_virtual_one(mutant: Path) -> None:
    bench = (mutant / "bench.toml").read_text()
    (mutant / "bench.toml").write_text(
        bench.replace('"virtual", line = 18', '"gpiod", line = 18', 1)
    )
    status, said = rpikit_test(mutant)
    assert status == 2
    assert "a virtual board is wired to a virtual one; write the name of that board" in said


def test_an_interrupted_run_leaves_the_board_clean(
    agents: Callable[[], set[str]], virtual_pins: Pins, mutant: Path
) -> None:
    (mutant / "tests/test_switch.py").write_text(
        "import time\n\n\n"
        "def test_hold(dut, button, lamp):\n"
        "    with button.pressed():\n        time.sleep(300)\n"
    )
    with subprocess.Popen(
        command(mutant), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not virtual_pins.read(LAMP) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert virtual_pins.read(LAMP), "the lamp did not light up"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert virtual_pins.function(JUMPER) == "in"
    assert not virtual_pins.read(BUTTON)
    deadline = time.monotonic() + 10
    while agents() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not agents()


def test_a_board_that_dies_is_no_failed_firmware(mutant: Path) -> None:
    bench = (mutant / "bench.toml").read_text()
    victim = bench.replace("boards.virtual-pi3", "boards.victim")
    (mutant / "bench.toml").write_text(victim)
    (mutant / "tests/test_switch.py").write_text(
        "import os, signal\n\nfrom rpikit.units import ms\n\n\n"
        "def test_hold(board, dut, button, lamp):\n"
        "    os.kill(board.machine.pid, signal.SIGKILL)\n"
        "    button.press(50 * ms)\n\n\n"
        "def test_never(dut):\n    print('went on')\n    assert False\n"
    )
    status, said = rpikit_test(mutant, "--board", "victim")
    assert status == 4, said
    assert "went on" not in said
    assert "Traceback" not in said
    assert machine.find("victim") is None


def test_a_board_that_is_not_in_the_wiring_is_a_wrong_option() -> None:
    status, said = rpikit_test(APPS / "test_switch", "--board", "desk")
    assert status == 2
    assert "there is no board 'desk'" in said
