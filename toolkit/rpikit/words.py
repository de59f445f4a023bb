# SPDX-License-Identifier: MIT
"""The words of the command line: a variable for each option, completion of boards and guests.

Every option has a variable RPIKIT_OPTION, which its help shows.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import rich_click as click
from click.shell_completion import get_completion_class

from rpikit import ending, network, plugins
from rpikit.errors import RpikitError

PROGRAM = "rpikit"
SHELLS = ("bash", "zsh", "fish")
SCHEMAS = ("app", "bench", "board", "soc", "interface", "results", "events")
VARIABLE = "_RPIKIT_COMPLETE"


class Words(click.RichGroup):
    """The commands, and those that other packages add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names; help shows them in this order."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in plugins.found(plugins.COMMANDS) if name not in own)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; one that cannot be loaded says so when it is called."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in plugins.found(plugins.COMMANDS):
            return own
        point = plugins.found(plugins.COMMANDS)[cmd_name]
        try:
            added = plugins.load(point)
            if not isinstance(added, click.Command):
                raise plugins.unfit(point, f"is {added!r}, no command of click")
        except RpikitError as error:
            return _broken(cmd_name, error)
        return added


def _broken(name: str, error: RpikitError) -> click.Command:
    @click.command(name, help=str(error), context_settings={"ignore_unknown_options": True})
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    def complain(words: tuple[str, ...]) -> None:
        raise error

    return complain


def commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Return every command below a group, by its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")
        else:
            yield above + name, command


def options(command: click.Command) -> Iterator[click.Option]:
    """Return the options of a command that mean something to it: not --help."""
    return (one for one in command.params if isinstance(one, click.Option) and not one.is_eager)


def _forbid(context: click.Context, option: click.Parameter, is_offline: bool) -> None:
    if is_offline:
        network.forbid()


def offline(**settings: bool) -> click.Option:
    """Return the option --offline, which is understood before and after a command's name."""
    return click.Option(
        ["--offline"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_forbid,
        envvar=network.VARIABLE,
        show_envvar=True,
        help="Fetch nothing: what is in the cache has to do. Boards are still reached.",
        **settings,
    )


def give_variables(group: click.Group) -> None:
    """Give each option its variable, and let its help show it."""
    group.params.append(offline())
    for _, command in commands(group):
        command.params.append(offline(hidden=True))
        for option in options(command):
            word = max(option.opts, key=len).lstrip("-")
            option.envvar = option.envvar or f"RPIKIT_{word.replace('-', '_').upper()}"
            option.show_envvar = True


def script(group: click.Group, shell: str) -> str:
    """Return the script that teaches a shell our words."""
    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(group, {}, PROGRAM, VARIABLE)
    return made.source_template % made.source_vars()


def boards(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Return the boards whose names begin so: those of the bench, and those that run."""
    from rpikit import paths, wiring

    named = context.params.get("bench") or os.environ.get(wiring.ENVIRONMENT)
    try:
        bench = wiring.load(Path(named)) if named else wiring.find(context.params.get("app"))
        known = set(bench.boards)
    except (RpikitError, OSError):
        known = set()
    known |= {folder.name for folder in (paths.state_dir() / "boards").glob("*/")}
    return sorted(name for name in known if name.startswith(begun))


def pins(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Return the inputs of the application here, or in APP, whose names begin so."""
    from rpikit import app

    try:
        devices = app.load(context.params.get("app") or Path()).devices
    except (RpikitError, OSError):
        return []
    names = (device.name for device in devices if device.direction == "in")
    return sorted(name for name in names if name.startswith(begun))


def guests(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Return the guests whose names begin so, as they were last seen on the board."""
    from rpikit import completion

    board = context.params.get("name")
    if board is None:
        board = next(one.default for one in context.command.params if one.name == "name")
    return [name for name in completion.guests(str(board)) if name.startswith(begun)]


def run(group: click.Group) -> NoReturn:
    """Read the words and run the command that they name; leave with its exit code."""
    ending.end(lambda: group.main(prog_name=PROGRAM, standalone_mode=False))
