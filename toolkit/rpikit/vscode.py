# SPDX-License-Identifier: MIT
"""What VS Code needs so that F5 debugs: entries of ours in files that are the user's.

VS Code's files are JSON with comments and trailing commas. Ours are known by their names; whatever
else is there stays as it is, to the letter.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rpikit import results, wording
from rpikit.app import App
from rpikit.debug import WAITING
from rpikit.errors import DescriptionError
from rpikit.gdb import PROGRAM, SCRIPT, SOCKET, WHAT

FOLDER = ".vscode"
_INDENT = 4
_TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\\n])*")|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<mark>[\[\]{}:,])"""
    r"""|(?P<word>[\w.+-]+)|(?P<blank>\s+)|(?P<odd>.)""",
    re.DOTALL,
)
Entry = Mapping[str, object]


@dataclass(frozen=True)
class Written:
    """The files that have our entries now, and which of them had to be changed for it."""

    files: tuple[Path, ...]
    changed: tuple[Path, ...]

    def __str__(self) -> str:
        lines = [
            f"{wording.path(file)}: {'written' if file in self.changed else 'is as it should be'}"
            for file in self.files
        ]
        return "\n".join([*lines, "open the folder in VS Code, with the C/C++ extension; press F5"])

    def values(self) -> results.Written:
        """Return it as one object for programs."""
        files, changed = ([str(file) for file in some] for some in (self.files, self.changed))
        return {"files": files, "changed": changed}


def write(app: App, board: str) -> Written:
    """Write our entries into the files of an application's folder."""
    folder = app.folder / FOLDER
    texts: dict[Path, str] = {}
    changed = []
    for name, version, key, known_by, entries in (
        ("launch.json", "0.2.0", "configurations", "name", launches(app)),
        ("tasks.json", "2.0.0", "tasks", "label", tasks(board)),
    ):
        file = folder / name
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        fresh = json.dumps({"version": version, key: []}, indent=_INDENT) + "\n"
        try:
            texts[file] = merge(before if before.strip() else fresh, key, known_by, entries)
        except ValueError as error:
            raise DescriptionError(
                f"{wording.path(file)}: {error}",
                hint="mend it, or move it away; it was left as it is",
            ) from None
        if texts[file] != before:
            changed.append(file)
    for file in changed:
        file.parent.mkdir(exist_ok=True)
        file.write_text(texts[file], encoding="utf-8")
    return Written(tuple(texts), tuple(changed))


def launches(app: App) -> list[Entry]:
    """Return the entries of launch.json: one for the guest, one for the tender."""
    symbols = {"guest": f"{app.name}.debug", "tender": "rpikit-tender.debug"}
    here = "${workspaceFolder}"
    return [
        {
            "name": f"rpikit: {what}",
            "type": "cppdbg",
            "request": "launch",
            "program": f"{here}/build/{symbols[what]}",
            "cwd": here,
            "MIMode": "gdb",
            "miDebuggerPath": PROGRAM,
            "miDebuggerServerAddress": f"build/{SOCKET}",
            "targetArchitecture": "arm64",
            "setupCommands": [{"text": f"source {here}/build/{SCRIPT}"}],
            "preLaunchTask": _task(what),
        }
        for what in WHAT
    ]


def tasks(board: str) -> list[Entry]:
    """Return the entries of tasks.json, which put the application on a board and wait."""
    return [
        {
            "label": _task(what),
            "type": "process",
            "command": _rpikit(),
            "args": ["debug", ".", "--board", board, "--what", what, "--server"],
            "options": {"cwd": "${workspaceFolder}", "env": {"CI": "1"}},
            "isBackground": True,
            "problemMatcher": {
                "owner": "rpikit",
                "fileLocation": "autoDetect",
                "pattern": {
                    "regexp": r"^(?:app/)?(\S+):(\d+):(\d+): (error|warning): (.*)$",
                    "file": 1,
                    "line": 2,
                    "column": 3,
                    "severity": 4,
                    "message": 5,
                },
                "background": {
                    "activeOnStart": True,
                    "beginsPattern": "^build ",
                    "endsPattern": f"^{WAITING}$",
                },
            },
        }
        for what in WHAT
    ]


def _task(what: str) -> str:
    return f"rpikit: serve the {what} to a debugger"


def _rpikit() -> str:
    """Return the name of this program, with its folder when an editor would not find it."""
    own = Path(sys.prefix) / "bin" / "rpikit"
    return str(own) if own.exists() and shutil.which("rpikit") != str(own) else "rpikit"


def merge(text: str, key: str, known_by: str, entries: Sequence[Entry]) -> str:
    """Return the text of a file with our entries in the list `key`; ValueError if it has none.

    An entry of the same name is replaced where it stands, if it says something else; a new one
    goes to the list's end.
    """
    for entry in entries:
        found = _List.of(text, key)
        spans = [span for span in found.items if found.name(span, known_by) == entry[known_by]]
        if spans and _plain(text[slice(*spans[0])]) == entry:
            continue
        made = json.dumps(entry, indent=_INDENT).replace("\n", "\n" + " " * 2 * _INDENT)
        if spans:
            text = text[: spans[0][0]] + made + text[spans[0][1] :]
            continue
        space = "\n" + " " * 2 * _INDENT
        if not found.items:
            closing = "\n" + " " * _INDENT
            text = text[: found.begin] + space + made + closing + text[found.begin :].lstrip(" \n")
        else:
            end = found.items[-1][1]
            text = f"{text[:end]},{space}{made}{text[end:]}"
    return text


@dataclass(frozen=True)
class _List:
    """A list in the text of a file: where it begins, and from where to where each object goes."""

    text: str
    begin: int
    items: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, text: str, key: str) -> "_List":
        """Find the list `key` of the object that is the file."""
        _plain(text)
        begin = start = depth = 0
        items = []
        last: list[str] = []
        for token in _tokens(text):
            word = token[0]
            if word in ("{", "["):
                if word == "[" and depth == 1 and last[-2:] == [f'"{key}"', ":"]:
                    begin = token.end()
                if word == "{" and depth == 2 and begin:
                    start = token.start()
                depth += 1
            elif word in ("}", "]"):
                depth -= 1
                if start and depth == 2:
                    items.append((start, token.end()))
                    start = 0
                if begin and depth == 1:
                    return cls(text, begin, tuple(items))
            last.append(word)
        raise ValueError(f'has no list "{key}"; write "{key}": [] into it')

    def name(self, span: tuple[int, int], known_by: str) -> object:
        """Return what one object is called."""
        return _plain(self.text[slice(*span)]).get(known_by)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """Give what is neither blank nor comment."""
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "odd":
            line = text.count("\n", 0, token.start()) + 1
            raise ValueError(f"line {line}: {token[0]!r} is not JSON")
        if token.lastgroup not in ("blank", "comment"):
            yield token


def _plain(text: str) -> dict[str, object]:
    """Return the value of a JSON object with comments and trailing commas."""
    words = [token[0] for token in _tokens(text)]
    kept = [
        word
        for word, following in zip(words, [*words[1:], ""], strict=True)
        if not (word == "," and following in ("]", "}"))
    ]
    try:
        value = json.loads(" ".join(kept))
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise ValueError("is no JSON object")
    return value
