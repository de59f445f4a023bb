# SPDX-License-Identifier: MIT
"""Two runs of the same guest on a board that counts instructions print the same bytes."""

from pathlib import Path

import pytest

from rpikit import board
from rpikit.errors import BoardError
from rpikit.virtual.replay import replay

SCRIPT = """
./rpikit-tender --mem=2 -- hello.hvt again and again
./rpikit-tender --mem=2 -- time.hvt
cat /proc/uptime /proc/sys/kernel/random/uuid /proc/interrupts
head -c 32 /dev/urandom | md5sum
dmesg
"""


def test_two_runs_of_a_guest_print_the_same_bytes(built: Path) -> None:
    files = {name: built / "apps" / name[:-4] / name for name in ("hello.hvt", "time.hvt")}
    files["rpikit-tender"] = built / "generic" / "rpikit-tender"
    first, second = (replay(board.load(board.DEFAULT), SCRIPT, files) for _ in range(2))
    assert b"again and again" in first
    assert first.count(b"SUCCESS") == 2
    assert first == second


def test_a_run_without_end_is_ended(virtual_state: Path) -> None:
    with pytest.raises(BoardError, match=r"no end of the run after 3 s; last on the console: "):
        replay(board.load(board.DEFAULT), "while :; do :; done", {}, timeout=3)
