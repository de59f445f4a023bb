# SPDX-License-Identifier: MIT
"""What a build was made from and what it made, so that one that would change nothing ends at once.

SCons decides what is made. It leaves a list of what it read and made (`scons/noted.py`); from that
and from digests of everything else that could matter comes a stamp in the folder of the build. As
long as all of it is the same, SCons need not be asked. Whatever is doubtful is for SCons.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pydantic

from rpikit import __version__, paths, plugins
from rpikit.app import App
from rpikit.toolchain import Toolchain

FILE = ".stamp"
NOTES = ".notes"
"""What SCons read and made, by itself: two lists of absolute names."""
SIGNATURES = ".sconsign.dblite"

FILES_MAX = 2000
BYTES_MAX = 64 << 20
"""An application with more than this in its folder is for SCons, which reads what is used."""

_LEFT_OUT = frozenset({"build", "__pycache__"})
_RULES = ("c", "perf", "templates")


@dataclass(frozen=True)
class Stamp:
    """All that decides what a build makes; taken before it, and kept with what was made."""

    folder: Path
    app: App
    chain: Toolchain
    words: tuple[str, ...]
    beside: tuple[App, ...] = ()

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """Say what there is now: taken at the first use, which has to be before the build."""
        return {
            "words": list(self.words),
            "rpikit": [__version__, *(_tree(folder, _apps()) for folder in _rules())],
            "app": _tree(self.app.folder, self.folder),
            "beside": [_tree(one.folder, self.folder) for one in self.beside],
            "toolchain": programs(self.chain),
            "python": [sys.version, _installed()],
            "path": os.environ.get("PATH", os.defpath),
        }

    def holds(self) -> bool:
        """Say whether a build would make what is there already."""
        kept = _read(self._file, "inputs", "read", "beside", "made")
        return (
            kept is not None
            and kept["inputs"] == self.inputs
            and _digests(kept["read"]) == kept["read"]
            and _names(kept["beside"]) == kept["beside"]
            and _digests(kept["made"]) == kept["made"]
        )

    def lift(self) -> None:
        """Take the stamp away before a build, and with it what SCons would not make again.

        That is what somebody else changed since it was made, and everything when the programs of
        the toolchain are others now.
        """
        kept = _read(self._file, "inputs", "made")
        self._file.unlink(missing_ok=True)
        (self.folder / NOTES).unlink(missing_ok=True)
        if kept is None:
            return
        if kept["inputs"].get("toolchain") != self.inputs["toolchain"]:
            (self.folder / SIGNATURES).unlink(missing_ok=True)
        now = _digests(kept["made"])
        for name, digest in kept["made"].items():
            if now[name] not in (digest, None):
                Path(name).unlink()

    def press(self, begun_ns: int) -> None:
        """Keep the stamp of a build that succeeded and began then, unless something is doubtful."""
        notes = _read(self.folder / NOTES, "read", "made")
        if notes is None or self._is_too_much:
            return
        programs = set(self.inputs["toolchain"])
        read = [name for name in notes["read"] if os.path.realpath(name) not in programs]
        if any(Path(name).stat().st_ctime_ns >= begun_ns for name in read):
            return  # it was changed while it was read
        kept = {
            "inputs": self.inputs,
            "read": _digests(read),
            "beside": _names(sorted({str(Path(name).parent) for name in read})),
            "made": _digests(notes["made"]),
        }
        paths.write(self._file, json.dumps(kept))

    @property
    def _is_too_much(self) -> bool:
        told = (self.inputs["app"], *self.inputs["beside"], *self.inputs["rpikit"])
        return None in told

    @property
    def _file(self) -> Path:
        return self.folder / FILE


def _read(file: Path, *keys: str) -> dict[str, Any] | None:
    """Return what is kept in a file; what is not whole counts for nothing."""
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) and kept.keys() >= set(keys) else None


def _rules() -> Iterator[Path]:
    """Return the folders and files by which rpikit builds anything, other packages' included."""
    root = paths.data_root()
    yield Path(__file__).parent
    yield root / "SConstruct"
    yield from (root / name for name in _RULES)
    yield from plugins.folders(plugins.INTERFACES)


def _apps() -> Path:
    """Return the folder of the tree's own applications: what is in it builds nothing else."""
    return paths.data_root() / "c" / "apps"


def _tree(top: Path, left_out: Path) -> str | None:
    """Return a digest of all that lies in a folder, or of a file; None when that is too much.

    Hidden names count for nothing, nor does what `build` and `left_out` hold.
    """
    if top.is_file():
        return _digest(top)
    whole = hashlib.sha256()
    files = size = 0
    for name, folders, names in os.walk(top):
        here = Path(name)
        seen = (one for one in folders if one[0] != "." and one not in _LEFT_OUT)
        folders[:] = sorted(one for one in seen if here / one != left_out)
        for file in sorted(here / one for one in names if one[0] != "."):
            try:
                with file.open("rb") as content:
                    data = content.read(BYTES_MAX)
            except OSError:  # such as a socket, or a link that leads nowhere
                data = b""
            files, size = files + 1, size + len(data)
            if files > FILES_MAX or size > BYTES_MAX:
                return None
            whole.update(bytes(file.relative_to(top)) + b"\0%d\0" % len(data) + data)
    return whole.hexdigest()


def _digest(file: str | Path) -> str | None:
    try:
        with Path(file).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return None


def _digests(files: Iterable[str]) -> dict[str, str | None]:
    return {name: _digest(name) for name in files}


def _names(folders: Iterable[str]) -> dict[str, list[str] | None]:
    """Return the names in each folder: a new file may come before another one that was read."""
    told: dict[str, list[str] | None] = {}
    for folder in folders:
        try:
            names = sorted(one.name for one in Path(folder).iterdir())
        except OSError:
            told[folder] = None
        else:
            told[folder] = [one for one in names if one[0] != "." and one not in _LEFT_OUT]
    return told


def programs(chain: Toolchain) -> dict[str, list[int]]:
    """Return size and time of change of a toolchain's programs and headers; they are large."""
    headers = Path(chain.headers)
    found = [Path(shutil.which(name) or name).resolve() for name in chain.programs]
    found += [one for folder in (headers, headers.parent) for one in folder.iterdir()]
    told = {}
    for file in found:
        facts = file.stat()
        told[str(file)] = [facts.st_size, facts.st_mtime_ns, facts.st_ino]
    return told


def _installed() -> list[str]:
    """Return names and versions of the Python packages here, as their folders tell them."""
    place = Path(pydantic.__file__).parents[1]
    return sorted(one.name for one in place.glob("*-info"))
