# SPDX-License-Identifier: MIT
"""What travels to the virtual board: the rest of what broke off, and only what differs."""

import random
from pathlib import Path

import pytest
from local_board import READY, make_bundle

from rpikit.device import DeviceHalf
from rpikit.errors import BoardError
from rpikit.flash import Flashed, flash
from rpikit.report import Silent
from rpikit.transport.ssh import Ssh

NOISE = random.Random(9).randbytes(200_000).hex()
GUEST = f"{READY.splitlines()[0]}\nsleep 600\nexit\n{NOISE}\n"


class Cutting(Silent):
    """Takes the connection away once half of an upload is on its way."""

    def __init__(self, ssh: Ssh) -> None:
        self._ssh = ssh

    def progress(self, done: int, total: int) -> None:
        if done > total // 2:
            self._ssh.close()


def put(half: DeviceHalf, folder: Path, guest: str, version: str) -> Flashed:
    made = make_bundle(folder, guest, version=version)
    return flash(made, half.transport, reporter=Silent(), half=half, ready_within=30.0)


def test_an_upload_whose_connection_was_lost_goes_on_over_the_next(
    half: DeviceHalf, home: str, virtual_ssh: Ssh, tmp_path: Path
) -> None:
    made = make_bundle(tmp_path, GUEST)
    with (
        Ssh(virtual_ssh.address, virtual_ssh.board) as first,
        pytest.raises(BoardError, match="the connection was lost"),
    ):
        flash(made, first, reporter=Cutting(first), half=DeviceHalf(first, home=home))
    again = put(half, tmp_path, GUEST, "1.0.0")
    assert again.resumed > 60_000
    assert again.status.running
    half.of("blink").verify()


def test_only_what_differs_travels_and_nothing_if_nothing_does(
    half: DeviceHalf, tmp_path: Path
) -> None:
    put(half, tmp_path, GUEST, "1.0.0")
    changed = put(half, tmp_path, f"{GUEST[:100_001]}more{GUEST[100_001:]}", "2.0.0")
    assert changed.deltas == ("unikernel.hvt",)
    assert changed.sent < 4000
    half.of("blink").verify()
    assert put(half, tmp_path, GUEST, "1.0.0").sent == 0
