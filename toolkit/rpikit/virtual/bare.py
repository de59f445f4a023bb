# SPDX-License-Identifier: MIT
"""What a virtual board without an operating system boots: the loader, built once and kept.

It is named after the digest of everything it is made from, so a change makes a new one.
"""

import hashlib
import shutil
from collections.abc import Callable
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
    home = paths.cache_dir() / "virtual" / "loaders"
    image = home / f"{_digest()}.img"
    if image.is_file():
        return image
    toolchain.find()  # the first to say what is missing
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "lock"):
        if not image.is_file():
            for old in home.glob("*.img"):
                old.unlink()
            report("building the loader (c/loader)")
            with TemporaryDirectory(prefix=".new-", dir=home) as folder:
                built = underlay.scons(Path(folder), _TARGET, "the loader") / _BUILT
                shutil.copyfile(built, built.with_suffix(".whole"))
                built.with_suffix(".whole").rename(image)
    return image


def _digest() -> str:
    root = paths.data_root()
    digest = hashlib.sha256()
    scripts = Path(__file__).parents[1] / "scons"
    sources = [file for folder in _SOURCES for file in sorted((root / folder).iterdir())]
    for file in (*sources, scripts / "bare.py", scripts / "loader.py"):
        if file.is_file():
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
