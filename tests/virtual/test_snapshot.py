# SPDX-License-Identifier: MIT
"""Boards brought back from a snapshot: how soon, who they are, and what is done without one."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from rpikit import board, paths
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine, snapshot
from rpikit.virtual.machine import Machine

SSH_WITHIN = 10.0  # seconds: half of what a boot takes at the least
TRIES = 3  # the best of them counts: others may use this machine, too
Start = Callable[[], Machine]


@pytest.fixture
def start(virtual_board: Machine) -> Iterator[Start]:
    """Give a way to start boards from the snapshot there is; they end with the test."""
    assert virtual_board.was_restored
    names = [f"restored-{number}" for number in range(TRIES)]
    fresh = iter(names)
    yield lambda: machine.up(board.load(board.DEFAULT), name=next(fresh))
    for name in names:
        machine.down(name)


def test_ssh_answers_within_seconds(start: Start) -> None:
    took = []
    for _ in range(TRIES):
        began = time.monotonic()
        started = start()
        took.append(time.monotonic() - began)
        machine.down(started.name)
        if took[-1] <= SSH_WITHIN:
            break
    assert min(took) <= SSH_WITHIN


def test_boards_of_one_snapshot_are_not_the_same_board(start: Start) -> None:
    first, second = start(), start()
    said = []
    for one in (first, second):
        with Ssh(one.ssh, one.name) as ssh:
            said.append(ssh.run("hostname; head -c 32 /dev/urandom | md5sum").out.split("\n"))
    assert [words[0] for words in said] == [first.name, second.name]
    assert said[0][1] != said[1][1]
    assert first.ssh.port != second.ssh.port


def test_the_clock_is_the_hosts(virtual_ssh: Ssh) -> None:
    before = time.time()
    said = int(virtual_ssh.run("date +%s").out)
    assert before - 1.5 <= said <= time.time() + 0.5


def test_a_reboot_from_inside_gets_the_time_again(start: Start) -> None:
    started = start()
    with serial.Serial(str(started.serials[1])) as console:
        console.write(b"reboot -f\n")
    deadline = time.monotonic() + 30
    while started.log.read_text(errors="replace").count("sshd: listening") < 2:
        assert time.monotonic() < deadline, "the board does not come back"
        time.sleep(0.05)
    with Ssh(started.ssh, started.name) as ssh:
        assert abs(int(ssh.run("date +%s").out) - time.time()) < 2
        assert ssh.run("hostname").out == f"{started.name}\n"


def test_a_damaged_snapshot_is_replaced_by_a_boot(
    virtual_board: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = sorted((paths.cache_dir() / "virtual/snapshots").iterdir())
    snapshots = tmp_path / "virtual" / "snapshots"
    snapshots.mkdir(parents=True)
    for name in ("images", "keys", "images.lock"):
        (snapshots.parent / name).symlink_to(paths.cache_dir() / "virtual" / name)
    monkeypatch.setenv("RPIKIT_CACHE", str(tmp_path))
    monkeypatch.setattr(snapshot, "_KEPT", 1)
    halves = {good.name: good.stat().st_size // 2 for good in cached}  # of other boards, too
    for good in cached:
        (snapshots / good.name).write_bytes(good.read_bytes()[: halves[good.name]])
    said: list[str] = []
    try:
        started = machine.up(board.load(board.DEFAULT), name="damaged", report=said.append)
        assert not started.was_restored
        assert any("the snapshot is of no use, and gone" in line for line in said)
        assert any(
            (snapshots / name).stat().st_size > half
            for name, half in halves.items()
            if (snapshots / name).exists()
        )
    finally:
        machine.down("damaged")
