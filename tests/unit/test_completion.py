# SPDX-License-Identifier: MIT
"""Completion of guests: their names as they were last seen, whatever became of the file."""

from pathlib import Path

import pytest
from test_cli import ask
from test_wires import RPIKIT_TOML

from rpikit import completion


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_names_are_kept_added_and_dropped_by_board() -> None:
    completion.keep("desk", ("porch", "hall"))
    completion.add("desk", "attic")
    completion.add("shelf", "lamp")
    completion.drop("desk", "hall")
    assert completion.guests("desk") == ("attic", "porch")
    assert completion.guests("shelf") == ("lamp",)
    assert completion.guests("nowhere") == ()


def test_a_damaged_list_gives_what_can_be_a_name(state: Path) -> None:
    (state / "guests").mkdir(parents=True)
    (state / "guests/desk").write_bytes(b"porch\n\xff\n$(id)\n../x\n\n-n\nhall")
    assert completion.guests("desk") == ("porch", "hall")


def test_a_state_folder_that_cannot_be_written_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "file"))
    completion.add("desk", "porch")
    assert completion.guests("desk") == ()


@pytest.mark.parametrize("command", ["start", "stop", "logs", "remove"])
def test_a_shell_completes_the_guests_of_the_board_that_is_named(
    command: str, tmp_path: Path
) -> None:
    completion.keep("desk", ("porch", "hall"))
    completion.keep("virtual-pi3", ("lamp",))

    def complete(words: str) -> list[str]:
        at = str(len(words.split(" ")) - 1)
        done = ask(cwd=tmp_path, COMP_WORDS=words, COMP_CWORD=at, _RPIKIT_COMPLETE="bash_complete")
        return [line.removeprefix("plain,") for line in done.stdout.splitlines()]

    assert complete(f"rpikit {command} ") == ["lamp"]
    assert complete(f"rpikit {command} --board desk ") == ["hall", "porch"]
    assert complete(f"rpikit {command} -b desk p") == ["porch"]


def test_a_shell_completes_the_pins_that_can_be_pressed(tmp_path: Path) -> None:
    (tmp_path / "rpikit.toml").write_text(RPIKIT_TOML)
    (tmp_path / "main.c").touch()

    def complete(words: str) -> list[str]:
        at = str(len(words.split(" ")) - 1)
        done = ask(cwd=tmp_path, COMP_WORDS=words, COMP_CWORD=at, _RPIKIT_COMPLETE="bash_complete")
        return [line.removeprefix("plain,") for line in done.stdout.splitlines()]

    assert complete("rpikit bench press ") == ["button"]
    assert complete("rpikit bench press b") == ["button"]
    assert "lamp" not in complete("rpikit bench press l")
    assert complete("rpikit bench c") == ["check"]
