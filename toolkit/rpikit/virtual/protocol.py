# SPDX-License-Identifier: MIT
"""The words of a board's socket: one JSON object a line, a request one way, an answer the other.

A request names its `op` and what it needs; an answer has `ok`, and `error` when it is false. After
`watch` the same connection carries edges: `[line, high, at_ns, source]`, after `debug`
what a debugger and the machine's stub say, after `join` what both ends of a wire between two
boards do to it: `["drives", high]`, `["pulls", high]` or `["nothing", false]`, and
`["used", seconds]`, when one of them was last in use.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rpikit.errors import BenchError
from rpikit.virtual.wires import NOTHING, Edge, Share

LINE_LIMIT = 65536
DELAY_LIMIT_MS = 60_000
PORT_LIMIT = 65535

_NEEDS: dict[str, tuple[str, ...]] = {
    "hello": (),
    "ready": (),
    "stop": (),
    "lines": (),
    "network": ("delay_ms", "cut"),
    "forward": ("port",),
    "withdraw": ("port",),
    "debug": (),
    "read": ("line",),
    "function": ("line",),
    "drive": ("line", "high"),
    "release": ("line",),
    "pull": ("line", "high"),
    "jumper": ("source", "target"),
    "cut": ("source", "target"),
    "watch": ("lines",),
    "plug": ("line", "socket", "target"),
    "join": ("line", "name", "target", "share"),
    "unplug": ("line",),
    "plugs": (),
}


@dataclass(frozen=True)
class Request:
    """A request that has what its operation needs."""

    op: str
    line: int = 0
    high: bool = False
    source: int = 0
    target: int = 0
    lines: tuple[int, ...] = ()
    delay_ms: int = 0
    port: int = 0
    cut: bool = False
    socket: str = ""
    name: str = ""
    share: Share = NOTHING


def parse(text: bytes, line_count: int) -> Request:
    """Read a request; raise BenchError saying what would be right."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BenchError(f"not JSON: {text[:40]!r}; a request is an object on one line") from error
    if not isinstance(said, dict) or not isinstance(said.get("op"), str):
        raise BenchError('a request is an object with an "op": {"op": "read", "line": 17}')
    op = said["op"]
    if op not in _NEEDS:
        raise BenchError(f"no operation {op[:40]!r}; there are {', '.join(_NEEDS)}")
    values = {name: _value(op, name, said.get(name), line_count) for name in _NEEDS[op]}
    return Request(op, **values)


def _value(op: str, name: str, value: object, line_count: int) -> Any:
    if name == "delay_ms":
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= DELAY_LIMIT_MS:
            return value
        raise BenchError(f"{op}: delay_ms = {_short(value)}; it is 0-{DELAY_LIMIT_MS}")
    if name == "port":
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= PORT_LIMIT:
            return value
        raise BenchError(f"{op}: port = {_short(value)}; it is 1-{PORT_LIMIT}")
    if name in ("high", "cut"):
        if isinstance(value, bool):
            return value
        raise BenchError(f"{op}: {name} = {_short(value)}; it is true or false")
    if name in ("socket", "name"):
        if isinstance(value, str) and value and value.isprintable():
            return value
        raise BenchError(f"{op}: {name} = {_short(value)}; it is text")
    if name == "share":
        return parse_share(value)
    if name == "lines":
        if isinstance(value, list) and value:
            return tuple(_value(op, "line", line, line_count) for line in value)
        raise BenchError(f"{op}: lines = {_short(value)}; it is a list of lines")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < line_count:
        return value
    raise BenchError(f"{op}: {name} = {_short(value)}; the board has lines 0-{line_count - 1}")


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def request(op: str, **needs: object) -> bytes:
    """Return the line of a request."""
    return json.dumps({"op": op, **needs}).encode() + b"\n"


def answer(**facts: object) -> bytes:
    """Return the line of an answer that went well."""
    return json.dumps({"ok": True, **facts}).encode() + b"\n"


def refusal(error: BenchError) -> bytes:
    """Return the line of an answer that did not."""
    return json.dumps({"ok": False, "error": str(error), "hint": error.hint}).encode() + b"\n"


def edge_line(edge: Edge) -> bytes:
    """Return the line of an edge."""
    return json.dumps([edge.line, edge.high, edge.at_ns, edge.source]).encode() + b"\n"


def parse_edge(text: bytes) -> Edge:
    """Read the line of an edge."""
    line, high, at_ns, source = json.loads(text)
    return Edge(line, high, at_ns, source)


def share_line(share: Share) -> bytes:
    """Return the line of what one end of a wire does to it."""
    return json.dumps([share.strength, share.high]).encode() + b"\n"


def parse_share(said: object) -> Share:
    """Read what one end of a wire does to it."""
    match said:
        case ["drives" | "pulls" | "nothing" as strength, bool(high)]:
            return Share(strength, high)
    raise BenchError(f'share = {_short(said)}; it is such as ["drives", true]')


def parse_answer(text: bytes) -> Mapping[str, Any]:
    """Read an answer; raise the refusal it carries."""
    said: dict[str, Any] = json.loads(text)
    if not said["ok"]:
        raise BenchError(said["error"], hint=said.get("hint"))
    return said
