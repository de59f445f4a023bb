# SPDX-License-Identifier: MIT
"""Boards and chips: what they state, what they inherit, which lines they give."""

import itertools
from pathlib import Path

import pytest

from rpikit import app, board, soc
from rpikit.app import App
from rpikit.errors import DescriptionError

# Bank and offset within it of each register, as table 6-1 orders them.
BANKS = {"GPSET": 0x1C, "GPCLR": 0x28, "GPLEV": 0x34, "GPEDS": 0x40, "GPPUDCLK": 0x98}


def application(folder: Path, line: int) -> App:
    (folder / "main.c").write_text("")
    (folder / app.FILE).write_text(
        '[firmware]\nname = "one"\nversion = "1.0.0"\nsources = ["main.c"]\nmemory = "2M"\n'
        f'[devices.button]\ntype = "switch"\nline = {line}\ndirection = "in"\n'
    )
    return app.load(folder)


def refusal(name: str) -> DescriptionError:
    with pytest.raises(DescriptionError) as caught:
        board.load(name)
    return caught.value


def test_the_default_board_needs_no_hardware() -> None:
    default = board.load(board.DEFAULT)
    assert default.virtual is not None
    assert default.virtual.machine == "raspi3b"


@pytest.mark.parametrize("name", board.names())
def test_every_board_loads_and_gives_26_lines_of_a_header_of_28(name: str) -> None:
    loaded = board.load(name)
    assert loaded.name == name
    assert loaded.cores == 4
    assert sorted(loaded.header.values()) == list(range(28))
    assert loaded.usable == (*range(2, 14), *range(16, 28))


def test_a_board_inherits_table_by_table() -> None:
    model_b, zero = board.load("rpi3b"), board.load("zero2w")
    assert (model_b.memory, zero.memory) == (1 << 30, 512 << 20)
    assert zero.header == model_b.header
    assert model_b.reserved[42] == "the clock of the Ethernet chip"
    assert zero.reserved[42] == "Bluetooth"
    assert zero.reserved[53] == model_b.reserved[53] == "the SD card"


def test_an_own_board_lies_beside_its_project_and_may_free_lines(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('inherits = "rpi3b"\ntitle = "Ours"\nfree = [14, 15]\n')
    (tmp_path / "next.toml").write_text('inherits = "ours"\n')
    ours = board.load(str(tmp_path / "next.toml"))
    assert (ours.name, ours.title) == ("next", "Ours")
    assert {14, 15} <= set(ours.usable)


def test_an_unknown_board_is_told_with_the_known_ones() -> None:
    error = refusal("rpi9")
    known = (
        "host, rpi3b, rpi3b-metal, rpi3b-plus, virtual-pi3, virtual-pi3-bench, "
        "virtual-pi3-beside, virtual-pi3-edges, virtual-pi3-metal, virtual-pi3-no-kvm, zero2w"
    )
    assert str(error) == f"board 'rpi9': there is no such board; there are {known}"
    assert error.hint


def test_a_fault_in_a_parent_is_told_of_the_parent(tmp_path: Path) -> None:
    (tmp_path / "above.toml").write_text('inherits = "rpi3b"\nkvm = 1\n')
    (tmp_path / "below.toml").write_text('inherits = "above"\n')
    message = f"{tmp_path}/above.toml: kvm = 1: write true or false"
    assert str(refusal(str(tmp_path / "below.toml"))) == message


def test_a_board_may_have_its_own_chip(tmp_path: Path) -> None:
    (tmp_path / "soc").mkdir()
    chip = (board.folder() / "soc" / "bcm2837.toml").read_text()
    small = chip[: chip.index("28 = [")].replace("lines = 54", "lines = 28")
    (tmp_path / "soc" / "small.toml").write_text(small)
    (tmp_path / "ours.toml").write_text('inherits = "rpi3b"\nsoc = "small"\n')
    ours = board.load(str(tmp_path / "ours.toml"))
    assert ours.soc.gpio.lines == 28
    with pytest.raises(
        DescriptionError, match=r"devices.button.line = 53: the small has lines 0-27"
    ):
        ours.check_lines(application(tmp_path, 53))


def test_a_free_line_of_the_header_is_given(tmp_path: Path) -> None:
    board.load("rpi3b").check_lines(application(tmp_path, 17))


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        (0, "rpi3b uses it for the identity EEPROM of a HAT"),
        (15, "rpi3b uses it for the serial console"),
        (28, "rpi3b has no such line on its header"),
        (35, "rpi3b uses it for Wi-Fi"),
        (48, "rpi3b uses it for the SD card"),
    ],
)
def test_a_line_that_is_taken_is_refused_with_the_reason(
    tmp_path: Path, line: int, remedy: str
) -> None:
    with pytest.raises(DescriptionError) as caught:
        board.load("rpi3b").check_lines(application(tmp_path, line))
    place = f"{tmp_path}/rpikit.toml: devices.button.line = {line}"
    assert str(caught.value) == f"{place}: {remedy}"
    assert caught.value.hint == "lines an application may have on rpi3b: 2-13, 16-27"


def test_the_header_is_the_one_every_pi_has() -> None:
    header = board.load("rpi3b").header
    assert [header[pin] for pin in (3, 5, 8, 10, 11, 12, 13, 22, 40)] == [
        *(2, 3, 14, 15, 17, 18, 27, 25, 21)
    ]
    powered = {1, 2, 4, 6, 9, 14, 17, 20, 25, 30, 34, 39}
    assert set(header) == set(range(1, 41)) - powered


class TestTheBcm2837:
    chip = soc.load(board.folder() / "soc" / "bcm2837.toml")

    def test_has_every_fact_with_its_source(self) -> None:
        assert all(len(block.source) > 10 for block in self.chip.blocks.values())

    def test_has_its_blocks_where_the_bus_addresses_say(self) -> None:
        places = {
            name: block.base - self.chip.peripherals for name, block in self.chip.blocks.items()
        }
        assert places["gpio"] == 0x7E200000 - self.chip.bus
        assert places["uart0"] == 0x7E201000 - self.chip.bus
        assert places["uart1"] == 0x7E215040 - self.chip.bus
        assert places["local"] == 0x1000000

    def test_has_no_two_blocks_in_one_place(self) -> None:
        blocks = sorted(
            (block.base, block.base + block.size) for block in self.chip.blocks.values()
        )
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(blocks))

    def test_has_its_registers_in_banks_of_32_lines(self) -> None:
        registers = self.chip.gpio.registers
        for name, offset in BANKS.items():
            assert (registers[f"{name}0"], registers[f"{name}1"]) == (offset, offset + 4)
        assert [registers[f"GPFSEL{n}"] for n in range(6)] == list(range(0, 24, 4))

    def test_names_the_modes_of_a_line(self) -> None:
        modes = [self.chip.gpio.mode(code) for code in range(8)]
        assert modes == ["in", "out", "alt5", "alt4", "alt0", "alt1", "alt2", "alt3"]

    def test_pulls_the_first_nine_lines_up(self) -> None:
        pulls = [self.chip.gpio.pull(line) for line in range(54)]
        assert pulls[:28] == ["up"] * 9 + ["down"] * 19
        assert pulls[46:] == ["up"] * 8

    def test_has_both_serial_ports_on_lines_14_and_15(self) -> None:
        functions = self.chip.gpio.functions
        assert (functions[14][0], functions[14][5]) == ("TXD0", "TXD1")
        assert (functions[15][0], functions[15][5]) == ("RXD0", "RXD1")
