# SPDX-License-Identifier: MIT
"""The keys of the description files, from the models' JSON Schemas."""

from collections.abc import Iterator
from typing import Any

from printed import text
from rpikit import app, config, wiring, wording

Node = dict[str, Any]

FILES = {
    "app": (app.FILE, "an application's wish"),
    "bench": (wiring.FILE, "a lab's wiring"),
    "board": ("boards/NAME.toml", "a board: what is soldered"),
    "soc": ("boards/soc/NAME.toml", "a chip: the silicon"),
    "interface": ("interfaces/NAME.toml", "calls from a guest to its host"),
}


def markdown() -> str:
    """Return tables of the keys of every kind of description."""
    parts: list[str] = []
    for kind, (file, what) in FILES.items():
        schema = config.schema(kind)
        parts += [f"## {text.code(file)}: {what}", f"Schema: `rpikit config schema {kind}`."]
        parts += _table(schema, schema, "")
    return text.page(parts)


def _table(node: Node, schema: Node, place: str) -> Iterator[str]:
    """Give the table of the keys at a place, then those of the tables below."""
    keys = {
        name: wording.resolved(one, schema) | _outer(one)
        for name, one in node["properties"].items()
    }
    required = set(node.get("required", ()))
    if place:
        yield f"### {text.code(place)}"
        yield node.get("description", "")
    below = {name: _below(name, one, schema) for name, one in keys.items()}
    rows = [
        (text.code(name), _value(one, schema), _default(name, one, required), _meaning(one))
        for name, one in keys.items()
    ]
    yield text.table(("key", "value", "default", "meaning"), rows)
    prefix = f"{place.strip('[]')}." if place else ""
    for found in below.values():
        if found is not None:
            name, inner, form = found
            yield from _table(inner, schema, form.format(prefix + name))


def _outer(one: Node) -> Node:
    """Return what is said beside a reference or a choice, which counts more than what is within."""
    return {key: value for key, value in one.items() if key not in ("$ref", "anyOf", "allOf")}


def _below(name: str, node: Node, schema: Node) -> tuple[str, Node, str] | None:
    """Return the name, the schema and the form of a table below a key, if one is there."""
    if "properties" in node:
        return name, node, "[{}]"
    inner = wording.resolved(node.get("additionalProperties") or {}, schema)
    if "properties" in inner:
        return f"{name}.{name.removesuffix('s').upper()}", inner, "[{}]"
    inner = wording.resolved(node.get("items") or {}, schema)
    return (name, inner, "[[{}]]") if "properties" in inner else None


def _value(node: Node, schema: Node) -> str:
    if "expected" in node:
        return str(node["expected"])
    if node.get("type") == "array":
        return "a list" + _each(node, node.get("items"), schema)
    if node.get("type") == "object":
        return "a table" + _each(node, node.get("additionalProperties"), schema)
    if "enum" in node:
        return " or ".join(text.code(wording.toml(one)) for one in node["enum"])
    kind = wording.kind_of(node)
    if "minimum" in node or "maximum" in node or "exclusiveMinimum" in node:
        kind += f" {wording.limits(node)}"
    return kind + _example(node)


def _each(node: Node, items: object, schema: Node) -> str:
    if not isinstance(items, dict):
        return _example(node)
    inner = wording.resolved(items, schema)
    if "properties" in inner:
        return " of tables, below"
    return f", each {_value(inner, schema)}{_example(node)}"


def _example(node: Node) -> str:
    examples = node.get("examples")
    return f", such as {text.code(wording.toml(examples[0]))}" if examples else ""


def _default(name: str, node: Node, required: set[str]) -> str:
    if name in required:
        return "required"
    default = node.get("default")
    return text.code(wording.toml(default)) if isinstance(default, str | int) else ""


def _meaning(node: Node) -> str:
    return str(node.get("description", ""))
