# SPDX-License-Identifier: MIT
"""The documentation, followed: every file written, every command run, every output compared."""

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import command_line
import pages
import pytest
from shell import Shell

from rpikit import config
from rpikit.virtual import machine

INTERFACES = pages.ROOT / "docs/how-to/add-an-interface.md"
PAGES = pages.all_pages()
FOLLOWED = [page for page in PAGES if page != INTERFACES and any(pages.steps(page))]
TEXTS = sorted({*PAGES, *pages.ROOT.glob("[a-z]*/README.md")})

# What a user may do wrong, in the order of the page's last table: file, text, wrong text or none.
MISTAKES = (
    ("rpikit.toml", '["uptime"]', '["uptimes"]'),
    ("devices/uptime.c", "", ""),
    ("interfaces/uptime.toml", "0x300000", "3"),
    ("devices/uptime.c", "uint64_t *seconds)", "uint32_t *seconds)"),
    ("devices/uptime.c", "SYS_PREAD64", "SYS_READ"),
)


@pytest.fixture
def reader(
    installed: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    """Give the shell of somebody who has installed rpikit and never started a board."""
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path_factory.mktemp("state")))
    yield Shell(installed, tmp_path_factory.mktemp("reader"))
    for left in machine.running():
        machine.down(left.name)


def follow(page: Path, reader: Shell) -> str:
    """Do what a page says, step by step; return what the last command printed."""
    written: dict[Path, None] = {}
    said = ""
    for step in pages.steps(page):
        if step.reason and not step.file:
            check(step)
            continue
        said = reader.do(step) or said
        if step.file.endswith(".toml") and step.file != "pyproject.toml":
            written[reader.folder / step.file] = None
    for file in written:
        assert not config.lint((file,)).faults
    return said


def check(step: pages.Step) -> None:
    """Check what is not run: that a shell and rpikit would understand it."""
    for script, _ in step.commands if step.language in pages.SCRIPTS else ():
        done = subprocess.run(["sh", "-n", "-c", script], capture_output=True, text=True)
        assert done.returncode == 0, f"line {step.line}: {done.stderr}"
        for words in command_line.commands(script):
            try:
                command_line.check(words)
            except click.UsageError as error:
                raise AssertionError(f"line {step.line}: {shlex.join(words)}: {error}") from None


@pytest.mark.parametrize("page", FOLLOWED, ids=pages.name)
def test_a_page_can_be_followed_to_the_end(page: Path, reader: Shell) -> None:
    follow(page, reader)


def test_the_page_on_interfaces_knows_what_may_go_wrong(reader: Shell) -> None:
    assert "1 passed" in follow(INTERFACES, reader)
    assert "uptime" in (reader.folder / "build/common/gen/uptime.md").read_text()
    rows = INTERFACES.read_text(encoding="utf-8").partition("## When it does not work")[2]
    seen = [row.split("`")[1] for row in rows.splitlines() if row.startswith("| `")]
    assert len(seen) == len(MISTAKES)
    for expected, (place, before, after) in zip(seen, MISTAKES, strict=True):
        file = reader.folder / place
        right = file.read_text()
        assert before in right
        file.write_text(right.replace(before, after))
        if not after:
            file.unlink()
        status, said = reader.run("rpikit flash .")
        assert status in (1, 2), said
        assert expected in said
        file.write_text(right)


@pytest.mark.parametrize("page", TEXTS, ids=pages.name)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    for text in pages.inline_commands(page):
        for words in command_line.spoken(text):
            try:
                command_line.check_spoken(words)
            except click.UsageError as error:
                raise AssertionError(f"{text}: {error.format_message()}") from None
