# SPDX-License-Identifier: MIT
"""One flash at a time per board on this machine: who comes second is told who is first."""

import getpass
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from local_board import READY, SHELLS, LocalBoard, local_board, make_bundle

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


def give_up(board: LocalBoard, out: Path) -> claim.Claim:
    """Begin a flash, and end it as one ends whose connection is mute: the board hears nothing."""
    with claim.claimed(board.transport) as ours:
        board.half.stage(ours.token, "alice@lab", (), make_bundle(out).slot_files)
    return ours


def test_the_lock_of_our_own_flash_that_went_mute_is_not_honoured(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_board(tmp_path, "dash") as board:
        given_up = give_up(board, tmp_path)
        monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "another machine"))
        with pytest.raises(BoardError, match="is being flashed by alice@lab"):
            flash_on(board, tmp_path)
        monkeypatch.setenv("RPIKIT_STATE", str(state))
        assert flash_on(board, tmp_path)
        with pytest.raises(BoardError, match="gave this flash's lock to nobody"):
            board.half.install(given_up.token, 5)


@pytest.mark.parametrize("kind", SHELLS)
def test_the_connection_of_our_own_flash_that_went_mute_is_ended(tmp_path: Path, kind: str) -> None:
    with local_board(tmp_path, kind) as board:
        given_up = give_up(board, tmp_path)
        mute = subprocess.Popen(["sleep", "600"])
        try:
            lock = board.home / "lock"
            birth = Path(f"/proc/{mute.pid}/stat").read_text().rpartition(")")[2].split()[19]
            words = lock.read_text().split()
            lock.write_text(" ".join([given_up.token, str(mute.pid), birth, *words[3:]]) + "\n")
            assert flash_on(board, tmp_path)
            assert mute.wait(10) == -signal.SIGTERM
        finally:
            mute.kill()
            mute.wait()


@pytest.mark.parametrize("kind", SHELLS)
def test_an_install_of_ours_that_goes_on_alone_is_waited_for(tmp_path: Path, kind: str) -> None:
    with local_board(tmp_path, kind) as board:
        slow = make_bundle(tmp_path, f"sleep 2\n{READY}", version="1.0.0")
        with claim.claimed(board.transport) as ours:
            board.half.stage(ours.token, "alice@lab", (), slow.slot_files)
            for file in slow.slot_files:
                path = board.guest / "slots/new" / file.name
                path.write_bytes(slow.slot_contents[file.name])
                path.chmod(file.mode)
        alone = threading.Thread(target=board.half.install, args=(ours.token, 20))
        alone.start()
        deadline = time.monotonic() + 30
        while not (board.guest / "trial").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert flash_on(board, tmp_path, version="2.0.0")
        alone.join()
        assert board.half.status().version == "2.0.0"


def flash_on(board: LocalBoard, out: Path, version: str = "1.0.0") -> bool:
    """Flash it; return whether its guest runs now."""
    bundle = make_bundle(out, version=version)
    half = board.half
    return flash(bundle, board.transport, reporter=Silent(), half=half).status.running
