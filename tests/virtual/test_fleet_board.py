# SPDX-License-Identifier: MIT
"""A roll-out over the virtual Pi and this machine's boards, and who the virtual Pi says it is."""

import json
import subprocess
import sys
from pathlib import Path

import promised
import pytest

from rpikit import connect, paths, wiring
from rpikit.device import DeviceHalf
from rpikit.errors import BoardError
from rpikit.transport.ssh import Ssh
from rpikit.virtual.machine import Machine

HELLO = paths.data_root() / "c" / "apps" / "hello"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Return an application's folder with a bench of a virtual Pi, two others, and a dead one."""
    for file in ("rpikit.toml", "main.c"):
        (tmp_path / file).write_bytes((HELLO / file).read_bytes())
    (tmp_path / wiring.FILE).write_text(
        '[groups]\nall = ["near", "virtual-*", "far", "dead"]\n'
        '[boards.near]\nboard = "host"\n'
        '[boards.virtual-pi3]\nboard = "virtual-pi3"\n'
        '[boards.dead]\nboard = "rpi3b"\nssh = "pi@127.0.0.1:1"\n'
        '[boards.far]\nboard = "host"\n'
    )
    return tmp_path


def test_kinds_of_boards_are_flashed_beside_each_other(
    virtual_board: Machine, virtual_ssh: Ssh, lab: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", "flash", "--group", "all", "--json"],
        cwd=lab,
        capture_output=True,
        text=True,
        check=False,
    )
    promised.events(done.stderr)
    promised.result("flash --boards", done.stdout)
    assert done.returncode == BoardError.exit_code, done.stderr
    rows = {row["board"]: row for row in json.loads(done.stdout)["boards"]}
    states = {name: row["state"] for name, row in rows.items()}
    assert states == {
        "near": "flashed",
        "virtual-pi3": "flashed",
        "dead": "failed",
        "far": "flashed",
    }
    assert rows["near"]["digest"] == rows["far"]["digest"] != rows["virtual-pi3"]["digest"]
    status = DeviceHalf(virtual_ssh, guest="hello").status()
    assert status.digest == rows["virtual-pi3"]["digest"]


def test_the_virtual_board_proves_itself_by_its_host_key(
    virtual_board: Machine, tmp_path: Path
) -> None:
    own = connect.identify(wiring.find(None).target(virtual_board.name))
    assert own.serial_number is None
    assert own.host_key is not None
    file = tmp_path / wiring.FILE
    described = f'{own}\nboard = "virtual-pi3"\n'
    file.write_text(described)
    with connect.connect(wiring.load(file).target(virtual_board.name), keep=True) as there:
        assert there.transport.run("true").status == 0
    other = f"SHA256:{'A' * 43}"
    file.write_text(described.replace(own.host_key, other))
    target = wiring.load(file).target(virtual_board.name)
    with (
        pytest.raises(BoardError, match="its host key is"),
        connect.connect(target, keep=True) as there,
    ):
        there.transport.run("true")


def test_a_virtual_board_is_no_board_with_a_serial_number(
    virtual_board: Machine, tmp_path: Path
) -> None:
    file = tmp_path / wiring.FILE
    name = virtual_board.name
    file.write_text(f'[boards.{name}]\nboard = "virtual-pi3"\nserial_number = "00000000a1b2c3d4"\n')
    with (
        pytest.raises(BoardError, match="it has no serial number, not 00000000a1b2c3d4"),
        connect.connect(wiring.load(file).target(name), keep=True),
    ):
        pytest.fail("it was reached")
