# SPDX-License-Identifier: MIT
"""Runs the tests written in C, built for this machine under sanitizers."""

import subprocess
from pathlib import Path

import pytest

PROGRAMS = sorted(path.stem for path in Path(__file__).parent.glob("test_*.c"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_program(built: Path, program: str) -> None:
    done = subprocess.run(
        [built / "host" / program],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_there_are_programs() -> None:
    assert PROGRAMS
