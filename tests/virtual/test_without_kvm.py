# SPDX-License-Identifier: MIT
"""A board whose kernel has no KVM: the same application is flashed, tested and shown, as spt."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import board
from rpikit.errors import BoardError
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine

APP = Path(__file__).parents[2] / "c/apps/test_switch"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the application in a folder of its own: it is built for several boards at once."""
    folder = tmp_path_factory.mktemp("app") / "test_switch"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("build", ".*", "__pycache__"))
    return folder


@pytest.fixture(scope="module")
def without(virtual_state: Path) -> Iterator[Machine]:
    started = machine.up(board.load(board.WITHOUT_KVM))
    yield started
    machine.down(started.name)


def rpikit(app: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rpikit.cli", *words],
        cwd=app,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_flash_picks_spt_and_says_why(app: Path, without: Machine) -> None:
    done = rpikit(app, "flash", "-b", without.name)
    assert done.returncode == 0, done.stderr
    assert f"target: spt, since {without.name} has no /dev/kvm" in done.stderr
    (guest,) = json.loads(rpikit(app, "ps", "-b", without.name, "--json").stdout)["guests"]
    assert (guest["name"], guest["state"]) == ("test_switch", "running")
    assert "test_switch: ready" in rpikit(app, "logs", "test_switch", "-b", without.name).stdout
    assert rpikit(app, "stop", "test_switch", "-b", without.name).returncode == 0
    (guest,) = json.loads(rpikit(app, "ps", "-b", without.name, "--json").stdout)["guests"]
    assert guest["state"] != "running"


def test_ps_counts_the_guest_with_the_process_that_serves_it(app: Path, without: Machine) -> None:
    assert rpikit(app, "flash", "-b", without.name).returncode == 0
    with Ssh(without.ssh, without.name) as ssh:
        (guest,) = json.loads(rpikit(app, "ps", "-b", without.name, "--json").stdout)["guests"]
        pid = guest["pid"]
        told = ssh.run(
            f"child=$(cat /proc/{pid}/task/{pid}/children); echo $child; "
            f"for one in {pid} $child; do sed -n 's/^Pss: *//p' /proc/$one/smaps_rollup; "
            "cut -d' ' -f14,15 /proc/$one/stat; done"
        ).out.split()
        (after,) = json.loads(rpikit(app, "ps", "-b", without.name, "--json").stdout)["guests"]
    child, own, _, user, system, guests, _, guests_user, guests_system = told
    assert child.isdigit()
    both = 10 * (int(user) + int(system) + int(guests_user) + int(guests_system))
    assert guest["cpu_ms"] <= both <= after["cpu_ms"]
    assert int(own) < guest["memory"] >> 10
    assert guest["memory"] >> 10 == pytest.approx(int(own) + int(guests), abs=64)


def test_hvt_is_refused_in_one_line(app: Path, without: Machine) -> None:
    done = rpikit(app, "flash", "-b", without.name, "--target", "hvt")
    assert done.returncode == BoardError.exit_code
    said = [line for line in done.stderr.splitlines() if line.startswith("rpikit: ")]
    assert len(said) == 1
    assert said[0].startswith(f"rpikit: --target hvt: {without.name}")
    assert said[0].endswith("has no /dev/kvm, which hvt needs")
    assert "--target spt" in done.stderr


def test_the_lamp_obeys_the_switch(app: Path, without: Machine) -> None:
    done = rpikit(app, "test", "-b", without.name, "--json")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert (verdict["ran"], verdict["failed"]) == (4, 0)


def test_the_lamp_obeys_the_switch_of_spt_where_there_is_kvm(
    app: Path, virtual_board: Machine
) -> None:
    done = rpikit(app, "test", "-b", virtual_board.name, "--target", "spt", "--json")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert (verdict["ran"], verdict["failed"]) == (4, 0)
