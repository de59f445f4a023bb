# SPDX-License-Identifier: MIT
"""What the tests written in C share: one build."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def built() -> Path:
    """Build everything once and return the folder of the host programs."""
    command = [sys.executable, "-m", "SCons", "-Q", "-j2", "-C", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "build" / "host"
