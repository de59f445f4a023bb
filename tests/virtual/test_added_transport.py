# SPDX-License-Identifier: MIT
"""A transport of another package carries flash, run and test to the virtual Pi."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rpikit import paths
from rpikit.virtual.machine import Machine

ROOT = Path(__file__).parents[2]
HELLO = paths.data_root() / "c" / "apps" / "hello"
POINTS = """\
[rpikit.transports]
acme = acme.through:Through

[rpikit.boards]
acme = acme.boards
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Lay the package out as an installer does."""
    folder = tmp_path / "site"
    shutil.copytree(ROOT / "tests/package/acme", folder / "acme")
    told = folder / "acme_rpikit-1.0.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rpikit\nVersion: 1.0.0\n")
    (told / "entry_points.txt").write_text(POINTS)
    return folder


def test_flash_run_and_test_go_through_it(
    virtual_board: Machine, site: Path, tmp_path: Path
) -> None:
    ssh = virtual_board.ssh
    words = f"ssh -q -F none -i {ssh.key_file} -o UserKnownHostsFile={ssh.known_hosts}"
    address = f"{words} -p {ssh.port} {ssh.user}@{ssh.host}"
    bench = tmp_path / "bench.toml"
    bench.write_text(
        f'[boards.desk]\nboard = "acme-pi"\ntransport = "acme"\naddress = "{address}"\n'
    )
    shutil.copytree(HELLO, tmp_path / "hello", ignore=shutil.ignore_patterns("build"))

    def rpikit(command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "rpikit", command, tmp_path / "hello", "--board", "desk"],
            env=os.environ | {"PYTHONPATH": str(site), "RPIKIT_BENCH": str(bench)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "desk (through ssh): hello 1.0.0" in rpikit("flash")
    assert "Hello, World" in rpikit("run")
    assert "2 passed" in rpikit("test")
