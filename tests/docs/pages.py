# SPDX-License-Identifier: MIT
"""Reads a page as its reader would: which files it has them write, and which commands type.

A page needs no marks of its own for that:

- a block after a sentence that ends with a file's name in backquotes and a colon is that file;
- of the language diff it is a change to it;
- `sh` is a script; `console` has commands after `$` and what they print;
- `<!-- not run: REASON -->` before a block says why a reader, or a test, cannot do it here.

Every other block is a fault of the page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
NOT_RUN = re.compile(r"<!-- not run: (\S.*\S) -->\s*")
SCRIPTS = frozenset({"sh", "console"})


@dataclass(frozen=True)
class Step:
    """A block of a page: one thing that its reader does, or is told."""

    line: int
    language: str
    text: str
    file: str = ""
    reason: str = ""  # why it is not run

    @property
    def commands(self) -> list[tuple[str, str]]:
        """The commands in it, each with what it prints."""
        is_script = self.language == "sh"
        found: list[tuple[str, str]] = []
        begun = ""
        for line in self.text.splitlines():
            if line.startswith("$ ") or begun or is_script:
                begun += line.removeprefix("$ ") + "\n"
                if not line.endswith("\\"):
                    found.append((begun, "...\n" if is_script else ""))
                    begun = ""
            else:
                assert found, f"line {self.line}: a console begins with $ and a command"
                command, printed = found.pop()
                found.append((command, f"{printed}{line}\n"))
        return found


def all_pages() -> list[Path]:
    """Return the pages of the documentation, and the first one of all."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name(page: Path) -> str:
    """Return a page's name in the tree."""
    return str(page.relative_to(ROOT))


def _tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def steps(page: Path) -> Iterator[Step]:
    """Give the steps of a page in their order."""
    tokens = [one for one in _tokens(page) if one.type in ("inline", "fence", "html_block")]
    before = Token("", "", 0)
    for token in tokens:
        if token.type == "fence" and not token.info.startswith("{"):
            reason = NOT_RUN.fullmatch(before.content) if before.type == "html_block" else None
            yield Step(
                line=(token.map or [0])[0] + 1,
                language=token.info.strip(),
                text=token.content,
                file=_file(before),
                reason=reason[1] if reason else "",
            )
        before = token


def _file(sentence: Token) -> str:
    """Return the file that a sentence ends with."""
    parts = sentence.children or []
    if len(parts) > 1 and parts[-1].content == ":" and parts[-2].type == "code_inline":
        return parts[-2].content
    return ""


def inline_commands(page: Path) -> Iterator[str]:
    """Give the commands that a page names in its sentences and tables."""
    for token in _tokens(page):
        for part in token.children or ():
            if part.type == "code_inline" and re.match(r"rpikit( |$)", part.content):
                yield part.content
