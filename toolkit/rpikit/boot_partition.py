# SPDX-License-Identifier: MIT
"""The boot partition of a Pi that runs Linux: an image put beside it, tried once, kept or removed.

What the board does is templates/boot/boot.sh.j2, which travels with every call; what the firmware
makes of the files has never been seen here, for QEMU has none.
"""

import contextlib
import hashlib
import secrets
import shlex
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

from rpikit import card, describe, generate, results, target
from rpikit.device import Answer, refusal
from rpikit.errors import (
    EXIT_OK,
    BoardError,
    DescriptionError,
    FirmwareError,
    RpikitError,
    VerificationError,
)
from rpikit.report import Reporter, Silent
from rpikit.results_boot import State, Way
from rpikit.transport import Transport

TREE = "/proc/device-tree"
VCIO = "/dev/vcio"  # the mailbox's device: Raspberry Pi's own kernel has it, which knows tryboot
MOUNTS = "/proc/mounts"
_UPLOADS = "/tmp"
_SECONDS = 300.0  # a slow card writes 16 MB, and syncs whatever else waits
_STATES: dict[str, State] = {one: one for one in get_args(State)}
_WAYS: dict[str, Way] = {one: one for one in get_args(Way)}
_SAYS: dict[State, str] = {
    "none": "boots Linux; nothing is installed beside it",
    "ready": "boots Linux; an image is installed, and can be tried",
    "confirmed": "boots an image without an operating system at every start",
}


@cache
def script() -> str:
    """Return the program of the board's side."""
    return generate.render(
        "boot/boot.sh.j2",
        firmware=FirmwareError.exit_code,
        usage=DescriptionError.exit_code,
        board=BoardError.exit_code,
        verification=VerificationError.exit_code,
        tree=TREE,
        vcio=VCIO,
        mounts=MOUNTS,
        chip=f"brcm,{target.SILICON}",
    )


@dataclass(frozen=True)
class Status:
    """What a board boots."""

    board: str
    partition: str
    """Where it is mounted."""
    state: State
    """none, ready (an image can be tried) or confirmed (every start boots it)."""
    way: Way
    """How the firmware is told to try it once: tryboot or partition."""
    image: str | None
    """The SHA-256 of the image."""
    size: int | None
    free: int
    """Bytes left where images go."""
    restarts: bool = False
    """Whether it restarts now, to try the image."""

    def __str__(self) -> str:
        said = f"{self.board}: {_SAYS[self.state]}"
        if self.image and self.size is not None:
            said += f"\nimage {self.image[:12]}, {describe.format_size(self.size)} bytes"
        said += f"\n{self.partition}: {self.free >> 20} MiB are left for images"
        if self.restarts:
            said += (
                "\nrestarts now and boots the image once; the next start is Linux's again\n"
                "if Linux answers by itself, its firmware did not follow: see the page on it"
            )
        return said

    def values(self) -> results.BootPartition:
        """Return it as one object for programs."""
        return {
            "board": self.board,
            "partition": self.partition,
            "boots": "image" if self.state == "confirmed" else "linux",
            "state": self.state,
            "way": self.way,
            "image": self.image,
            "size": self.size,
            "free": self.free,
            "restarts": self.restarts,
        }


@dataclass(frozen=True)
class BootPartition:
    """The boot partition of the board behind a transport.

    `folder` is where it is mounted, "" to look at /boot/firmware and /boot; `spare` is where a
    second FAT partition of the same card is, which then has the image.
    """

    board: str
    transport: Transport
    folder: str = ""
    spare: str = ""

    def status(self) -> Status:
        """Say what the board boots."""
        return self._call("status")

    def install(
        self, image: bytes, *, trial: bool = False, reporter: Reporter | None = None
    ) -> Status:
        """Put an image beside Linux; with `trial` restart into it, once."""
        say = reporter or Silent()
        digest = hashlib.sha256(image).hexdigest()
        remote = f"{_UPLOADS}/rpikit-{secrets.token_hex(8)}"
        say.step(f"send {describe.format_size(len(image))} bytes to {self.transport.name}")
        try:
            with tempfile.NamedTemporaryFile(prefix="rpikit-") as file:
                file.write(image)
                file.flush()
                self.transport.put(
                    Path(file.name), remote, progress=lambda done: say.progress(done, len(image))
                )
            say.step("write it to the boot partition")
            name = f"rpikit-{digest[:12]}.img"
            config = card.config(kernel=name, overlay=True)
            found = self._call("install", remote, digest, name, config)
        finally:
            with contextlib.suppress(RpikitError):
                self.transport.run(f"rm -f {remote}")
        if trial:
            say.step("restart")
            found = self._call("trial", restarts=True)
        return found

    def confirm(self) -> Status:
        """Have every start boot the image."""
        return self._call("confirm")

    def rollback(self) -> Status:
        """Have every start boot Linux, and remove the image."""
        return self._call("rollback")

    def command(self, *words: str) -> str:
        """Return the remote command; it becomes root where nobody else may write."""
        said = shlex.join(("sh", "-s", "--", words[0], self.folder, self.spare, *words[1:]))
        place = shlex.quote(self.folder or "/boot")
        return f'if [ "$(id -u)" = 0 ] || [ -w {place} ]; then exec {said}; fi; exec sudo -n {said}'

    def _call(self, *words: str, restarts: bool = False) -> Status:
        done = self.transport.run(self.command(*words), input=script().encode(), timeout=_SECONDS)
        if done.status != EXIT_OK:
            raise self._fault(done.status, done.err)
        answer = Answer(done.out)
        state, way, size = (answer.one(key) for key in ("state", "way", "size"))
        try:
            return Status(
                board=self.board,
                partition=answer.one("partition"),
                state=_STATES[state],
                way=_WAYS[way],
                image=answer.one("image") or None,
                size=int(size) if size else None,
                free=int(answer.one("free")) << 10,
                restarts=restarts,
            )
        except (KeyError, ValueError):
            last = done.out.strip().rpartition("\n")[2]
            raise BoardError(
                f"{self.transport.name}: its answer makes no sense; it ended with {last[:80]!r}",
                hint="the board needs a POSIX shell and the usual programs, or BusyBox",
            ) from None

    def _fault(self, status: int, err: str) -> RpikitError:
        refused = refusal(status, err)
        if refused is not None:
            kind, reason, hint = refused
            return kind(f"{self.transport.name}: {reason}", hint=hint or None)
        last = next(reversed(err.strip().splitlines()), "nothing")
        return BoardError(
            f"{self.transport.name}: its boot partition was not reached; it said {last!r}",
            hint="only root may write it: log in as root, or let the user sudo without a password",
        )
