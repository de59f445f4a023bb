# SPDX-License-Identifier: MIT
"""A board without an operating system: flash, run, test and monitor as with any other."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import board
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine

ROOT = Path(__file__).parents[2]
UNUSED = shutil.ignore_patterns("build", ".*", "__pycache__")


@pytest.fixture(scope="module")
def metal(virtual_state: Path) -> Iterator[Machine]:
    started = machine.up(board.load(board.WITHOUT_LINUX))
    yield started
    machine.down(started.name)


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give applications in a folder of their own: others build them meanwhile."""
    folder = tmp_path_factory.mktemp("apps")
    for source in ("c/apps/test_switch", "c/apps/hello", "tests/guests/badstack"):
        shutil.copytree(ROOT / source, folder / Path(source).name, ignore=UNUSED)
    return folder


def rpikit(app: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rpikit.cli", *words, "--board", board.WITHOUT_LINUX],
        cwd=app,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_unchanged_tests_of_a_switch_and_a_lamp_pass(metal: Machine, apps: Path) -> None:
    """Its switch is pressed and its lamp watched on the wires of a board that has no Linux."""
    done = rpikit(apps / "test_switch", "test", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["ran"], told["failed"], told["skipped"]) == (4, 0, 0)


def test_what_is_there_already_is_not_sent_again(metal: Machine, apps: Path) -> None:
    first = rpikit(apps / "test_switch", "flash")
    assert first.returncode == 0, first.stderr
    again = rpikit(apps / "test_switch", "flash", "--json")
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert (told["name"], told["exit"], told["slot"]) == ("test_switch", None, None)
    image = apps / "test_switch/build/metal/kernel8.img"
    assert 0 < told["sent"] < image.stat().st_size / 100


def test_what_it_says_is_watched_on_its_serial_line(metal: Machine, apps: Path) -> None:
    assert rpikit(apps / "test_switch", "flash").returncode == 0
    done = rpikit(apps / "test_switch", "monitor", "--until", "test_switch: ready")
    assert done.returncode == 0, done.stderr
    assert "test_switch: ready" in done.stdout


def test_a_guest_runs_to_its_end_with_its_console_and_status(metal: Machine, apps: Path) -> None:
    done = rpikit(apps / "hello", "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Hello" in done.stdout
    assert "underlay: hello: ended, status 0\n" in done.stdout


def test_firmware_that_fails_is_told_as_that(metal: Machine, apps: Path) -> None:
    done = rpikit(apps / "badstack", "run")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "badstack" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("ps",), 4, "runs no operating system"),
        (("flash", "--beside"), 2, "one image at a time"),
        (("flash", "--trial", "10"), 2, "one image at a time"),
        (("flash", "--target", "spt"), 2, "metal is its target"),
    ],
)
def test_what_needs_linux_is_refused_in_one_line(
    metal: Machine, apps: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    done = rpikit(apps / "hello", *words)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_board_with_another_serial_number_is_not_touched(
    metal: Machine, apps: Path, tmp_path: Path
) -> None:
    bench = tmp_path / "bench.toml"
    bench.write_text(
        f'[boards.{metal.name}]\nboard = "{metal.name}"\nserial_number = "00000000a1b2c3d4"\n'
    )
    done = rpikit(apps / "hello", "flash", "--bench", str(bench))
    assert done.returncode == 4, done.stderr
    assert "00000000a1b2c3d4" in done.stderr


def test_the_doctor_asks_its_loader(metal: Machine, apps: Path) -> None:
    done = rpikit(apps / "hello", "doctor")
    assert "revision a02082" in done.stdout, done.stdout + done.stderr


def test_it_says_how_it_is_reached(metal: Machine) -> None:
    assert str(metal).splitlines()[1] == "  its loader waits for firmware: rpikit flash"
    assert metal.console == metal.serials[0]
