# SPDX-License-Identifier: MIT
"""The bench computers of a board: each is reached once, with one agent for all of its wires."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rpikit import wire_host
from rpikit.bench import Line
from rpikit.bench.bench_pi import BenchPi
from rpikit.errors import BenchError, BoardError
from rpikit.transport import SshAddress, Transport
from rpikit.wiring import Target, Wire

_FOLDER = Path("/")


@dataclass(frozen=True)
class BenchHost:
    """A bench computer within reach; `pins` is the socket of one that is a virtual board."""

    agent: BenchPi
    pins: Path | None = None

    def line(self, wire: Wire, pull: str) -> Line:
        """Take the line at which a wire ends; `pull` is that of the device."""
        return self.agent.line(wire.number, wire.driver, wire.pull or pull)


class BenchHosts:
    """The bench computers that wires lead to, by the host that a wire names; None is this one."""

    def __init__(self, targets: Mapping[str, Target], leave: ExitStack) -> None:
        """`targets` are the hosts that are boards; what is opened is closed with `leave`."""
        self._targets = targets
        self._leave = leave
        self._hosts: dict[str | None, BenchHost] = {}

    def at(self, host: str | None) -> BenchHost:
        """Return a bench computer, reached when first asked for."""
        if host not in self._hosts:
            try:
                transport, pins = self._leave.enter_context(self._way(host))
                agent = self._leave.enter_context(BenchPi(transport))
            except BoardError as error:
                raise BenchError(f"bench: {error}", hint=error.hint) from error
            self._hosts[host] = BenchHost(agent, pins)
        return self._hosts[host]

    def claims(self) -> list[str]:
        """Return what the stamps of each are worth."""
        return [host.agent.claim() for host in self._hosts.values()]

    @contextmanager
    def _way(self, host: str | None) -> Iterator[tuple[Transport, Path | None]]:
        if host is None:
            from rpikit.transport.local import Local

            with Local(_FOLDER, name="this machine") as here:
                yield here, None
        elif wire_host.is_address(host):
            from rpikit.transport.ssh import Ssh

            with Ssh(SshAddress.parse(host), "bench") as there:
                yield there, None
        else:
            from rpikit import connect

            with connect.connect(self._targets[host]) as board:
                yield board.transport, None if board.machine is None else board.machine.pins_socket
