# SPDX-License-Identifier: MIT
"""Tender and unikernel run together on the virtual Pi, whichever toolchain made each."""

import itertools
from pathlib import Path

import pytest

from rpikit import app, board, build, toolchain
from rpikit.build import Build
from rpikit.errors import ToolError
from rpikit.transport.ssh import Ssh

ROOT = Path(__file__).parents[2]
PAIRS = list(itertools.product(toolchain.KNOWN, repeat=2))


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Build]:
    made = {}
    for name in toolchain.KNOWN:
        try:
            toolchain.find(name)
        except ToolError as error:
            pytest.skip(f"{error}; {error.hint}")
        made[name] = build.build(
            app.load(ROOT / "c" / "apps" / "hello"),
            board=board.load(board.DEFAULT),
            toolchain=name,
            out=tmp_path_factory.mktemp(name),
        )
    return made


@pytest.mark.parametrize(("tender", "guest"), PAIRS)
def test_a_tender_of_one_runs_a_guest_of_another(
    builds: dict[str, Build], virtual_ssh: Ssh, tender: str, guest: str
) -> None:
    virtual_ssh.put(builds[tender].tender, "/tmp/tender")
    virtual_ssh.put(builds[guest].unikernel, "/tmp/guest.hvt")
    done = virtual_ssh.run("chmod +x /tmp/tender && /tmp/tender --mem=2 -- /tmp/guest.hvt word")
    assert (done.status, done.err) == (0, "")
    assert "word" in done.out
    assert "SUCCESS\n" in done.out
