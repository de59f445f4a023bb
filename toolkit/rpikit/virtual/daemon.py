# SPDX-License-Identifier: MIT
"""The process behind one virtual board: QEMU's parent, and the keeper of its wires and consoles.

It is started by `machine.up` with a plan on its standard input and lives in a session of its own.
It ends when QEMU ends, when it is asked to, on SIGTERM, or when nobody used the board for
RPIKIT_VIRTUAL_IDLE seconds; QEMU never outlives it.
"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import traceback
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Self

from rpikit import paths
from rpikit.errors import BenchError
from rpikit.virtual import image, protocol, qemu, snapshot
from rpikit.virtual.console import Console
from rpikit.virtual.gpio import Registers
from rpikit.virtual.qtest import Qmp
from rpikit.virtual.server import Server
from rpikit.virtual.starter import Starter
from rpikit.virtual.stub import Stub

GPIO_PATH = "/machine/soc/peripherals/gpio"
PINS_SOCKET = "pins.sock"
STATE_FILE = "board.json"
QEMU_LOG = "qemu.log"
_IDLE_CHECK_SECONDS = 5.0
_BOOT_SECONDS = 120.0
_GONE_SECONDS = 1.0  # between the end of a connection to QEMU and of QEMU itself


@dataclass(frozen=True)
class Plan:
    """What the daemon is told: where to be, what to boot, which registers, how long to wait."""

    folder: Path
    boot: qemu.Boot
    registers: Registers
    idle_seconds: float

    def dump(self) -> str:
        """Return the text `parse` reads."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `machine.up` wrote."""
        facts = json.loads(text)
        boot = facts["boot"]
        files: dict[str, Path | None] = {"kernel": Path(boot["kernel"])}
        for name in ("device_tree", "initramfs"):
            files[name] = Path(boot[name]) if boot[name] else None
        changes = {
            **files,
            "options": qemu.Options(**boot["options"]),
            "arguments": tuple(boot["arguments"]),
            "snapshot": Path(boot["snapshot"]) if boot["snapshot"] else None,
            "card": Path(boot["card"]) if boot["card"] else None,
            "underlay": Path(boot["underlay"]) if boot["underlay"] else None,
            "loaded": tuple((address, Path(file)) for address, file in boot["loaded"]),
        }
        return cls(
            Path(facts["folder"]),
            qemu.Boot(**{**boot, **changes}),
            Registers.parse(facts["registers"]),
            facts["idle_seconds"],
        )


class _Machine:
    """QEMU with its sockets connected."""

    def __init__(self, plan: Plan, server: Server) -> None:
        self.plan = plan
        self.server = server
        self.is_restored = False
        self.qmp = Qmp(self._event)
        self.consoles = [
            Console(plan.folder / name, plan.folder / f"{name}.log") for name in qemu.SERIALS
        ]
        self.starter = Starter(plan.folder.name, plan.boot, self.qmp, self.consoles[-1])
        server.network = self.starter.network
        server.forward, server.withdraw = self.forward, self.withdraw
        server.debugger = Stub(self.qmp).serve

    async def start(self) -> subprocess.Popen[bytes]:
        """Start QEMU and connect its sockets."""
        with ExitStack() as opened:
            state = self._state(opened)
            return await self._start(state)

    def _state(self, opened: ExitStack) -> int | None:
        """Open the snapshot when there is one."""
        file = self.plan.boot.snapshot
        if file is None or not file.exists():
            return None
        self.is_restored = True
        return opened.enter_context(file.open("rb")).fileno()

    async def _start(self, state: int | None) -> subprocess.Popen[bytes]:
        loop = asyncio.get_running_loop()
        ends = {name: socket.socketpair() for name in qemu.CHANNELS}
        theirs = {name: pair[1].fileno() for name, pair in ends.items()}
        words = qemu.command(self.plan.boot, theirs, state)
        passed = (*theirs.values(), *([] if state is None else [state]))
        process = qemu.start(words, passed, self.plan.folder / QEMU_LOG)
        peers = (self.qmp, self.server.qtest, *self.consoles)
        for (ours, other), peer in zip(ends.values(), peers, strict=True):
            other.close()
            await loop.create_connection(partial(_same, peer), sock=ours)
        return process

    async def ssh_port(self) -> int:
        """Prepare the side doors and return the port that leads to the board's sshd."""
        await self.qmp.execute("qmp_capabilities")
        reply = await self.server.qtest.ask(f"irq_intercept_out {GPIO_PATH}")
        if reply != "OK":
            raise ConnectionError(f"QEMU does not show its GPIO lines: {reply}")
        port = await self._forwarded(qemu.SSH_PORT)
        if port is None:
            raise ConnectionError("QEMU forwards no port to the board's sshd")
        return port

    async def forward(self, port: int) -> int:
        """Have a port of this machine lead to one of the board's; return it."""
        found = await self._forwarded(port)
        if found is None:
            said = await self.qmp.monitor(f"hostfwd_add net {qemu.forward(port)}")
            found = await self._forwarded(port)
            if found is None:
                raise BenchError(f"QEMU forwards no port to the board's {port}: {said.strip()}")
        return found

    async def withdraw(self, port: int) -> int:
        """Have no port of this machine lead to one of the board's any more; return which did."""
        found = await self._forwarded(port)
        if found is None or port == qemu.SSH_PORT:
            raise BenchError(f"no port was made to lead to the board's {port}")
        await self.qmp.monitor(f"hostfwd_remove net tcp:{image.HOST}:{found}")
        return found

    async def _forwarded(self, port: int) -> int | None:
        """Return the port of this machine that leads to one of the board's."""
        row = rf"TCP\[HOST_FORWARD\] +\d+ +\S+ +(\d+) +\S+ +{port} "
        found = re.search(row, await self.connections())
        return int(found[1]) if found else None

    async def run(self) -> None:
        """Let the machine go, and answer it for ever."""
        if self.is_restored:
            await snapshot.wait_until_loaded(self.qmp)
            await self.server.begin()
            await self.starter.bring_back()
        else:
            await self.starter.boot()
        await self.starter.answer()

    async def connections(self) -> str:
        """Return QEMU's table of the board's connections."""
        return await self.qmp.monitor("info usernet")

    def close(self) -> None:
        for console in self.consoles:
            console.close()

    def _event(self, name: str) -> None:
        if name == "RESET":
            self.server.reset()


def _same(peer: asyncio.Protocol) -> asyncio.Protocol:
    return peer


async def _end_of(process: subprocess.Popen[bytes]) -> None:
    """Wait until QEMU is gone."""
    gone = asyncio.Event()
    descriptor = os.pidfd_open(process.pid)
    asyncio.get_running_loop().add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)


async def _end_of_use(plan: Plan, server: Server, machine: _Machine) -> None:
    """Wait until nobody has used the board for long enough: sockets, consoles, SSH.

    Boards that are wired together are in use together.
    """
    typed = 0
    while True:
        await asyncio.sleep(min(_IDLE_CHECK_SECONDS, plan.idle_seconds / 6))
        now_typed = sum(console.typed for console in machine.consoles)
        if server.clients or now_typed != typed:
            typed, server.last_used = now_typed, time.monotonic()
        limit = plan.idle_seconds if server.is_ready else max(plan.idle_seconds, _BOOT_SECONDS)
        is_over = time.monotonic() - server.last_used >= limit
        if (is_over or server.plugs) and "ESTABLISHED" in await machine.connections():
            server.last_used = time.monotonic()
        server.last_used = server.plugs.share_use(server.last_used)
        if time.monotonic() - server.last_used >= limit:
            return


def _write_state(plan: Plan, facts: dict[str, Any]) -> None:
    paths.write(plan.folder / STATE_FILE, json.dumps(facts))


async def _run(plan: Plan, starter: BinaryIO) -> None:
    starter.write(b"%d\n" % os.getpid())
    server = Server(plan.folder.name, plan.registers, has_underlay=plan.boot.underlay is not None)
    machine = _Machine(plan, server)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, server.stopped.set)
    with ExitStack() as at_end:
        at_end.callback(machine.close)
        process = await machine.start()
        at_end.callback(_end, process)
        started_at = time.time()
        ends = [asyncio.create_task(_end_of(process)), asyncio.create_task(server.stopped.wait())]
        port = asyncio.create_task(machine.ssh_port())
        await asyncio.wait([*ends, port], return_when=asyncio.FIRST_COMPLETED)
        if port.done() and port.exception() is not None:
            await asyncio.wait(ends[:1], timeout=_GONE_SECONDS)  # it may be just about to end
        if ends[0].done():
            _say_if_killed(process)
        if not port.done() or ends[0].done():
            return
        for name in (PINS_SOCKET, STATE_FILE):
            at_end.callback((plan.folder / name).unlink, missing_ok=True)
        os.chdir(plan.folder)
        await asyncio.start_unix_server(server.serve, PINS_SOCKET, limit=protocol.LINE_LIMIT)
        facts = {"pid": process.pid, "daemon": os.getpid(), "port": port.result()}
        facts["restored"] = machine.is_restored
        facts["card"] = plan.boot.card is not None
        facts["bare"] = plan.boot.is_bare
        _write_state(plan, {**facts, "started_at": started_at})
        starter.write(b"up\n")
        ends.append(asyncio.create_task(_end_of_use(plan, server, machine)))
        ends.append(asyncio.create_task(machine.run()))
        polling = asyncio.create_task(server.poll())
        await asyncio.wait([*ends], return_when=asyncio.FIRST_COMPLETED)
        polling.cancel()
        if ends[-1].done():
            ends[-1].result()  # an exception that ended the machine belongs in the log


def _say_if_killed(process: subprocess.Popen[bytes]) -> None:
    """Say so in the log if a signal ended QEMU, which then has said nothing itself."""
    status = process.wait()
    if status < 0:
        print(f"QEMU was killed by signal {-status}", file=sys.stderr, flush=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def main() -> None:
    """Be the board described by the plan on standard input; tell the pipe named by the argument."""
    plan = Plan.parse(sys.stdin.read())
    if os.fork():
        os._exit(0)  # nobody's child, so nobody must wait for it
    with os.fdopen(int(sys.argv[1]), "wb", buffering=0) as starter:
        try:
            asyncio.run(_run(plan, starter))
        except Exception:
            traceback.print_exc()  # all of it, before the starter hears that we are gone
            sys.exit(1)


if __name__ == "__main__":
    main()
