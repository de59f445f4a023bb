# SPDX-License-Identifier: MIT
"""Block devices of guests on QEMU's Pi 3 without an operating system: sectors of its SD card."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from metal_board import MIB, Maker, Metal

from rpikit.payload import SECTOR, Guest, Storage

LARGE = 4 << 30
"""Bytes of a card that counts sectors; one of up to 2 GiB counts bytes."""


@pytest.fixture
def guest(built: Path) -> Maker:
    return Maker(built)


def card_of(place: Path, size: int) -> Path:
    """Return a card that is empty."""
    card = place / "card.img"
    with card.open("wb") as file:
        file.truncate(size)
    return card


def partitioned(card: Path, first: int, count: int) -> bytes:
    """Give a card a partition with FAT32, the second of its table; return all of the card."""
    with card.open("r+b") as file:
        file.seek(446 + 16)
        file.write(struct.pack("<IB3xII", 0, 0x0C, first, count))
        file.seek(510)
        file.write(b"\x55\xaa")
    return card.read_bytes()


def on(guest: Maker, *granted: Storage, core: int = 0, name: str = "blk", words: str = "") -> Guest:
    """Return the guest that writes and reads all of its storage, with what it is granted."""
    return replace(guest("blk"), name=name, grants=granted, core=core, words=words)


def run(image: bytes, place: Path, card: Path | None = None) -> str:
    drive = ("-drive", f"if=sd,format=raw,file={card}") if card else ()
    with Metal(image, place, *drive) as metal:
        return metal.wait_for_end()


def written(storage: Storage) -> bytes:
    """Return what the guest leaves in its storage."""
    blocks = range(storage.count * SECTOR // storage.block_size)
    return b"".join(
        bytes((block * 7 + at) & 0xFF for at in range(storage.block_size)) for block in blocks
    )


def read(card: Path, first: int, count: int) -> bytes:
    with card.open("rb") as file:
        file.seek(first * SECTOR)
        return file.read(count * SECTOR)


def test_guests_of_several_cores_have_their_own_sectors_at_once(
    guest: Maker, tmp_path: Path
) -> None:
    card = card_of(tmp_path, LARGE)
    extents = {
        "low": Storage("storage", 1, 300),
        "next": Storage("storage", 301, 256, block_size=32768),
        "far": Storage("storage", (3 << 30) // SECTOR, 64, block_size=4096),
        "last": Storage("storage", LARGE // SECTOR - 8, 8),
    }
    cores = {"low": 0, "next": 1, "far": 1, "last": 2}
    guests = [on(guest, one, name=name, core=cores[name]) for name, one in extents.items()]
    said = run(guest.image(*guests), tmp_path, card)
    for name, one in extents.items():
        assert f"[{name}] capacity {one.count * SECTOR}, blocks of {one.block_size}\n" in said
        assert f"[{name}] SUCCESS\n" in said
        assert f"underlay: {name}: ended, status 0\n" in said
        assert read(card, one.first, one.count) == written(one)
    for first in (0, 557, extents["far"].first - 1, extents["far"].first + 64):
        assert read(card, first, 1) == bytes(SECTOR)


def test_what_is_read_only_can_be_read_by_several_and_stays(guest: Maker, tmp_path: Path) -> None:
    card = card_of(tmp_path, 4 * MIB)  # one that counts bytes
    storage = Storage("storage", 8, 100, read_only=True)
    with card.open("r+b") as file:
        file.seek(storage.first * SECTOR)
        file.write(written(storage))
    before = card.read_bytes()
    made = [on(guest, storage, core=core, name=f"n{core}", words="read-only") for core in range(2)]
    said = run(guest.image(*made), tmp_path, card)
    assert said.count("] SUCCESS\n") == 2
    assert "underlay: n1: 100 transfers of storage failed\n" in said
    assert card.read_bytes() == before


def test_what_the_card_or_the_manifest_does_not_have_is_refused(
    guest: Maker, tmp_path: Path
) -> None:
    card = card_of(tmp_path, 4 * MIB)
    end, before = 4 * MIB // SECTOR, partitioned(card, 2048, 64)
    wrong = {
        "behind": ((Storage("storage", end - 7, 8),), "that the SD card does not have"),
        "outside": ((Storage("storage", end + 1, 1),), "that the SD card does not have"),
        "unknown": ((Storage("disk", 1, 1),), "is granted that its manifest does not have"),
        "twice": ((Storage("storage", 2, 1), Storage("storage", 3, 1)), "is granted twice"),
        "firmware": ((Storage("storage", 1024, 1025),), "that the board boots from are granted"),
        "none": ((), "a device of its manifest is not attached"),
    }
    guests = [on(guest, *granted, name=name) for name, (granted, _) in wrong.items()]
    said = run(guest.image(*guests), tmp_path, card)
    for name, (_, why) in wrong.items():
        (line,) = [one for one in said.splitlines() if one.startswith(f"underlay: {name}: ")]
        assert ": stopped, status 1: " in line
        assert why in line
    assert card.read_bytes() == before


def test_where_the_firmware_boots_from_is_only_read(guest: Maker, tmp_path: Path) -> None:
    card = card_of(tmp_path, 4 * MIB)
    partitioned(card, 2048, 64)
    beside = (Storage("storage", 2040, 8), Storage("storage", 2112, 8))
    within = Storage("storage", 2048, 64, read_only=True)
    with card.open("r+b") as file:
        file.seek(within.first * SECTOR)
        file.write(written(within))
    made = [on(guest, one, name=f"n{number}") for number, one in enumerate(beside)]
    said = run(guest.image(*made, on(guest, within, words="read-only")), tmp_path, card)
    assert said.count("] SUCCESS\n") == 3
    assert read(card, within.first, within.count) == written(within)


def test_without_a_card_only_those_do_not_begin_who_need_it(guest: Maker, tmp_path: Path) -> None:
    made = (on(guest, Storage("storage", 1, 8)), guest("hello", core=1))
    said = run(guest.image(*made), tmp_path)
    assert "underlay: blk: stopped, status 1: there is no SD card\n" in said
    assert "[hello] SUCCESS\n" in said
