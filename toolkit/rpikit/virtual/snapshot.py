# SPDX-License-Identifier: MIT
"""Snapshots of a booted machine: where one is kept, how it is written, how it is brought back.

A snapshot is named after all that made it: the image, QEMU, the machine and its memory. It is
taken before the board is told who it is, so one serves every board.
"""

import asyncio
import hashlib
import os
import shlex
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rpikit import paths
from rpikit.virtual import image, qemu
from rpikit.virtual.qtest import Qmp

_KEPT = 4
_GLANCE_SECONDS = 0.01
_UNFINISHED_SECONDS = 600.0
_UNLIMITED = 1 << 40  # bytes a second
_USED_FOR_ALL = qemu.Options()


def place(boot: qemu.Boot, made: image.Image) -> Path | None:
    """Return where the snapshot of this machine is or will be; None when it must do without.

    A machine that counts instructions boots each time: what it does must not depend on whether a
    snapshot was there. One with an SD card does, too: the card of a snapshot would not be its own.
    """
    if boot.options.icount or boot.options.card or not boot.options.snapshot:
        return None
    program = Path(shutil.which(qemu.PROGRAM) or qemu.PROGRAM).resolve().stat()
    none = Path()
    same = replace(boot, kernel=none, device_tree=none, initramfs=none, options=_USED_FOR_ALL)
    same = replace(same, underlay=same.underlay and none)  # what it is, the image's folder says
    facts = (made.folder.name, program.st_size, program.st_mtime_ns, repr(same))
    digest = hashlib.sha256(repr(facts).encode())
    for maker in (__file__, qemu.__file__):
        digest.update(Path(maker).read_bytes())
    return paths.cache_dir() / "virtual" / "snapshots" / digest.hexdigest()[:16]


async def save(qmp: Qmp, file: Path) -> bool:
    """Write the state of the stopped machine; say whether that went well."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    await qmp.execute("migrate-set-parameters", **{"max-bandwidth": _UNLIMITED})
    await qmp.execute("migrate", uri=f"exec:umask 077; exec cat > {shlex.quote(str(aside))}")
    status = ""
    while status not in ("completed", "failed"):
        await asyncio.sleep(_GLANCE_SECONDS)
        status = (await qmp.execute("query-migrate")).get("status", "")
    if status == "failed":
        aside.unlink(missing_ok=True)
        return False
    aside.rename(file)
    _forget_old(file.parent)
    return True


async def wait_until_loaded(qmp: Qmp) -> None:
    """Wait until the machine is what the snapshot says; ConnectionError when it cannot be."""
    while (await qmp.execute("query-status"))["status"] == "inmigrate":
        await asyncio.sleep(_GLANCE_SECONDS)


def _forget_old(folder: Path) -> None:
    """Keep the newest few; the others can be made again. Take away what nobody finished."""
    for left in folder.glob(".*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _UNFINISHED_SECONDS:
                left.unlink()
    found = [file for file in folder.iterdir() if not file.name.startswith(".")]
    found.sort(key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in found[_KEPT:]:
        with suppress(OSError):
            file.unlink()
