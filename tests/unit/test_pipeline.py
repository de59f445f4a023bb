# SPDX-License-Identifier: MIT
"""The GitHub Action and the container recipe: their shell is shell, their commands exist."""

import re
import subprocess
from pathlib import Path
from typing import Any

import click
import command_line
import pages
import pytest
import yaml

from rpikit.cli import rpikit as program
from rpikit.words import commands

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = [step for step in ACTION["runs"]["steps"] if "run" in step]
PAGE = ROOT / "docs/how-to/release-from-a-tag.md"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def workflow() -> dict[Any, Any]:
    """Return the workflow that the page has its reader write."""
    (step,) = (step for step in pages.steps(PAGE) if step.file.endswith("firmware.yml"))
    found: dict[Any, Any] = yaml.safe_load(step.text)
    return found


def check_shell(script: str) -> None:
    done = subprocess.run(["sh", "-n", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def check_commands(script: str) -> set[str]:
    """Check every call of rpikit in a script, and return the commands it calls."""
    called = set()
    for words in command_line.commands(script):
        command_line.check(words)
        called.add(words[0])
    return called


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_a_step_of_the_action_is_shell_that_calls_what_is_there(step: dict[str, Any]) -> None:
    assert step["shell"] == "sh"
    check_shell(step["run"])
    check_commands(step["run"])


def test_the_action_builds_tests_releases_and_verifies() -> None:
    called = {one for step in STEPS for one in check_commands(step["run"])}
    assert called == {"build", "test", "release", "verify"}
    assert called <= {name for name, _ in commands(program)}


def test_no_input_is_pasted_into_a_script() -> None:
    for step in STEPS:
        assert not EXPRESSION.search(step["run"]), "what a stranger names would be run"


def test_every_expression_of_the_action_names_what_it_has() -> None:
    text = (ROOT / "action.yml").read_text()
    named = set(re.findall(r"inputs\.([\w-]+)", text))
    assert named == set(ACTION["inputs"])
    for step, output in re.findall(r"steps\.(\w+)\.outputs\.(\w+)", text):
        (found,) = (one for one in STEPS if one.get("id") == step)
        assert f"{output}=" in found["run"]


def test_the_workflow_of_the_page_hands_the_action_what_it_takes() -> None:
    for job in workflow()["jobs"].values():
        for step in job["steps"]:
            if "rpikit@" in step.get("uses", ""):
                assert set(step["with"]) <= set(ACTION["inputs"])
            if "run" in step:
                check_shell(step["run"])
                assert check_commands(step["run"]) == {"verify", "flash"}
    outputs = re.findall(r"steps\.rpikit\.outputs\.(\w+)", PAGE.read_text())
    assert outputs
    assert set(outputs) <= set(ACTION["outputs"])


def test_a_command_that_is_not_there_would_be_told() -> None:
    with pytest.raises(click.UsageError):
        check_commands('rpikit relaese "$APP"')
    with pytest.raises(click.UsageError):
        check_commands('rpikit release "$APP" --no-such-option')


def test_the_container_recipe_runs_shell_and_copies_what_is_there() -> None:
    text = (ROOT / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line and line[0] != "#"]
    assert [word for word, _ in lines][:2] == ["ARG", "FROM"]
    assert "debian:12" in lines[0][1]
    runs = [rest for word, rest in lines if word == "RUN"]
    assert runs
    for script in runs:
        check_shell(script)
        for program_file in re.findall(r"/opt/rpikit/(\S+?)[ ;]", script):
            assert (ROOT / program_file).is_file()
    (entry,) = (rest for word, rest in lines if word == "ENTRYPOINT")
    assert entry == '["rpikit"]'


def test_what_the_container_leaves_out_is_nothing_that_is_kept() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    tops = {name.partition("/")[0] for name in listed}
    assert not tops & set(ignored)
    assert {"bootstrap", "requirements.lock", "pyproject.toml"} <= tops
