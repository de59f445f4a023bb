# SPDX-License-Identifier: MIT
"""The firmware of the Pi's chip, from Debian's package of it: fetched once, checked, and kept."""

from collections.abc import Callable

from rpikit import board, paths
from rpikit.card import LICENCE, NEEDED, Firmware
from rpikit.errors import ToolError
from rpikit.virtual import apt

PACKAGE = "raspi-firmware"
_COMPONENT = "non-free-firmware"
_PLACES = {f"./usr/lib/{PACKAGE}/{name}": name for name in NEEDED if name != LICENCE}
_PLACES[f"./usr/share/doc/{PACKAGE}/copyright"] = LICENCE
_MIRROR_OF = "virtual-pi3"  # the board whose description says which mirror, and which suite


def fetched(report: Callable[[str], None]) -> Firmware:
    """Return the firmware as Debian has it, from the cache unless it was never fetched."""
    virtual = board.load(_MIRROR_OF).virtual
    assert virtual is not None
    folder = paths.cache_dir() / "debian-firmware"
    archive = apt.Archive(
        folder, virtual.mirror, virtual.suite, component=_COMPONENT, command="rpikit image"
    )
    package = archive.fetch((PACKAGE,), report)[PACKAGE]
    files: dict[str, bytes] = {}
    with apt.contents(package) as entries:
        for entry, content in entries:
            data = content.extractfile(entry) if entry.name in _PLACES else None
            if data is not None:
                files[_PLACES[entry.name]] = data.read()
    missing = sorted(set(NEEDED) - set(files))
    if missing:
        raise ToolError(
            f"{package.name}: has no {', '.join(missing)}",
            hint="name a folder that has the firmware: --firmware FOLDER",
        )
    return Firmware(files, package.name.removesuffix(".deb"))
