# SPDX-License-Identifier: MIT
"""How a machine comes to life: cold or from a snapshot, and what it is told when it asks.

Each boot, and each reboot from inside, stops once and asks who it is. That is where a snapshot is
taken; the network card is plugged in after it, because a machine with USB at work cannot be saved.
"""

import asyncio
import secrets
import time
from contextlib import suppress

from rpikit.virtual import image, qemu, snapshot
from rpikit.virtual.console import Console
from rpikit.virtual.qtest import Qmp

_SEED_BYTES = 64
_FILTER = "slow"
_GLANCE_SECONDS = 0.05
_PLUGS = 100
_ASKING = image.ASKING.encode()


class Starter:
    """Brings one machine up; `console` is the one on which it asks."""

    def __init__(self, name: str, boot: qemu.Boot, qmp: Qmp, console: Console) -> None:
        self._name = name
        self._boot = boot
        self._qmp = qmp
        self._console = console
        self._heard = b""
        self._delayed = False
        self._asked = asyncio.Event()
        console.listener = self._listen

    async def bring_back(self) -> None:
        """Go on where the snapshot, which is loaded, was taken, as a board of this name."""
        await self._plug_in()
        self._tell()
        await self._qmp.execute("cont")

    async def boot(self) -> None:
        """Boot the kernel; leave a snapshot where one is to be kept."""
        if self._boot.snapshot is None:
            if not self._boot.is_bare:
                await self._plug_in()
            await self._qmp.execute("cont")
            return
        started_at = time.monotonic()
        await self._qmp.execute("cont")
        await self._asked.wait()
        # The kernel takes in fresh random bytes only when half of its uptime has passed since it
        # did so last; a board brought back must take in its own at once.
        await asyncio.sleep(time.monotonic() - started_at)
        await self._qmp.execute("stop")
        await snapshot.save(self._qmp, self._boot.snapshot)
        await self._plug_in()
        self._tell()
        await self._qmp.execute("cont")

    async def answer(self) -> None:
        """Tell the board who it is whenever it asks from now on."""
        booted = False
        while True:
            await self._asked.wait()
            if booted and self._boot.is_placed:
                await self._plug_in_again()
            booted = True
            self._tell()

    async def network(self, delay_ms: int, is_cut: bool) -> None:
        """Hold what goes over the network up to `delay_ms` each way, or let nothing through."""
        if self._delayed:
            await self._qmp.execute("object-del", id=_FILTER)
        if delay_ms:
            await self._qmp.execute(
                "object-add",
                **{"qom-type": "filter-buffer", "id": _FILTER, "netdev": "net"},
                interval=1000 * delay_ms,
            )
        self._delayed = bool(delay_ms)
        await self._qmp.execute("set_link", name="net", up=not is_cut)

    async def _plug_in(self) -> None:
        """Plug the network card into the root port: a hub between would cost half a second."""
        await self._qmp.execute("device_add", driver="usb-net", netdev="net", id="card", port="1")

    async def _plug_in_again(self) -> None:
        """Do so for a Linux that began again while the machine went on.

        QEMU tells a driver of a card when it comes, and of one that is there only at a reset.
        """
        with suppress(ValueError):  # after a reset it is as new
            await self._qmp.execute("device_del", id="card")
        for _ in range(_PLUGS):
            with suppress(ValueError):  # the old one is not quite gone
                await self._plug_in()
                return
            await asyncio.sleep(_GLANCE_SECONDS)

    def _tell(self) -> None:
        """Type name, time, the microseconds that are left of this second, disk and random bytes."""
        self._asked.clear()
        now = time.time()
        left_us = int((1 - now % 1) * 1e6)
        disk = image.CARD if self._boot.card else self._boot.options.disk or "-"
        words = (self._name, int(now), left_us, disk, secrets.token_hex(_SEED_BYTES))
        self._console.type(" ".join(map(str, words)).encode() + b"\n")

    def _listen(self, data: bytes) -> None:
        self._heard = self._heard[-len(_ASKING) :] + data
        if _ASKING in self._heard:
            self._heard = b""
            self._asked.set()
