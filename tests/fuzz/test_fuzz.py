# SPDX-License-Identifier: MIT
"""Replays the corpus of each fuzz target, and mutations of it that are the same every time."""

import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))
MUTATIONS = 5000


def corpus(target: str) -> list[Path]:
    return sorted((HERE / "corpus" / target).glob("*.bin"))


def fuzz(built: Path, target: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [built / "fuzz" / f"fuzz_{target}", *words],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_and_its_mutations_find_nothing(
    built: Path, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where a finding would be kept
    files = corpus(target)
    done = fuzz(built, target, str(MUTATIONS), *files)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{MUTATIONS + len(files)} executions, no finding\n"


def test_each_target_has_a_corpus_and_each_corpus_a_target() -> None:
    assert TARGETS
    assert sorted(path.name for path in (HERE / "corpus").iterdir()) == TARGETS
    assert all(corpus(target) for target in TARGETS)


def test_every_call_is_fuzzed(built: Path) -> None:
    """The target's table of calls is by hand: an interface that is added must be added there."""
    printed = sorted((built / "common" / "gen").glob("abi_*.h"))
    used = (HERE / "fuzz_dispatch.c").read_text(encoding="utf-8")
    known = set(re.findall(r"\b(CALL_[A-Z0-9_]+)\b", used))
    ours = {path.stem for path in (HERE.parents[1] / "c" / "interfaces").glob("*.toml")}
    for header in printed:
        if header.stem.removeprefix("abi_") in ours:
            text = header.read_text(encoding="utf-8")
            calls = set(re.findall(r"^\s+(CALL_[A-Z0-9_]+) = ", text, re.M))
            assert calls <= known, f"not fuzzed: {sorted(calls - known)}"


def test_the_driver_says_how_it_is_used(built: Path) -> None:
    done = fuzz(built, "elf")
    assert done.returncode == 2
    assert "EXECUTIONS FILE" in done.stderr
