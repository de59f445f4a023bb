# SPDX-License-Identifier: MIT
"""Several boards on trial: kept where the tests pass, where somebody confirms, or else not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promised
import pytest
from asking import ask

TEST = """\
def test_the_lamp_is_no_lamp_of_the_third_board(dut, request):
    assert request.config.getoption("--rpikit-board") not in {bad}
"""
NAMES = tuple(f"lab-{number}" for number in range(1, 4))


@pytest.fixture(scope="module")
def lamp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder with the project lamp, whose version 0.1.0 runs on three boards."""
    folder = tmp_path_factory.mktemp("trials")
    ask("new", "lamp", cwd=folder)
    boards = "".join(f'[boards.{name}]\nboard = "host"\n' for name in NAMES)
    (folder / "lamp/bench.toml").write_text(boards)
    for old in (folder / "lamp/tests").glob("test_*.py"):
        old.unlink()
    ask("flash", "lamp", "--boards", "lab-*", cwd=folder)
    yield folder
    for name in NAMES:
        ask("stop", "--all", "-b", name, "--bench", "lamp/bench.toml", cwd=folder)


def edit(folder: Path, version: str, bad: tuple[str, ...] = ()) -> None:
    description = folder / "lamp/rpikit.toml"
    text = re.sub(r'^version = ".*"', f'version = "{version}"', description.read_text(), flags=re.M)
    description.write_text(text)
    (folder / "lamp/tests/test_lamp.py").write_text(TEST.format(bad=bad))


def rolled_out(folder: Path, *words: str, status: int = 0) -> dict[str, dict[str, Any]]:
    done = ask("flash", "lamp", *words, "--json", cwd=folder, status=status)
    promised.events(done.stderr)
    promised.result("flash --boards", done.stdout)
    return {row["board"]: row for row in json.loads(done.stdout)["boards"]}


def listed(folder: Path, board: str) -> tuple[str, str, bool]:
    printed = ask("ps", "-b", board, "--bench", "lamp/bench.toml", "--json", cwd=folder).stdout
    (guest,) = promised.result("ps", printed)["guests"]
    return guest["version"], guest["state"], guest["trial"] is not None


def test_each_board_keeps_it_only_if_the_tests_pass_there(lamp: Path) -> None:
    edit(lamp, "2.0.0", bad=("lab-3",))
    options = ("--boards", "lab-*", "--confirm", "tests", "--wave", "2")
    rows = rolled_out(lamp, *options, status=1)
    assert {name: row["state"] for name, row in rows.items()} == {
        **dict.fromkeys(NAMES, "flashed"),
        "lab-3": "failed",
    }
    said, hint = rows["lab-3"]["said"], rows["lab-3"]["hint"]
    assert "1 of its tests failed; lamp 2.0.0 was rolled back; slot" in said
    log = Path(hint.removeprefix("what they said: "))
    assert "test_the_lamp_is_no_lamp_of_the_third_board" in log.read_text()
    for name in NAMES:
        assert listed(lamp, name) == ("0.1.0" if name == "lab-3" else "2.0.0", "running", False)
    assert rows["lab-1"]["trial"] is None

    again = rolled_out(lamp, "--resume", status=1)  # as it began: the tests decide
    assert again["lab-3"]["state"] == "failed"
    assert [name for name, row in again.items() if not row["before"]] == ["lab-3"]
    edit(lamp, "2.0.0")
    assert rolled_out(lamp, "--resume")["lab-3"]["state"] == "flashed"
    assert listed(lamp, "lab-3") == ("2.0.0", "running", False)


def test_a_canary_whose_tests_fail_is_the_only_one_that_was_touched(lamp: Path) -> None:
    before = [listed(lamp, name) for name in NAMES]
    edit(lamp, "3.0.0", bad=("lab-1",))
    options = ("--boards", "lab-*", "--confirm", "tests", "--max-failures", "100%")
    rows = rolled_out(lamp, *options, status=1)
    assert [row["state"] for row in rows.values()] == ["failed", "waiting", "waiting"]
    assert [listed(lamp, name) for name in NAMES] == before


def test_boards_are_left_on_trial_until_somebody_confirms_each(lamp: Path) -> None:
    before = listed(lamp, "lab-2")
    edit(lamp, "4.0.0")
    rows = rolled_out(lamp, "--boards", "lab-1,lab-2", "--trial", "600")
    for name, row in rows.items():
        assert 500 < row["trial"] <= 600
        assert row["said"].endswith(f"rpikit confirm lamp --board {name}")
        assert listed(lamp, name) == ("4.0.0", "running", True)
    bench = ("--bench", "lamp/bench.toml")
    ask("confirm", "lamp", "-b", "lab-1", *bench, cwd=lamp)
    ask("rollback", "lamp", "-b", "lab-2", *bench, cwd=lamp)
    assert listed(lamp, "lab-1") == ("4.0.0", "running", False)
    assert listed(lamp, "lab-2") == before


def test_how_a_roll_out_confirms_is_said_when_it_begins(lamp: Path) -> None:
    (made, *_) = sorted((lamp / "lamp/build").rglob("lamp-*-host.rpk"))
    for words, told in (
        (("lamp", "--resume", "--trial", "9"), "--resume goes on as the roll-out began"),
        (("lamp", "--resume", "--confirm", "tests"), "leave --confirm out"),
        ((str(made), "--boards", "host", "--confirm", "tests"), "a bundle has no tests with it"),
    ):
        refused = ask("flash", *words, cwd=lamp, status=2)
        assert told in " ".join(refused.stderr.split())
