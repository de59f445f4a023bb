# SPDX-License-Identifier: MIT
"""Reading descriptions: what becomes of values, files and faults."""

import json
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, ValidationError, model_validator

from rpikit import describe, wording
from rpikit.describe import FrozenMap, Misfit, Model, Size
from rpikit.errors import DescriptionError


class Leaf(Model):
    kind: Literal["a", "b"] = "a"
    level: int = Field(default=0, ge=0, le=9)


class Tree(Model):
    name: str = Field(examples=["oak"])
    size: Size = 0
    leaves: FrozenMap[str, Leaf] = Field(default_factory=describe.nothing)
    list: tuple[Leaf, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> "Tree":
        for name, leaf in self.leaves.items():
            if leaf.level == 7:
                raise Misfit("write another level", "leaves", name, "level")
        return self


def load(folder: Path, text: str | bytes) -> Tree:
    file = folder / "tree.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return describe.load(Tree, file)


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(DescriptionError) as caught:
        load(folder, text)
    return str(caught.value).removeprefix(f"{folder}/tree.toml: ")


def test_a_file_becomes_a_frozen_model(tmp_path: Path) -> None:
    tree = load(tmp_path, 'name = "oak"\n[leaves.one]\nkind = "b"\n[[list]]\nlevel = 3\n')
    assert (tree.name, tree.leaves["one"].kind, tree.list[0].level) == ("oak", "b", 3)
    with pytest.raises(ValidationError):
        tree.name = "elm"
    with pytest.raises(TypeError):
        tree.leaves["two"] = Leaf()  # type: ignore[index]


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    assert load(tmp_path, b'\xef\xbb\xbfname = "oak"\r\nsize = "1K"\r\n').size == 1024


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("512K", 512 << 10), ("2M", 2 << 20), ("1G", 1 << 30)]
)
def test_a_size_counts_in_powers_of_1024(text: str, size: int) -> None:
    assert describe.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "2m", "2 M", "-2M", "02M", "2MiB", "1.5M", 2, None])
def test_a_size_that_is_none_is_refused(text: object) -> None:
    with pytest.raises(Misfit, match='such as "2M"'):
        describe.parse_size(text)


def test_an_absent_file_is_told_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError) as caught:
        describe.read(tmp_path / "none.toml")
    message = f"{tmp_path}/none.toml: there is no such file; looked in {tmp_path}"
    assert str(caught.value) == message


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="cannot be read \\(is a directory\\)"):
        describe.read(tmp_path)


def test_a_file_below_here_is_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert wording.path(tmp_path / "sub" / "tree.toml") == "sub/tree.toml"
    assert wording.path(Path("/elsewhere/tree.toml")) == "/elsewhere/tree.toml"


def test_a_validator_points_below_itself(tmp_path: Path) -> None:
    text = 'name = "oak"\n[leaves."the first"]\nlevel = 7\n'
    assert refusal(tmp_path, text) == 'leaves."the first".level = 7: write another level'


def test_a_misspelt_key_explains_the_missing_one(tmp_path: Path) -> None:
    assert refusal(tmp_path, 'nam = "oak"\n') == (
        'nam = "oak": there is no such key; did you mean name?'
    )


def test_further_faults_are_counted(tmp_path: Path) -> None:
    assert refusal(tmp_path, '[leaves.x]\nkind = "c"\nlevel = 10\n') == (
        'name is missing: write text, such as name = "oak" (and 2 more)'
    )


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    message = refusal(tmp_path, f'name = "oak"\nsize = "{"9" * 5000}"\n')
    assert "…: write a size" in message
    assert len(message) < 160


@pytest.mark.parametrize(
    "text",
    [
        b"name = " + b"[" * 5000,
        b"name = " + b"9" * 5000,
        b'name = "oak"\nsize = 0x' + b"f" * 5000,
        b'name = "oak"\n' + b"a." * 2000 + b"b = 1",
        b'name = "oak"\nsize = ' + b"[" * 300 + b"]" * 300,
        b"name = 1979-05-27T07:32:00Z",
        b"name = nan",
        b"\x00",
        b"\xff\xfe",
        b'name = "\x1b[2J"',
        b'name = "\\u001b[2J"\nsize = "\\u009b"',
    ],
)
def test_no_file_ends_in_a_traceback_or_reaches_the_terminal_raw(
    tmp_path: Path, text: bytes
) -> None:
    message = refusal(tmp_path, text)
    assert message.isprintable()
    assert len(message) < 250


def test_a_schema_states_what_the_model_checks() -> None:
    schema = json.loads(json.dumps(describe.schema(Tree)))
    leaf = schema["$defs"]["Leaf"]
    assert leaf["additionalProperties"] is False
    assert leaf["properties"]["level"]["maximum"] == 9
    assert schema["properties"]["size"]["type"] == "string"
    assert schema["required"] == ["name"]
