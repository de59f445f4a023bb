# SPDX-License-Identifier: MIT
"""A build that would change nothing does not ask SCons; whatever changed, the next one has it."""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import app, board, build, new, paths, stamp, toolchain
from rpikit.build import Build
from rpikit.errors import FirmwareError

BOARD = board.load(board.DEFAULT)
SHARED = '#include "one.h"\n#include "../shared/two.h"\n'
WRONG = "\n#error changed\n"


class Project:
    """A project that is built; `asked` says whether the last build asked SCons."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = False

    def build(self, *, generic: bool = False) -> Build:
        before = build._make
        self.asked = False

        def make(*words: object) -> None:
            self.asked = True
            before(*words)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(build, "_make", make)
            return build.build(app.load(self.folder), board=BOARD, generic=generic)

    def made(self) -> dict[str, bytes]:
        names = ("lamp.hvt", "rpikit-tender", "lamp.debug", "gen/manifest.c")
        return {name: (self.folder / "build" / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project that includes headers from inside and outside of its folder."""
    parent = tmp_path_factory.mktemp("stamp")
    folder = new.new("lamp", template="own-interface", parent=parent).folder
    (parent / "shared").mkdir()
    (parent / "shared" / "two.h").write_text("/* two */\n")
    (folder / "one.h").write_text("/* one */\n")
    (folder / "main.c").write_text(SHARED + (folder / "main.c").read_text(encoding="utf-8"))
    made = Project(folder)
    made.build()
    return made


@pytest.fixture
def project(whole: Project) -> Project:
    """Return the project as it is after a build that changed nothing."""
    whole.build()
    whole.build()
    assert not whole.asked
    return whole


def change(file: Path, text: str) -> None:
    """Write a file so that only its content tells that it was."""
    times = file.stat()
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.fixture
def changed(project: Project, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Spoil a file of the project, and take it back."""
    file: Path = project.folder / request.param
    before = file.read_text(encoding="utf-8")
    change(file, before + WRONG)
    yield file
    change(file, before)


def test_the_same_bytes_at_another_time_ask_nobody(project: Project) -> None:
    before = project.made()
    os.utime(project.folder / "main.c")
    assert project.build().sizes["tender"] == len(before["rpikit-tender"])
    assert not project.asked
    assert project.made() == before


@pytest.mark.parametrize(
    "changed", ["main.c", "one.h", "../shared/two.h", "devices/lamp.c"], indirect=True
)
def test_what_was_read_and_changed_is_read_again(project: Project, changed: Path) -> None:
    with pytest.raises(FirmwareError, match="#error changed"):
        project.build()
    assert not (project.folder / "build" / stamp.FILE).exists()


def test_a_new_header_that_comes_before_another_is_found(project: Project) -> None:
    before = project.made()
    for folder in (project.folder, project.folder.parent / "shared"):
        header = folder / "solo5.h"
        header.write_text("/* nothing that matters */\n")
        project.build()
        assert project.asked
        header.unlink()
    project.build()
    assert project.made() == before


def test_the_description_of_an_application_and_of_its_interface_count(project: Project) -> None:
    before = project.made()
    for name in ("rpikit.toml", "interfaces/lamp.toml"):
        file = project.folder / name
        text = file.read_text(encoding="utf-8")
        change(file, text + "# a comment\n")
        project.build()
        assert project.asked, name
        change(file, text)
    project.build()
    assert project.made() == before


def test_what_is_gone_or_was_changed_is_made_again(project: Project) -> None:
    before = project.made()
    for name in before:
        (project.folder / "build" / name).unlink()
    project.build()
    assert project.made() == before
    for name in before:
        change(project.folder / "build" / name, "spoilt")
    project.build()
    assert project.made() == before


def test_another_option_counts(project: Project) -> None:
    before = project.made()
    project.build(generic=True)
    assert project.asked
    project.build()
    assert project.asked
    assert project.made() == before


def test_another_path_or_toolchain_counts(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    part = tmp_path / "cc1"
    part.write_text("one")
    chain = toolchain.find("gcc")
    other = dataclasses.replace(chain, programs=(*chain.programs, str(part)))
    monkeypatch.setattr(toolchain, "KNOWN", {**toolchain.KNOWN, "gcc": lambda: other})
    project.build()
    assert project.asked
    part.write_text("another")
    objects = project.folder / "build" / "obj" / "app" / "main.o"
    before = objects.stat().st_mtime_ns
    project.build()
    assert project.asked
    assert objects.stat().st_mtime_ns != before  # everything is compiled anew
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{tmp_path}")
    project.build()
    assert project.asked


def test_a_stamp_that_is_damaged_counts_for_nothing(project: Project) -> None:
    before = project.made()
    for text in ("{", '{"inputs": {}}'):
        (project.folder / "build" / stamp.FILE).write_text(text)
        project.build()
        assert project.asked, text
    assert project.made() == before


def test_a_folder_with_too_much_is_for_scons(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamp, "FILES_MAX", 3)
    for _ in range(2):
        project.build()
        assert project.asked


def test_another_rpikit_builds_again(tmp_path: Path) -> None:
    """The tree is copied, and what builds and is built from is changed in the copy."""
    tree, root = tmp_path / "tree", paths.data_root()
    for name in ("c", "perf", "templates", "boards"):
        shutil.copytree(root / name, tree / name, ignore=shutil.ignore_patterns("build"))
    shutil.copytree(Path(build.__file__).parent, tree / "toolkit" / "rpikit")
    shutil.copy(root / "SConstruct", tree)
    project = new.new("lamp", parent=tmp_path).folder

    def built() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "rpikit", "build", project, "--verbose"],
            env=os.environ | {"PYTHONPATH": str(tree / "toolkit")},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr

    assert "lamp.hvt" in built()
    assert len(built().splitlines()) == 1
    template = tree / "templates" / "interface" / "host.h.j2"
    change(template, template.read_text(encoding="utf-8") + "/* changed */\n")
    assert "abi_console.h" in built()
    source = tree / "c" / "guest" / "end.c"
    change(source, source.read_text(encoding="utf-8") + WRONG)
    assert "#error changed" in built()
