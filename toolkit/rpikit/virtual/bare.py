# SPDX-License-Identifier: MIT
"""What boots on a virtual board before any system does: built once and kept.

Each is named after the digest of everything it is made from, so a change makes a new one.
"""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from rpikit import paths, toolchain
from rpikit.virtual import underlay

WAITING = "rpikit loader "
"""How the line begins that the loader says while it waits (c/loader/protocol.h)."""

_TARGET = "loader"
_BUILT = "metal/loader.img"
_SOURCES = ("c/abi", "c/backends", "c/backends/bcm2837", "c/lib", "c/loader", "c/underlay")


def prepare(report: Callable[[str], None]) -> Path:
    """Return the loader's image, built with the cross-toolchain when it is not in the cache."""
    return kept(_TARGET, _BUILT, "the loader", _SOURCES, report)


def kept(
    target: str, built: str, what: str, sources: Sequence[str], report: Callable[[str], None]
) -> Path:
    """Return what a target of scons makes of some folders, built when it is not in the cache.

    `built`: where it is in the build's folder; `what`: how a person is told of it.
    """
    home = paths.cache_dir() / "virtual" / target
    image = home / f"{_digest(sources, target)}.img"
    if image.is_file():
        return image
    toolchain.find()  # the first to say what is missing
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "lock"):
        if not image.is_file():
            for old in home.glob("*.img"):
                old.unlink()
            report(f"building {what}")
            with TemporaryDirectory(prefix=".new-", dir=home) as folder:
                made = underlay.scons(Path(folder), target, what) / built
                shutil.copyfile(made, made.with_suffix(".whole"))
                made.with_suffix(".whole").rename(image)
    return image


def _digest(folders: Sequence[str], target: str) -> str:
    root = paths.data_root()
    digest = hashlib.sha256()
    scripts = Path(__file__).parents[1] / "scons"
    sources = [file for folder in folders for file in sorted((root / folder).iterdir())]
    for file in (*sources, scripts / "bare.py", scripts / f"{target}.py"):
        if file.is_file():
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
