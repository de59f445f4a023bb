# SPDX-License-Identifier: MIT
"""The commands, from what `rpikit --help` is made of."""

import inspect
import re
from collections.abc import Iterator

import click

from printed import text
from rpikit import words
from rpikit.cli import GROUPS
from rpikit.cli import rpikit as program


def markdown() -> str:
    """Return every command with its options, in the order of the help."""
    parts = ["## All commands", *_options(program)]
    for title, commands in GROUPS.items():
        parts.append(f"## {title}")
        for command in commands:
            parts += _command(command, words.PROGRAM)
    return text.page(parts)


def _command(command: click.Command, above: str) -> Iterator[str]:
    path = f"{above} {command.name}"
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from _command(below, path)
        return
    context = click.Context(command, info_name=path, parent=None)
    yield f"### {path}"
    yield f"```text\n{' '.join([path, *command.collect_usage_pieces(context)])}\n```"
    yield prose(command.help or "")
    yield from _options(command)


def _options(command: click.Command) -> Iterator[str]:
    every = (one for one in command.params if isinstance(one, click.Option))
    options = [one for one in every if one.envvar and not one.hidden]  # not --help, --version
    if options:
        yield text.table(("option", "variable", "meaning"), map(_option, options))


def prose(help_text: str) -> str:
    """Return a help text as Markdown: its paragraphs are refilled by the reader."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(help_text))


def _option(option: click.Option) -> tuple[str, str, str]:
    forms = ", ".join(text.code(one) for one in (*option.opts, *option.secondary_opts))
    if not option.is_flag:
        kind = option.type
        metavar = "|".join(kind.choices) if isinstance(kind, click.Choice) else _metavar(option)
        forms += f" {text.code(metavar)}"
    meaning = option.help or ""
    if option.show_default and option.default is not None and not option.is_flag:
        meaning += f" Default: {text.code(option.default)}."
    return forms, text.code(option.envvar), meaning


def _metavar(option: click.Option) -> str:
    return option.make_metavar(click.Context(program))
