# SPDX-License-Identifier: MIT
"""The examples are projects of somebody else: a copy anywhere, and rpikit as it is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rpikit.build import CACHE

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(file.parent.name for file in EXAMPLES.glob("*/rpikit.toml"))


def run(installed: Path, folder: Path, *words: str) -> tuple[int, str]:
    """Run the installed rpikit in a copy of an example; neither sees our tree."""
    kept = {key: value for key, value in os.environ.items() if key in ("HOME", "LANG", CACHE)}
    path = f"{installed}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [installed / "rpikit", *words],
        cwd=folder,
        env={**kept, "PATH": path, "RPIKIT_STATE": str(folder.parent / "state")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        timeout=600,
    )
    return done.returncode, done.stdout


def test_there_are_examples_and_the_list_names_each() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    assert NAMES
    assert all(f"| `{name}/` |" in listed for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_builds_for_a_board_and_passes_its_tests_here(
    installed: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    shutil.copytree(
        EXAMPLES / name, folder, ignore=shutil.ignore_patterns("build", "__pycache__", ".*_cache")
    )
    status, said = run(installed, folder, "build", ".", "--board", "desk")
    assert status == 0, said
    status, said = run(installed, folder, "test", ".", "--board", "host")
    assert status == 0, said
    assert " passed in" in said
    assert "skipped" not in said


def test_a_sensor_read_the_wrong_way_round_does_not_pass(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "thermometer"
    shutil.copytree(
        EXAMPLES / "thermometer", folder, ignore=shutil.ignore_patterns("build", "__pycache__")
    )
    handler = folder / "devices/thermometer.c"
    text = handler.read_text()
    handler.write_text(text.replace("raw[0] << 8 | raw[1]", "raw[1] << 8 | raw[0]"))
    assert handler.read_text() != text
    status, said = run(installed, folder, "test", ".", "--board", "host", "--", "-k", "tells")
    assert status == 1, said
