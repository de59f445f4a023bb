# SPDX-License-Identifier: MIT
"""Checks commands that cannot be run here: do their words mean something to rpikit?"""

import itertools
import re
import shlex
from collections.abc import Iterator

import click

from rpikit.cli import rpikit as program

_BETWEEN = frozenset(("|", "||", "&", "&&", ";", "(", ")", ">", ">>", "<"))


def commands(script: str) -> Iterator[list[str]]:
    """Give the words of each call of rpikit in a script."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        for is_between, group in itertools.groupby(lexer, key=lambda word: word in _BETWEEN):
            words = list(itertools.dropwhile(lambda word: re.match(r"\w+=", word), group))
            if not is_between and words[:1] == ["rpikit"]:
                yield words[1:]


def check(words: list[str]) -> None:
    """Raise click's error when the command would refuse these words."""
    command: click.Command = program
    context: click.Context | None = None
    name = "rpikit"
    try:
        while isinstance(command, click.Group):
            context = command.make_context(name, list(words), parent=context)
            left = [*context._protected_args, *context.args]
            _, found, words = command.resolve_command(context, left)
            assert found is not None
            command, name = found, found.name or ""
        command.make_context(name, list(words), parent=context)
    except click.exceptions.Exit:
        return  # --help and --version
    except click.BadParameter as error:
        if not isinstance(error.param and error.param.type, click.File | click.Path):
            raise  # else it misses a file, which is not here


def spoken(text: str) -> Iterator[list[str]]:
    """Give the commands that a sentence means: `board up|down` are two, brackets are left out."""
    words = shlex.split(re.sub(r"[\[\]]", "", text))[1:]
    for chosen in itertools.product(*(word.split("|") for word in words)):
        yield list(chosen)


def check_spoken(words: list[str]) -> None:
    """Check words of a sentence, in which capitals stand for something, and some may be missing."""
    try:
        check(words)
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError):
        return
    except click.BadParameter:
        if not any(word.isupper() for word in words):
            raise
