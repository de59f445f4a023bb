# SPDX-License-Identifier: MIT
"""Markdown of tables and headings."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(one) for one in line)} |" for line in lines)


def code(text: object) -> str:
    """Return text as code."""
    return f"`{text}`"


def page(parts: Iterable[str]) -> str:
    """Return paragraphs, tables and headings with blank lines between."""
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
