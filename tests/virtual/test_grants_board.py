# SPDX-License-Identifier: MIT
"""What bench.toml grants a guest, on the virtual Pi: every pin to one that is trusted and alone."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh
from rpikit.virtual.machine import Machine

ROOT = Path(__file__).parents[2]
NAME = "gpio_page"
GRANT = "[boards.virtual-pi3.guests.gpio_page]\nall_pins = true\n"


@pytest.fixture
def app(tmp_path: Path, virtual_ssh: Ssh) -> Iterator[Path]:
    """Give an application that wishes for every pin, and a board without guests."""
    folder = tmp_path / NAME
    shutil.copytree(ROOT / "tests/guests" / NAME, folder)
    shutil.copy(ROOT / "tests/guests/expect.h", tmp_path)
    file = folder / "rpikit.toml"
    text = file.read_text().replace('memory = "2M"\n', 'memory = "2M"\nall_pins = true\n')
    file.write_text(text)
    (folder / "bench.toml").write_text('[boards.virtual-pi3]\nboard = "virtual-pi3"\n')
    half = DeviceHalf(virtual_ssh)
    half.stop_all()
    yield folder
    half.stop_all()


def rpikit(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command about the session's board."""
    command = [sys.executable, "-m", "rpikit", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_pin_is_given_by_the_operators_word_to_a_guest_alone(
    app: Path, virtual_board: Machine
) -> None:
    assert virtual_board.name == "virtual-pi3"
    refused = rpikit("flash", app)
    assert refused.returncode == 2
    assert "gpio_page wishes for every pin, which its operator has to grant" in refused.stderr

    bench = app / "bench.toml"
    bench.write_text(bench.read_text() + GRANT)
    switch = ROOT / "c/apps/test_switch"
    assert rpikit("flash", switch).returncode == 0
    beside = rpikit("flash", app, "--beside")
    assert beside.returncode == 4
    assert "is held by test_switch" in beside.stderr

    assert rpikit("remove", "test_switch").returncode == 0
    alone = rpikit("flash", app, "--beside", "--json")
    assert alone.returncode == 0, alone.stderr
    assert json.loads(alone.stdout)["exit"] == 0
    said = rpikit("logs", NAME).stdout
    assert "warning: this guest can move every pin of the board" in said
    assert "SUCCESS" in said
    told = json.loads(rpikit("ps", "--json").stdout)["guests"]
    listed = {guest["name"]: guest for guest in told}  # the board may have those of other tests
    assert "test_switch" not in listed
    assert listed[NAME]["grants"] == ["line 22", "every pin"]
