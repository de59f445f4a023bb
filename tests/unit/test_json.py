# SPDX-License-Identifier: MIT
"""JSON: every command gives programs the keys that its schema promises, and no others."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import promised
import pytest

from rpikit import config, paths, report, results
from rpikit.cli import rpikit
from rpikit.verdict import Verdict
from rpikit.words import SCHEMAS, commands, options

HELLO = paths.data_root() / "c" / "apps" / "hello"


def ask(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rpikit", *words, "--json"],
        cwd=cwd,
        env=os.environ | {"RPIKIT_STATE": str(cwd / "state")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("new", ("new", "another")),
        ("build", ("build", "lamp")),
        ("build", ("build", "lamp", "--board", "host")),
        ("build --verify", ("build", "lamp", "--verify")),
        ("inspect", ("inspect", "lamp")),
        ("inspect --attack-surface", ("inspect", "lamp", "--attack-surface")),
        ("flash", ("flash", "lamp", "--board", "host")),
        ("test", ("test", "lamp", "--board", "host")),
        ("debug --vscode", ("debug", "lamp", "--vscode")),
        ("doctor", ("doctor",)),
        ("config lint", ("config", "lint", str(HELLO / "rpikit.toml"))),
        ("board list", ("board", "list")),
        ("board identify", ("board", "identify", "host")),
        ("board down", ("board", "down", "host")),
        ("board cut", ("board", "cut")),
    ],
)
def test_a_result_is_as_its_schema_says(
    command: str, words: tuple[str, ...], project: Path
) -> None:
    done = ask(*words, cwd=project)
    if command != "test":  # there standard error is pytest's
        promised.events(done.stderr)
    promised.result(command, done.stdout)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project that is built."""
    folder = tmp_path_factory.mktemp("json")
    ask("new", "lamp", cwd=folder)
    ask("build", "lamp", cwd=folder)
    return folder


def test_a_failure_is_an_event_and_no_result(tmp_path: Path) -> None:
    done = ask("board", "status", cwd=tmp_path)
    assert done.stdout == ""
    error = promised.events(done.stderr)[-1]
    assert (error["event"], error["hint"]) == ("error", "rpikit board up virtual-pi3")


def test_a_test_gives_its_verdict() -> None:
    promised.result("test", json.dumps(Verdict().values() | {"status": 0}))


def test_a_console_becomes_events() -> None:
    err = io.StringIO()
    console = report.ConsoleEvents(err)
    for part in (b"one\r\ntw", b"o\n", b"thr"):
        console.write(part)
    found = promised.events(err.getvalue())
    assert found == [{"event": "console", "text": "one"}, {"event": "console", "text": "two"}]


def test_every_command_with_the_option_has_a_schema() -> None:
    with_option = {
        name
        for name, command in commands(rpikit)
        if any("--json" in option.opts for option in options(command))
    }
    assert with_option == {name.partition(" --")[0] for name in results.RESULTS}


def test_the_schemas_are_those_that_the_command_line_names() -> None:
    assert list(SCHEMAS) == [*config.KINDS, *results.KINDS]


@pytest.mark.parametrize("kind", results.KINDS)
def test_a_schema_names_every_key_and_what_it_leads_to(kind: str) -> None:
    schema = json.loads(json.dumps(config.schema(kind)))
    assert schema["$schema"] == config.DIALECT
    assert set(schema["properties"]) == set(results.KINDS[kind])
    for node in schema["$defs"].values():
        assert node["description"]
        assert set(node["required"]) <= set(node["properties"])
