# SPDX-License-Identifier: MIT
"""Runs the tests written in C, built for this machine under sanitizers."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(path.stem for path in Path(__file__).parent.glob("test_*.c"))


@pytest.fixture(scope="session")
def built() -> Path:
    """Build every program once."""
    out = ROOT / "build"
    command = [sys.executable, "-m", "SCons", "-Q", "-j2", "-C", str(ROOT), str(out / "host")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out / "host"


@pytest.mark.parametrize("program", PROGRAMS)
def test_program(built: Path, program: str) -> None:
    done = subprocess.run(
        [built / program], capture_output=True, text=True, errors="replace", check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_there_are_programs() -> None:
    assert PROGRAMS
