# SPDX-License-Identifier: MIT
"""The payload: its layout is that of the underlay, and memory is given out once."""

import re
import struct
from dataclasses import replace

import pytest

from rpikit import app as apps
from rpikit import board, paths, payload
from rpikit import target as targets
from rpikit.attachment import SECTOR
from rpikit.errors import DescriptionError
from rpikit.payload import Grant, Guest, Storage

C = paths.data_root() / "c"
APPS = C / "apps"
MIB = 1 << 20
ONE = Guest("one", b"\x7fELF of one", 2 * MIB, "--quiet", (Grant("lamp", 18, 2),), core=3)
STORAGE = Storage("disk", 2048, 64, read_only=True, block_size=4096)


def in_c(header: str, name: str) -> int:
    folder = C / ("backends/bcm2837" if header == "watchdog.h" else "underlay")
    text = (folder / header).read_text()
    found = re.search(rf"^#define {name} +(?:UINT32_C\()?(0x[0-9a-f]+|\d+)", text, re.M)
    assert found is not None
    return int(found[1], 0)


@pytest.mark.parametrize(
    ("header", "name", "value"),
    [
        ("payload.h", "PAYLOAD_MAGIC", payload.MAGIC),
        ("payload.h", "PAYLOAD_VERSION", payload.VERSION),
        ("payload.h", "PAYLOAD_READ_ONLY", payload.READ_ONLY),
        ("payload.h", "PAYLOAD_SECTOR", SECTOR),
        ("payload.h", "GUESTS_MAX", payload.GUESTS_MAX),
        ("schedule.h", "SCHEDULE_WEIGHT_MAX", payload.WEIGHT_MAX),
        ("watchdog.h", "WATCHDOG_SECONDS_MAX", payload.WATCHDOG_MAX),
        ("cores.h", "CORES", payload.CORES),
        ("layout.h", "LAYOUT_IMAGE", payload.IMAGE),
        ("layout.h", "LAYOUT_OWN", payload.OWN),
        ("layout.h", "LAYOUT_GUESTS", payload.GUESTS),
        ("layout.h", "LAYOUT_END", payload.END),
    ],
)
def test_both_sides_agree(header: str, name: str, value: int) -> None:
    assert in_c(header, name) == value


def test_the_linker_places_what_the_layout_says() -> None:
    script = (C / "underlay/underlay.lds").read_text()
    assert f". = {payload.IMAGE:#x};" in script
    assert f".own {payload.OWN:#x} (NOLOAD)" in script
    assert f"ASSERT(. <= {payload.GUESTS:#x}," in script


def test_restarts_are_those_of_the_payload() -> None:
    text = (C / "underlay/payload.h").read_text()
    (body,) = re.findall(r"enum payload_restart \{(.*?)\};", text, re.S)
    names = [name.lower().replace("_", "-") for name in re.findall(r"RESTART_(\w+)", body)]
    assert tuple(names) == payload.RESTARTS


def test_kinds_of_grants_are_those_of_the_payload() -> None:
    text = (C / "underlay/payload.h").read_text()
    (body,) = re.findall(r"enum payload_kind \{(.*?)\};", text, re.S)
    assert tuple(name.lower() for name in re.findall(r"PAYLOAD_(\w+)", body)) == payload.KINDS


def test_a_lines_flags_are_those_of_the_manifest() -> None:
    text = (C / "abi/manifest.h").read_text()
    bits = re.findall(r"(MFT_LINE_\w+) = 1 << (\d+)", text)
    assert [(name, str(at)) for at, name in enumerate(payload.FLAGS)] == bits


def test_an_application_is_granted_its_lines_as_declared() -> None:
    granted = payload.grants_of(apps.load(APPS / "test_switch"))
    assert granted == (Grant("button", 17, 0b10001), Grant("lamp", 18, 0b10))


def fields(packed: bytes, number: int) -> tuple[int, ...]:
    """Return core, three parts, memory and life of a guest, past its name."""
    return struct.unpack_from("<I8Q6I", packed, 40 + number * 160 + 68)


def test_storage_is_packed_behind_lines() -> None:
    packed = payload.pack([replace(ONE, grants=(*ONE.grants, STORAGE))])
    at = fields(packed, 0)[5]
    assert packed[at + 104 : at + 208] == struct.pack(
        "<68s3IQQII", b"disk", 0, payload.READ_ONLY, 1, 2048, 64, 4096, 0
    )


def test_guests_are_where_their_table_says() -> None:
    life = {"weight": 7, "patience_ms": 50, "restart": "always", "restarts": 9, "pause_ms": 3}
    other = replace(Guest("other", b"bytes", 3 * MIB), **life)
    packed = payload.pack([ONE, other], watchdog=12)
    assert struct.unpack_from("<IIQIIQQ", packed) == (
        *(payload.MAGIC, payload.VERSION, len(packed), 2, 12),
        *(0, 0),
    )
    assert packed[40:108] == b"one".ljust(68, b"\0")
    core, elf, elf_size, words, words_size, grants, grants_size, at, size, *life_of_one = fields(
        packed, 0
    )
    assert core == 3
    assert packed[elf : elf + elf_size] == ONE.unikernel
    assert packed[words : words + words_size] == b"--quiet\0"
    assert packed[grants : grants + grants_size] == struct.pack(
        "<68s3IQQII", b"lamp", 18, 2, *[0] * 5
    )
    assert grants % 8 == 0
    assert (at, size, life_of_one) == (payload.GUESTS, 2 * MIB, [1, 0, 0, 5, 100, 0])
    assert fields(packed, 1)[-8:-6] == (payload.GUESTS + 2 * MIB, 4 * MIB)  # in whole blocks
    assert fields(packed, 1)[-6:] == (7, 50, 2, 9, 3, 0)


def test_the_image_is_followed_by_its_payload() -> None:
    made = payload.image(b"underlay", [ONE])
    assert made == b"underlay".ljust(0x1000, b"\0") + payload.pack([ONE])


REFUSED = {
    "none": ([], "0 guests: the underlay runs 1 to 16"),
    "many": ([ONE] * 17, "17 guests: the underlay runs 1 to 16"),
    "memory": ([replace(ONE, memory=512 * MIB)] * 2, "the guests need 1G of memory; the board has"),
    "weight": ([replace(ONE, weight=101)], "one: weight 101: a guest has a weight of 1 to 100"),
    "none of it": ([replace(ONE, weight=0)], "one: weight 0: a guest has a weight of 1 to 100"),
    "restart": ([replace(ONE, restart="often")], "one: restart 'often': write one of never, on-f"),
    "pause": ([replace(ONE, pause_ms=1 << 32)], "one: pause_ms 4294967296: it has 32 bits"),
    "name": ([replace(ONE, name="x" * 68)], "a name has at most 67 characters"),
    "size": ([replace(ONE, unikernel=bytes(16 * MIB))], r"kernel8.img: its \d+ bytes are \d+ too"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_does_not_fit_is_refused(case: str) -> None:
    guests, why = REFUSED[case]
    with pytest.raises(DescriptionError, match=why):
        payload.image(bytes(0x8000), guests)


def test_a_watchdog_that_the_chip_does_not_have_is_refused() -> None:
    for seconds in (-1, 16):
        with pytest.raises(DescriptionError, match=f"watchdog {seconds}: the chip's waits for 1"):
            payload.image(bytes(0x8000), [ONE], seconds)


def test_bare_metal_is_a_target_of_any_board_with_the_chip() -> None:
    kind = targets.expected(board.load("rpi3b"), "metal")
    assert (kind.platform, kind.guests) == ("metal", "hvt")
    soc = kind.soc.model_copy(update={"name": "bcm2711"})
    with pytest.raises(DescriptionError, match="has a bcm2711; without an operating system"):
        targets.expected(board.load("rpi3b").model_copy(update={"soc": soc}), "metal")
    with pytest.raises(DescriptionError, match="host is no board for it"):
        targets.expected(board.load("host"), "metal")


FILE = payload.File(0x3000000, 100, 0x4000000)
LINUX = payload.Linux(
    memory_at=0x4000000,
    memory_size=0x10000000,
    kernel=FILE,
    device_tree=replace(FILE, to=0x4100000),
    initramfs=replace(FILE, size=7),
    cores=3,
    lines=frozenset((0, 4, 53)),
)


def test_a_linux_beside_them_lies_behind_their_parts() -> None:
    for guests in ([ONE], []):
        packed = payload.pack(guests, beside=LINUX)
        at, size = struct.unpack_from("<QQ", packed, 24)
        assert at % 8 == 0
        assert at + size == len(packed)
        assert struct.unpack_from("<12QII", packed, at) == (
            *(0x4000000, 0x10000000, 0x3000000, 100, 0x4000000, 0x3000000, 100, 0x4100000),
            *(0x3000000, 7, 0x4000000, 1 << 53 | 1 << 4 | 1, 3, 0),
        )


def test_guests_come_out_of_an_image_as_they_went_in() -> None:
    other = replace(
        Guest("other", b"bytes", 4 * MIB), weight=7, patience_ms=50, restart="always", pause_ms=3
    )
    for beside in (None, LINUX):
        made = payload.image(bytes(0x5000), [ONE, other], 3, beside)
        assert payload.unpack(made) == (ONE, other)
    stored = replace(other, grants=(*ONE.grants, STORAGE, replace(STORAGE, first=8, count=1)))
    assert payload.unpack(payload.image(bytes(0x5000), [ONE, stored])) == (ONE, stored)


def test_a_linux_beside_them_has_the_card_for_itself() -> None:
    with pytest.raises(DescriptionError, match="one: disk is on the SD card, which is Linux's"):
        payload.pack([replace(ONE, grants=(STORAGE,))], beside=LINUX)


def test_what_holds_no_guests_is_refused() -> None:
    made = payload.image(bytes(0x1000), [ONE])
    other = made.replace(struct.pack("<II", payload.MAGIC, payload.VERSION), bytes(8))
    for wrong in (b"", bytes(0x3000), made[:-1], made + b"\0", other):
        with pytest.raises(DescriptionError, match=r"no guests in it that this rpikit knows"):
            payload.unpack(wrong)
