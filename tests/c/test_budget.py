# SPDX-License-Identifier: MIT
"""A build is held to the budget of its description, and says how much of it is used."""

import shutil
from pathlib import Path

import pytest

from rpikit import app, board, build
from rpikit.build import Build
from rpikit.errors import FirmwareError

HELLO = Path(__file__).parents[2] / "c" / "apps" / "hello"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("budget") / "hello"
    shutil.copytree(HELLO, made, ignore=shutil.ignore_patterns("build"))
    return made


def _build(folder: Path, budget: str) -> Build:
    description = (HELLO / "rpikit.toml").read_text(encoding="utf-8")
    (folder / "rpikit.toml").write_text(f"{description}\n[budget]\n{budget}\n", encoding="utf-8")
    return build.build(app.load(folder), board=board.load(board.DEFAULT))


def test_what_keeps_within_its_budget_is_built_and_reported(folder: Path) -> None:
    made = _build(folder, 'loaded = "1M"')
    assert f"{made.sizes['loaded']} bytes (0 % of 1048576) of text and data" in str(made)
    assert made.values()["budget"] == {"loaded": 1 << 20}


def test_what_exceeds_its_budget_fails_with_size_and_excess(folder: Path) -> None:
    sizes = _build(folder, "").sizes
    with pytest.raises(FirmwareError) as caught:
        _build(folder, 'loaded = "1K"\nzeroed = "1M"\ntender = "2K"')
    assert caught.value.exit_code == 1
    loaded, tender = sizes["loaded"], sizes["tender"]
    assert str(caught.value).endswith(
        f"rpikit.toml: budget.loaded = 1K: loaded is {loaded} bytes, {loaded - 1024} too many; "
        f"budget.tender = 2K: tender is {tender} bytes, {tender - 2048} too many"
    )
