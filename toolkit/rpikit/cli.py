# SPDX-License-Identifier: MIT
"""The command line: which commands there are, and in which order. Decides nothing."""

from typing import NoReturn

import rich_click as click

from rpikit import __version__, words
from rpikit.commands import (
    bench,
    boards,
    boot,
    debugging,
    firmware,
    guests,
    lab,
    machine,
    monitor,
    release,
)

GROUPS: dict[str, tuple[click.Command, ...]] = {
    "Firmware": (
        firmware.new,
        firmware.build,
        boot.image,
        firmware.inspect,
        firmware.flash,
        firmware.run,
        firmware.test,
        monitor.monitor,
        debugging.debug,
    ),
    "Releases": (release.release, release.verify),
    "Boards": (boards.board, boot.boot, bench.bench, lab.lab),
    "Guests": (
        guests.ps,
        guests.logs,
        guests.start,
        guests.stop,
        guests.confirm,
        guests.rollback,
        guests.remove,
    ),
    "More": (machine.doctor, machine.config, machine.completion, machine.demo, machine.perf),
}

click.rich_click.COMMAND_GROUPS = {
    "rpikit": [
        {"name": title, "commands": [command.name or "" for command in commands]}
        for title, commands in GROUPS.items()
    ]
}


@click.group(cls=words.Words, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rpikit", message="%(prog)s %(version)s")
def rpikit() -> None:
    """Put unikernel firmware on Raspberry Pi boards, and prove it on the device.

    APP is the folder with rpikit.toml: this one, unless named. Without a board of your own,
    everything runs on a virtual Raspberry Pi 3.

    Exit codes: 0 ok, 1 firmware or test failed, 2 usage or bad description, 3 bench or wiring
    fault, 4 board absent or busy, 5 toolchain or program missing, 6 verification failed,
    7 nothing ran, 130 interrupted.
    """


for _commands in GROUPS.values():
    for _command in _commands:
        rpikit.add_command(_command)
words.give_variables(rpikit)


def main() -> NoReturn:
    """Run the command line; whatever goes wrong ends in one line and the right exit code."""
    words.run(rpikit)


if __name__ == "__main__":
    main()
