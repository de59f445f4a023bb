# SPDX-License-Identifier: MIT
"""What makes a board start its guests: a line in BusyBox's inittab, or a unit of systemd."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_board import NAME, READY, SHELLS, make_bundle
from power import Board

from rpikit import device
from rpikit.errors import BoardError
from rpikit.flash import flash
from rpikit.report import Silent

BEFORE = "::sysinit:/etc/init.d/rcS\n::shutdown:/bin/sync\n"


@pytest.fixture(params=SHELLS)
def board(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Board]:
    (tmp_path / "etc").mkdir()
    monkeypatch.setattr(device, "ETC", str(tmp_path / "etc"))
    monkeypatch.setattr(device, "SYSTEMD", str(tmp_path / "systemd"))
    made = Board(tmp_path, request.param, monkeypatch)
    bundle = make_bundle(tmp_path, READY)
    flash(bundle, made.transport, reporter=Silent(), half=made.half)
    yield made
    made.cut()
    monkeypatch.undo()
    device.script.cache_clear()


def test_the_inittab_gets_one_line_that_starts_the_guests_and_loses_it(
    board: Board, tmp_path: Path
) -> None:
    inittab = tmp_path / "etc/inittab"
    inittab.write_text(BEFORE)
    assert not board.half.status().boots
    assert board.half.setup().boots
    assert board.half.setup().boots
    *before, line = inittab.read_text().splitlines(keepends=True)
    assert "".join(before) == BEFORE
    command = line.removeprefix("::once:").rstrip()
    board.cut()
    assert not board.half.status().running
    done = subprocess.run(
        ["sh", "-c", f"exec {command}"],  # as BusyBox's init runs it
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"started={NAME}\n"
    assert board.half.status().running
    assert not board.half.undo().boots
    assert inittab.read_text() == BEFORE
    assert board.leftovers() == set()


def test_a_board_with_systemd_gets_a_unit_and_loses_it(board: Board, tmp_path: Path) -> None:
    (tmp_path / "systemd").mkdir()
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    asked = tmp_path / "asked"
    systemctl = board.power / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{asked}\n')
    systemctl.chmod(0o755)
    assert board.half.setup().boots
    unit = units / "rpikit.service"
    assert f'ExecStart=/bin/sh "{board.home}/device.sh" boot\n' in unit.read_text()
    assert asked.read_text() == "daemon-reload\nenable rpikit.service\n"
    if shutil.which("systemd-analyze"):
        subprocess.run(["systemd-analyze", "verify", str(unit)], check=True)
    assert not board.half.undo().boots
    assert list(units.iterdir()) == []
    assert asked.read_text().splitlines()[2:] == ["disable rpikit.service", "daemon-reload"]


def test_a_board_with_neither_says_what_to_run(board: Board) -> None:
    with pytest.raises(BoardError, match="neither systemd nor an inittab") as caught:
        board.half.setup()
    assert f"sh {board.home}/device.sh boot" in str(caught.value.hint)
