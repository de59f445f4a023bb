# SPDX-License-Identifier: MIT
"""rpikit as a newcomer has it: an installed wheel, an empty folder, projects that work at once.

The wheel is installed into an environment of its own, which finds the libraries of this one; no
network is used.
"""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import new
from rpikit.device import DeviceHalf
from rpikit.transport.ssh import Ssh

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs/how-to/add-an-interface.md"
TEMPLATES = tuple(new.templates())
PROJECT = "my-lamp"
# A file of the page, named in backquotes at the end of the sentence above it; or commands.
BLOCK = re.compile(r"(?:`([\w./]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.M | re.S)

# What a user may do wrong, in the order of the page's last table: file, text, wrong text or none.
MISTAKES = (
    ("rpikit.toml", '["uptime"]', '["uptimes"]'),
    ("devices/uptime.c", "", ""),
    ("interfaces/uptime.toml", "0x300000", "3"),
    ("devices/uptime.c", "uint64_t *seconds)", "uint32_t *seconds)"),
    ("devices/uptime.c", "SYS_PREAD64", "SYS_READ"),
)


class Shell:
    """A shell in which the installed rpikit is found, and no other."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.folder = folder
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": path}
        self._environment.pop("PYTHONPATH", None)

    def run(self, script: str) -> tuple[int, str]:
        """Run commands; the next ones begin in the folder in which these end."""
        done = subprocess.run(
            ["sh", "-e", "-c", f"{script}\npwd >&2"],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        said = done.stdout + done.stderr
        if done.returncode == 0:
            self.folder = Path(done.stderr.splitlines()[-1])
        return done.returncode, said


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a fresh environment and return the folder of its programs."""
    folder = tmp_path_factory.mktemp("installed")
    pip("wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    (wheel,) = folder.glob("rpikit-*.whl")
    fresh = folder / "venv"
    venv.create(fresh)
    python = str(fresh / "bin/python")
    pip("--python", python, "install", "-q", "--no-index", "--no-deps", str(wheel))
    (packages,) = fresh.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    where = [python, "-c", "import rpikit; print(rpikit.__file__)"]
    found = subprocess.run(where, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert found == f"{packages}/rpikit/__init__.py\n"
    return fresh / "bin"


@pytest.fixture
def shell(programs: Path, virtual_ssh: Ssh, tmp_path: Path) -> Iterator[Shell]:
    """Give a shell in an empty folder; end the firmware after the test."""
    yield Shell(programs, tmp_path)
    DeviceHalf(virtual_ssh).stop()


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_project_builds_flashes_and_passes_its_tests(shell: Shell, template: str) -> None:
    for script in (
        f"rpikit new {PROJECT} --template {template} && cd {PROJECT}",
        "rpikit build .",
        "rpikit flash .",
        "rpikit test .",
    ):
        status, said = shell.run(script)
        assert status == 0, said
    assert re.search(r"= \d+ passed in", said), said


@pytest.mark.parametrize("template", TEMPLATES)
def test_its_tests_catch_an_inverted_lamp(shell: Shell, template: str) -> None:
    status, said = shell.run(f"rpikit new {PROJECT} --template {template} && cd {PROJECT}")
    assert status == 0, said
    program = shell.folder / "main.c"
    text = program.read_text()
    swapped = {"solo5_led_on(": "solo5_led_off(", "solo5_led_off(": "solo5_led_on("}
    program.write_text(re.sub(r"solo5_led_o(n|ff)\(", lambda found: swapped[found[0]], text))
    assert program.read_text() != text
    status, said = shell.run("rpikit test .")
    assert status == 1, said
    assert re.search(r"lamp: expected", said), said


def follow(page: str, shell: Shell) -> str:
    """Do what the page says, step by step; return what the last command said."""
    said = ""
    for place, language, text in BLOCK.findall(page):
        if place:
            file = shell.folder / place
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        else:
            assert language == "sh"
            status, said = shell.run(text)
            assert status == 0, said
    return said


def test_the_page_on_interfaces_can_be_followed_to_the_end(shell: Shell) -> None:
    page = HOW_TO.read_text(encoding="utf-8")
    assert "1 passed" in follow(page, shell)
    assert "uptime" in (shell.folder / "build/common/gen/uptime.md").read_text()
    seen = re.findall(r"^\| `(.*?)` \|", page, re.M)
    assert len(seen) == len(MISTAKES)
    for expected, (place, before, after) in zip(seen, MISTAKES, strict=True):
        file = shell.folder / place
        right = file.read_text()
        assert before in right
        file.write_text(right.replace(before, after))
        if not after:
            file.unlink()
        status, said = shell.run("rpikit flash .")
        assert status in (1, 2), said
        assert expected in said
        file.write_text(right)
