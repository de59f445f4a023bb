# SPDX-License-Identifier: MIT
"""What is built for is what the board has, unless somebody says which."""

from pathlib import Path

import pytest

from rpikit import board, target
from rpikit.errors import BoardError, DescriptionError
from rpikit.transport.local import Local

BOARD = board.load("virtual-pi3")
EDGES = board.load("virtual-pi3-edges")
HOST = board.load("host")

CASES = [
    (BOARD, "auto", "true", "target: hvt, since virtual-pi3 has /dev/kvm"),
    (BOARD, "auto", "false", "target: spt, since virtual-pi3 has no /dev/kvm"),
    (
        EDGES,
        "auto",
        "false",
        "target: spt, since virtual-pi3-edges has no /dev/kvm: what reports its edges has EL2",
    ),
    (BOARD, "spt", "true", "target: spt, as asked"),
    (BOARD, "hvt", "true", "target: hvt, as asked"),
    (
        BOARD.made_for("spt"),
        "auto",
        "true",
        "target: spt, since the description of virtual-pi3 says so",
    ),
]


@pytest.mark.parametrize(("described", "asked", "has_kvm", "said"), CASES)
def test_a_board_is_built_for_what_it_has_and_the_user_hears_why(
    described: board.Board,
    asked: str,
    has_kvm: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(target, "_HAS_KVM", has_kvm)
    heard: list[str] = []
    found = target.chosen(described, asked, Local(tmp_path), heard.append)
    assert heard == [said]
    assert found.platform == said.split()[1].rstrip(",")
    assert found.name == described.name


def test_hvt_is_refused_where_nothing_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "_HAS_KVM", "false")
    here = Local(tmp_path)
    with pytest.raises(BoardError, match=r"--target hvt: .* has no /dev/kvm") as caught:
        target.chosen(BOARD, "hvt", here)
    assert here.name in str(caught.value)
    assert caught.value.exit_code == 4


def test_without_a_connection_the_description_decides() -> None:
    assert target.expected(BOARD).platform == "hvt"
    assert target.expected(BOARD.model_copy(update={"kvm": False})).platform == "spt"
    assert target.expected(BOARD, "spt").platform == "spt"
    assert target.expected(HOST).platform == "loop"


def test_this_machine_has_one_target_and_says_nothing(tmp_path: Path) -> None:
    heard: list[str] = []
    assert target.chosen(HOST, "auto", Local(tmp_path), heard.append).platform == "loop"
    assert heard == []
    with pytest.raises(DescriptionError, match="--target spt: host is no board for it"):
        target.expected(HOST, "spt")
