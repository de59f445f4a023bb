# SPDX-License-Identifier: MIT
"""The lab, as far as no board runs: its wiring is written, read, and told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import promised
import pytest

from rpikit import app as apps
from rpikit import lab, wiring
from rpikit.bench import plugs
from rpikit.bench.plugs import Plug
from rpikit.errors import DescriptionError
from rpikit.lab import Lab, Wired
from rpikit.paths import data_root

APPS = data_root() / "c" / "apps"
PLUG = Plug("button", "dut", 17, "bench-pi", 27, "gpiod")
KINDS = {"dut": "virtual-pi3", "bench-pi": "virtual-pi3-bench"}


def ask(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", "lab", *words],
        cwd=cwd,
        env=os.environ | {"RPIKIT_STATE": str(cwd / "state"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the wiring of test_switch in a lab."""
    lab.new(apps.load(APPS / "test_switch"), tmp_path / "bench.toml")
    return tmp_path / "bench.toml"


def found(*wires: Wired, running: frozenset[str] = frozenset(KINDS)) -> Lab:
    return Lab(Path.cwd(), Path("bench.toml").absolute(), KINDS, running, wires)


@pytest.mark.parametrize("driver", ["gpiod", "RPi.GPIO"])
def test_each_device_is_wired_to_its_like_on_the_bench_pi(tmp_path: Path, driver: str) -> None:
    app = apps.load(APPS / "test_switch")
    made = lab.new(app, tmp_path / "bench.toml", driver=driver)
    bench = wiring.load(tmp_path / "bench.toml")
    bench.check(app)
    assert bench.written == ("dut", "bench-pi")
    wires = bench.target("dut").wires
    assert {name: (wire.driver, wire.line, wire.host) for name, wire in wires.items()} == {
        "button": (driver, 17, "bench-pi"),
        "lamp": (driver, 18, "bench-pi"),
    }
    assert "button: line 17 of dut to line 17 of bench-pi" in str(made)


def test_the_wires_between_virtual_boards_are_known_from_the_wiring(file: Path) -> None:
    app, bench = apps.load(APPS / "test_switch"), wiring.load(file)
    assert [str(plug) for plug in plugs.of(app, bench.target("dut"))] == [
        "button: line 17 of dut to line 17 of bench-pi",
        "lamp: line 18 of dut to line 18 of bench-pi",
    ]
    assert plugs.of(app, bench.target("bench-pi")) == ()
    assert plugs.of(apps.load(APPS / "hello"), bench.target("dut")) == ()


def test_a_wire_between_real_boards_is_nobodys_to_plug(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text(
        '[boards.desk]\nboard = "rpi3b"\nssh = "pi@lab3"\n'
        '[boards.desk.wires]\nbutton = { driver = "gpiod", line = 5, host = "pi" }\n'
        '[boards.pi]\nboard = "rpi3b"\nssh = "pi@lab4"\n'
    )
    target = wiring.load(tmp_path / "bench.toml").target("desk")
    assert target.hosts
    assert plugs.of(apps.load(APPS / "test_switch"), target) == ()


def test_a_wiring_that_is_there_is_left(file: Path) -> None:
    before = file.read_text()
    with pytest.raises(DescriptionError, match=r"boards.bench-pi is there already") as refused:
        lab.new(apps.load(APPS / "test_switch"), file)
    assert str(refused.value.hint).startswith("start it: rpikit lab up ")
    assert file.read_text() == before
    assert list(file.parent.iterdir()) == [file]


def test_boards_that_are_there_stay(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text('[boards.desk]\nboard = "own.toml"\nssh = "pi@lab3"\n')
    (tmp_path / "own.toml").write_text('inherits = "rpi3b"\ntitle = "A board of our own"\n')
    lab.new(apps.load(APPS / "test_switch"), file)
    assert wiring.load(file).written == ("desk", "dut", "bench-pi")


def test_a_file_that_takes_no_more_boards_is_left(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text('boards = { desk = { board = "rpi3b", ssh = "pi@lab3" } }\n')
    before = file.read_text()
    with pytest.raises(DescriptionError):
        lab.new(apps.load(APPS / "test_switch"), file)
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]


def test_an_application_without_pins_needs_no_lab(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="hello has no switch, led or gpio to wire"):
        lab.new(apps.load(APPS / "hello"), tmp_path / "bench.toml")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_told() -> None:
    with pytest.raises(DescriptionError, match=r"cannot be written \(no such file"):
        lab.new(apps.load(APPS / "test_switch"), Path("/nowhere/bench.toml"))


def test_a_lab_that_is_down_is_told_with_the_command_that_starts_it(file: Path) -> None:
    done = ask("status", str(APPS / "test_switch"), "--bench", str(file), cwd=file.parent)
    assert done.returncode == 4
    assert "button  dut 17  --  bench-pi 17  gpiod  missing" in done.stdout
    assert "start and wire it: rpikit lab up" in done.stdout
    assert "--bench bench.toml" in done.stdout


@pytest.mark.parametrize("word", ["new", "status", "down"])
def test_what_programs_read_is_as_promised(word: str, tmp_path: Path) -> None:
    app = str(APPS / "test_switch")
    made = ask("new", app, "--bench", "lab.toml", "--json", cwd=tmp_path)
    done = made if word == "new" else ask(word, app, "--bench", "lab.toml", "--json", cwd=tmp_path)
    values = promised.result(f"lab {word}", done.stdout)
    if word == "down":
        assert [one["stopped"] for one in values["boards"]] == [False, False]
    else:
        assert values["bench"] == str(tmp_path / "lab.toml")
    if word == "status":
        assert (values["status"], done.returncode) == (4, 4)


@pytest.mark.parametrize("word", ["up", "status", "down"])
def test_without_virtual_boards_there_is_no_lab(word: str, tmp_path: Path) -> None:
    app = str(APPS / "hello")
    done = ask(word, app, cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no bench.toml here" in done.stderr
    assert "hint: rpikit lab new" in done.stderr
    (tmp_path / "bench.toml").write_text('[boards.one]\nboard = "virtual-pi3"\n')
    done = ask(word, app, cwd=tmp_path)
    assert done.returncode == 2
    assert "bench.toml: boards: no wire joins two virtual boards" in done.stderr


def test_a_lab_that_is_whole_says_how_to_test_and_end_it() -> None:
    whole = found(Wired(PLUG, "plugged"))
    assert whole.exit_code == 0
    assert str(whole).splitlines()[-2:] == [
        "test it: rpikit test --board dut",
        "end it: rpikit lab down",
    ]


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (Wired(PLUG, "missing"), "start and wire it: rpikit lab up"),
        (Wired(PLUG, "elsewhere: to line 5 of dut2"), "rpikit lab down && rpikit lab up"),
        (Wired(PLUG, "plugged", 2), "both ends drove it"),
        (Wired(PLUG, "plugged", 1, is_short=True), "SHORT: both ends drive it"),
    ],
)
def test_a_wire_that_is_not_as_it_should_is_a_fault_of_the_bench(wire: Wired, said: str) -> None:
    faulty = found(Wired(PLUG, "plugged"), wire)
    assert faulty.exit_code == 3
    assert said in str(faulty)


def test_a_board_that_is_down_counts_before_its_wires() -> None:
    assert found(Wired(PLUG, "missing"), running=frozenset({"dut"})).exit_code == 4


def test_values_are_as_promised() -> None:
    promised.result("lab up", json.dumps(found(Wired(PLUG, "plugged", 1)).values()))
