# SPDX-License-Identifier: MIT
"""Wires between two boards: who decides the level, what a short is, what stays when one is gone.

Each board is a GPIO block without QEMU; between them are the sockets of two real boards.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from chip import Chip

from rpikit.errors import BenchError
from rpikit.virtual import protocol
from rpikit.virtual.plugs import SHORT_NS, End, Plugs
from rpikit.virtual.wires import NOTHING, Share

HERE, THERE = 27, 17
DRIVES_HIGH, DRIVES_LOW = Share("drives", True), Share("drives", False)


class Board:
    """One end: a chip, its plugs, and the socket at which others find it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.chip = Chip()
        self.plugs = Plugs(name, self.chip.wires)
        self.socket = folder / name / "pins.sock"
        self.socket.parent.mkdir()
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            await self.plugs.join(protocol.parse(await reader.readline(), 54), reader, writer)
        except BenchError as error:
            writer.write(protocol.refusal(error))
        writer.close()

    def die(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def turn(self, line: int, *, out: bool) -> None:
        self.chip.board_turns(line, int(out))
        self.chip.look()

    def put(self, line: int, high: bool) -> None:
        self.chip.board_sets(line, high)
        self.chip.wires.notice(line, high, 7)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:  # a socket's path is short
        yield Path(made)


def together(folder: Path, act: Callable[[Board, Board], Any]) -> None:
    """Do something with two boards that are wired together."""

    async def run() -> None:
        async with AsyncExitStack() as opened:
            bench, dut = Board(folder, "bench"), Board(folder, "dut")
            for one in (bench, dut):
                server = await asyncio.start_unix_server(one.serve, one.socket)
                opened.callback(server.close)
            await bench.plugs.plug(HERE, dut.socket, THERE)
            await act(bench, dut)
            bench.die()
            dut.die()
            await until(lambda: not (len(bench.plugs) or len(dut.plugs)))

    asyncio.run(run())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.001)


def level(board: Board, line: int) -> bool:
    return board.chip.latch(line)


def has(board: Board, line: int, high: bool) -> bool:
    return level(board, line) == high


def test_whoever_drives_decides_in_both_directions(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        bench.turn(HERE, out=True)
        for high in (True, False, True):
            bench.put(HERE, high)
            await until(partial(has, dut, THERE, high))
        bench.turn(HERE, out=False)
        await until(lambda: not level(dut, THERE))
        dut.turn(THERE, out=True)
        dut.put(THERE, True)
        await until(lambda: level(bench, HERE))
        assert bench.plugs.values()[0]["shorts"] == 0

    together(folder, act)


def test_every_change_arrives_once_and_in_order(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        bench.turn(HERE, out=True)
        dut.chip.heard()
        for _ in range(500):
            bench.put(HERE, True)
            bench.put(HERE, False)
        await until(lambda: len(dut.chip.edges) == 1000)
        assert dut.chip.heard() == [(THERE, True, "drive"), (THERE, False, "drive")] * 500

    together(folder, act)


def test_a_pull_counts_where_nobody_drives_and_ones_own_first(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        bench.chip.wires.pull(HERE, True)
        await until(lambda: level(dut, THERE))
        dut.chip.wires.pull(THERE, False)
        assert not level(dut, THERE)
        bench.turn(HERE, out=True)
        bench.put(HERE, True)
        await until(lambda: level(dut, THERE))

    together(folder, act)


def test_a_level_from_outside_goes_through_jumpers_and_wires(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        dut.chip.wires.jumper(THERE, 5)
        bench.chip.wires.drive(HERE, True)
        await until(lambda: level(dut, 5))
        bench.chip.wires.release(HERE)
        await until(lambda: not level(dut, 5))

    together(folder, act)


def test_a_wire_is_there_at_once_and_gone_at_once(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        await bench.plugs.unplug(HERE)
        assert not len(bench.plugs)
        assert not len(dut.plugs)
        bench.chip.wires.drive(HERE, True)
        assert not level(dut, THERE)
        await bench.plugs.plug(HERE, dut.socket, THERE)
        assert level(dut, THERE)
        (wire,) = dut.plugs.values()
        assert (wire["line"], wire["peer"], wire["target"]) == (THERE, "bench", HERE)
        await dut.plugs.unplug(THERE)
        assert not level(dut, THERE)
        with pytest.raises(BenchError, match="line 17 has no wire"):
            await dut.plugs.unplug(THERE)

    together(folder, act)


def test_the_line_of_a_board_that_is_gone_goes_back_to_its_pull(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        bench.chip.wires.pull(HERE, True)
        dut.turn(THERE, out=True)
        dut.put(THERE, False)
        await until(lambda: not level(bench, HERE))
        dut.die()
        await until(lambda: level(bench, HERE))
        assert bench.plugs.values() == []

    together(folder, act)


def test_a_second_wire_on_a_line_is_refused_at_either_end(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        said = "line 27 of bench has a wire already: to line 17 of dut"
        with pytest.raises(BenchError, match=said):
            await bench.plugs.plug(HERE, dut.socket, 5)
        with pytest.raises(BenchError, match="line 17 of dut has a wire already"):
            await bench.plugs.plug(5, dut.socket, THERE)
        assert len(bench.plugs) == len(dut.plugs) == 1

    together(folder, act)


def test_a_board_that_is_not_there_is_named(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        with pytest.raises(BenchError, match="the virtual board 'gone' is gone") as refused:
            await bench.plugs.plug(5, folder / "gone" / "pins.sock", 5)
        assert refused.value.hint == "start it: rpikit board up gone"

    together(folder, act)


def test_boards_that_are_wired_are_in_use_together(folder: Path) -> None:
    async def act(bench: Board, dut: Board) -> None:
        assert bench.plugs.share_use(500.0) == 500.0
        await until(lambda: dut.plugs.share_use(30.0) == 500.0)
        assert dut.plugs.share_use(501.0) == 501.0

    together(folder, act)


@pytest.mark.parametrize(("theirs", "differs"), [(DRIVES_LOW, True), (DRIVES_HIGH, False)])
def test_two_that_drive_for_a_while_are_a_short(theirs: Share, differs: bool) -> None:
    end = _plug()
    assert not end.judge(DRIVES_HIGH, theirs, 1000)
    assert end.judge(DRIVES_HIGH, theirs, 1000 + SHORT_NS)
    assert not end.judge(DRIVES_HIGH, NOTHING, 2000 + SHORT_NS)
    assert (end.shorts, end.short_at_ns, end.differed) == (1, 1000, differs)


def test_a_short_that_was_over_before_anybody_asked_is_remembered() -> None:
    end = _plug()
    for begin in (1000, 10 * SHORT_NS):
        end.judge(DRIVES_HIGH, DRIVES_LOW, begin)
        assert not end.judge(DRIVES_HIGH, NOTHING, begin + SHORT_NS)
    assert (end.shorts, end.short_at_ns, end.differed) == (2, 10 * SHORT_NS, True)


def test_two_that_drive_for_a_moment_are_no_short() -> None:
    end = _plug()
    assert not end.judge(DRIVES_HIGH, DRIVES_LOW, 1000)
    assert not end.judge(NOTHING, DRIVES_LOW, 999 + SHORT_NS)
    assert not end.judge(DRIVES_LOW, DRIVES_LOW, 2 * SHORT_NS)
    assert end.shorts == 0


def _plug() -> End:
    nobody: Any = None
    return End(THERE, "bench", HERE, nobody, nobody)
