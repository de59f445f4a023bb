# SPDX-License-Identifier: MIT
"""Every wrong description is refused with the message that stands in it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rpikit import app, board, interface, soc, wiring, wording
from rpikit.errors import DescriptionError

HERE = Path(__file__).parent

KINDS: Mapping[str, Callable[[Path], object]] = {
    "app": app.load_file,
    "bench": wiring.load,
    "board": board.load_file,
    "interface": interface.load,
    "soc": soc.load,
}

FILES = sorted(HERE.glob("*/*.toml"))


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def _expected(file: Path) -> str:
    """Return the message that a file says it is refused with."""
    text = file.read_text(encoding="utf-8", errors="replace")
    match = re.search(r"^# expect: (.+)$", text, re.M)
    assert match, f"{file.name} does not say what it expects: # expect: MESSAGE"
    folder = wording.path(file.parent)
    return match[1].replace("{file}", wording.path(file)).replace("{folder}", folder)


def _message(file: Path) -> DescriptionError:
    with pytest.raises(DescriptionError) as caught:
        KINDS[file.parent.name](file)
    return caught.value


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_a_wrong_description_is_refused_with_its_message(file: Path) -> None:
    assert str(_message(file)) == _expected(file)


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_a_message_names_file_place_and_remedy_in_one_line(file: Path) -> None:
    error = _message(file)
    assert error.exit_code == 2
    name, place, remedy = str(error).split(": ", 2)
    assert name == wording.path(file)
    assert re.match(r"line \d+|[\w.\[\]\"' -]+( = .+| is missing)?$", place)
    assert len(remedy.split()) >= 2
    assert "\n" not in str(error)


def test_each_kind_of_description_has_wrong_ones() -> None:
    folders = {file.parent.name for file in FILES}
    assert folders <= set(KINDS)
    assert folders >= {"app", "bench", "board", "soc"}
