# SPDX-License-Identifier: MIT
"""The documentation, built: no warning, no link that leads nowhere, nothing left unsaid."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pages import ROOT

from rpikit import config, errors, interface, wording, words
from rpikit.cli import rpikit as program


class _Page(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.add(value)
            if name == "id" and value:
                self.places.add(value)


@pytest.fixture(scope="module")
def html() -> Path:
    """Build the documentation as `scons docs` does; a warning is an error."""
    command = [sys.executable, "-m", "SCons", "-Q", "-C", str(ROOT), "docs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "build" / "docs"


def test_every_link_leads_somewhere(html: Path) -> None:
    pages = {file: _Page(file.read_text(encoding="utf-8")) for file in html.rglob("*.html")}
    assert len(pages) > 10
    dead = []
    for file, page in pages.items():
        for link in page.links:
            split = urlsplit(link)
            if split.scheme:
                continue
            there = (file.parent / unquote(split.path)).resolve() if split.path else file
            if there not in pages and there.is_file():
                continue
            if there not in pages or (split.fragment and split.fragment not in pages[there].places):
                dead.append(f"{file.relative_to(html)}: {link}")
    assert not dead


def test_nothing_is_fetched_from_elsewhere(html: Path) -> None:
    for file in html.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert '<script src="http' not in text
        assert 'rel="stylesheet" href="http' not in text


def test_every_command_and_option_is_in_the_reference(html: Path) -> None:
    text = (html / "reference/commands.html").read_text(encoding="utf-8")
    for name, command in words.commands(program):
        assert f"rpikit {name}" in text
        assert command.help
        for option in words.options(command):
            assert str(option.envvar) in text


def test_every_interface_is_in_the_reference(html: Path) -> None:
    text = (html / "reference/interfaces.html").read_text(encoding="utf-8")
    for one in interface.load_all(interface.names()):
        for call in one.call:
            assert f"{call.number:#x}" in text


def test_help_names_each_exit_code() -> None:
    codes = {kind.exit_code for kind in errors.RpikitError.__subclasses__()}
    for code in codes | {errors.EXIT_OK, errors.EXIT_INTERRUPTED}:
        assert re.search(rf"\b{code} [a-z]", program.help or "")


@pytest.mark.parametrize("kind", config.KINDS)
def test_every_key_of_a_description_has_a_meaning(kind: str) -> None:
    schema = config.schema(kind)
    bare = [
        f"{model}.{key}"
        for model, node in {kind: schema, **schema.get("$defs", {})}.items()
        for key, one in node.get("properties", {}).items()
        if not wording.resolved(one, schema).get("description")
    ]
    assert not bare, "give it a description: an editor shows it, and the reference"
