# SPDX-License-Identifier: MIT
"""What `rpikit build` refuses before it begins."""

from pathlib import Path

import pytest

from rpikit import app, board, build, new
from rpikit.errors import DescriptionError

BOARD = board.load(board.DEFAULT)


@pytest.mark.parametrize("unfit", ["$", "'", '"', "(", "#", "=", "&", "\n", "\udcff"])
def test_a_folder_that_the_build_would_misread_is_refused(tmp_path: Path, unfit: str) -> None:
    place = tmp_path / f"my{unfit}projects"
    place.mkdir()
    described = app.load(new.new("lamp", parent=place).folder)
    with pytest.raises(DescriptionError, match="does not get through the build") as refused:
        build.build(described, board=BOARD)
    assert repr(unfit) in str(refused.value)
    assert str(refused.value).isprintable()
    assert not (place / "lamp/build").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    described = app.load(new.new("lamp", parent=tmp_path).folder)
    with pytest.raises(DescriptionError, match=r"cannot be made \(not a directory\)") as refused:
        build.build(described, board=BOARD, out=described.source / "build")
    assert "--out" in str(refused.value.hint)


def test_a_folder_with_blanks_and_letters_of_any_language_will_do(tmp_path: Path) -> None:
    place = tmp_path / "a.b_c-d+e,f@g%h:i~j ü"
    place.mkdir()
    made = build.build(app.load(new.new("lamp", parent=place).folder), board=BOARD)
    assert made.unikernel == place / "lamp/build/lamp.hvt"
    assert made.unikernel.is_file()
