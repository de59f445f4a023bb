# SPDX-License-Identifier: MIT
"""A board on this machine whose power can be cut at any step of the device half.

Each program that changes something on the board stands behind a small one that counts. At the
last count everything stands still, everything that belongs to the board is killed, and the board
has another boot id: it has forgotten all but its files.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import processes
import pytest
from local_board import LocalBoard, shell_of

from rpikit import device

CHANGING = ("chmod", "cp", "gzip", "ln", "mkdir", "mv", "rm", "setsid", "sync", "tar")
_WITHIN = 30.0  # seconds

_COUNTER = """\
#!/bin/sh
[ ! -e {folder}/dead ] || exec sleep 1000
if [ -e {folder}/left ]; then
    read -r left <{folder}/left
    echo $((left - 1)) >{folder}/left
    if [ "$left" -le 0 ]; then
        : >{folder}/dead
        exec sleep 1000
    fi
fi
exec {program} "$@"
"""


class Board(LocalBoard):
    """A board that can be cut off and boots again."""

    def __init__(self, folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.power = folder / "power"
        self.power.mkdir()
        self._boot_id = self.power / "boot_id"
        monkeypatch.setattr(device, "BOOT_ID", str(self._boot_id))
        device.script.cache_clear()
        shell = shell_of(kind, folder)
        applets = folder / "applets"
        path = str(applets) if applets.exists() else os.environ["PATH"]
        for name in CHANGING:
            program = applets / name if applets.exists() else shutil.which(name)
            counter = self.power / name
            counter.write_text(_COUNTER.format(folder=self.power, program=program))
            counter.chmod(0o755)
        words = f"env PATH={self.power}:{path} {shell.split()[-1]}"
        super().__init__(folder, words)
        self._count: int | None = None
        self._new_boot()

    def cut_after(self, *words: str, steps: int) -> bool:
        """Run a command, cut the power after so many steps of it, boot; say whether it was cut."""
        (self.power / "left").write_text(f"{steps}\n")
        process = subprocess.Popen(
            ["sh", "-c", self.half._command(*words)],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(device.script().encode())
            process.stdin.close()
        deadline = time.monotonic() + _WITHIN
        while process.poll() is None and not self._is_dead and time.monotonic() < deadline:
            time.sleep(0.01)
        was_cut = self._is_dead
        self.cut()
        process.wait()
        return was_cut

    def cut(self) -> None:
        """Take the power away, and give it back."""
        (self.power / "dead").touch()
        while left := processes.of_home(self.home):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        self._new_boot()

    def running(self) -> str | None:
        """Return the slot that runs, if one does."""
        return self.half.status().running_slot

    @property
    def _is_dead(self) -> bool:
        return (self.power / "dead").exists()

    def _new_boot(self) -> None:
        self._boot_id.write_text(f"{uuid.uuid4()}\n")
        for name in ("left", "dead"):
            (self.power / name).unlink(missing_ok=True)
