# SPDX-License-Identifier: MIT
"""`--key`: what was just built is signed on its way to a board that trusts somebody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from signing import line, make_key, make_list

from rpikit import paths

HELLO = paths.data_root() / "c/apps/hello"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def rpikit(state: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rpikit", *words],
        capture_output=True,
        text=True,
        env=os.environ | {"RPIKIT_STATE": str(state)},
        timeout=120,
        check=False,
    )


def test_a_board_that_trusts_a_key_takes_what_is_signed_with_it(
    state: Path, tmp_path: Path
) -> None:
    key, other = (make_key(tmp_path / "keys", name) for name in ("release_key", "other"))
    app = tmp_path / "hello"
    app.mkdir()
    for name in ("rpikit.toml", "main.c"):
        (app / name).write_bytes((HELLO / name).read_bytes())
    trusted = rpikit(state, "board", "trust", "host", make_list(tmp_path, line(key)))
    assert trusted.returncode == 0, trusted.stderr
    for words, status, said in (
        ((), 6, "is not signed"),
        (("--key", other), 6, "which the board does not allow"),
        (("--key", tmp_path / "none"), 2, "there is no such file"),
        (("--key", key), 0, ""),
    ):
        done = rpikit(state, "flash", app, "--board", "host", *words)
        assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert rpikit(state, "run", app, "--board", "host", "--key", key).returncode == 0


def test_a_key_is_for_what_is_built_for_one_board(state: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "made.rpk"
    bundle.touch()
    done = rpikit(state, "flash", bundle, "--key", tmp_path / "key")
    assert done.returncode == 2
    assert "a bundle is signed already, or not" in " ".join(done.stderr.split())
    done = rpikit(state, "flash", HELLO, "--boards", "host", "--key", tmp_path / "key")
    assert done.returncode == 2
    assert "--key is for one board" in " ".join(done.stderr.split())
