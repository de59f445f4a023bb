# SPDX-License-Identifier: MIT
"""The monitor on the virtual Pi: what ran, what is started, what fails, and a link that is cut."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import promised
import pytest

from rpikit import app as apps
from rpikit import board as boards
from rpikit import bundle
from rpikit.errors import FirmwareError
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine

ROOT = Path(__file__).parents[2]
CRASHES = ROOT / "tests/guests/exception"
HELLO = ROOT / "c/apps/hello"
WITHIN = 180  # seconds, on a busy machine


def put(folder: Path, built: Path, ssh: Ssh, out: Path) -> None:
    app = apps.load(folder)
    made = built / "apps" / app.name
    board = boards.load(boards.DEFAULT)
    whole = bundle.make(app, board, made / f"{app.name}.hvt", made / "rpikit-tender", out)
    flash(whole, ssh, reporter=Silent())


@pytest.fixture
def crashed(built: Path, virtual_ssh: Ssh, tmp_path: Path) -> Path:
    """Let a guest fail on the board, and return the program with its symbols."""
    with pytest.raises(FirmwareError, match="exception ended with status 255"):
        put(CRASHES, built, virtual_ssh, tmp_path)
    return built / "apps/exception/exception.debug"


def command(board: Machine, *words: str) -> list[str]:
    return [sys.executable, "-m", "rpikit", "monitor", "--board", board.name, *words]


def monitor(board: Machine, *words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(board, *words), cwd=cwd, capture_output=True, text=True, timeout=WITHIN
    )


@contextmanager
def monitoring(
    board: Machine, *words: str, cwd: Path
) -> "Iterator[tuple[subprocess.Popen[str], Path]]":
    """Run the monitor beside the test; give it and the file of what it says besides."""
    notes = cwd / "notes"
    with (
        notes.open("w") as err,
        subprocess.Popen(
            command(board, *words), cwd=cwd, stdout=subprocess.PIPE, stderr=err, text=True
        ) as process,
    ):
        try:
            yield process, notes
        finally:
            process.kill()


def await_note(notes: Path, pattern: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not re.search(pattern, said := notes.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline, said
        time.sleep(0.1)


def test_an_exception_becomes_the_line_of_its_source(
    virtual_board: Machine, crashed: Path, tmp_path: Path
) -> None:
    seen = monitor(virtual_board, "--no-reconnect", "--elf", str(crashed), cwd=tmp_path)
    lines = (CRASHES / "main.c").read_text(encoding="utf-8").splitlines()
    (number,) = [at for at, line in enumerate(lines, 1) if ".inst 0" in line]
    elr = r"Solo5: trap: ESR \S+ ELR 0x0*(\w+) .*\n +ELR 0x\1 is solo5_app_main at \S*main\.c:"
    assert re.search(rf"{elr}{number}\n", seen.stdout), seen.stdout
    assert re.search(r"\n +called from hvt_start at \S*start\.c:\d+\n", seen.stdout)
    assert seen.returncode == 1
    assert "the guest has ended with status 255" in seen.stderr
    kept = machine.paths.state_dir() / "consoles" / f"{virtual_board.name}.log"
    assert b"About to run an undefined instruction\n" in kept.read_bytes()


def test_symbols_of_another_build_are_not_used(
    virtual_board: Machine, crashed: Path, built: Path, tmp_path: Path
) -> None:
    other = built / "apps/hello/hello.debug"
    seen = monitor(virtual_board, "--no-reconnect", "--elf", str(other), cwd=tmp_path)
    assert "addresses are not explained: the guest is build " in seen.stderr
    assert "main.c" not in seen.stdout


def test_programs_get_lines_as_objects(
    virtual_board: Machine, crashed: Path, tmp_path: Path
) -> None:
    words = ("--no-reconnect", "--json", "--elf", str(crashed), "--tail", "all")
    seen = monitor(virtual_board, *words, cwd=tmp_path)
    objects = [promised.result("monitor", line) for line in seen.stdout.splitlines()]
    explained = [one for line in objects for one in line["symbols"]]
    assert explained[0]["places"][0]["function"] == "solo5_app_main"
    assert {event["event"] for event in promised.events(seen.stderr)} <= {"note"}


def test_a_guest_that_is_started_later_is_followed(
    virtual_board: Machine, virtual_ssh: Ssh, crashed: Path, built: Path, tmp_path: Path
) -> None:
    words = ("--tail", "0", "--until", "SUCCESS", "--timeout", str(WITHIN))
    with monitoring(virtual_board, *words, cwd=tmp_path) as (process, notes):
        await_note(notes, "has ended with status 255")
        put(HELLO, built, virtual_ssh, tmp_path)
        out, _ = process.communicate(timeout=WITHIN)
    assert process.returncode == 0, notes.read_text(encoding="utf-8")
    assert "Hello, World" in out or "SUCCESS" in out
    assert "About to run an undefined instruction" not in out
    assert re.search(r"hello \S+, process \d+, was started", notes.read_text(encoding="utf-8"))


def test_a_link_that_is_cut_is_waited_for(
    virtual_board: Machine, virtual_ssh: Ssh, crashed: Path, built: Path, tmp_path: Path
) -> None:
    words = ("--tail", "0", "--until", "SUCCESS", "--timeout", str(WITHIN))
    with monitoring(virtual_board, *words, cwd=tmp_path) as (process, notes):
        await_note(notes, "has ended")
        machine.network(virtual_board.name, cut=True)
        try:
            await_note(notes, "trying again until it is back")
        finally:
            machine.network(virtual_board.name)
            virtual_ssh.close()
        await_note(notes, r"back after \d+ s")
        put(HELLO, built, virtual_ssh, tmp_path)
        process.communicate(timeout=WITHIN)
    assert process.returncode == 0, notes.read_text(encoding="utf-8")


def test_a_serial_line_is_watched_by_any_number(virtual_board: Machine, tmp_path: Path) -> None:
    words = ("--line", "0", "--tail", "all", "--until", "[a-z]", "--timeout", "60")
    with monitoring(virtual_board, *words, cwd=tmp_path) as (first, _):
        second = monitor(virtual_board, *words, cwd=tmp_path)
        out, _ = first.communicate(timeout=WITHIN)
    assert first.returncode == second.returncode == 0
    assert out
    assert second.stdout
