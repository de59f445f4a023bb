# SPDX-License-Identifier: MIT
"""rpikit asked from the command line, in a folder that keeps its state."""

import os
import subprocess
import sys
from pathlib import Path


def ask(*words: str, cwd: Path, status: int | None = 0) -> "subprocess.CompletedProcess[str]":
    """Run a command and return what it said; it ends with `status`, or as it likes if None."""
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", *words],
        cwd=cwd,
        env=os.environ | {"RPIKIT_STATE": str(cwd / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert status in (None, done.returncode), done.stdout + done.stderr
    return done
