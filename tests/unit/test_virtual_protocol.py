# SPDX-License-Identifier: MIT
"""Requests at the board's socket: good ones are read, odd ones are refused in one line."""

import json

import pytest

from rpikit.errors import BenchError
from rpikit.virtual import protocol
from rpikit.virtual.protocol import Request
from rpikit.virtual.wires import NOTHING, Edge, Share

WRONG = {
    b"": "not JSON",
    b"\xff\xfe": "not JSON",
    b"[" * 5000: "not JSON",
    b"[1, 2]": 'an object with an "op"',
    b'{"line": 3}': 'an object with an "op"',
    b'{"op": ["read"]}': 'an object with an "op"',
    b'{"op": "explode"}': "no operation 'explode'; there are hello,",
    b'{"op": "read"}': "read: line = null; the board has lines 0-53",
    b'{"op": "read", "line": 54}': "read: line = 54; the board has lines 0-53",
    b'{"op": "read", "line": -1}': "lines 0-53",
    b'{"op": "read", "line": true}': "lines 0-53",
    b'{"op": "read", "line": 1.0}': "lines 0-53",
    b'{"op": "read", "line": "17"}': 'line = "17"',
    b'{"op": "drive", "line": 17}': "drive: high = null; it is true or false",
    b'{"op": "drive", "line": 17, "high": 1}': "it is true or false",
    b'{"op": "watch", "lines": []}': "it is a list of lines",
    b'{"op": "watch", "lines": [17, 99]}': "line = 99",
    b'{"op": "jumper", "source": 3}': "jumper: target = null",
    b'{"op": "forward", "port": 0}': "forward: port = 0; it is 1-65535",
    b'{"op": "withdraw", "port": true}': "withdraw: port = true; it is 1-65535",
    b'{"op": "plug", "line": 17, "target": 27}': "plug: socket = null; it is text",
    b'{"op": "plug", "line": 17, "target": 27, "socket": "/a\\n"}': "it is text",
    b'{"op": "join", "line": 1, "target": 2, "name": "dut"}': 'share = null; it is such as ["dr',
    b'{"op": "join", "line": 1, "target": 2, "name": "dut", "share": ["drives", 1]}': "share = [",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:24].decode("latin-1"))
def test_odd_input_is_refused(text: bytes) -> None:
    with pytest.raises(BenchError) as refused:
        protocol.parse(text, 54)
    assert WRONG[text] in str(refused.value)
    assert len(str(refused.value)) < 200


def test_requests_are_read() -> None:
    assert protocol.parse(protocol.request("drive", line=17, high=True), 54) == Request(
        "drive", line=17, high=True
    )
    watch = protocol.parse(protocol.request("watch", lines=[1, 2]), 54)
    assert watch == Request("watch", lines=(1, 2))


def test_an_edge_survives_the_wire() -> None:
    edge = Edge(17, True, 123456789012345, "notice")
    assert protocol.parse_edge(protocol.edge_line(edge)) == edge


def test_a_refusal_is_raised_where_the_answer_is_read() -> None:
    line = protocol.refusal(BenchError("line 18 is busy", hint="check it"))
    assert json.loads(line)["ok"] is False
    with pytest.raises(BenchError, match="line 18 is busy") as raised:
        protocol.parse_answer(line)
    assert raised.value.hint == "check it"


def test_an_answer_carries_its_facts() -> None:
    assert protocol.parse_answer(protocol.answer(high=True))["high"] is True


@pytest.mark.parametrize("share", [Share("drives", True), Share("pulls", False), NOTHING])
def test_what_an_end_does_survives_the_wire(share: Share) -> None:
    assert protocol.parse_share(json.loads(protocol.share_line(share))) == share
