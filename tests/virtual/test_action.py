# SPDX-License-Identifier: MIT
"""The steps of the GitHub Action, run as they are: from a tagged commit to a release that fits.

What sets the machine up is not run here: it installs Debian's packages, as every run of the tests
does with `./bootstrap test`.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rpikit.virtual.machine import Machine

ROOT = Path(__file__).parents[2]
STEPS = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]


def do(*words: str, cwd: Path) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project in a repository, tagged, with a key beside it."""
    do(sys.executable, "-m", "rpikit", "new", "lamp", cwd=tmp_path)
    lamp = tmp_path / "lamp"
    do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key"), cwd=tmp_path)
    public = (tmp_path / "key.pub").read_text()
    (lamp / "allowed_signers").write_text(f"release@example.com {public}")
    do("git", "init", "-q", "-b", "main", cwd=lamp)
    do("git", "add", ".", cwd=lamp)
    name = ("-c", "user.name=someone", "-c", "user.email=someone@example.com")
    do("git", *name, "commit", "-q", "-m", "lamp: begin", cwd=lamp)
    do("git", "tag", "v0.1.0", cwd=lamp)
    return lamp


def run(step: str, project: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run a step as a runner does; return how it ended and what it put out."""
    (found,) = (one for one in STEPS if one["name"] == step)
    assert inputs.keys() == found["env"].keys()
    outputs = project.parent / "outputs"
    outputs.write_text("")
    script = project.parent / "step.sh"
    script.write_text(found["run"])
    programs = Path(sys.executable).parent
    environment = {
        "GITHUB_OUTPUT": str(outputs),
        "CI": "true",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [found["shell"], "-e", str(script)],
        cwd=project,
        env=os.environ | environment | inputs,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, outputs.read_text()


def test_a_branch_is_built_twice_and_tested(virtual_board: Machine, project: Path) -> None:
    done, _ = run("Build", project, APP=".", BOARD="virtual-pi3")
    assert done.returncode == 0, done.stderr
    done, _ = run("Test", project, APP=".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder not below tmp_path: the name of pytest-embedded's socket there would be too long."""
    with tempfile.TemporaryDirectory(prefix="action-") as folder:
        yield Path(folder)


def test_a_tag_becomes_a_release_and_leaves_no_key(
    virtual_board: Machine, project: Path, temporary: Path
) -> None:
    secret = (project.parent / "key").read_text()
    inputs = {"APP": ".", "BOARD": "virtual-pi3", "SIGNERS": "", "OUT": ""}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        done, outputs = run("Release", project, SIGNING_KEY=secret.strip(), **inputs)
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(line.split("=", 1) for line in outputs.splitlines())
    assert said["dist"] == "./dist"
    assert (project / said["bundle"]).is_file()
    assert not any(b"PRIVATE KEY" in file.read_bytes() for file in files_below(temporary))
    do(sys.executable, "-m", "rpikit", "verify", said["bundle"], cwd=project)


def test_without_its_key_nothing_is_released(virtual_state: Path, project: Path) -> None:
    inputs = {"APP": ".", "BOARD": "virtual-pi3", "SIGNERS": "", "OUT": ""}
    done, outputs = run("Release", project, SIGNING_KEY="", **inputs)
    assert done.returncode != 0
    assert outputs == ""
    assert not (project / "dist").exists()


def files_below(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
