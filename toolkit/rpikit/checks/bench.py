# SPDX-License-Identifier: MIT
"""Looks at the bench computers of a board: within reach, with the library of each driver."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from rpikit.bench.bench_host import BenchHosts
from rpikit.checks import About, Finding
from rpikit.errors import BenchError, RpikitError
from rpikit.wiring import DRIVERS, Target


def look(target: Target, report: Callable[[str], None]) -> Iterator[Finding]:
    """Reach each and have it load what its wires need; no line is touched."""
    wanted = {
        (wire.host or "", wire.driver)
        for wire in target.wires.values()
        if DRIVERS[wire.driver].has_host
    }
    with ExitStack() as leave:
        hosts = BenchHosts(target.hosts, leave)
        for host, driver in sorted(wanted):
            about = About(f"bench {host or 'of this machine'}", BenchError.exit_code)
            report(f"look for {driver} at {host or 'this machine'}")
            try:
                yield about.ok(driver, hosts.at(host or None).agent.driver(driver))
            except RpikitError as error:
                yield about.error(driver, error)
