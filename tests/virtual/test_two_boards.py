# SPDX-License-Identifier: MIT
"""Two virtual Pis: the tests of one application on both, and both of them in one test."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BENCH = """\
[boards.one]
board = "virtual-pi3"
[boards.two]
board = "virtual-pi3"
[groups]
both = ["one", "two"]
"""
SPREAD = """\
from rpikit.units import ms


def test_the_lamp_goes_on(dut, button, lamp):
    with button.pressed() as down:
        lamp.expect("on", within=5000 * ms, since=down)


def test_and_off(dut, button, lamp):
    press = button.press(500 * ms)
    lamp.expect("off", within=5000 * ms, since=press.up)


def test_and_stays_dark(dut, lamp):
    lamp.expect_no_change(for_=200 * ms)


def test_and_is_dark(dut, lamp):
    assert lamp.level() == "off"
"""
PAIR = """\
from rpikit.units import ms


def test_each_board_obeys_its_own_button(boards):
    first, second = boards["dut"], boards["second"]
    for pressed, other in ((first, second), (second, first)):
        with pressed.pins["button"].pressed() as down:
            pressed.pins["lamp"].expect("on", within=5000 * ms, since=down)
        pressed.dut.expect_exact("switch off\\n", timeout=60)
    assert len(first.pins["lamp"].edges()) == len(second.pins["lamp"].edges()) == 2
    assert {"lamp", "second.lamp"} <= set(first.pins.scope.capture().traces)
"""
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def project(virtual_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make an application for two boards, and end these afterwards, which every run leaves up."""
    folder = tmp_path_factory.mktemp("several") / "lamp"
    words = [sys.executable, "-m", "rpikit"]
    make = [*words, "new", folder.name, "--template", "switch"]
    subprocess.run(make, cwd=folder.parent, check=True, capture_output=True)
    (folder / "bench.toml").write_text(BENCH)
    for file in (folder / "tests").iterdir():
        file.unlink()
    (folder / "tests/test_spread.py").write_text(SPREAD)
    (folder / "tests/test_pair.py").write_text(PAIR)
    for name in ("one", "two"):
        subprocess.run([*words, "board", "up", name], cwd=folder, check=True, capture_output=True)
    yield folder
    for name in ("one", "two"):
        subprocess.run([*words, "board", "down", name], cwd=folder, check=True, capture_output=True)


def run_tests(project: Path, tests: str, *words: str) -> dict[str, Any]:
    """Run a file of tests, all of which have to pass, and return the report."""
    command = [sys.executable, "-m", "rpikit", "test", ".", *words, "--report", "report"]
    command += ["--", "--deselect", f"tests/{tests}"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads((project / "report/report.json").read_text())
    return report


def test_the_tests_of_an_application_are_spread_over_two_boards(project: Path) -> None:
    report = run_tests(project, "test_pair.py", "--group", "both")
    assert sorted({test["board"] for test in report["tests"]}) == ["one", "two"]
    assert [test["outcome"] for test in report["tests"]] == ["passed"] * 4


def test_one_test_has_two_boards(project: Path) -> None:
    report = run_tests(project, "test_spread.py", "--board", "one", "--peer", "second=two")
    (test,) = report["tests"]
    assert (test["outcome"], test["board"]) == ("passed", "one")
    assert [(peer["role"], peer["name"]) for peer in report["peers"]] == [("second", "two")]
    assert "switch on" in test["console"]
