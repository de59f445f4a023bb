# SPDX-License-Identifier: MIT
"""What a guest or its tender says when it fails: addresses in it become functions and lines.

The symbols have to be those of the guest that spoke: builds are compared, nothing is guessed.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rpikit import elf, results, wording
from rpikit.errors import RpikitError
from rpikit.symbols import Place, Symbols

_BUILD = re.compile(r"\bSolo5: (?:trap: .*, |backtrace of )build ([0-9a-f]{16})\b")
_CALLER = re.compile(r"\bSolo5: backtrace: (0x[0-9a-f]+)")
_NAMED = re.compile(r"\b(pc|elr|lr|x30)(?:\s*[=:]\s*|\s+)(0x[0-9a-f]+)", re.IGNORECASE)
_EXACT = {"pc", "elr"}
_SPEAKS = re.compile(r"Solo5: |rpikit-tender: |solo5-hvt: |\b(?:pc|elr)\s*[=:]", re.IGNORECASE)
CALLED = "called from"
_NO_BUILD = "0" * 16
_DIGITS = 16  # of a build id, that are compared and shown


@dataclass(frozen=True)
class Explained:
    """An address and where in the source it is, the innermost call first."""

    what: str
    address: int
    places: tuple[Place, ...]

    def lines(self) -> list[str]:
        """Return it as lines for people."""
        head = self.what if self.what == CALLED else f"{self.what} {self.address:#x} is"
        return [
            f"{head if at == 0 else ' ' * (len(head) - 2) + 'in'} {place}"
            for at, place in enumerate(self.places)
        ]

    def values(self) -> results.Symbol:
        """Return it as one object for programs."""
        return {
            "what": self.what,
            "address": self.address,
            "places": [place.values() for place in self.places],
        }


class Library:
    """Programs with symbols, found by their build."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = tuple(files)
        self._loaded: dict[Path, Symbols] = {}

    @classmethod
    def of_folder(cls, folder: Path) -> "Library":
        """Return what a build left in an application's folder."""
        return cls(sorted((folder / "build").glob("*.debug")))

    @cached_property
    def guests(self) -> dict[str, Path]:
        """The guests by their build; what is no program is left out."""
        found = {}
        for file in self._files:
            try:
                build = elf.build_id(file) if file.name != "rpikit-tender.debug" else None
            except RpikitError:
                continue
            if build:
                found[build[:_DIGITS]] = file
        return found

    def symbols(self, build: str) -> Symbols | None:
        """Return the symbols of a build, if they are here."""
        file = self.guests.get(build[:_DIGITS])
        if file is None:
            return None
        if file not in self._loaded:
            self._loaded[file] = Symbols.load(file)
        return self._loaded[file]


class Decoder:
    """Explains the addresses in the lines of a console.

    `image` is asked for the build of the guest that runs, when a line does not say it itself.
    """

    def __init__(self, library: Library, note: Callable[[str], None]) -> None:
        self._library = library
        self._note = note
        self._image: Callable[[], str | None] = lambda: None
        self._build: str | None = None
        self._told: set[str | None] = set()

    def begin(self, image: Callable[[], str | None]) -> None:
        """Forget the guest of before; another one speaks from here on."""
        self._image, self._build = image, None

    def explain(self, line: str) -> list[Explained]:
        """Return the addresses of a line that can be explained."""
        said = _BUILD.search(line)
        if said and said[1] != _NO_BUILD:
            self._build = said[1]
        found = list(_addresses(line))
        if not found:
            return []
        symbols = self._symbols()
        if symbols is None:
            return []
        explained = []
        for what, address, exact in found:
            places = symbols.places(address) if exact else symbols.caller(address)
            if places:
                explained.append(Explained(what, address, places))
        return explained

    def _symbols(self) -> Symbols | None:
        if self._build is None:
            self._build = self._image() or ""
        try:
            if self._build:
                symbols = self._library.symbols(self._build)
                if symbols is None:
                    self._say(self._strange(self._build))
                return symbols
            return self._only()
        except RpikitError as error:
            self._say(str(error))
            return None

    def _only(self) -> Symbols | None:
        """Return the only symbols there are for a guest that does not say its build."""
        if len(self._library.guests) != 1:
            self._say("addresses are not explained: which build the guest is was not said")
            return None
        ((build, file),) = self._library.guests.items()
        self._say(f"the guest does not say its build; taken to be {wording.path(file)}, unchecked")
        return self._library.symbols(build)

    def _strange(self, build: str) -> str:
        have = ", ".join(
            f"{wording.path(file)} {one}" for one, file in self._library.guests.items()
        )
        return (
            f"addresses are not explained: the guest is build {build[:_DIGITS]}, "
            + (f"here is {have}" if have else "no symbols are here")
            + "; name the application it was built from, or its symbols with --elf"
        )

    def _say(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._note(text)


def _addresses(line: str) -> Iterable[tuple[str, int, bool]]:
    """Give an address: what it is called, its value, and whether it is no return address."""
    called = _CALLER.search(line)
    if called:
        yield CALLED, int(called[1], 16), False
        return
    if not _SPEAKS.search(line):
        return
    for name, address in _NAMED.findall(line):
        value = int(address, 16)
        if value:
            yield name, value, name.lower() in _EXACT


def annotated(console: str, library: Library) -> str:
    """Return a console with each address explained below its line, where that can be done."""
    decoder = Decoder(library, lambda note: None)
    lines: list[str] = []
    for line in console.split("\n"):
        lines.append(line)
        indent = line[: len(line) - len(line.lstrip())] + "    "
        lines += [f"{indent}{text}" for one in decoder.explain(line) for text in one.lines()]
    return "\n".join(lines)
