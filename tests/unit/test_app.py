# SPDX-License-Identifier: MIT
"""Applications: what a description becomes, and what it may not be."""

import re
from pathlib import Path

import pytest

from rpikit import app, interface, paths
from rpikit.app import DEVICE_TYPES, DEVICES_MAX
from rpikit.errors import DescriptionError

FIRMWARE = """
[firmware]
name = "switch-led"
version = "1.0.0"
sources = ["main.c", "src/more.c"]
memory = "4M"
ready = "ready"
interfaces = ["sensor"]
"""
DEVICES = """
[devices.button]
type = "switch"
line = 17
direction = "in"
pull = "up"
active = "low"
[devices.lamp]
type = "led"
line = 25
drive = "open-drain"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    for source in ("main.c", "src/more.c"):
        (tmp_path / source).write_text("")
    (tmp_path / app.FILE).write_text(FIRMWARE + DEVICES)
    return tmp_path


def header(name: str) -> int:
    """Return a number that the hand-written contract defines."""
    text = (paths.data_root() / "c" / "abi" / "manifest.h").read_text()
    match = re.search(rf"#define {name} (\d+)", text)
    assert match
    return int(match[1])


def test_a_description_becomes_an_application(folder: Path) -> None:
    loaded = app.load(folder)
    assert (loaded.name, loaded.version, loaded.memory) == ("switch-led", "1.0.0", 4 << 20)
    assert loaded.sources == (folder / "main.c", folder / "src" / "more.c")
    assert loaded.ready == "ready"
    assert loaded.pins == {"button": 17, "lamp": 25}
    assert loaded.source == folder / "rpikit.toml"


def test_a_device_has_what_it_does_not_say(folder: Path) -> None:
    button, lamp = app.load(folder).devices
    assert (button.direction, button.pull, button.active, button.drive) == (
        *("in", "up", "low", "push-pull"),
    )
    assert (lamp.direction, lamp.pull, lamp.active, lamp.drive) == (
        *("out", "none", "high", "open-drain"),
    )


def test_an_input_of_the_general_framework_has_edges(folder: Path) -> None:
    described = DEVICES.replace('"switch"', '"gpio"', 1).replace("pull =", 'edges = "both"\npull =')
    (folder / app.FILE).write_text(FIRMWARE + described)
    loaded = app.load(folder)
    assert "gpio" in loaded.interfaces
    assert loaded.device("button").mft_flags == (
        *("MFT_LINE_IN", "MFT_LINE_ACTIVE_LOW", "MFT_LINE_PULL_UP"),
        *("MFT_LINE_EDGE_RISING", "MFT_LINE_EDGE_FALLING"),
    )


def test_interfaces_are_those_of_every_guest_of_the_devices_and_the_extra_ones(
    folder: Path,
) -> None:
    assert app.load(folder).interfaces == (
        *("clock", "console", "halt", "led", "poll", "sensor", "switch"),
    )


def test_an_application_without_devices_has_only_what_every_guest_has(folder: Path) -> None:
    (folder / app.FILE).write_text(FIRMWARE.replace('"sensor"', ""))
    assert app.load(folder).interfaces == interface.CORE


def test_a_folder_without_a_description_is_told(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="there is no such file; looked in"):
        app.load(tmp_path)


def test_a_link_out_of_the_folder_is_no_source(folder: Path) -> None:
    (folder / "main.c").unlink()
    (folder / "main.c").symlink_to("/etc/hostname")
    with pytest.raises(DescriptionError, match=r'sources\[0\] = "main.c": this leads out of'):
        app.load(folder)


def test_an_application_named_by_a_relative_folder_has_absolute_sources(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert app.load(Path(folder.name)).sources[0] == folder / "main.c"


def test_a_device_is_found_by_its_name(folder: Path) -> None:
    loaded = app.load(folder)
    assert loaded.device("lamp").line == 25
    with pytest.raises(DescriptionError, match="no device 'lmap'; there are: button, lamp"):
        loaded.device("lmap")


def test_each_type_of_device_needs_interfaces_that_exist() -> None:
    for kind in DEVICE_TYPES.values():
        assert set(kind.interfaces) <= set(interface.names())


def test_the_limits_are_those_of_the_manifest(folder: Path) -> None:
    assert header("MFT_MAX_ENTRIES") - 1 == DEVICES_MAX
    longest = "d" * header("MFT_NAME_MAX")
    (folder / app.FILE).write_text(FIRMWARE + DEVICES.replace("button", longest))
    assert longest in app.load(folder).pins
    (folder / app.FILE).write_text(FIRMWARE + DEVICES.replace("button", longest + "d"))
    with pytest.raises(DescriptionError, match="at most 67 characters"):
        app.load(folder)


@pytest.mark.parametrize(
    "file",
    sorted((paths.data_root() / "c" / "apps").glob("*/rpikit.toml")),
    ids=lambda file: file.parent.name,
)
def test_the_applications_that_come_with_rpikit_load(file: Path) -> None:
    assert app.load(file.parent).sources
