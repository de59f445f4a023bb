# SPDX-License-Identifier: MIT
"""With a warm cache nothing is fetched: build, flash and run work where no network answers."""

import os
import subprocess
import sys
from pathlib import Path

from rpikit import paths
from rpikit.virtual.machine import Machine

HELLO = paths.data_root() / "c" / "apps" / "hello"


def test_a_warm_cache_is_enough(virtual_board: Machine, tmp_path: Path) -> None:
    dead = "http://127.0.0.1:9"
    state = tmp_path / "s"
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", "--offline", "run", HELLO],
        env=os.environ | {"http_proxy": dead, "https_proxy": dead, "RPIKIT_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Hello, World" in done.stdout
