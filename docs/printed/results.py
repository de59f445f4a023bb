# SPDX-License-Identifier: MIT
"""What --json prints, from the schemas of the results and events."""

from typing import Any

from printed import text
from rpikit import results, wording

Node = dict[str, Any]


def markdown() -> str:
    """Return tables of the results and the events, and of what is in them."""
    parts: list[str] = []
    shared: dict[str, Node] = {}
    for kind, title in (
        ("results", "Results, on standard output"),
        ("events", "Events, on standard error"),
    ):
        schema = results.schema(kind)
        parts += [f"## {title}", f"Schema: `rpikit config schema {kind}`."]
        for name, one in schema["properties"].items():
            node = wording.resolved(one, schema)
            parts += [f"### {text.code(name)}", node["description"], _table(node)]
        top = {one["$ref"] for one in schema["properties"].values()}
        defined = schema["$defs"].items()
        shared |= {name: node for name, node in defined if f"#/$defs/{name}" not in top}
    parts.append("## What is in them")
    for name, node in shared.items():
        parts += [f"### {name}", node["description"], _table(node)]
    return text.page(parts)


def _table(node: Node) -> str:
    rows = [
        (text.code(name), _value(one), one.get("description", ""))
        for name, one in node["properties"].items()
    ]
    return text.table(("key", "value", "meaning"), rows)


def _value(node: Node) -> str:
    if "anyOf" in node:
        return " or ".join(_value(one) for one in node["anyOf"])
    if "$ref" in node:
        return str(node["$ref"]).rpartition("/")[2]
    if "const" in node:
        return text.code(node["const"])
    if "enum" in node:
        return " or ".join(text.code(one) for one in node["enum"])
    if node["type"] == "array":
        return f"list of {_value(node['items'])}"
    if node["type"] == "object":
        return f"object of {_value(node['additionalProperties'])}"
    return str(node["type"])
