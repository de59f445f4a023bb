# SPDX-License-Identifier: MIT
"""JSON of the commands that need a board: the keys that its schema promises, and no others."""

import subprocess
import sys

import promised
import pytest

from rpikit import paths
from rpikit.virtual.machine import Machine

HELLO = str(paths.data_root() / "c" / "apps" / "hello")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("board up", ("board", "up")),
        ("board status", ("board", "status")),
        ("board pins --once", ("board", "pins", "--once")),
        ("flash", ("flash", HELLO)),
        ("run", ("run", HELLO)),
    ],
)
def test_a_result_has_the_promised_keys(
    command: str, words: tuple[str, ...], virtual_board: Machine
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", *words, "--board", virtual_board.name, "--json"]
        if words[0] != "board"
        else [sys.executable, "-m", "rpikit", *words, virtual_board.name, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    promised.result(command, done.stdout)
    events = promised.events(done.stderr)
    if command == "run":
        assert {"event": "console", "text": "SUCCESS"} in events
