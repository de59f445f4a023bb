# SPDX-License-Identifier: MIT
"""Without a network: --offline fetches nothing and says what is missing; a dead network is told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rpikit import network
from rpikit.cli import rpikit
from rpikit.errors import ToolError
from rpikit.words import commands

DEAD = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


def ask(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rpikit", *words],
        env=os.environ
        | DEAD
        | {"RPIKIT_STATE": str(cwd / "state"), "RPIKIT_CACHE": str(cwd / "cache")}
        | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("words", [("--offline", "board", "up"), ("board", "up", "--offline")])
def test_offline_names_what_is_missing_and_what_fetches_it(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = ask(*words, cwd=tmp_path)
    assert done.returncode == 5
    missing, hint = done.stderr.splitlines()
    assert missing.startswith("rpikit: linux-image-arm64, ")
    assert missing.endswith("not fetched yet, and --offline keeps from fetching it")
    assert hint == "  hint: once with the network: rpikit board up"


def test_the_variable_says_the_same_to_programs(tmp_path: Path) -> None:
    done = ask("board", "up", "--json", cwd=tmp_path, RPIKIT_OFFLINE="1")
    assert done.returncode == 5
    event = json.loads(done.stderr.splitlines()[-1])
    assert "--offline" in event["message"]
    assert event["hint"].endswith("rpikit board up")


def test_without_a_network_the_mirror_is_named(tmp_path: Path) -> None:
    done = ask("board", "up", cwd=tmp_path)
    assert done.returncode == 5
    assert "apt-get could not read http://deb.debian.org/debian bookworm" in done.stderr
    assert "hint: check the network" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_understands_it_in_both_places() -> None:
    for group in (rpikit, *(command for _, command in commands(rpikit))):
        offline = [one for one in group.params if "--offline" in one.opts]
        assert len(offline) == 1, group.name
        assert offline[0].envvar == network.VARIABLE


@pytest.mark.parametrize(("said", "is_forbidden"), [("1", True), ("0", False), ("", False)])
def test_what_the_variable_says(
    said: str, is_forbidden: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(network.VARIABLE, said)
    assert network.is_forbidden() == is_forbidden
    if is_forbidden:
        with pytest.raises(ToolError, match="x: not fetched yet"):
            network.require("x", "y")
    else:
        network.require("x", "y")
