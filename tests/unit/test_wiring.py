# SPDX-License-Identifier: MIT
"""The bench: which file applies, which boards it has, which wires fit an application."""

import re
from pathlib import Path

import pytest

from rpikit import app, board, wiring
from rpikit.app import App
from rpikit.errors import DescriptionError

BENCH = """
[boards.desk]
board = "rpi3b"
ssh = "pi@lab3:2222"
serial = "/dev/ttyUSB0"
serial_number = "00000000a1b2c3d4"
[boards.desk.wires]
button = { driver = "second-pin", line = 27 }
lamp = { driver = "gpiod", line = 22, host = "pi@bench" }
"""
ALWAYS = (
    "virtual-pi3, virtual-pi3-no-kvm, virtual-pi3-edges, virtual-pi3-bench, "
    "virtual-pi3-metal, virtual-pi3-beside, host"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with no bench named by the environment."""
    monkeypatch.delenv(wiring.ENVIRONMENT, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def application(tmp_path: Path) -> App:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "main.c").write_text("")
    (folder / app.FILE).write_text(
        '[firmware]\nname = "one"\nversion = "1.0.0"\nsources = ["main.c"]\nmemory = "2M"\n'
        '[devices.button]\ntype = "switch"\nline = 17\ndirection = "in"\n'
        '[devices.lamp]\ntype = "led"\nline = 25\n'
    )
    return app.load(folder)


def bench(folder: Path, text: str) -> wiring.Bench:
    (folder / "bench.toml").write_text(text)
    return wiring.load(folder / "bench.toml")


def test_a_file_becomes_a_bench(here: Path) -> None:
    desk = bench(here, BENCH).target("desk")
    assert (desk.name, desk.board, desk.ssh, desk.serial, desk.serial_number) == (
        *("desk", "rpi3b", "pi@lab3:2222", "/dev/ttyUSB0", "00000000a1b2c3d4"),
    )
    assert desk.wires["lamp"] == wiring.Wire(driver="gpiod", line=22, host="pi@bench")


@pytest.mark.parametrize("name", [board.DEFAULT, board.HOST])
def test_the_virtual_board_and_this_machine_are_always_there(here: Path, name: str) -> None:
    for one in (bench(here, BENCH), wiring.find(None)):
        assert one.target(name).board == name


def test_a_bench_file_may_wire_the_virtual_board(here: Path) -> None:
    text = '[boards.virtual-pi3]\nboard = "virtual-pi3"\n[boards.virtual-pi3.wires]\n'
    wires = bench(here, text + 'button = { driver = "virtual", line = 17 }').target(board.DEFAULT)
    assert wires.wires["button"].line == 17


def test_an_unknown_board_is_told_with_the_known_ones(here: Path) -> None:
    with pytest.raises(DescriptionError) as caught:
        bench(here, BENCH).target("shelf")
    known = f"desk, {ALWAYS}"
    message = f"bench.toml: boards: there is no board 'shelf'; there are {known}"
    assert str(caught.value) == message


def test_without_a_bench_file_the_hint_says_where_to_write_one() -> None:
    with pytest.raises(DescriptionError) as caught:
        wiring.find(None).target("desk")
    assert str(caught.value) == f"bench: there is no board 'desk'; there are {ALWAYS}"
    assert "bench.toml" in (caught.value.hint or "")


def test_the_file_named_by_the_environment_applies_first(
    here: Path, application: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, own, near = (
        here.parent / "lab.toml",
        application.folder / "bench.toml",
        here / "bench.toml",
    )
    assert wiring.find(application.folder).source is None
    near.write_text(BENCH)
    assert wiring.find(application.folder).source == Path("bench.toml")
    own.write_text(BENCH)
    assert wiring.find(application.folder).source == own
    lab.write_text(BENCH)
    monkeypatch.setenv(wiring.ENVIRONMENT, str(lab))
    assert wiring.find(application.folder).source == lab


def test_a_file_named_by_the_environment_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wiring.ENVIRONMENT, "/nowhere/bench.toml")
    with pytest.raises(DescriptionError, match="there is no such file; looked in /nowhere"):
        wiring.find(None)


def test_a_board_of_ones_own_lies_beside_the_bench_file(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "ours.toml").write_text('inherits = "rpi3b"\n')
    monkeypatch.chdir(here.parent)
    desk = bench(here, BENCH.replace('"rpi3b"', '"ours.toml"')).target("desk")
    assert board.load(desk.board).name == "ours"


def test_one_line_of_two_hosts_is_two_lines(here: Path) -> None:
    other = BENCH.replace("desk", "shelf").replace("pi@bench", "pi@other")
    assert {"desk", "shelf"} <= set(bench(here, BENCH + other).boards)


def test_wires_that_fit_the_application_pass(here: Path, application: App) -> None:
    bench(here, BENCH).check(application)


def test_a_wire_of_no_device_is_refused_with_the_devices(here: Path, application: App) -> None:
    wired = bench(here, BENCH.replace("lamp", "lmap"))
    with pytest.raises(DescriptionError) as caught:
        wired.check(application)
    assert str(caught.value) == (
        "bench.toml: boards.desk.wires.lmap: one has no device 'lmap'; "
        "its devices are: button, lamp"
    )


def test_a_second_pin_is_not_one_of_the_applications_own(here: Path, application: App) -> None:
    wired = bench(here, BENCH.replace("line = 27", "line = 25"))
    with pytest.raises(DescriptionError) as caught:
        wired.check(application)
    assert str(caught.value) == (
        "bench.toml: boards.desk.wires.button.line = 25: "
        "this is the line of one's own device lamp; wire a line that is free"
    )


def test_only_the_board_in_question_need_fit(here: Path, application: App) -> None:
    wired = bench(
        here, BENCH + BENCH.replace("desk", "shelf").replace("lamp", "horn").replace("22", "23")
    )
    wired.check(application, "desk")
    with pytest.raises(DescriptionError, match="no device 'horn'"):
        wired.check(application, "shelf")


LAB = """
[groups]
lab = ["lab-*", "desk"]
rack = ["lab-?"]
[boards.desk]
board = "rpi3b"
ssh = "pi@desk"
[boards.lab-1]
board = "rpi3b"
ssh = "pi@lab1"
[boards.lab-10]
board = "rpi3b"
ssh = "pi@lab10"
[boards.lab-2]
board = "host"
"""


@pytest.mark.parametrize(
    ("patterns", "groups", "selected"),
    [
        (("lab-*",), (), "lab-1 lab-10 lab-2"),
        (("lab-2", "lab-1", "lab-?"), (), "lab-1 lab-2"),
        (("*",), (), "desk lab-1 lab-10 lab-2"),
        (("host", "desk"), (), "desk host"),
        ((), ("rack",), "lab-1 lab-2"),
        (("virtual-pi3",), ("rack", "lab"), "desk lab-1 lab-10 lab-2 virtual-pi3"),
    ],
)
def test_several_boards_are_selected_in_the_order_of_the_bench(
    here: Path, patterns: tuple[str, ...], groups: tuple[str, ...], selected: str
) -> None:
    assert bench(here, LAB).select(patterns, groups) == tuple(selected.split())


def test_a_pattern_that_fits_no_board_is_told_with_the_known_ones(here: Path) -> None:
    with pytest.raises(DescriptionError, match=r"no board 'shelf-\*'; there are desk, lab"):
        bench(here, LAB).select(("desk", "shelf-*"))
    with pytest.raises(DescriptionError, match="there is no group 'shed'; there are lab, rack"):
        bench(here, LAB).select((), ("shed",))


@pytest.mark.parametrize(
    ("wires", "said"),
    [
        (
            'button = { driver = "second-pin", line = 15 }',
            "desk.wires.button.line = 15: rpi3b uses it for the serial console",
        ),
        (
            'lamp = { driver = "second-pin", line = 44 }',
            "desk.wires.lamp.line = 44: rpi3b uses it for the camera and display sockets",
        ),
        (
            'lamp = { driver = "second-pin", line = 28 }',
            "desk.wires.lamp.line = 28: rpi3b has no such line on its header",
        ),
    ],
)
def test_a_wire_to_a_line_that_cannot_be_wired_is_refused(
    here: Path, application: App, wires: str, said: str
) -> None:
    text = f'[boards.desk]\nboard = "rpi3b"\nssh = "pi@lab3"\n[boards.desk.wires]\n{wires}\n'
    with pytest.raises(DescriptionError, match=re.escape(said)):
        bench(here, text).check(application, "desk")


def test_two_wires_to_one_line_of_the_board_are_refused(here: Path, application: App) -> None:
    text = """\
[boards.desk]
board = "virtual-pi3"
[boards.desk.wires]
button = { driver = "second-pin", line = 27 }
lamp = { driver = "virtual", line = 27 }
"""
    said = "desk.wires.lamp.line = 27: boards.desk.wires.button has this line already"
    with pytest.raises(DescriptionError, match=re.escape(said)):
        bench(here, text).check(application, "desk")


def test_a_line_that_the_bench_board_needs_itself_is_refused(here: Path, application: App) -> None:
    text = """\
[boards.desk]
board = "rpi3b"
ssh = "pi@lab3"
[boards.helper]
board = "rpi3b"
ssh = "pi@lab4"
[boards.desk.wires]
button = { driver = "gpiod", line = 14, host = "helper" }
"""
    said = "desk.wires.button.line = 14: rpi3b uses it for the serial console"
    with pytest.raises(DescriptionError, match=re.escape(said)):
        bench(here, text).check(application, "desk")
