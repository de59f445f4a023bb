# SPDX-License-Identifier: MIT
"""RPIKIT_BUILD_CACHE: what was made once is fetched, makes no difference, and is never trusted."""

import shutil
from pathlib import Path

import pytest

from rpikit import app, board, build, stack, verify
from rpikit.build import Build
from rpikit.errors import DescriptionError, FirmwareError

SWITCH = Path(__file__).parents[2] / "c" / "apps" / "test_switch"
FILES = ("test_switch.hvt", "test_switch.debug", "rpikit-tender", "rpikit-tender.debug")


def make(folder: Path, *, anew: bool = False) -> Build:
    """Build a copy of an application in a folder of its own."""
    left_out = shutil.ignore_patterns("build", "tests", ".*")
    shutil.copytree(SWITCH, folder / "switch", ignore=left_out)
    return build.build(app.load(folder / "switch"), board=board.load(board.DEFAULT), anew=anew)


def frames(made: Build) -> set[tuple[str, str, int]]:
    """Return what is known of the stack, of every function that a compiler may have named."""
    lines = "".join(file.read_text() for file in made.folder.rglob("*.su")).splitlines()
    names = [line.split("\t")[0].split(":")[-1] for line in lines]
    return {(one.function, one.place, one.size) for one in stack.read(made.folder, names)}


def test_another_folder_gets_the_same_and_a_build_anew_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make(tmp_path / "plain")
    cache = tmp_path / "some where" / "cache"
    monkeypatch.setenv(build.CACHE, str(cache))
    first, second = make(tmp_path / "first"), make(tmp_path / "second" / "and deeper")
    for name in FILES:
        expected = (plain.folder / name).read_bytes()
        assert (first.folder / name).read_bytes() == expected, name
        assert (second.folder / name).read_bytes() == expected, name
    assert frames(plain) == frames(first) == frames(second)
    kept = [file for file in cache.rglob("*") if file.is_file() and len(file.parent.name) == 2]
    assert kept
    for file in kept:
        file.chmod(0o644)
        file.write_bytes(b"no object")
    with pytest.raises(FirmwareError, match="does not build"):
        make(tmp_path / "third")
    verify.verify(second.app, board=second.board)  # which builds once more


def test_a_cache_that_cannot_be_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(build.CACHE, str(tmp_path / "file" / "cache"))
    with pytest.raises(DescriptionError, match=r"RPIKIT_BUILD_CACHE = .*cache.*cannot be made"):
        make(tmp_path)
