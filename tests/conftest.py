# SPDX-License-Identifier: MIT
"""What the whole suite shares: one build, and one virtual board with a state folder of its own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import board
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden files; review the diff")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on the virtual board."""
    for item in items:
        if any(name.startswith("virtual_") for name in getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.virtual)


@pytest.fixture(scope="session")
def built() -> Path:
    """Build everything in the tree once and return the folder it is in."""
    command = [sys.executable, "-m", "SCons", "-Q", "-j2", "-C", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "build"


@pytest.fixture(scope="session")
def virtual_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the session's boards apart from the user's, and leave none of them running."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RPIKIT_STATE", str(state))
        yield state
        for left in machine.running():
            machine.down(left.name)


@pytest.fixture(scope="session")
def virtual_board(virtual_state: Path) -> Machine:
    """Return the session's board, brought back from the snapshot that the first start leaves."""
    described = board.load(board.DEFAULT)
    started = machine.up(described)
    if started.was_restored:
        return started
    machine.down(started.name)
    return machine.up(described)


@pytest.fixture(scope="session")
def virtual_ssh(virtual_board: Machine) -> Iterator[Ssh]:
    """Give the way to the session's board."""
    with Ssh(virtual_board.ssh, virtual_board.name) as ssh:
        yield ssh


@pytest.fixture
def virtual_pins(virtual_board: Machine) -> Iterator[Pins]:
    """Give the pins of the session's board."""
    with Pins(virtual_board.pins_socket) as pins:
        yield pins
