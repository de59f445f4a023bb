# SPDX-License-Identifier: MIT
"""The device tree as a value: read, changed, written."""

from pathlib import Path

import pytest

from rpikit.virtual import image
from rpikit.virtual.fdt import Node, Tree


def example() -> Tree:
    chosen = Node({"stdout-path": b"serial1\0"})
    soc = Node({"ranges": b""}, {"serial@7e201000": Node({"status": b"okay\0"})})
    reserved = (0).to_bytes(8, "big") + (4096).to_bytes(8, "big")
    root = Node({"compatible": b"brcm,bcm2837\0"}, {"chosen": chosen, "soc": soc})
    return Tree(root, reserved, 3)


def test_written_and_read_again_it_is_the_same() -> None:
    assert Tree.parse(example().dump()) == example()


def test_nodes_are_found_by_path() -> None:
    assert example().root.at("/soc/serial@7e201000").properties["status"] == b"okay\0"


def test_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="no 0xd00dfeed"):
        Tree.parse(b"MZ" + bytes(100))


def test_each_start_has_a_seed_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "board.dtb"
    file.write_bytes(example().dump())
    seeds = [Tree.parse(image.seeded(file)).root.at("/chosen").properties for _ in range(2)]
    assert len(seeds[0]["rng-seed"]) == 64
    assert seeds[0]["rng-seed"] != seeds[1]["rng-seed"]
    assert seeds[0]["stdout-path"] == b"serial1\0"
