# SPDX-License-Identifier: MIT
"""Files with which a FAT32 writer is put to the test, and programs that judge what it wrote."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import fat_reader
import pytest

from rpikit import board, paths
from rpikit.errors import ToolError
from rpikit.virtual import apt

SIZE = 40 << 20
AT = 1700000061  # 2023-11-14 22:14:21
DATE = (2023 - 1980) << 9 | 11 << 5 | 14, 22 << 11 | 14 << 5 | 10

Write = Callable[..., bytes]

PLAIN = {
    "bootcode.bin": b"b" * 513,
    "START.ELF": bytes(range(256)) * 300,
    "kernel8.img": b"k" * 512,
    "config.txt": b"arm_64bit=1\n",
    "empty": b"",
    "README.md": b"r",
    "A.b": b"ab",
}
LONG = {
    "LICENCE.broadcom": b"licence",
    "bcm2710-rpi-3-b.dtb": b"t" * 1024,
    "bcm2710-rpi-3-b-plus.dtb": b"u" * 1025,
    "overlays/disable-bt.dtbo": b"d" * 3,
    "overlays/README": b"o",
    "a/b/c/thirteen-char": b"13",
    "a/b/c/fourteen-chars": b"14",
    "a/b/other.text.gz": b"15",
    "a long folder/and.another-1/file": b"f",
    "Mixed.txt": b"16",
    "mixed-1.TXT.x": b"17",
    "noextensionatall": b"18",
    "xxx.y z": b"19",
}
MANY = {f"many/number {at} of the files.text": bytes([at]) * at for at in range(120)}
# With the entries that a folder has besides, these fill a cluster, and one more.
FULL = {f"full/{at}": b"f" for at in range(14)} | {f"fuller/{at}": b"f" for at in range(15)}
ROOT = {str(at): b"r" for at in range(15)}
SAMPLES = (PLAIN, LONG | FULL, PLAIN | LONG | MANY, ROOT, {})


SHORTS = {
    "LICENCE.broadcom": b"LICENC~1BRO",
    "bcm2710-rpi-3-b.dtb": b"BCM271~1DTB",
    "bcm2710-rpi-3-b-plus.dtb": b"BCM271~2DTB",
    "noextensionatall": b"NOEXTE~1   ",
    "many/number 119 of the files.text": b"NUMB~120TEX",
}


def judge(write: Write, size: int = SIZE) -> list[bytes]:
    """Read back what `write` makes of all samples; AssertionError says what is wrong."""
    volumes = []
    for files in SAMPLES:
        made = write(files, size=size, label="SAMPLE", serial=0x89ABCDEF, hidden=2048, at=AT)
        assert len(made) == size
        found = fat_reader.read(made)
        assert found.files == files
        assert list(found.files) == sorted(found.files, key=[*_walked(files)].index)
        assert (found.label, found.serial, found.hidden) == ("SAMPLE", 0x89ABCDEF, 2048)
        assert found.dates == {DATE}
        assert {name: found.shorts[name] for name in SHORTS if name in files} == {
            name: short for name, short in SHORTS.items() if name in files
        }
        volumes.append(made)
    return volumes


def _walked(files: dict[str, bytes]) -> list[str]:
    """Return paths as a walk through their folders meets them."""
    seen: dict[str, int] = {}  # each folder, and each file, by when it is met first

    def met(path: str) -> tuple[int, ...]:
        parts = path.split("/")
        above = ("/".join(parts[: at + 1]) for at in range(len(parts)))
        return tuple(seen.setdefault(one, len(seen)) for one in above)

    return sorted(files, key={path: met(path) for path in files}.__getitem__)


def tools(folder: Path) -> dict[str, str]:
    """Return fsck.fat and mcopy of this machine, else of Debian's packages; skip without either."""
    found = {name: shutil.which(name, path=_PATH) for name in ("fsck.fat", "mcopy", "mdir")}
    if all(found.values()):
        return {name: path for name, path in found.items() if path}
    virtual = board.load("virtual-pi3").virtual
    assert virtual is not None
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    if machine is None:
        pytest.skip("this machine has no fsck.fat and mcopy (apt-get install dosfstools mtools)")
    archive = apt.Archive(
        paths.cache_dir() / "debian-tools", virtual.mirror, virtual.suite, machine
    )
    try:
        packages = archive.fetch(("dosfstools", "mtools"), lambda line: None)
    except ToolError as error:
        pytest.skip(f"neither here nor to be fetched are dosfstools and mtools: {error}")
    for package in packages.values():
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    below = {"fsck.fat": "sbin/fsck.fat", "mcopy": "usr/bin/mcopy", "mdir": "usr/bin/mdir"}
    return {name: str(folder / path) for name, path in below.items()}


_PATH = f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin"


def fsck(program: str, volume: Path) -> str:
    """Return what fsck.fat finds wrong with a volume; "" for nothing."""
    done = subprocess.run([program, "-n", str(volume)], capture_output=True, text=True)
    lines = [
        line for line in done.stdout.splitlines() if not line.startswith(("fsck.fat ", str(volume)))
    ]
    return "\n".join(lines) if done.returncode == 0 and not lines else done.stdout + done.stderr
