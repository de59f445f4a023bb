# SPDX-License-Identifier: MIT
"""Tests of one application on several boards: each has one for itself, and one at fault goes.

The boards are this machine; only what is wired to them is fake.
"""

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import promised
import pytest

from rpikit import app as apps
from rpikit import evidence, hold, pytest_boards, wiring
from rpikit import test as verb
from rpikit.errors import BoardError, DescriptionError, ToolError

RPIKIT_TOML = """\
[firmware]
name = "follow"
version = "1.0.0"
sources = ["main.c"]
memory = "2M"

[devices.button]
type = "switch"
line = 17
direction = "in"
"""
BENCH_TOML = """\
[boards.virtual-pi3]
board = "virtual-pi3"
[boards.virtual-pi3.wires]
button = { driver = "fake", line = 17 }

[boards.gone]
board = "rpi3b"
ssh = "pi@127.0.0.1:9"

[boards.lab-1]
board = "host"
[boards.lab-2]
board = "host"
"""
CONFTEST = """\
from types import SimpleNamespace

import pytest

from rpikit import wiring
from rpikit.bench.fake import Fake
from rpikit.bench.wires import Site, Wires


@pytest.fixture(scope="session")
def bench(app, board, request):
    from rpikit.pytest_fixtures import FACTS

    request.config.stash[FACTS]["board"] = {
        "name": board.target.name,
        "kind": board.target.board,
        "reached": board.transport.name,
        "claim": False,
        "claim_text": "fake",
    }
    target = wiring.find(app.folder).target("virtual-pi3")
    with Wires(app, target, Site(fake=Fake())) as wires:
        yield wires


@pytest.fixture(scope="session")
def firmware():
    return SimpleNamespace(half=None)
"""
PRESSES = """\
import pytest
from rpikit.units import ms

@pytest.mark.parametrize("number", range(6))
def test_press(button, number):
    assert button.press(5 * ms)
"""
FAULTY = """\
import pytest
from rpikit.errors import BenchError

@pytest.mark.parametrize("number", range(6))
def test_board(board, pins, number):
    if board.target.name in {bad}:
        raise BenchError(f"{{board.target.name}}: a wire is loose")
"""

Do = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "state"))


def write(folder: Path, tests: str) -> Path:
    """Write the application with a file of tests and return its folder."""
    (folder / "tests").mkdir(parents=True)
    (folder / "main.c").touch()
    (folder / "rpikit.toml").write_text(RPIKIT_TOML)
    (folder / "bench.toml").write_text(BENCH_TOML)
    (folder / "tests/conftest.py").write_text(CONFTEST)
    (folder / "tests/test_follow.py").write_text(tests)
    return folder


@pytest.fixture
def do(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Do:
    """Give what runs tests on boards; it returns the exit status and the report."""

    def run(tests: str, *boards: str, words: tuple[str, ...] = ()) -> tuple[int, dict[str, Any]]:
        folder = write(tmp_path / "follow", tests)
        status = verb.run(
            apps.load(folder),
            board_name="virtual-pi3",
            boards=boards,
            pytest_args=("-p", "no:pytest_embedded", *words),
            report=tmp_path / "report",
            as_json=True,
        )
        said = promised.result("test", capfd.readouterr().out)
        report = promised.result("test --report", (tmp_path / "report/report.json").read_text())
        assert said["status"] == report["status"] == status
        assert said["set_aside"] == report["set_aside"]
        assert set(said["boards"]) >= {test["board"] for test in report["tests"]} - {""}
        return status, report

    return run


def outcomes(report: dict[str, Any]) -> dict[str, set[str]]:
    """Return the outcomes that there were on each board."""
    found: dict[str, set[str]] = {}
    for test in report["tests"]:
        found.setdefault(test["board"], set()).add(test["outcome"])
    return found


def test_each_board_has_some_of_the_tests_and_the_report_says_which(do: Do, tmp_path: Path) -> None:
    status, report = do(PRESSES, "lab-1", "lab-2", words=("-n", "auto"))
    assert (status, len(report["tests"])) == (0, 6)
    assert outcomes(report) == {"lab-1": {"passed"}, "lab-2": {"passed"}}
    assert sorted(one["name"] for one in report["boards"]) == ["lab-1", "lab-2"]
    assert report["board"] in report["boards"]
    cases = ElementTree.parse(tmp_path / "report" / evidence.JUNIT).findall(".//testcase")
    told = [case.find("./properties/property[@name='board']") for case in cases]
    assert {one.get("value") for one in told if one is not None} == {"lab-1", "lab-2"}
    page = (tmp_path / "report" / evidence.PAGE).read_text()
    assert all(f"<td>{name}" in page for name in ("lab-1", "lab-2"))


def test_a_board_that_is_gone_is_set_aside_and_no_test_is_lost(do: Do, tmp_path: Path) -> None:
    status, report = do(PRESSES, "gone", "lab-1")
    assert (status, report["outcome"], len(report["tests"])) == (4, "board fault", 6)
    assert outcomes(report) == {"lab-1": {"passed"}}
    assert list(report["set_aside"]) == ["gone"]
    assert report["fault"] == report["set_aside"]["gone"]
    document = (tmp_path / "report" / evidence.JUNIT).read_text()
    assert "<failure" not in document
    assert 'type="board fault"' in document
    assert "set aside" in (tmp_path / "report" / evidence.PAGE).read_text()


def test_a_fault_in_the_midst_costs_one_test_and_the_others_run_elsewhere(do: Do) -> None:
    status, report = do(FAULTY.format(bad='{"lab-2"}'), "lab-1", "lab-2")
    assert (status, report["outcome"]) == (3, "bench fault")
    assert outcomes(report) == {"lab-2": {"fault"}, "lab-1": {"passed"}}
    assert sum(test["outcome"] == "fault" for test in report["tests"]) == 1
    assert len(report["tests"]) == 6
    assert report["set_aside"] == {"lab-2": "lab-2: a wire is loose"}


def test_without_a_board_that_is_in_order_the_run_ends(do: Do) -> None:
    status, report = do(FAULTY.format(bad='{"lab-1", "lab-2"}'), "lab-1", "lab-2")
    assert (status, report["outcome"]) == (3, "bench fault")
    assert all("failed" not in found for found in outcomes(report).values())
    assert 1 <= len(report["tests"]) <= 4


@pytest.mark.parametrize(
    ("peer", "said"),
    [
        ("lamp", "--peer lamp: write ROLE=BOARD, such as lamp=desk"),
        ("lamp=virtual-pi3", "virtual-pi3 is the board under test already"),
        ("dut=lab-1", "the role dut is taken"),
        ("lamp=lab-9", "there is no board 'lab-9'"),
        ("lamp=lab-1:nowhere", "nowhere"),
    ],
)
def test_a_further_board_that_cannot_be_is_refused_before_anything_runs(
    peer: str, said: str, tmp_path: Path
) -> None:
    write(tmp_path / "follow", PRESSES)
    command = [sys.executable, "-m", "rpikit", "test", "follow", "--peer", peer]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stdout + done.stderr


def test_without_pytest_xdist_it_is_said_what_is_missing(
    do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match="pytest-xdist, which is not installed"):
        do(PRESSES, "lab-1", "lab-2")


def test_a_board_in_use_by_other_tests_is_told_with_who_has_it(do: Do) -> None:
    with hold.Hold("tests", "ssh 127.0.0.1:9"):
        status, report = do(PRESSES, "gone")
    assert (status, report["tests"][0]["outcome"]) == (4, "fault")
    assert f"gone: is in use by the tests of {hold.holder()}" in report["fault"]
    assert "RPIKIT_WAIT=600" in report["tests"][0]["text"]


def test_a_line_of_a_bench_computer_is_for_one_run(tmp_path: Path) -> None:
    folder = write(tmp_path / "follow", PRESSES)
    wires = '[boards.gone.wires]\nbutton = { driver = "gpiod", line = 22, host = "pi@bench" }\n'
    (folder / "bench.toml").write_text(BENCH_TOML + wires)
    app, target = apps.load(folder), wiring.load(folder / "bench.toml").target("gone")
    with (
        pytest_boards.lines_of(app, target, print),
        pytest.raises(BoardError, match=r"^ssh bench:22, line 22: is in use by the tests of"),
        pytest_boards.lines_of(app, target, print),
    ):
        pytest.fail("two at once")
    with pytest_boards.lines_of(app, target, print):
        pass


def test_the_first_that_is_free_is_taken() -> None:
    places = {"a": "place a", "b": "place b"}
    with hold.Hold("tests", "place a") as first:
        assert first.is_held
        name, held = hold.Hold.of_first("tests", places)
        with held:
            assert name == "b"
            with pytest.raises(BoardError, match=f"a: is in use by .*process {os.getpid()}.*; b: "):
                hold.Hold.of_first("tests", places)
    name, held = hold.Hold.of_first("tests", places)
    held.close()
    assert name == "a"


@pytest.mark.parametrize("wait", ["60", "0"])
def test_it_is_waited_for_what_others_have_if_asked_and_for_our_own_run_always(
    wait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hold.WAIT, wait)
    run = "" if wait == "60" else "this run"
    first = hold.Hold("tests", "place", run=run)
    if run:
        threading.Timer(0.2, first.close).start()
        name, held = hold.Hold.of_first("tests", {"a": "place"}, run=run)
    else:
        told: list[str] = []

        def hear(line: str) -> None:
            told.append(line)
            first.close()

        name, held = hold.Hold.of_first("tests", {"a": "place"}, waiting=hear)
        assert told[0].startswith("a: is in use by the tests of ")
    assert (name, held.is_held) == ("a", True)
    held.close()


def test_a_time_to_wait_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hold.WAIT, "long")
    with pytest.raises(DescriptionError, match="RPIKIT_WAIT=long: write seconds"):
        hold.patience()


def test_who_cannot_keep_a_note_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPIKIT_STATE", "/proc/no-such-folder")
    with hold.Hold("tests", "place") as first, hold.Hold("tests", "place"):
        assert not first.is_held
    assert hold.noted("tests", "place") is None


def test_a_note_that_is_not_whole_is_somebody(tmp_path: Path) -> None:
    note = tmp_path / "note"
    note.write_text(json.dumps({"user": "x"}))
    assert hold.told(hold.read(note)) == "another process of this machine"
