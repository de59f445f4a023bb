# SPDX-License-Identifier: MIT
"""Of which sources a program is made, and how large they are.

Reads the line table of what was linked, and the files that it names; knows no folder to look
through, so that what is not in the program does not count.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rpikit import paths, wording
from rpikit.errors import FirmwareError
from rpikit.symbols import Symbols

INCLUDED = ("c", "c/abi", "common/gen")
"""Folders, of rpikit's own and of a build, that quoted names of headers begin in."""

_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.S)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]', re.M)


@dataclass(frozen=True)
class Source:
    """A file of a program, by its name within rpikit, the application or the build."""

    file: str
    text: str

    @property
    def code(self) -> int:
        """Its lines of code: without blank lines and comments."""
        return sum(1 for line in without_comments(self.text).splitlines() if line.strip())

    @property
    def lines(self) -> int:
        """All of its lines."""
        return len(self.text.splitlines())


def linked(program: Path, folders: tuple[Path, ...]) -> list[Source]:
    """Return the files whose lines became instructions of a program, in the order of their names.

    Each is looked for in rpikit's own folder, then in (folders): the build's, the application's.
    FirmwareError if one is gone, or the program does not tell of any.
    """
    found = [_read(name, program, folders) for name in sorted(Symbols.load(program).files())]
    if not found:
        raise FirmwareError(f"{wording.path(program)}: it has no line table")
    return found


def whole(program: Path, folders: tuple[Path, ...]) -> list[Source]:
    """Return the same files and every header of ours that they include, be it not for code.

    A header counts also where a condition leaves it out; the compiler's own do not.
    """
    left = linked(program, folders)
    found: dict[str, Source] = {}
    while left:
        one = left.pop()
        if one.file not in found:
            found[one.file] = one
            left += _included(one, folders)
    return sorted(found.values(), key=lambda one: one.file)


def grouped(files: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the sum of what files have, by the folders that they are in."""
    groups: dict[str, int] = {}
    for file, size in files:
        group = str(Path(file).parent)
        groups[group] = groups.get(group, 0) + size
    return dict(sorted(groups.items()))


def without_comments(code: str) -> str:
    """Return C or assembly without its comments, every line where it was."""

    def blank(match: re.Match[str]) -> str:
        text = match[0]
        return text if text.startswith('"') else "\n" * text.count("\n") or " "

    return _COMMENT.sub(blank, code)


def _included(one: Source, folders: tuple[Path, ...]) -> Iterator[Source]:
    for name in _INCLUDE.findall(one.text):
        for place in (str(Path(one.file).parent), *INCLUDED):
            file = f"{place}/{name}"
            found = _found(file, folders)
            if found is not None:
                yield Source(file, found.read_text(encoding="utf-8"))
                break


def _found(name: str, folders: tuple[Path, ...]) -> Path | None:
    places = (folder / name for folder in (paths.data_root(), *folders))
    return next((file for file in places if file.is_file()), None)


def _read(name: str, program: Path, folders: tuple[Path, ...]) -> Source:
    found = _found(name, folders)
    if found is None:
        raise FirmwareError(
            f"{wording.path(program)}: {name}, of which it was built, is not there any more",
            hint="build it once more: rpikit build",
        )
    return Source(name, found.read_text(encoding="utf-8"))
