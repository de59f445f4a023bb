# SPDX-License-Identifier: MIT
"""Trials from the command line, on the board `host`: kept by hand, by tests, or rolled back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import promised
import pytest
from asking import ask


@pytest.fixture(scope="module")
def lamp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder with the project lamp, whose version 0.1.0 runs on the board `host`."""
    folder = tmp_path_factory.mktemp("proving")
    ask("new", "lamp", cwd=folder)
    ask("flash", "lamp", "-b", "host", cwd=folder)
    yield folder
    ask("stop", "--all", "-b", "host", cwd=folder)


def edit(folder: Path, version: str, lit: str = "100000000") -> None:
    description, source = folder / "lamp/rpikit.toml", folder / "lamp/main.c"
    text = re.sub(r'^version = ".*"', f'version = "{version}"', description.read_text(), flags=re.M)
    description.write_text(text)
    source.write_text(re.sub(r"(LIT_NS +UINT64_C\()\d+", rf"\g<1>{lit}", source.read_text()))


def listed(folder: Path) -> tuple[str, str, int | None]:
    printed = ask("ps", "-b", "host", "--json", cwd=folder).stdout
    (guest,) = promised.result("ps", printed)["guests"]
    return guest["version"], guest["state"], guest["trial"]


def test_what_fails_its_tests_is_not_kept(lamp: Path) -> None:
    before = listed(lamp)
    edit(lamp, "2.0.0", lit="900000000")  # the lamp is lit nine times as long as it should
    words = ("flash", "lamp", "-b", "host", "--confirm", "tests", "--json")
    failed = ask(*words, cwd=lamp, status=1)
    assert failed.stdout == ""
    said = json.loads(failed.stderr.splitlines()[-1])["message"]
    assert "of its tests failed; lamp 2.0.0 was rolled back; slot" in said
    assert listed(lamp) == before


def test_what_passes_its_tests_is_kept(lamp: Path) -> None:
    edit(lamp, "3.0.0")
    words = ("flash", "lamp", "-b", "host", "--confirm", "tests", "--json")
    kept = promised.result("flash", ask(*words, cwd=lamp).stdout)
    assert (kept["version"], kept["trial"], kept["exit"]) == ("3.0.0", None, None)
    assert listed(lamp) == ("3.0.0", "running", None)


@pytest.mark.parametrize("word", ["confirm", "rollback"])
def test_a_trial_is_ended_by_hand(word: str, lamp: Path) -> None:
    before = listed(lamp)[0]
    version = {"confirm": "4.0.0", "rollback": "5.0.0"}[word]
    edit(lamp, version)
    words = ("flash", "lamp", "-b", "host", "--trial", "600", "--json")
    tried = promised.result("flash", ask(*words, cwd=lamp).stdout)
    assert (tried["version"], tried["pid"] is not None) == (version, True)
    assert 500 < tried["trial"] <= 600
    assert listed(lamp)[0] == version
    ended = promised.result(word, ask(word, "lamp", "-b", "host", "--json", cwd=lamp).stdout)
    assert ended["version"] == (version if word == "confirm" else before)
    assert listed(lamp) == (ended["version"], "running", None)
    again = ask(word, "lamp", "-b", "host", cwd=lamp, status=4)
    assert "nothing of lamp on trial" in again.stderr


def test_a_machine_that_is_no_board_is_not_set_up_to_start_guests(lamp: Path) -> None:
    if Path("/run/systemd/system").exists() or Path("/etc/inittab").exists():
        pytest.skip("this machine could be set up, and shall not be")
    refused = ask("board", "setup", "host", cwd=lamp, status=4)
    assert "has neither systemd nor an inittab" in refused.stderr


def test_a_small_change_sends_little_and_none_sends_nothing(lamp: Path) -> None:
    edit(lamp, "6.0.0", lit="110000000")
    words = ("flash", "lamp", "-b", "host", "--json")
    changed = promised.result("flash", ask(*words, cwd=lamp).stdout)
    (made,) = (lamp / "lamp/build").rglob("lamp-6.0.0-*.rpk")
    assert 0 < changed["sent"] < made.stat().st_size / 5
    assert promised.result("flash", ask(*words, cwd=lamp).stdout)["sent"] == 0


def test_tests_run_whatever_the_folder_of_temporary_files_is_called(
    lamp: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 25)  # no socket fits in there
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    printed = ask("test", "lamp", "-b", "host", "--json", cwd=lamp).stdout
    assert promised.result("test", printed)["ran"] > 0
    assert list(long.iterdir()) == []
