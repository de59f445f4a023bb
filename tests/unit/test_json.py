# SPDX-License-Identifier: MIT
"""JSON: every command gives programs the keys that the reference promises."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rpikit import paths, report
from rpikit.cli import rpikit
from rpikit.verdict import Verdict
from rpikit.words import commands, options

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"
HELLO = paths.data_root() / "c" / "apps" / "hello"


def promised() -> dict[str, list[str]]:
    """Return the keys of each command's result and of each event, as the page has them."""
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    return {name: re.findall(r"`([^`]+)`", keys) for name, keys in rows}


def ask(*words: str, cwd: Path) -> tuple[dict[str, object], list[dict[str, object]]]:
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", *words, "--json"],
        cwd=cwd,
        env=os.environ | {"RPIKIT_STATE": str(cwd / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    events = [json.loads(line) for line in done.stderr.splitlines()]
    return json.loads(done.stdout or "{}"), events


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("new", ("new", "lamp")),
        ("build", ("build", "lamp")),
        ("inspect", ("inspect", "lamp")),
        ("doctor", ("doctor",)),
        ("config lint", ("config", "lint", str(HELLO / "rpikit.toml"))),
        ("board list", ("board", "list")),
        ("board down", ("board", "down")),
        ("board cut", ("board", "cut")),
    ],
)
def test_a_result_has_the_promised_keys(
    command: str, words: tuple[str, ...], project: Path
) -> None:
    if command == "new":
        words = ("new", "another")
    values, events = ask(*words, cwd=project)
    assert list(values) == promised()[command], events
    for event in events:
        assert list(event) == promised()[str(event["event"])]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project that is built."""
    folder = tmp_path_factory.mktemp("json")
    ask("new", "lamp", cwd=folder)
    ask("build", "lamp", cwd=folder)
    return folder


def test_a_failure_is_an_event_and_no_result(tmp_path: Path) -> None:
    values, events = ask("board", "status", cwd=tmp_path)
    assert values == {}
    assert list(events[-1]) == promised()["error"]
    assert events[-1]["hint"] == "rpikit board up virtual-pi3"


def test_a_test_gives_its_verdict() -> None:
    assert [*Verdict().values(), "status"] == promised()["test"]


def test_a_console_becomes_events() -> None:
    err = io.StringIO()
    console = report.ConsoleEvents(err)
    for part in (b"one\r\ntw", b"o\n", b"thr"):
        console.write(part)
    events = [json.loads(line) for line in err.getvalue().splitlines()]
    assert events == [{"event": "console", "text": "one"}, {"event": "console", "text": "two"}]
    assert list(events[0]) == promised()["console"]


def test_the_page_has_every_command_with_the_option() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, command in commands(rpikit):
        if any("--json" in option.opts for option in options(command)):
            assert f"`{name}`" in text, name
