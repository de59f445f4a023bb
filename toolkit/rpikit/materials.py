# SPDX-License-Identifier: MIT
"""What a build was made from: sources, the toolchain's programs, and the Python packages.

Names say nothing of the machine: a source is named from the application's folder or from rpikit's,
a program by its file.
"""

import hashlib
import importlib.metadata
import json
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rpikit import __version__, paths, stamp
from rpikit import toolchain as toolchains
from rpikit.build import Build
from rpikit.errors import VerificationError

PACKAGES = ("jinja2", "markupsafe", "pydantic", "pydantic-core", "pyelftools", "scons")
"""Those that print, describe or read what is built, or decide in which order it is."""

_PRINTED = ("boards/**/*.toml", "templates/app/*", "templates/interface/*")
"""Of rpikit: what sources and options are printed from, which SCons does not see."""

_BEHIND_GCC = ("cc1", "collect2", "lto1", "lto-wrapper")
"""What gcc runs besides `programs` of its toolchain: the compiler proper."""


@dataclass(frozen=True, order=True)
class File:
    """A file that went into a build."""

    name: str
    sha256: str


@dataclass(frozen=True, order=True)
class Package:
    """A Python package, or Python itself."""

    name: str
    version: str


@dataclass(frozen=True)
class Materials:
    """All that decided what a build made."""

    app: tuple[File, ...]  # of the application, named from its folder
    rpikit: tuple[File, ...]  # of rpikit and other packages, named from there
    rpikit_version: str
    toolchain: str
    toolchain_version: str
    programs: tuple[File, ...]
    packages: tuple[Package, ...]


def of(build: Build) -> Materials:
    """Return what a build was made from, as it lists itself what it read."""
    chain = toolchains.find(build.toolchain)
    own: set[File] = {_file(build.app.source, "rpikit.toml")}
    others: set[File] = set()
    programs = {Path(shutil.which(name) or name).resolve() for name in chain.programs}
    if chain.name == "gcc":
        programs |= {_behind(chain.cc[0], name) for name in _BEHIND_GCC}
    printed = (one for place in _PRINTED for one in sorted(paths.data_root().glob(place)))
    for path in (*_read(build.folder / stamp.NOTES), *printed):
        if path.resolve() in programs or path.resolve().is_relative_to(build.folder):
            continue
        if path.is_relative_to(build.app.folder):
            own.add(_file(path, path.relative_to(build.app.folder).as_posix()))
        elif path.is_relative_to(paths.data_root()):
            others.add(_file(path, path.relative_to(paths.data_root()).as_posix()))
        else:
            others.add(_file(path, path.name))
    versions = (Package(name, importlib.metadata.version(name)) for name in PACKAGES)
    return Materials(
        tuple(sorted(own)),
        tuple(sorted(others)),
        __version__,
        chain.name,
        _version(chain),
        tuple(sorted({_file(path, path.name) for path in programs if path.is_file()})),
        tuple(sorted({*versions, Package("python", platform.python_version())})),
    )


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _file(path: Path, name: str) -> File:
    return File(name, digest(path))


def _read(notes: Path) -> list[Path]:
    """Return the files that a build read; without its notes there is nothing to tell of it."""
    try:
        return [Path(name) for name in json.loads(notes.read_text())["read"]]
    except (OSError, ValueError, KeyError):
        raise VerificationError(
            f"{notes}: what the build read is not listed", hint="remove its folder and build again"
        ) from None


def _behind(cc: str, name: str) -> Path:
    asked = [cc, f"-print-prog-name={name}"]
    found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return Path(shutil.which(found) or found).resolve()


def _version(chain: toolchains.Toolchain) -> str:
    if chain.name == "zig":
        return toolchains.ZIGLANG
    asked = [chain.cc[0], "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0].partition(" ")[2] or said.splitlines()[0]
