# SPDX-License-Identifier: MIT
"""A Pi's boot partition on this machine: a folder, whose board loses its power at any step.

Programs that change something stand behind small ones that count, as those of power.Board. What
was not synced when the power goes is lost: the file is there under its new name, and empty.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_board import shell_of

from rpikit import boot_partition
from rpikit.boot_partition import BootPartition
from rpikit.transport.local import Local

LINUX = b"# Linux\nkernel=vmlinuz\n"
FILES = {
    "config.txt": LINUX,
    "start.elf": b"start" * 100,
    "fixup.dat": b"fixup",
    "vmlinuz": b"Linux" * 1000,
    "cmdline.txt": b"console=tty1",
}
CHANGING = ("cp", "mv", "rm", "sync")
PROGRAMS = (
    "cat",
    "cmp",
    "df",
    "grep",
    "id",
    "reboot",
    "sed",
    "sh",
    "sha256sum",
    "sleep",
    "tr",
    "wc",
)
_WITHIN = 60.0  # seconds

_COUNTER = """\
#!/bin/sh
[ ! -e {folder}/dead ] || exec {sleep} 1000
if [ -e {folder}/left ]; then
    read -r left <{folder}/left
    echo $((left - 1)) >{folder}/left
    if [ "$left" -le 0 ]; then
        : >{folder}/dead
        exec {sleep} 1000
    fi
fi
exec {program} "$@"
"""
_SYNC = """\
#!/bin/sh
{{ {ls} -i {boot}/* {spare}/*; {sha256sum} {boot}/* {spare}/*; }} >>{folder}/synced 2>{folder}/none
exit 0
"""
_REBOOT = """\
#!/bin/sh
echo "$@" >{folder}/rebooted
"""


class BootBoard:
    """A board with Linux, whose boot partition is a folder; `spare` is the second one."""

    def __init__(self, folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.boot, self.second = folder / "boot", folder / "second"
        self.power = folder / "power"
        for one in (self.boot, self.second, self.power):
            one.mkdir()
        for name, data in FILES.items():
            (self.boot / name).write_bytes(data)
        self._programs(kind)
        self.tree = folder / "tree"
        (self.tree / "chosen/bootloader").mkdir(parents=True)
        (self.tree / "chosen/bootloader/tryboot").touch()
        (self.tree / "compatible").write_bytes(b"raspberrypi,3-model-b\0brcm,bcm2837\0")
        self.mounts = folder / "mounts"
        self.mounts.write_text(
            f"/dev/root / ext4 rw 0 0\n/dev/mmcblk0p1 {self.boot} vfat rw 0 0\n"
            f"/dev/mmcblk0p3 {self.second} vfat rw 0 0\n"
        )
        monkeypatch.setattr(boot_partition, "TREE", str(self.tree))
        monkeypatch.setattr(boot_partition, "VCIO", "/dev/null")
        monkeypatch.setattr(boot_partition, "MOUNTS", str(self.mounts))
        boot_partition.script.cache_clear()
        self.give_power()

    def _programs(self, kind: str) -> None:
        shell = shell_of(kind, self.folder)
        box = shutil.which("busybox")
        below = self.power / "bin"
        below.mkdir()
        for name in (*CHANGING, *PROGRAMS):
            real = box if kind == "busybox" else shutil.which(name)
            target = self.power / "real" / name
            target.parent.mkdir(exist_ok=True)
            if name == "sync":
                text = _SYNC.format(
                    folder=self.power,
                    ls=shutil.which("ls"),
                    sha256sum=shutil.which("sha256sum"),
                    boot=self.boot,
                    spare=self.second,
                )
            elif name == "reboot":
                text = _REBOOT.format(folder=self.power)
            else:
                text = ""
                if name == "sh":
                    real = shutil.which(shell.split()[-1]) or shell.split()[-1]
                target.symlink_to(str(real))
            if text:
                target.write_text(text)
                target.chmod(0o755)
            program = below / name
            if name in CHANGING:
                program.write_text(
                    _COUNTER.format(folder=self.power, program=target, sleep=shutil.which("sleep"))
                )
                program.chmod(0o755)
            else:
                program.symlink_to(target)
        self.path = str(below)

    def partition(self, *, spare: bool = False) -> BootPartition:
        """Return the product's view of it."""
        transport = Local(self.folder, name="test board", PATH=self.path)
        return BootPartition("test", transport, str(self.boot), str(self.second) if spare else "")

    def cut_after(self, partition: BootPartition, *words: str, steps: int) -> bool:
        """Run a command, take the power after so many steps; say whether it was cut."""
        (self.power / "left").write_text(f"{steps}\n")
        process = subprocess.Popen(
            ["/bin/sh", "-c", partition.command(*words)],
            cwd=self.folder,
            env={"PATH": self.path},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdin is not None
        try:
            process.stdin.write(boot_partition.script().encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        deadline = time.monotonic() + _WITHIN
        while process.poll() is None and not self._is_dead and time.monotonic() < deadline:
            time.sleep(0.002)
        was_cut = self._is_dead
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if was_cut:
            self._lose()
        self.give_power()
        return was_cut

    @property
    def _is_dead(self) -> bool:
        return (self.power / "dead").exists()

    def _lose(self) -> None:
        """Empty what was never on the card: blocks of a file are its own, whatever is in others."""
        known: set[tuple[str, str]] = set()
        places: dict[str, str] = {}
        for line in (self.power / "synced").read_text().splitlines():
            one, _, path = line.strip().partition(" ")
            if len(one) == 64:
                known.add((places[path.strip()], one))
            else:
                places[path.strip()] = one
        for place, digest, file in self._files():
            if (place, digest) not in known:
                file.write_bytes(b"")

    def _files(self) -> Iterator[tuple[str, str, Path]]:
        for file in (*self.boot.iterdir(), *self.second.iterdir()):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            yield str(file.stat().st_ino), digest, file

    def give_power(self) -> None:
        """Start anew: all that is there is on the card."""
        for name in ("left", "dead", "rebooted"):
            (self.power / name).unlink(missing_ok=True)
        lines = [f"{place} {file}\n{digest}  {file}\n" for place, digest, file in self._files()]
        (self.power / "synced").write_text("".join(lines))

    def started(self, *, tryboot: bool = False, partition: int = 0) -> bytes:
        """Return the kernel that the firmware starts, as it is documented; b"" for none."""
        autoboot = self.boot / "autoboot.txt"
        if not partition and autoboot.exists():
            assert autoboot.read_bytes() == b"# rpikit\n[all]\nboot_partition=3\n"
            partition = 3
        place = self.second if partition == 3 else self.boot
        config = place / ("tryboot.txt" if tryboot else "config.txt")
        whole = all(
            (place / name).exists() and (place / name).read_bytes() == FILES[name]
            for name in ("start.elf", "fixup.dat")
        )
        if not whole or not config.exists():
            return b""
        kernel = [
            line.removeprefix("kernel=")
            for line in config.read_text().splitlines()
            if line.startswith("kernel=")
        ]
        file = place / (kernel[-1] if kernel else "kernel8.img")
        return file.read_bytes() if file.exists() else b""

    def rebooted(self) -> str:
        """Wait until it restarts; return what the firmware is told."""
        file = self.power / "rebooted"
        deadline = time.monotonic() + _WITHIN
        while not (file.exists() and file.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return file.read_text().rstrip("\n") if file.exists() else ""
