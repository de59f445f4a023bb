# SPDX-License-Identifier: MIT
"""Words the faults of a description: the place, the value, what would be right.

Knows pydantic's kinds of errors and JSON Schemas; reads no files.
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Location = tuple[str | int, ...]

VALUE_MAX = 48
"""Characters of a value that a message shows."""

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}


def path(file: Path) -> str:
    """Return a file's name as the user knows it: from here when it lies below here."""
    try:
        return str(file.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def value(shown: object) -> str:
    """Return a value as TOML writes it, shortened; a table, or nothing at all, is empty."""
    if shown is None or isinstance(shown, Mapping):
        return ""
    text = toml(shown)
    return text if len(text) <= VALUE_MAX else text[: VALUE_MAX - 1] + "…"


def toml(shown: object) -> str:
    """Return a value as TOML writes it."""
    if isinstance(shown, bool):
        return "true" if shown else "false"
    if isinstance(shown, str):
        return json.dumps(shown, ensure_ascii=not shown.isprintable())
    if isinstance(shown, int):
        return str(shown) if shown.bit_length() <= 64 else hex(shown)
    if isinstance(shown, Mapping):
        return "{…}"
    if isinstance(shown, Sequence):
        items = ("[…]" if isinstance(one, tuple | list) else toml(one) for one in shown)
        return "[" + ", ".join(items) + "]"
    return str(shown)


def place(location: Location) -> str:
    """Return where in a file a value stands: `devices.button.line`, `sources[0]`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", part):
            text += f".{part}"
        else:
            text += f".{json.dumps(part)}"
    return text.removeprefix(".")


def options(allowed: Sequence[object]) -> str:
    """Return a choice in words: `"in" or "out"`."""
    words = [toml(one) for one in allowed]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def faults(error: ValidationError, schema: dict[str, Any], data: Mapping[str, Any]) -> list[str]:
    """Return each fault in words, unknown keys first, without those that another explains."""
    details = error.errors(include_url=False)
    unknown = [one for one in details if one["type"] == "extra_forbidden"]
    known = [one for one in details if one["type"] != "extra_forbidden"]
    meant = {(*one["loc"][:-1], _nearest(one, schema) or "") for one in unknown}
    told = [one for one in known if not _is_explained(one, meant, known)]
    return [_fault(one, schema, data) for one in (*unknown, *told)]


def _is_explained(
    detail: ErrorDetails, meant: set[Location], others: Sequence[ErrorDetails]
) -> bool:
    """Say whether a fault follows from a misspelt key, or from a fault in one of its own items."""
    place = detail["loc"]
    if detail["type"] == "missing":
        return place in meant
    below = [one for one in others if len(one["loc"]) > len(place)]
    return detail["type"] == "too_short" and any(one["loc"][: len(place)] == place for one in below)


def _fault(detail: ErrorDetails, schema: dict[str, Any], data: Mapping[str, Any]) -> str:
    location: Location = detail["loc"]
    raised = detail.get("ctx", {}).get("error")
    location += tuple(getattr(raised, "place", ()))
    if location[-1:] == ("[key]",):
        location = location[:-1]
        shown = ""
    else:
        shown = value(_at(data, location))
    where = place(location)
    if detail["type"] == "missing":
        return f"{where} is missing: {_wanted(location, schema, f'{location[-1]} = ')}"
    remedy = str(raised) if raised is not None else _remedy(detail, location, schema)
    return ": ".join(filter(None, (where and f"{where} = {shown}" if shown else where, remedy)))


def _remedy(detail: ErrorDetails, location: Location, schema: dict[str, Any]) -> str:
    node = _node(schema, location)
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        known = sorted(_keys(detail, schema))
        near = _nearest(detail, schema)
        listed = f"known here: {', '.join(known)}" if known else "nothing may stand here"
        return f"there is no such key; {f'did you mean {near}?' if near else listed}"
    if kind in ("too_short", "too_long") and node.get("minItems") == node.get("maxItems"):
        return f"write {_count(node['minItems'], kind)}"
    if kind.endswith("too_short"):
        return f"write at least {_count(context['min_length'], kind)}{_example(node)}"
    if kind.endswith("too_long"):
        return f"write at most {_count(context['max_length'], kind)}"
    if kind in ("greater_than_equal", "less_than_equal", "greater_than", "less_than"):
        return f"write {_stated(node) or 'a number ' + limits(node)}"
    if kind == "string_pattern_mismatch":
        return f"write {_stated(node) or 'text that fits ' + context['pattern']}"
    if kind == "literal_error" or kind.endswith("_type"):
        return _wanted(location, schema)
    return detail["msg"][:1].lower() + detail["msg"][1:]


def _wanted(location: Location, schema: dict[str, Any], key: str = "") -> str:
    """Return what to write at a place, with an example; `key` begins the example."""
    node = _node(schema, location)
    if node.get("type") == "object":
        return f"write a table, [{place(location)}]"
    return f"write {_stated(node) or kind_of(node) + _example(node, key)}"


def _stated(node: dict[str, Any]) -> str:
    """Return what the model itself says is to be written here."""
    return str(node.get("expected", ""))


def kind_of(node: dict[str, Any]) -> str:
    """Return what kind of value a part of a schema wants: a choice, or one of TOML's."""
    if "enum" in node or "const" in node:
        return options(node.get("enum", [node.get("const")]))
    return _KINDS.get(str(node.get("type")), "another value")


def _count(number: int, kind: str) -> str:
    noun = "character" if kind.startswith("string") else "item"
    return f"{number} {noun}{'' if number == 1 else 's'}"


def limits(node: dict[str, Any]) -> str:
    """Return the range of a number that has one."""
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f"from {low} to {high}"
    if high is not None:
        return f"of {high} or less"
    return f"of {low} or more" if low is not None else f"above {node['exclusiveMinimum']}"


def _example(node: dict[str, Any], key: str = "") -> str:
    examples = node.get("examples")
    return f", such as {key}{toml(examples[0])}" if examples else ""


def _nearest(detail: ErrorDetails, schema: dict[str, Any]) -> str | None:
    """Return the known key that an unknown one resembles most."""
    key = str(detail["loc"][-1])
    return next(iter(difflib.get_close_matches(key, _keys(detail, schema), 1)), None)


def _keys(detail: ErrorDetails, schema: dict[str, Any]) -> list[str]:
    return list(_node(schema, detail["loc"][:-1]).get("properties", {}))


def _node(schema: dict[str, Any], location: Location) -> dict[str, Any]:
    """Return the part of a JSON Schema that describes a place in a file."""
    node = resolved(schema, schema)
    for part in location:
        if isinstance(part, int):
            prefix = node.get("prefixItems", [])
            below = prefix[part] if part < len(prefix) else node.get("items")
        else:
            below = node.get("properties", {}).get(part) or node.get("additionalProperties")
        node = resolved(below, schema) if isinstance(below, dict) else {}
    return node


def resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, and the one choice that is not null."""
    while True:
        if "$ref" in node:
            rest = {key: one for key, one in node.items() if key != "$ref"}
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]] | rest
        elif "anyOf" in node:
            rest = {key: one for key, one in node.items() if key != "anyOf"}
            node = next(one for one in node["anyOf"] if one.get("type") != "null") | rest
        else:
            return node


def _at(data: object, location: Location) -> object:
    """Return the value at a place in a file, None where nothing stands."""
    for part in location:
        if isinstance(data, Mapping) and isinstance(part, str):
            data = data.get(part)
        elif isinstance(data, Sequence) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data
