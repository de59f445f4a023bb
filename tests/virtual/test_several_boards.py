# SPDX-License-Identifier: MIT
"""Two virtual Pis, over which the tests of one application are spread."""

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
    for name in ("one", "two"):
        subprocess.run([*words, "board", "up", name], cwd=folder, check=True, capture_output=True)
    yield folder
    for name in ("one", "two"):
        subprocess.run([*words, "board", "down", name], cwd=folder, check=True, capture_output=True)


def run_tests(project: Path, *words: str) -> dict[str, Any]:
    """Run the tests, all of which have to pass, and return the report."""
    command = [sys.executable, "-m", "rpikit", "test", ".", *words, "--report", "report"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads((project / "report/report.json").read_text())
    return report


def test_the_tests_of_an_application_are_spread_over_two_boards(project: Path) -> None:
    report = run_tests(project, "--group", "both")
    assert sorted({test["board"] for test in report["tests"]}) == ["one", "two"]
    assert [test["outcome"] for test in report["tests"]] == ["passed"] * 4
