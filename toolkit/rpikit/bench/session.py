# SPDX-License-Identifier: MIT
"""The bench of a board within reach: its wires, opened for as long as somebody works at it."""

from collections.abc import Iterator
from contextlib import contextmanager

from rpikit.app import App
from rpikit.bench.wires import Site, Wires
from rpikit.connect import Connection


@contextmanager
def open_wires(app: App, connection: Connection) -> Iterator[Wires]:
    """Open the wires of an application's devices; cut them at the end."""
    site = Site(connection.board.soc.gpio.chip_label, connection.transport)
    if connection.machine is not None:
        from rpikit.virtual.pins import Pins

        site.virtual = Pins(connection.machine.pins_socket)
        site.leave.callback(site.virtual.close)
    with Wires(app, connection.target, site) as wires:
        yield wires
