# SPDX-License-Identifier: MIT
"""What the whole suite shares: one build, and one virtual board with a state folder of its own."""

import subprocess
import sys
import sysconfig
import venv
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


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a fresh environment and return the folder of its programs.

    It finds the libraries of this environment; no network is used.
    """
    folder = tmp_path_factory.mktemp("installed")
    pip("wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    (wheel,) = folder.glob("rpikit-*.whl")
    fresh = folder / "venv"
    venv.create(fresh)
    python = str(fresh / "bin/python")
    pip("--python", python, "install", "-q", "--no-index", "--no-deps", str(wheel))
    (packages,) = fresh.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    where = [python, "-c", "import rpikit; print(rpikit.__file__)"]
    found = subprocess.run(where, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert found == f"{packages}/rpikit/__init__.py\n"
    return fresh / "bin"


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
