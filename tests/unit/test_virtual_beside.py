# SPDX-License-Identifier: MIT
"""Linux beside unikernels: nothing is in two places, and its device tree says what it has."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from rpikit import payload
from rpikit.errors import BoardError, DescriptionError
from rpikit.payload import Grant, Guest, Storage
from rpikit.virtual import beside
from rpikit.virtual.fdt import Node, Tree

MIB = 1 << 20
GUEST = Guest("one", b"\x7fELF", 3 * MIB, grants=(Grant("lamp", 18), Grant("button", 53)), core=3)
LINES = 54


def tree() -> Tree:
    cpus = {f"cpu@{number}": Node({"reg": bytes((0, 0, 0, number))}) for number in range(4)}
    soc = {"serial@7e201000": Node(), "watchdog@7e100000": Node(), "gpio@7e200000": Node()}
    children = {
        "cpus": Node(children=cpus),
        "soc": Node(children=soc),
        "memory@0": Node({"reg": bytes(8)}),
        "chosen": Node({"rng-seed": b"seed"}),
    }
    return Tree(Node(children=children), b"spin table......", 0)


def placed(folder: Path, *guests: Guest) -> beside.Placed:
    kernel, initramfs = folder / "Image", folder / "initramfs"
    kernel.write_bytes(bytes(5 * MIB))
    initramfs.write_bytes(bytes(7001))
    return beside.place(guests, b"beneath", kernel, initramfs, tree(), ("quiet", "a=1"), LINES)


def cells(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in numbers)


@pytest.mark.parametrize("guests", [(), (GUEST,), (GUEST, replace(GUEST, name="two"))])
def test_nothing_is_in_two_places(guests: tuple[Guest, ...], tmp_path: Path) -> None:
    made = placed(tmp_path, *guests)
    assert payload.unpack(made.image) == tuple(replace(one, memory=4 * MIB) for one in guests)
    (memory,) = (
        node.properties["reg"]
        for name, node in Tree.parse(made.device_tree).root.children.items()
        if name.startswith("memory@")
    )
    linux, size = (int.from_bytes(part, "big") for part in (memory[:4], memory[4:]))
    places = [(payload.GUESTS, payload.memory_end(guests))]
    places += [(at, at + file.stat().st_size) for at, file in made.files]
    places += [(made.device_tree_at, made.device_tree_at + len(made.device_tree))]
    places += [(linux, linux + size)]
    places.sort()
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
    assert places[-1][1] == payload.END
    assert linux % payload.STEP == 0


def test_its_device_tree_says_what_it_has(tmp_path: Path) -> None:
    made = Tree.parse(placed(tmp_path, GUEST).device_tree)
    root = made.root
    assert made.reserved == b""
    assert list(root.at("/cpus").children) == ["cpu@0", "cpu@1", "cpu@2"]
    assert root.at("/cpus/cpu@2").properties["enable-method"] == b"psci\0"
    soc = root.at("/soc").children
    assert list(soc) == ["gpio@7e200000", "virtio@7e201000"]
    reserved = soc["gpio@7e200000"].properties["gpio-reserved-ranges"]
    assert reserved == cells(14, 1, 15, 1, 18, 1, 53, 1)
    assert soc["virtio@7e201000"].properties["interrupts"] == cells(1, 1)
    chosen = root.at("/chosen").properties
    assert chosen["bootargs"] == b"quiet a=1\0"
    start, end = (int.from_bytes(chosen[f"linux,initrd-{one}"], "big") for one in ("start", "end"))
    assert end - start == 7001
    assert chosen["rng-seed"] == b"seed"


def test_what_leaves_linux_too_little_or_takes_its_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"leave 2[0-9]+M of memory to Linux, which needs"):
        placed(tmp_path, replace(GUEST, memory=700 * MIB))
    disk = replace(GUEST, grants=(Storage("disk", 0, 8),))
    with pytest.raises(DescriptionError, match=r"one: devices.disk: the SD card is Linux's"):
        placed(tmp_path, disk)


def test_guests_of_an_image_come_to_the_core_that_is_theirs(tmp_path: Path) -> None:
    image = tmp_path / "kernel8.img"
    with pytest.raises(BoardError, match=r"kernel8.img: No such file"):
        beside.guests_of(image)
    image.write_bytes(bytes(0x3000))
    with pytest.raises(DescriptionError, match=r"kernel8.img: there are no guests in it"):
        beside.guests_of(image)
    image.write_bytes(payload.image(bytes(0x1000), [replace(GUEST, core=0)]))
    (found,) = beside.guests_of(image)
    assert (found.core, found.unikernel) == (beside.CORES, GUEST.unikernel)
