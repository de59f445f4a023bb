# SPDX-License-Identifier: MIT
"""The verb config: JSON Schemas of descriptions and of --json, every fault of given files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpikit import app, board, describe, interface, results, soc, wiring, wording
from rpikit.describe import Model
from rpikit.errors import EXIT_OK, DescriptionError

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class Kind:
    """A kind of description: its model, how a file of it is read, the keys that give it away."""

    model: type[Model]
    load: Callable[[Path], object]
    keys: frozenset[str]


KINDS: Mapping[str, Kind] = {
    "app": Kind(app.AppFile, app.load_file, frozenset({"firmware"})),
    "bench": Kind(wiring.BenchFile, wiring.load, frozenset({"boards"})),
    "board": Kind(board.BoardFile, board.load_file, frozenset({"soc", "inherits", "header"})),
    "soc": Kind(soc.SocFile, soc.load, frozenset({"gpio", "blocks", "peripherals"})),
    "interface": Kind(interface.Interface, interface.load, frozenset({"interface", "call"})),
}
_NAMES = {app.FILE: "app", wiring.FILE: "bench"}
_FOLDERS = {"boards": "board", "soc": "soc", "interfaces": "interface"}


@dataclass(frozen=True)
class Linted:
    """The files that were read, and every fault in them."""

    files: tuple[tuple[str, str], ...]  # kind and name
    faults: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """Whether there was a fault."""
        return DescriptionError.exit_code if self.faults else EXIT_OK

    def __str__(self) -> str:
        good = f"{_count(len(self.files), 'file')} read, {_count(len(self.faults), 'fault')}"
        return "\n".join([*self.faults, good])

    def values(self) -> results.Linted:
        """Return it as one object for programs."""
        files: list[results.File] = [{"kind": kind, "file": name} for kind, name in self.files]
        return {"files": files, "faults": list(self.faults), "status": self.exit_code}


def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of description, or of what --json prints."""
    if kind in results.KINDS:
        return {"$schema": DIALECT} | results.schema(kind)
    made = describe.schema(KINDS[kind].model)
    if "inherits" in made["properties"]:  # then the board above may have what is missing here
        needed = made.pop("required")
        made["anyOf"] = [{"required": ["inherits"]}, {"required": needed}]
    return {"$schema": DIALECT} | made


def lint(files: tuple[Path, ...]) -> Linted:
    """Read the files, or without any the descriptions in this folder, and gather their faults."""
    read: list[tuple[str, str]] = []
    faults: list[str] = []
    for file in files or _here():
        try:
            kind = kind_of(file)
            read.append((kind, wording.path(file)))
            KINDS[kind].load(file)
        except describe.FaultsError as error:
            faults += error.each
        except DescriptionError as error:
            faults.append(str(error))
    return Linted(tuple(read), tuple(faults))


def kind_of(file: Path) -> str:
    """Return the kind of a description, by its name, its folder or its keys."""
    told = _NAMES.get(file.name) or _FOLDERS.get(file.absolute().parent.name)
    if told is not None:
        return told
    keys = describe.read(file).keys()
    for name, kind in KINDS.items():
        if kind.keys & keys:
            return name
    names = ", ".join(KINDS)
    raise DescriptionError(
        f"{wording.path(file)}: its keys are of no kind of description; "
        f"there are {names} (rpikit config schema KIND)"
    )


def _here() -> tuple[Path, ...]:
    """Return the descriptions in this folder and in the folders an application keeps them in."""
    named = [Path(name) for name in _NAMES]
    below = [file for name in _FOLDERS for file in sorted(Path(name).glob("*.toml"))]
    found = tuple(file for file in (*named, *below) if file.is_file())
    if not found:
        wanted = ", ".join([*_NAMES, *(f"{name}/*.toml" for name in _FOLDERS)])
        raise DescriptionError(f"{Path.cwd()}: there is nothing to read here; looked for {wanted}")
    return found


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
