# SPDX-License-Identifier: MIT
"""`rpikit release` as a whole: two clones in two folders, tested on the virtual board."""

import json
import subprocess
import sys
from pathlib import Path

import promised
from signing import line, make_key, make_list

from rpikit.virtual.machine import Machine

STEM = "lamp-0.1.0-virtual-pi3"


def rpikit(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rpikit", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=us", "-c", "user.email=us@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", "-C", folder, *who, *words], check=True, capture_output=True)


def test_two_clones_in_two_folders_release_the_same_bytes(
    virtual_board: Machine, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "keys")
    assert rpikit("new", "lamp", cwd=tmp_path).returncode == 0
    project = tmp_path / "lamp"
    git(project, "init", "-q")
    done = rpikit("release", "--key", str(key), cwd=project)
    assert (done.returncode, "has no commit yet" in done.stderr) == (2, True)
    make_list(project, line(key))
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "first")
    (project / "main.c").write_text((project / "main.c").read_text() + "\n")
    done = rpikit("release", "--key", str(key), cwd=project)
    assert (done.returncode, "in no commit: main.c" in done.stderr) == (2, True)

    made = []
    for folder in (tmp_path / "one", tmp_path / "far" / "away"):
        subprocess.run(["git", "clone", "-q", project, folder], check=True, capture_output=True)
        done = rpikit("release", "--key", str(key), "--json", cwd=folder)
        assert done.returncode == 0, done.stderr
        told = promised.result("release", done.stdout)
        assert len(told["passed"]) > 1
        release = folder / "dist" / STEM
        assert {one.name for one in (folder / "dist").iterdir()} == {STEM}
        made.append({one.name: one.read_bytes() for one in release.iterdir()})
        done = rpikit("verify", f"dist/{STEM}/{STEM}.rpk", "--json", cwd=folder)
        assert promised.result("verify", done.stdout) == told
    assert len(made[0]) == 7
    assert made[0] == made[1]

    sources = {
        one["name"]
        for one in json.loads(made[0][f"{STEM}.cdx.json"])["components"]
        if one.get("group") == "source"
    }
    assert {"main.c", "rpikit.toml"} <= sources
    done = rpikit("release", "--key", str(key), cwd=tmp_path / "one")
    assert (done.returncode, "has been released already" in done.stderr) == (2, True)


def test_what_fails_its_tests_is_not_released(virtual_board: Machine, tmp_path: Path) -> None:
    key = make_key(tmp_path / "keys")
    assert rpikit("new", "lamp", cwd=tmp_path).returncode == 0
    project = tmp_path / "lamp"
    (project / "tests" / "test_lamp.py").write_text("def test_it() -> None:\n    assert False\n")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "first")
    done = rpikit("release", "--key", str(key), cwd=project)
    assert done.returncode == 1
    assert "1 of its tests failed on virtual-pi3; nothing is released" in done.stderr
    assert not (project / "dist").exists()
