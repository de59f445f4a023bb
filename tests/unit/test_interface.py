# SPDX-License-Identifier: MIT
"""Interfaces: what the files state, and what the models refuse."""

import struct

import pytest

from rpikit import interface
from rpikit.errors import DescriptionError

# Solo5 hvt ABI 2, from its specification: number, size, and (offset, type) of each field.
UPSTREAM = {
    ("clock", "walltime"): (1, 8, [(0, "time")]),
    ("console", "puts"): (2, 16, [(0, "buffer"), (8, "u64")]),
    ("poll", "wait"): (3, 24, [(0, "time"), (8, "u64"), (16, "i32")]),
    ("halt", "guest"): (8, 16, [(0, "buffer"), (8, "i32")]),
}


@pytest.mark.parametrize(("name", "call"), list(UPSTREAM))
def test_upstream_calls_have_upstream_numbers_and_layouts(name: str, call: str) -> None:
    i = interface.load(interface.find(name))
    found = next(one for one in i.call if one.name == call)
    layout = [(placed.offset, placed.field.type) for placed in found.layout]
    assert (found.number, found.block_size, layout) == UPSTREAM[name, call]


def test_the_six_switch_calls_are_there_in_order() -> None:
    calls = [call.name for call in interface.load(interface.find("switch")).call]
    assert calls == ["init", "finalize", "in", "out", "test", "write"]


@pytest.mark.parametrize("name", interface.names())
def test_own_calls_keep_far_from_upstream(name: str) -> None:
    for call in interface.load(interface.find(name)).call:
        assert call.number < 9 or call.number >= 0x200000


@pytest.mark.parametrize("name", interface.names())
def test_the_python_layout_has_the_size_of_the_block(name: str) -> None:
    for call in interface.load(interface.find(name)).call:
        assert struct.calcsize(call.struct_format) == call.block_size


def test_interfaces_load_in_the_order_of_their_numbers() -> None:
    numbers = [i.interface.numbers for i in interface.load_all(interface.names())]
    assert numbers == sorted(numbers)


def test_an_unknown_interface_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DescriptionError, match=r"no interface 'swich'.*switch"):
        interface.find("swich")
