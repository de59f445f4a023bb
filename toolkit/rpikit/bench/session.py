# SPDX-License-Identifier: MIT
"""From a board within reach to its open wires, for as long as a session lasts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rpikit.app import App
from rpikit.bench.wires import Site, Wires
from rpikit.connect import Connection


@contextmanager
def open_wires(
    app: App,
    there: Connection,
    *,
    idle: bool = True,
    report: Callable[[str], None] = lambda line: None,
) -> Iterator[Wires]:
    """Open the wires of an application on a board, every switch at its idle level.

    Those between two virtual boards are plugged in, unless somebody has wired them already.
    Unless they are to be left alone: then nothing is driven.
    """
    shell = None if there.board.platform == "metal" else there.transport
    site = Site(there.board.soc.gpio.chip_label, shell, place=there.place)
    site.targets = there.target.hosts
    site.pull_after_reset = there.board.soc.gpio.pull
    with ExitStack() as opened:
        if there.machine is not None:
            from rpikit.bench import plugs
            from rpikit.virtual.pins import Pins

            opened.enter_context(plugs.plugged(app, there.target, report))
            site.virtual = opened.enter_context(Pins(there.machine.pins_socket))
        if there.home is not None:
            from rpikit.bench.host import HostPins

            site.host = opened.enter_context(HostPins(there.home.pins))
        yield opened.enter_context(Wires(app, there.target, site, idle=idle))
