# SPDX-License-Identifier: MIT
"""Stack use per function, as the compiler wrote it down (-fstack-usage) beside each object file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rpikit import paths, results


@dataclass(frozen=True)
class Frame:
    """What one call of a function takes of the stack."""

    function: str
    place: str
    size: int  # bytes; at least, if the frame is not `static`
    kind: str  # static, dynamic (alloca, variable arrays), or bounded

    def __str__(self) -> str:
        more = "" if self.kind == "static" else f" ({self.kind})"
        return f"{self.size:>6}  {self.function}{more}  {self.place}"

    def values(self) -> results.Frame:
        """Return it as one object for programs."""
        return {
            "function": self.function,
            "place": self.place,
            "size": self.size,
            "kind": self.kind,
        }


def read(folder: Path, linked: Iterable[str], but_for: Iterable[str] = ()) -> tuple[Frame, ...]:
    """Return the frames below a folder of the functions that were linked, the largest first.

    `but_for` are folders in it of other programs, which may have functions of the same names.
    """
    # A compiler that specialises a function adds a word behind a dot to its name.
    names = {name.split(".")[0] for name in linked}
    near = (f"{folder}/", f"{folder.parent}/", f"{paths.data_root()}/", "build/", "app/", "rpikit/")
    others = [folder / name for name in but_for]
    files = (one for one in folder.rglob("*.su") if not set(others) & set(one.parents))
    frames = {
        frame
        for file in files
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()
        if (frame := _frame(line, near)) is not None and frame.function in names
    }
    return tuple(sorted(frames, key=lambda frame: (-frame.size, frame.function, frame.place)))


def _frame(line: str, near: tuple[str, ...]) -> Frame | None:
    """Read FILE:LINE[:COLUMN]:FUNCTION, its bytes and its kind, between tabs."""
    words = line.split("\t")
    if len(words) != 3 or not words[1].isdecimal():
        return None
    file, *numbers, function = words[0].split(":")
    if not numbers:
        return None
    place = next((file.removeprefix(folder) for folder in near if file.startswith(folder)), file)
    return Frame(function.split(".")[0], f"{place}:{numbers[0]}", int(words[1]), words[2])
