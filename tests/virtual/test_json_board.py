# SPDX-License-Identifier: MIT
"""JSON of the commands that need a board: the keys that the reference promises, and no others."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rpikit import paths
from rpikit.virtual.machine import Machine

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"
HELLO = str(paths.data_root() / "c" / "apps" / "hello")


def promised(name: str) -> list[str]:
    row = re.search(rf"^\| `{name}` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert row is not None
    return re.findall(r"`([^`]+)`", row[1])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("board up", ("board", "up")),
        ("board status", ("board", "status")),
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
    assert sorted(json.loads(done.stdout)) == sorted(promised(command))
    events = [json.loads(line) for line in done.stderr.splitlines()]
    for event in events:
        assert list(event) == promised(event["event"])
    if command == "run":
        assert {"event": "console", "text": "SUCCESS"} in events
