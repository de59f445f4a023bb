# SPDX-License-Identifier: MIT
"""Trouble on request: a slow or dead network, a full disk, power that goes while a board works."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import board
from rpikit.errors import BenchError, BoardError
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine, qemu
from rpikit.virtual.machine import Machine


@pytest.fixture(scope="module")
def small(virtual_state: Path) -> Iterator[Machine]:
    """Give a board of its own with little room for firmware."""
    options = qemu.Options(disk=256 << 10)
    yield machine.up(board.load(board.DEFAULT), name="small", options=options)
    machine.down("small")


@pytest.fixture
def ssh(small: Machine) -> Iterator[Ssh]:
    with Ssh(small.ssh, small.name) as way:
        way.run("true")
        yield way


def seconds(ssh: Ssh) -> float:
    before = time.monotonic()
    ssh.run("true")
    return time.monotonic() - before


def test_a_disk_is_as_small_as_was_asked(ssh: Ssh, tmp_path: Path) -> None:
    firmware = tmp_path / "firmware"
    firmware.write_bytes(bytes(300_000))
    with pytest.raises(BoardError, match=r"cannot write /opt/rpikit/firmware: .*No space left"):
        ssh.put(firmware, "/opt/rpikit/firmware")
    ssh.run("rm /opt/rpikit/firmware")


def test_a_slow_network_is_slow_until_it_is_whole(small: Machine, ssh: Ssh) -> None:
    machine.network(small.name, delay_ms=300)
    try:
        slow = max(seconds(ssh) for _ in range(2))
    finally:
        machine.network(small.name)
    assert slow > 0.4
    assert min(seconds(ssh) for _ in range(5)) < slow / 2


def test_a_cut_network_carries_nothing_until_it_is_whole(small: Machine, ssh: Ssh) -> None:
    channel = ssh.start("while read word; do echo got $word; done")
    machine.network(small.name, cut=True)
    try:
        channel.write(b"it\n")
        with pytest.raises(TimeoutError):
            channel.read(100, 0.5)
    finally:
        machine.network(small.name)
    assert channel.read(100, 20) == b"got it\n"
    channel.close()


def test_a_delay_beyond_reason_is_refused(small: Machine) -> None:
    with pytest.raises(BenchError, match="delay_ms = 70000; it is 0-60000"):
        machine.network(small.name, delay_ms=70_000)


def test_a_power_cut_ends_what_the_board_was_doing(small: Machine, ssh: Ssh) -> None:
    channel = ssh.start("while :; do echo on; sleep 0.05; done")
    assert channel.read(3, 5) == b"on\n"
    assert machine.cut(small.name)
    while channel.read(100, 5):
        pass
    with pytest.raises(BoardError, match=r"small.* (the connection was lost|does not answer)"):
        ssh.run("true")
    assert machine.find(small.name) is None
