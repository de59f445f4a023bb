# SPDX-License-Identifier: MIT
"""What the whole suite shares: one build, one installation, and a virtual board for each worker.

`pytest -n 2` runs it in two processes. They share what is built; each has a board
and a state folder of its own. Without -n all is in one process.
"""

import contextlib
import fcntl
import functools
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from rpikit import board, build
from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins
from rpikit.virtual.wires import Edge

ROOT = Path(__file__).parents[1]
HAS_BOARD = pytest.StashKey[bool]()
END_TENDERS = """for process in /proc/[0-9]*; do
    case $(readlink $process/exe) in *tender*) kill -KILL ${process#/proc/} ;; esac
done"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden files; review the diff")


def pytest_configure() -> None:
    """Let no pytest that a test starts take our options, or itself for a worker of ours."""
    for name in [
        name for name in os.environ if name.startswith(("PYTEST_ADDOPTS", "PYTEST_XDIST"))
    ]:
        del os.environ[name]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file together only if they share what is made once for the file."""
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if shares(file) else nodeid

    return Scheduling(config, log)


@functools.cache
def shares(file: str) -> bool:
    """Whether a file of tests has a fixture that all of them use."""
    return '(scope="module"' in (ROOT / file).read_text(encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Run a test beside those of the other processes, or alone where it is marked so."""
    with turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@contextlib.contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Hold this tree's tests back until whoever asked first had its turn."""
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    with (folder / ".turn").open("w") as at_work, (folder / ".next").open("w") as coming:
        # Who wants to be alone holds the second lock too, so that nobody new comes before it.
        fcntl.flock(coming, fcntl.LOCK_EX)
        fcntl.flock(at_work, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(coming, fcntl.LOCK_UN)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on the virtual board."""
    for item in items:
        if any(name.startswith("virtual_") for name in getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.virtual)


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of a run of the suite have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="module", autouse=True)
def build_cache(request: pytest.FixtureRequest, shared: Path) -> Iterator[None]:
    """Have builds be quick where they are not what is tested.

    The cache is empty when a run of the suite begins, so that all is compiled once at least.
    """
    with pytest.MonkeyPatch.context() as patch:
        if {"bench", "docs", "virtual"} & set(request.path.relative_to(ROOT).parts):
            patch.setenv(build.CACHE, str(shared / "build-cache"))
        else:
            patch.delenv(build.CACHE, raising=False)
        yield


def once(place: Path, make: Callable[[], None]) -> None:
    """Have the first process that comes make something, and the others wait for it."""
    done = place.with_suffix(".done")
    with FileLock(place.with_suffix(".lock")):
        if not done.exists():
            make()
            done.touch()


def run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def built(shared: Path) -> Path:
    """Build everything in the tree once and return the folder it is in."""
    once(
        shared / "built",
        lambda: run(sys.executable, "-m", "SCons", "-Q", "-j2", "-C", str(ROOT)),
    )
    return ROOT / "build"


@pytest.fixture(scope="session")
def built_spt(built: Path, shared: Path) -> Path:
    """Build the same for boards without KVM."""
    out = built / "spt"
    words = ("platform=spt", f"out={out}")
    once(
        shared / "built_spt",
        lambda: run(sys.executable, "-m", "SCons", "-Q", "-j2", "-C", str(ROOT), *words),
    )
    return out


@pytest.fixture(scope="session")
def installed(shared: Path) -> Path:
    """Install the wheel into a fresh environment and return the folder of its programs.

    It finds the libraries of this environment; no network is used.
    """
    folder = shared / "installed"
    once(folder, lambda: _install(folder))
    return folder / "venv/bin"


def _install(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip"]
    run(*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    (wheel,) = folder.glob("rpikit-*.whl")
    fresh = folder / "venv"
    venv.create(fresh)
    python = str(fresh / "bin/python")
    run(*pip, "--python", python, "install", "-q", "--no-index", "--no-deps", str(wheel))
    (packages,) = fresh.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    where = [python, "-c", "import rpikit; print(rpikit.__file__)"]
    found = subprocess.run(where, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert found == f"{packages}/rpikit/__init__.py\n"


@pytest.fixture(scope="session")
def virtual_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep this process's boards apart from the user's, and leave none of them running."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RPIKIT_STATE", str(state))
        yield state
        for left in machine.running():
            machine.down(left.name)


@pytest.fixture(scope="session")
def virtual_board(virtual_state: Path, shared: Path, pytestconfig: pytest.Config) -> Machine:
    """Return this process's board, brought back from the snapshot that the first start leaves."""
    pytestconfig.stash[HAS_BOARD] = True
    described = board.load(board.DEFAULT)
    with FileLock(shared / "board.lock"):
        started = machine.up(described)
        if started.was_restored:
            return started
        machine.down(started.name)
        return machine.up(described)


@pytest.fixture(scope="session")
def virtual_ssh(virtual_board: Machine) -> Iterator[Ssh]:
    """Give the way to this process's board."""
    with Ssh(virtual_board.ssh, virtual_board.name) as ssh:
        yield ssh


@pytest.fixture(scope="module", autouse=True)
def idle_board(request: pytest.FixtureRequest) -> None:
    """End the firmware that tests of another file left on this process's board, with its pins."""
    if HAS_BOARD in request.config.stash and {"bench", "virtual"} & set(
        request.path.relative_to(ROOT).parts
    ):
        ssh: Ssh = request.getfixturevalue("virtual_ssh")
        if "tender" in ssh.run("ls -l /proc/[0-9]*/exe").out:
            DeviceHalf(ssh).stop_all()
            ssh.run(END_TENDERS)


class OwnPins(Pins):
    """The pins of a board that other tests use as well: in the end nothing is driven any more."""

    def __init__(self, socket: Path) -> None:
        super().__init__(socket)
        self._driven: set[int] = set()

    def drive(self, line: int, high: bool) -> Edge:
        self._driven.add(line)
        return super().drive(line, high)

    def close(self) -> None:
        for line in self._driven:
            self.release(line)
        super().close()


@pytest.fixture
def virtual_pins(virtual_board: Machine) -> Iterator[Pins]:
    """Give the pins of this process's board."""
    with OwnPins(virtual_board.pins_socket) as pins:
        yield pins
