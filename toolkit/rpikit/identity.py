# SPDX-License-Identifier: MIT
"""Which board it is that answers: the serial number of its chip, and its SSH host key.

A bench that names either has any other board refused. The host key is compared by the transport
itself, before it logs in; the serial number is read first of all on the board.
"""

from dataclasses import dataclass

from rpikit import results
from rpikit.errors import BoardError
from rpikit.metal_line import MetalLine
from rpikit.transport import Transport
from rpikit.transport.ssh import Ssh
from rpikit.wiring import Target

# The firmware of a Pi writes the number into the device tree, its own kernel also into cpuinfo.
_READ = (
    "for file in /proc/device-tree/serial-number /sys/firmware/devicetree/base/serial-number; do "
    '[ ! -r "$file" ] || exec cat "$file"; done; '
    "exec sed -n 's/^Serial[^:]*: *//p' /proc/cpuinfo"
)


@dataclass(frozen=True)
class Identity:
    """What tells a board from all others; None for what it does not have."""

    board: str  # its name on the bench
    serial_number: str | None
    host_key: str | None  # fingerprint

    def __str__(self) -> str:
        keys = {"serial_number": self.serial_number, "host_key": self.host_key}
        lines = [f'{key} = "{value}"' for key, value in keys.items() if value]
        return "\n".join([f"[boards.{self.board}]", *(lines or ["# it has neither"])])

    def values(self) -> results.Identity:
        """Return it as one object for programs."""
        return {
            "board": self.board,
            "serial_number": self.serial_number,
            "host_key": self.host_key,
        }


def identify(board: str, transport: Transport) -> Identity:
    """Ask the board that answers who it is; `board` is what the bench calls it."""
    host_key = transport.host_key() if isinstance(transport, Ssh) else None
    return Identity(board, read_serial_number(transport), host_key)


def read_serial_number(transport: Transport) -> str | None:
    """Return the serial number of the board's chip, None if the board does not know it.

    One without an operating system is brought to its loader for that.
    """
    if isinstance(transport, MetalLine):
        return transport.identify().serial_number
    said = transport.run(_READ, timeout=10.0).out
    return said.strip(" \t\r\n\0").lower() or None


def check(target: Target, transport: Transport) -> None:
    """Refuse a board that has not the serial number that the bench names.

    One without an operating system is asked before it is flashed: it would have to stop for that.
    """
    if target.serial_number is None or isinstance(transport, MetalLine):
        return
    found = read_serial_number(transport)
    if found != target.serial_number:
        other = f"has serial number {found}" if found else "has no serial number"
        raise BoardError(
            f"{transport.name}: another board answers: it {other}, not {target.serial_number}",
            hint=f"look where it is plugged in; if it was exchanged: "
            f"rpikit board identify {target.name}",
        )
