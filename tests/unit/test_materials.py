# SPDX-License-Identifier: MIT
"""What a build was made from: every source, every program, and no name of this machine."""

import hashlib
import json
import re

import pytest

from rpikit import app as apps
from rpikit import board, build, materials, new, paths, stamp, toolchain
from rpikit.errors import VerificationError


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> build.Build:
    folder = tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        new.new("lamp", template="blink")
    return build.build(apps.load(folder / "lamp"), board=board.load(board.DEFAULT))


def test_sources_are_named_from_their_folders_with_their_digests(built: build.Build) -> None:
    found = materials.of(built)
    own = {one.name: one.sha256 for one in found.app}
    assert own.keys() == {"main.c", "rpikit.toml"}
    text = (built.app.folder / "main.c").read_bytes()
    assert own["main.c"] == hashlib.sha256(text).hexdigest()
    names = {one.name for one in found.rpikit}
    assert {"c/guest/hvt/start.c", "c/tender/main.c", "boards/rpi3b.toml"} <= names
    assert any(name.startswith("templates/interface/") for name in names)
    start = next(one for one in found.rpikit if one.name == "c/guest/hvt/start.c")
    assert start.sha256 == materials.digest(paths.data_root() / "c/guest/hvt/start.c")


def test_nothing_is_named_after_this_machine(built: build.Build) -> None:
    found = materials.of(built)
    names = [one.name for one in (*found.app, *found.rpikit, *found.programs)]
    assert not [name for name in names if name.startswith("/") or ".." in name]
    assert found == materials.of(built)


def test_the_compiler_proper_is_among_the_programs(built: build.Build) -> None:
    found = materials.of(built)
    assert found.toolchain == toolchain.name_of()
    names = {one.name for one in found.programs}
    if found.toolchain == "gcc":
        assert {"cc1", "lto1"} <= names
        assert any("gcc" in name for name in names)
    assert all(re.fullmatch(r"[0-9a-f]{64}", one.sha256) for one in found.programs)
    assert re.search(r"\d+\.\d+", found.toolchain_version)


def test_packages_have_the_versions_that_are_installed(built: build.Build) -> None:
    found = {one.name: one.version for one in materials.of(built).packages}
    assert found.keys() == {*materials.PACKAGES, "python"}
    import jinja2

    assert found["jinja2"] == jinja2.__version__


def test_a_build_that_left_no_list_of_what_it_read_is_told(built: build.Build) -> None:
    notes = built.folder / stamp.NOTES
    kept = notes.read_text()
    try:
        notes.write_text(json.dumps({"made": []}))
        with pytest.raises(VerificationError, match="what the build read is not listed"):
            materials.of(built)
    finally:
        notes.write_text(kept)
