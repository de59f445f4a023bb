# SPDX-License-Identifier: MIT
"""Config: schemas that fit the files in the tree, and every fault of a file at once."""

import json
from pathlib import Path

import pytest

from rpikit import config, paths

WRONG = Path(__file__).parents[1] / "wrong"
APP = '[firmware]\nname = "one"\nversion = "1.0.0"\nsources = ["main.c"]\nmemory = "2M"\n'


def described() -> list[Path]:
    root = paths.data_root()
    folders = ("boards", "boards/soc", "c/interfaces", "c/apps/hello", "c/apps/test_switch")
    return [file for folder in folders for file in sorted((root / folder).glob("*.toml"))]


@pytest.mark.parametrize("kind", config.KINDS)
def test_each_kind_has_a_schema_that_refuses_unknown_keys(kind: str) -> None:
    schema = json.loads(json.dumps(config.schema(kind)))
    assert schema["$schema"] == config.DIALECT
    assert schema["additionalProperties"] is False
    assert config.KINDS[kind].keys <= set(schema["properties"])


def test_a_board_that_inherits_needs_nothing_else() -> None:
    assert {"required": ["inherits"]} in config.schema("board")["anyOf"]


def test_what_comes_with_rpikit_has_no_fault() -> None:
    linted = config.lint(tuple(described()))
    assert linted.faults == ()
    assert {kind for kind, _ in linted.files} == set(config.KINDS)


@pytest.mark.parametrize("kind", ["board", "soc", "interface"])
def test_a_kind_is_known_by_its_keys_alone(kind: str, tmp_path: Path) -> None:
    for file in described():
        if config.kind_of(file) == kind:
            copy = tmp_path / file.name
            copy.write_bytes(file.read_bytes())
            assert config.kind_of(copy) == kind


def test_each_fault_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.c").write_text("")
    Path("rpikit.toml").write_text(APP.replace("2M", "3M") + 'colour = "red"\n')
    Path("bench.toml").write_text('[boards.desk]\nboard = "toaster"\n')
    linted = config.lint(())
    assert linted.exit_code == 2
    assert [fault.partition(":")[0] for fault in linted.faults] == [
        *("rpikit.toml", "rpikit.toml", "bench.toml")
    ]
    assert str(linted).endswith("2 files read, 3 faults")


def test_every_wrong_file_of_the_tree_is_refused() -> None:
    for file in sorted(WRONG.glob("*/*.toml")):
        if file.parent.name in ("app", "bench"):  # known by their names; these have others
            continue
        assert config.lint((file,)).exit_code == 2, file


def test_a_file_of_no_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cake.toml").write_text("flour = 1\n")
    (fault,) = config.lint((tmp_path / "cake.toml",)).faults
    assert "of no kind of description" in fault


def test_an_empty_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(config.DescriptionError, match="nothing to read here"):
        config.lint(())
