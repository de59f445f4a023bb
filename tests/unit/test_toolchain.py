# SPDX-License-Identifier: MIT
"""Toolchains: chosen by one word, missing ones named with their remedy, one version pinned."""

import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from rpikit import toolchain
from rpikit.errors import DescriptionError, ToolError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    """Forget what was found with another PATH."""
    yield
    for find in (toolchain._gcc, toolchain._zig):
        find.cache_clear()


def test_the_variable_chooses_and_the_word_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(toolchain.VARIABLE, "icc")
    with pytest.raises(DescriptionError, match=r"RPIKIT_TOOLCHAIN = 'icc'.* write gcc or zig"):
        toolchain.find()
    assert toolchain.find("gcc").name == "gcc"


def test_a_missing_compiler_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    toolchain._gcc.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="aarch64-linux-gnu-gcc is not installed") as caught:
        toolchain.find("gcc")
    assert caught.value.exit_code == 5
    assert "apt-get install gcc-aarch64-linux-gnu" in str(caught.value.hint)


def test_another_ziglang_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package of that name and another version, as pip would leave it."""
    toolchain._zig.cache_clear()
    (tmp_path / "ziglang").mkdir()
    (tmp_path / "ziglang-0.1.0.dist-info").mkdir()
    (tmp_path / "ziglang-0.1.0.dist-info" / "METADATA").write_text(
        "Name: ziglang\nVersion: 0.1.0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert metadata.version("ziglang") == "0.1.0"
    with pytest.raises(ToolError, match=r"ziglang 0\.1\.0 is installed; this needs 0\.17\.0"):
        toolchain.find("zig")


def test_the_pinned_ziglang_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = f"ziglang=={toolchain.ZIGLANG}"
    assert project["optional-dependencies"]["zig"] == [wanted]
    lock = (ROOT / "requirements-zig.lock").read_text(encoding="utf-8").splitlines()
    assert f"{wanted} \\" in lock
