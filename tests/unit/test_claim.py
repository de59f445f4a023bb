# SPDX-License-Identifier: MIT
"""One flash at a time per board on this machine: who comes second is told who is first."""

import getpass
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from local_board import LocalBoard, local_board, make_bundle

from rpikit import claim, paths
from rpikit.errors import BoardError
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.transport import SshAddress
from rpikit.transport.local import Local
from rpikit.transport.ssh import Ssh

HOLD = """
import sys, time
from pathlib import Path
from rpikit import claim
from rpikit.transport.local import Local
with claim.claimed(Local(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def hold(folder: Path) -> subprocess.Popen[str]:
    """Start a process that holds the board in a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)


def test_who_comes_second_is_told_who_is_first_and_since_when(tmp_path: Path) -> None:
    first = hold(tmp_path)
    try:
        with (
            pytest.raises(BoardError, match="is being flashed by ") as caught,
            claim.claimed(Local(tmp_path, name="desk (this machine)")),
        ):
            pytest.fail("two at once")
    finally:
        end(first)
    who = f"{getpass.getuser()}@{socket.gethostname()} (process {first.pid})"
    said = str(caught.value)
    assert said.startswith(f"desk (this machine): is being flashed by {who} since ")


def test_a_claim_ends_with_the_process_that_has_it(tmp_path: Path) -> None:
    end(hold(tmp_path))
    assert list((paths.state_dir() / "claims").glob("*.holder"))  # it had no time to tidy up
    with claim.claimed(Local(tmp_path)):
        pass
    assert not list((paths.state_dir() / "claims").glob("*.holder"))


def test_a_claim_ends_when_the_flash_fails(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), claim.claimed(Local(tmp_path)):
            raise ZeroDivisionError


def test_two_boards_do_not_meet(tmp_path: Path) -> None:
    with claim.claimed(Local(tmp_path / "one")), claim.claimed(Local(tmp_path / "two")):
        pass


def test_two_names_of_one_board_do(tmp_path: Path) -> None:
    address = SshAddress("lab3", 22, "pi")
    with (
        claim.claimed(Ssh(address, "desk")),
        pytest.raises(BoardError, match=rf"^bench \(ssh .*by .*\(process {os.getpid()}\)"),
        claim.claimed(Ssh(address, "bench")),
    ):
        pytest.fail("two at once")


def test_a_flash_claims_its_board_before_it_sends_anything(tmp_path: Path) -> None:
    with local_board(tmp_path, "dash") as board:
        first = hold(board.folder)
        try:
            with pytest.raises(BoardError, match=f"process {first.pid}"):
                flash_on(board, tmp_path)
            assert not board.home.exists()
        finally:
            end(first)
        assert flash_on(board, tmp_path)


def flash_on(board: LocalBoard, out: Path) -> bool:
    """Flash it; return whether its guest runs now."""
    bundle = make_bundle(out)
    half = board.half
    return flash(bundle, board.transport, reporter=Silent(), half=half).status.running
