# SPDX-License-Identifier: MIT
"""labgrid in one environment with rpikit: its plugin, and the serial library that it brings."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import labgrid_lab
import pytest
from filelock import FileLock

from rpikit import paths, wiring

TEST_SWITCH = paths.data_root() / "c/apps/test_switch"
SERIAL = "import serial; port = serial.serial_for_url('loop://', timeout=1)\n"
WORKS = SERIAL + "port.write(b'hello'); assert port.read(5) == b'hello'; print(port.in_waiting)"
OURS, THEIRS = "pyserial", "pyserial-labgrid"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that has rpikit, pytest-embedded and labgrid."""
    folder = tmp_path_factory.mktemp("both")
    venv.create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    (theirs,) = labgrid_lab.environment().glob("lib/python*/site-packages")
    added = (str(theirs), sysconfig.get_path("purelib"))
    lines = "; ".join(f"site.addsitedir({place!r})" for place in added)
    (packages / "both.pth").write_text(f"import site; {lines}\n")
    return folder / "bin/python"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return an application that tests nothing but its dut, away from settings of ours."""
    folder = tmp_path / "project"
    shutil.copytree(TEST_SWITCH, folder, ignore=shutil.ignore_patterns("build", wiring.FILE))
    return folder


def ask(python: Path, *words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(python), "-m", *words]
    environment = os.environ | {"PYTHONPATH": str(paths.data_root() / "toolkit")}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_both_plugins_are_there(both: Path, tmp_path: Path) -> None:
    done = ask(both, "pytest", "--help", cwd=tmp_path)
    assert "--lg-env" in done.stdout
    assert "--embedded-services" in done.stdout
    assert "--rpikit-board" in done.stdout


@pytest.mark.parametrize("where", ["in its folder", "above it"])
def test_plain_pytest_says_what_to_do_and_skips_nothing(
    both: Path, project: Path, where: str
) -> None:
    if where == "in its folder":
        done = ask(both, "pytest", cwd=project)
    else:
        done = ask(both, "pytest", "project/tests/test_switch.py", cwd=project.parent)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    assert "start pytest with -p no:labgrid" in done.stderr
    assert "skipped" not in done.stdout


def test_rpikit_test_runs_the_tests(both: Path, project: Path) -> None:
    words = ("rpikit", "test", ".", "--board", "host", "--no-sanitize", "--", "-k", "each_change")
    done = ask(both, *words, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.fixture(scope="module")
def wheels() -> Path:
    """Return a folder with both serial libraries, fetched once."""
    folder = paths.cache_dir() / "labgrid" / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if len(list(folder.glob("*.whl"))) != 2:
            named = [sys.executable, "-m", "pip", "-q", "download", "--no-deps", "-d", str(folder)]
            subprocess.run([*named, f"{OURS}==3.5", f"{THEIRS}==3.5.0.2"], check=True)
    return folder


@pytest.mark.parametrize(("first", "second"), [(OURS, THEIRS), (THEIRS, OURS)])
def test_either_serial_library_works_over_the_other_and_both_need_mending_when_one_goes(
    wheels: Path, tmp_path: Path, first: str, second: str
) -> None:
    venv.create(tmp_path / "env")
    python = tmp_path / "env/bin/python"

    def pip(*words: str) -> None:
        asked = [sys.executable, "-m", "pip", "--python", str(python), "-q", *words]
        subprocess.run(asked, check=True)

    def says(program: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    local = ("--no-deps", "--no-index", "--find-links", str(wheels))
    for name in (first, second):
        pip("install", *local, name)
        assert says(WORKS).stdout == "0\n"
    pip("uninstall", "-y", THEIRS)
    assert says(WORKS).returncode != 0
    pip("install", *local, "--force-reinstall", OURS)
    assert says(WORKS).stdout == "0\n"
