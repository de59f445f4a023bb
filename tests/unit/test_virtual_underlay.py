# SPDX-License-Identifier: MIT
"""What the underlay is told: where, in which form, and what is refused."""

import asyncio
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from rpikit import board, paths
from rpikit.errors import BenchError
from rpikit.virtual import fdt, underlay
from rpikit.virtual.gpio import Registers
from rpikit.virtual.underlay import Posts, Stimulus

REGISTERS = Registers.of(board.load(board.DEFAULT).soc)


class Memory:
    """The memory of a machine, with its doorbell; the machine takes what is posted when told."""

    def __init__(self) -> None:
        self.bytes = bytearray(underlay.STIMULI)
        self.rung = 0

    def write_word(self, address: int, value: int) -> None:
        if address == underlay.DOORBELL:
            self.rung += value
        else:
            self.write_block(address, struct.pack("<I", value))

    def write_block(self, address: int, data: bytes) -> None:
        self.bytes[address : address + len(data)] = data

    def read_block(self, address: int, size: int, done: Callable[[bytes | None], None]) -> None:
        done(bytes(self.bytes[address : address + size]))

    async def ask(self, line: str) -> str:
        word, address, size, data = line.split()
        assert (word, len(data)) == ("write", 2 + 2 * int(size, 16))
        self.write_block(int(address, 16), bytes.fromhex(data[2:]))
        return "OK"

    def take(self) -> list[tuple[int, int]]:
        """Do what c/underlay/edges/posts.c does."""
        posted, taken = struct.unpack_from("<II", self.bytes, underlay.POSTS)
        entries = [
            struct.unpack_from(
                "<II", self.bytes, underlay.POSTS + 8 + 8 * (one % underlay.POSTS_ROOM)
            )
            for one in range(taken, posted)
        ]
        struct.pack_into("<I", self.bytes, underlay.POSTS + 4, posted)
        return entries


def posts(memory: Memory) -> Posts:
    return Posts(memory, REGISTERS)  # type: ignore[arg-type]


def in_c(name: str) -> int:
    """Return what a header of the underlay gives a name."""
    root = paths.data_root() / "c/underlay/edges"
    texts = [(root / header).read_text() for header in ("layout.h", "posts.h")]
    found = re.search(rf"^#define {name} +(\w+)", "".join(texts), re.M)
    assert found is not None
    return int(found[1], 0)


@pytest.mark.parametrize(
    "name", ["RESERVED", "POSTS", "STIMULI", "KERNEL", "POSTS_ROOM", "STIMULI_ROOM"]
)
def test_both_sides_agree_on_the_layout(name: str) -> None:
    assert getattr(underlay, name) == in_c(name)


def test_the_doorbell_is_the_mailbox_that_interrupts_the_underlay() -> None:
    text = (paths.data_root() / "c/backends/bcm2837/registers.h").read_text()
    local = board.load(board.DEFAULT).soc.blocks["local"].base
    assert re.search(rf"#define LOCAL +UINT64_C\({local:#x}\)", text)
    offset = f"{underlay.DOORBELL - local:#x}"
    assert re.search(rf"#define CORE_MAILBOX_3_SET\(n\) +\(LOCAL \+ {offset} \+ 16", text)


def test_its_blocks_are_where_the_chips_description_has_them() -> None:
    soc = board.load(board.DEFAULT).soc
    text = (paths.data_root() / "c/backends/bcm2837/registers.h").read_text()
    found = re.findall(r"^#define (\w+) +\(PERIPHERALS \+ (0x\w+)\)", text, re.M)
    places = {name: soc.peripherals + int(offset, 16) for name, offset in found}
    names = {"SYSTEM_TIMER": "system_timer", "WATCHDOG": "watchdog", "GPIO": "gpio"}
    names["UART"] = "uart0"
    assert {name: places[name] for name in names} == {
        name: soc.blocks[block].base for name, block in names.items()
    }
    assert soc.blocks["interrupts"].base == places["CONTROLLER"] + 0x200


def test_writes_are_taken_once_and_in_their_order() -> None:
    memory = Memory()
    ours = posts(memory)
    for high in (True, False, True):
        ours.write_word(*REGISTERS.mover(17, high))
    ours.write_word(*REGISTERS.mover(40, False))
    bit = 1 << 17
    assert memory.take() == [(0x1C, bit), (0x28, bit), (0x1C, bit), (0x2C, 1 << 8)]
    assert memory.rung == 4
    assert memory.take() == []
    ours.write_word(*REGISTERS.mover(17, False))
    assert memory.take() == [(0x28, bit)]


def test_a_machine_that_stands_still_takes_no_more_than_there_is_room_for() -> None:
    memory = Memory()
    ours = posts(memory)

    def drive_on() -> None:
        for _ in range(underlay.POSTS_ROOM):
            ours.look()
            ours.check()
            ours.write_word(*REGISTERS.mover(17, True))

    with pytest.raises(BenchError, match="the board does not run: "):
        drive_on()
    for _ in range(underlay.POSTS_ROOM):
        ours.write_word(*REGISTERS.mover(17, True))
    assert len(memory.take()) == underlay.POSTS_ROOM
    ours.look()
    ours.check()
    assert ours.waiting == 0
    for high in (True, False) * underlay.POSTS_ROOM:
        ours.write_word(*REGISTERS.mover(3, high))
        memory.take()
        ours.look()
    assert ours.waiting == 0


async def _brought_back() -> Memory:
    memory = Memory()
    ours = posts(memory)
    for _ in range(3):
        ours.write_word(*REGISTERS.mover(17, True))
    fresh = posts(memory)
    await fresh.begin()
    fresh.write_word(*REGISTERS.mover(4, True))
    return memory


def test_of_what_a_machine_was_told_before_its_snapshot_nothing_is_done_again() -> None:
    assert asyncio.run(_brought_back()).take() == [(0x1C, 1 << 4)]


def test_stimuli_are_in_the_order_of_time_and_then_as_given() -> None:
    wanted = [Stimulus(70, 17, True), Stimulus(70, 17, False), Stimulus(20, 40, True)]
    made = underlay.stimuli(REGISTERS, wanted)
    set_0, clear_0, set_1 = (0x1C, 1 << 17), (0x28, 1 << 17), (0x20, 1 << 8)
    assert struct.unpack("<Q QII QII QII", made) == (3, 20, *set_1, 70, *set_0, 70, *clear_0)


@pytest.mark.parametrize(
    ("stimulus", "said"),
    [
        (Stimulus(0, 54, True), "line 54 moves nothing: there are 0-53"),
        (Stimulus(-1, 17, True), "at -1 ns nothing can be played"),
        (Stimulus(1 << 63, 17, True), "nothing can be played"),
    ],
)
def test_what_cannot_be_played_is_refused(stimulus: Stimulus, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        underlay.stimuli(REGISTERS, [stimulus])


def test_too_many_stimuli_are_refused() -> None:
    many = (Stimulus(at, 17, bool(at % 2)) for at in range(underlay.STIMULI_ROOM + 1))
    with pytest.raises(BenchError, match=r"16385 levels are too many; a replay has at most 16384"):
        underlay.stimuli(REGISTERS, many)


def test_a_kernel_above_the_underlay_leaves_its_memory_and_calls_for_cores() -> None:
    cpus = {f"cpu@{n}": fdt.Node({"enable-method": b"spin-table\0"}) for n in range(4)}
    for node in cpus.values():
        node.properties["cpu-release-addr"] = bytes(8)
    cells = {"#address-cells": bytes((0, 0, 0, 1)), "#size-cells": bytes((0, 0, 0, 1))}
    tree = fdt.Tree(fdt.Node(dict(cells), {"cpus": fdt.Node({}, cpus)}), bytes(8) + b"\x10" * 8, 0)
    underlay.beneath(tree)
    assert tree.root.at("/psci").properties["method"] == b"hvc\0"
    assert all(node.properties == {"enable-method": b"psci\0"} for node in cpus.values())
    kept = tree.root.at("/reserved-memory/underlay@0").properties
    assert kept == {"reg": struct.pack(">II", 0, underlay.RESERVED), "no-map": b""}
    assert tree.reserved == b""


def test_its_name_depends_on_its_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = underlay.digest()
    root = paths.data_root()
    for folder in ("c/underlay", "c/backends/bcm2837", "c/lib"):
        shutil.copytree(root / folder, tmp_path / folder)
    monkeypatch.setattr(paths, "data_root", lambda: tmp_path)
    assert underlay.digest() == before
    with (tmp_path / "c/underlay/edges/gpio.c").open("a") as source:
        source.write("\n")
    assert underlay.digest() != before
