# SPDX-License-Identifier: MIT
"""A board for tests: the device half on this machine, in a folder, with the shell of a board.

What the bundles launch is a small shell script; everything around it is the product.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rpikit import bundle, device
from rpikit.bundle import Bundle, Launch, Limits, Security
from rpikit.device import DeviceHalf
from rpikit.transport.local import Local

NAME = "blink"  # of the firmware, unless a test says another

SHELLS = ("dash", "busybox")

TENDER = '#!/bin/sh\nfor last in "$@"; do :; done\nexec sh "./$last"\n'
READY = "echo the guest is ready\nexec sleep 600\n"
HELLO = "echo Hello, world\n"
BROKEN = "echo about to fail\nexit 3\n"
MUTE = "exec sleep 600\n"
STUBBORN = "trap '' TERM\necho ready\nwhile :; do sleep 1; done\n"


def shell_of(kind: str, folder: Path) -> str:
    """Return the command that is `sh` on a board of this kind."""
    if kind == "dash":
        return "dash"
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("this machine has no busybox (apt-get install busybox)")
    applets = folder / "applets"
    applets.mkdir()
    for name in {*device.tools(), "sh", "id", "env", "awk", "od"}:
        (applets / name).symlink_to(busybox)
    (applets / "ssh-keygen").symlink_to(shutil.which("ssh-keygen") or "/nowhere")
    return f"env PATH={applets} {applets}/sh"


class LocalBoard:
    """A device half and the transport to it; `home` is its folder, `guest` that of its guest."""

    def __init__(self, folder: Path, shell: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.transport = Local(folder)
        self.shell = shell
        self.guest = self.home / "guests" / NAME
        self.half = DeviceHalf(self.transport, guest=NAME, home=str(self.home), shell=shell)

    @property
    def current(self) -> str | None:
        """The slot that is selected."""
        return self.half.status().slot

    def leftovers(self) -> set[str]:
        """Name what a flash must not leave behind."""
        folders = (self.home, self.home / "guests", self.guest, self.guest / "slots")
        names = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir()}
        return names - {
            "guests",
            NAME,
            "slots",
            "run",
            "current",
            "a",
            "b",
            "stopped",
            "returned",
            "spare",
        }


@contextmanager
def local_board(folder: Path, kind: str) -> Iterator[LocalBoard]:
    """Give a board without firmware, and end what runs on it."""
    made = LocalBoard(folder, shell_of(kind, folder))
    try:
        yield made
    finally:
        made.half.stop_all()
        made.transport.close()


def make_bundle(
    out: Path,
    guest: str = READY,
    *,
    version: str = "1.0.0",
    ready: str | None = "ready",
    needs: tuple[str, ...] = (),
    name: str = NAME,
    options: tuple[str, ...] = (),
    limits: Limits | None = None,
    signals: tuple[str, ...] = (),
    security: Security | None = None,
    board: str = "virtual-pi3",
) -> Bundle:
    """Write a bundle whose guest is a shell script; `options` are the tender's, with its grants."""
    contents = {
        device.HALF: device.script().encode(),
        bundle.TENDER: TENDER.encode(),
        bundle.UNIKERNEL: guest.encode(),
    }
    launch = Launch(
        options=("--mem=2", *options), needs=needs, ready=ready, limits=limits, signals=signals
    )
    manifest = bundle.describe(name, version, board, launch, contents, security=security)
    return bundle.write(manifest, contents, out)
