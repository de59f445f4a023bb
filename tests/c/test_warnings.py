# SPDX-License-Identifier: MIT
"""Every C file, generated ones too, has no warnings with the second compiler either."""

import concurrent.futures
import json
import shlex
import subprocess
from pathlib import Path

import pytest

ONLY_GCC = ("-fno-tree-loop-distribute-patterns", "-mno-outline-atomics")
CROSS = "aarch64-linux-gnu-gcc"


def _clang(entry: dict[str, str], headers: str) -> list[str]:
    """Return the command that has clang look at what gcc compiled."""
    compiler, *words = shlex.split(entry["command"])
    checked = ["clang", "-fsyntax-only"]
    if compiler == CROSS:
        checked.append("--target=aarch64-linux-gnu")
    for word in words:
        if word in ONLY_GCC or word.startswith("-fsanitize"):
            continue
        checked.append(headers if "/lib/gcc" in word and word.endswith("/include") else word)
    at = checked.index("-o")
    del checked[at : at + 2]
    return checked


def _complaint(command: list[str], folder: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.stderr if done.returncode or done.stderr else ""


def test_clang_has_no_complaint(built: Path) -> None:
    resources = subprocess.run(
        ["clang", "-print-resource-dir"], capture_output=True, text=True, check=True
    )
    headers = f"{resources.stdout.strip()}/include"
    entries = json.loads((built / "compile_commands.json").read_text())
    commands = [(_clang(entry, headers), entry["directory"]) for entry in entries]
    assert len(commands) > 100
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        complaints = [text for text in pool.map(lambda one: _complaint(*one), commands) if text]
    if complaints:
        pytest.fail("\n".join(complaints[:5]))
