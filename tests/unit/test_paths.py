# SPDX-License-Identifier: MIT
"""A file is written whole or not at all."""

import os
import stat
import threading
from pathlib import Path

import pytest

from rpikit import paths


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_file_gets_its_content_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "it"
    paths.write(file, "täxt\n")
    assert file.read_bytes() == "täxt\n".encode()
    paths.write(file, b"\0bytes")
    assert file.read_bytes() == b"\0bytes"
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_file_has_what_the_umask_leaves_or_the_mode_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        paths.write(tmp_path / "any", "")
        paths.write(tmp_path / "secret", "", mode=0o600)
    finally:
        os.umask(before)
    assert (mode_of(tmp_path / "any"), mode_of(tmp_path / "secret")) == (0o640, 0o600)


def test_a_file_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "it"
    file.touch()
    file.chmod(0o751)
    paths.write(file, "new")
    assert (file.read_text(), mode_of(file)) == ("new", 0o751)


def test_a_link_goes_on_leading_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there/real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    paths.write(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    reader.start()
    paths.write(pipe, "through")
    reader.join(30)
    assert heard == ["through"]
    assert pipe.is_fifo()


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "it"
    file.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        paths.write(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_sees_one_content_or_the_other(tmp_path: Path) -> None:
    file = tmp_path / "it"
    contents = ["a" * 100_000, "b" * 200_000]
    paths.write(file, contents[0])
    over = threading.Event()
    seen: set[str] = set()

    def read() -> None:
        while not over.is_set():
            seen.add(file.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        paths.write(file, contents[number % 2])
    over.set()
    reader.join()
    assert seen <= set(contents)
