# SPDX-License-Identifier: MIT
"""What runs a guest on bare metal is counted, file by file, in what was linked."""

import json
import shutil
from pathlib import Path

import promised
import pytest
from asking import ask

from rpikit import app, board, build, inspection, metal, paths, sources
from rpikit import underlay as underlays
from rpikit.errors import DescriptionError, FirmwareError
from rpikit.underlay import Underlay

HELLO = paths.data_root() / "c" / "apps" / "hello"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("metal") / "hello"
    shutil.copytree(HELLO, made, ignore=shutil.ignore_patterns("build"))
    build.build(app.load(made), board=board.load(board.DEFAULT).made_for("metal"))
    return made


@pytest.fixture(scope="module")
def underlay(folder: Path) -> Underlay:
    found = inspection.inspect(folder).underlay
    assert found is not None
    return found


def test_it_counts_what_was_linked_and_what_that_includes(underlay: Underlay) -> None:
    files = {one.file for one in underlay.files}
    assert files >= {"c/underlay/main.c", "c/underlay/start.S", "c/backends/bcm2837/uart.c"}
    assert "c/underlay/layout.h" in files  # it only has numbers, no line of which is executed
    assert any(name.endswith("gen/dispatch_console.c") for name in files)
    assert not [name for name in files if name.endswith(("devices/switch.c", "devices/led.c"))]
    assert not [name for name in files if name.startswith(("c/tender/", "c/guest/", "c/apps/"))]


def test_every_line_is_counted_once(underlay: Underlay) -> None:
    assert len({one.file for one in underlay.files}) == len(underlay.files)
    c = paths.data_root()
    ours = [one for one in underlay.files if one.file.startswith("c/")]
    assert ours
    for one in ours:
        assert one.lines == (c / one.file).read_bytes().count(b"\n")
        assert 0 < one.code < one.lines
    assert underlay.code < underlay.lines == sum(one.lines for one in underlay.files)


def test_comments_and_blank_lines_are_no_code() -> None:
    text = '/* one\n * two */\n\nint a; // three\nchar *b = "/* four */";\n#define C 5 /* x */\n'
    one = sources.Source("c/x.c", text)
    assert (one.code, one.lines) == (3, 6)


def test_it_is_within_its_limits(underlay: Underlay) -> None:
    assert underlay.size <= metal.UNDERLAY_MAX
    assert underlay.lines * 10 <= underlays.BITVISOR


def test_the_command_prints_it_and_what_it_is_compared_with(
    folder: Path, underlay: Underlay
) -> None:
    text = ask("inspect", str(folder), "--target", "metal", cwd=folder).stdout
    assert f"{underlay.size} bytes without guests, " in text
    assert " % of 64K\n" in text
    assert f"{underlay.code} lines of C and assembly in {len(underlay.files)} files\n" in text
    assert " % of BitVisor's 215,000\n" in text
    assert underlays.BITVISOR_SOURCE in text
    printed = ask("inspect", str(folder), "--target", "metal", "--json", cwd=folder).stdout
    found = promised.result("inspect", printed)["underlay"]
    assert (found["size"], found["limit"]) == (underlay.size, 65536)
    assert sum(one["lines"] for one in found["files"]) == found["lines"] == underlay.lines
    assert found["compared"]["lines"] == 215_000
    sizes = json.loads(printed)["sizes"]
    assert sizes["tender"] == underlay.size < sizes["image"]


def test_the_stack_is_that_of_the_guest_alone(folder: Path) -> None:
    frames = inspection.inspect(folder).stack
    assert "format_to" in {one.function for one in frames}
    places = [(one.function, one.place) for one in frames]
    assert len(places) == len(set(places))


def test_what_is_gone_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"build/metal/hello\.hvt: .* build") as missing:
        inspection.inspect(_empty(tmp_path), target="metal")
    assert str(missing.value.hint).endswith(" --target metal")
    shutil.copy(folder / "build/metal" / metal.UNDERLAY, tmp_path)
    with pytest.raises(FirmwareError, match=r"underlay\.debug: there is no such file"):
        underlays.read(tmp_path / metal.UNDERLAY, ())


def _empty(place: Path) -> Path:
    shutil.copytree(HELLO, place / "hello", ignore=shutil.ignore_patterns("build"))
    return place / "hello"


def test_there_is_no_system_call_below_it(folder: Path) -> None:
    words = ("inspect", str(folder), "--target", "metal", "--attack-surface")
    assert "there is neither a tender nor" in ask(*words, cwd=folder, status=2).stderr
