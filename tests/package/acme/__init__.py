# SPDX-License-Identifier: MIT
"""What this package adds: commands, and a bench driver whose relays are fake lines."""

import rich_click as click

from rpikit.app import Device
from rpikit.bench import Line
from rpikit.bench.fake import Fake
from rpikit.bench.wires import Site
from rpikit.errors import BoardError
from rpikit.wiring import Wire

RELAYS = Fake()


@click.command()
@click.argument("name")
def greet(name: str) -> None:
    """Greet NAME."""
    if name == "nobody":
        raise BoardError("there is nobody to greet", hint="rpikit greet you")
    click.echo(f"Hello, {name}")


@click.command()
def crash() -> None:
    """Fall over a fault of this package."""
    RELAYS.line("three", idle=[].pop())


def open_nothing(address: str, board: str) -> object:
    """Return what has no operation of a transport."""
    return address, board


def open_relay(wire: Wire, device: Device, site: Site) -> Line:
    """Open the relay that moves a line."""
    return RELAYS.line(wire.line, idle=device.active == "low")
