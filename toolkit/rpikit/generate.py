# SPDX-License-Identifier: MIT
"""Prints C, headers, manual pages and Python twins from descriptions and templates.

Models decide, templates print: what is here only turns values into text. The same input gives the
same bytes.
"""

import keyword
import textwrap
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from rpikit import paths
from rpikit.call import FIELD_TYPES, Call, CallField
from rpikit.interface import Interface

if TYPE_CHECKING:
    from rpikit.app import App

WIDTH = 100


def _comment(text: str) -> str:
    """Return text that is safe in a C comment, its lines continued with an asterisk."""
    safe = " ".join(text.split()).replace("*/", "* /").replace("/*", "/ *")
    return "\n * ".join(textwrap.wrap(safe, WIDTH - 6)) or safe


def _docstring(text: str) -> str:
    """Return text that is safe in a Python docstring."""
    return text.strip().replace("\\", "\\\\").replace('"""', "'''")


def _parameters(fields: Sequence[CallField]) -> str:
    return ", ".join(field.parameter for field in fields)


def _prototype(name: str, call: Call) -> str:
    """Return the stub's declaration, without the semicolon."""
    return _folded(f"{call.return_type} {name}(", _parameters(call.stub_parameters) or "void")


def _handler(name: str, call: Call) -> str:
    """Return the handler's declaration, without the semicolon."""
    parameters = ", ".join(filter(None, ("struct host *host", _parameters(call.parameters))))
    return _folded(f"{call.return_type} {name}(", parameters)


def _folded(head: str, parameters: str) -> str:
    """Return a declaration whose parameters are folded below the opening parenthesis."""
    lines = textwrap.wrap(parameters, WIDTH - len(head) - 2)
    return head + ("\n" + " " * len(head)).join(lines) + ")"


def _arguments(call: Call) -> str:
    """Return what dispatch hands to the handler."""
    return ", ".join(["host", *(_argument(field) for field in call.parameters)])


def _argument(field: CallField) -> str:
    if field.is_buffer:
        return field.name
    return f"&{field.name}" if field.is_returned else f"args.{field.name}"


def _limits(field: CallField) -> str:
    """Return the condition under which what the guest gave is out of its limits."""
    tests = []
    if field.min is not None and (field.min > 0 or FIELD_TYPES[field.type].signed):
        tests.append(f"args.{field.name} < {field.min}")
    if field.max is not None:
        tests.append(f"args.{field.name} > {field.max}")
    return " || ".join(tests) or "0"


def _identifier(name: str) -> str:
    """Return a name that Python does not keep for itself."""
    return f"{name}_" if keyword.iskeyword(name) else name


@cache
def environment() -> jinja2.Environment:
    """Return the environment of all templates."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.data_root() / "templates"),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters |= {
        "comment": _comment,
        "docstring": _docstring,
        "prototype": _prototype,
        "handler": _handler,
        "arguments": _arguments,
        "limits": _limits,
        "identifier": _identifier,
    }
    return made


def render(template: str, **values: object) -> str:
    """Return the text of a template with the values filled in."""
    return environment().get_template(template).render(**values)


def interface(i: Interface) -> dict[str, str]:
    """Return the files that come from an interface, by their names."""
    texts = {f"abi_{i.name}.h": render("interface/abi.h.j2", i=i)}
    for header, calls, visible in (
        (f"solo5_{i.name}", i.public_calls, True),
        (f"guest_{i.name}", i.internal_calls, False),
    ):
        if calls:
            texts[f"{header}.h"] = render(
                "interface/guest.h.j2", i=i, header=header, calls=calls, visible=visible
            )
    texts[f"guest_{i.name}.c"] = render("interface/guest.c.j2", i=i)
    texts[f"host_{i.name}.h"] = render("interface/host.h.j2", i=i)
    texts[f"dispatch_{i.name}.c"] = render("interface/dispatch.c.j2", i=i)
    texts[f"{i.name}.md"] = render("interface/manual.md.j2", i=i)
    texts[f"{i.name}.py"] = render("interface/twin.py.j2", i=i)
    return texts


def table(interfaces: Sequence[Interface]) -> dict[str, str]:
    """Return the host's table of calls for these interfaces and no others."""
    return {"dispatch.c": render("interface/table.c.j2", interfaces=interfaces)}


def app(described: "App") -> dict[str, str]:
    """Return the files that come from an application's description."""
    return {
        "manifest.c": render("app/manifest.c.j2", app=described),
        "devices.h": render("app/devices.h.j2", app=described),
    }


def write(texts: dict[str, str], folder: Path) -> None:
    """Write generated files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
