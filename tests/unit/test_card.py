# SPDX-License-Identifier: MIT
"""An SD card's image: what is in it, that it comes out the same, and what config.txt promises."""

import re
import struct
from pathlib import Path

import fat_reader
import pytest

from rpikit import card, payload
from rpikit.errors import DescriptionError

ROOT = Path(__file__).parents[2]
FILES = {"bootcode.bin": b"b", "start.elf": b"s" * 3000, "fixup.dat": b"f", card.LICENCE: b"l"}
FIRMWARE = card.Firmware(FILES, "a test")


def folder_with(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    return folder


def settings(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def partition(image: bytes) -> bytes:
    """Return the one partition of a disk, as its table has it."""
    assert image[510:512] == b"\x55\xaa"
    status, kind, first, count = struct.unpack_from("<B3xB3xII", image, 446)
    assert (status, kind) == (0, 0x0C)
    assert image[462:510] == bytes(48)
    assert (first + count) * 512 == len(image)
    assert not any(image[512 : first * 512].strip(b"\0"))
    assert fat_reader.read(image[first * 512 :]).hidden == first
    return image[first * 512 :]


def test_an_image_holds_firmware_kernel_and_configuration() -> None:
    image = card.image(b"kernel", FIRMWARE)
    read = fat_reader.read(partition(image))
    assert len(image) == card.SIZE_MIN
    assert read.label == card.LABEL
    text = card.config(overlay=False).encode()
    assert read.files == {**FILES, "kernel8.img": b"kernel", "config.txt": text}


def test_the_same_input_gives_the_same_bytes_and_another_one_another_identity() -> None:
    one, two = card.image(b"kernel", FIRMWARE), card.image(b"kernel", FIRMWARE)
    other = card.image(b"other!", FIRMWARE)
    assert one == two
    assert one[440:444] != other[440:444]
    assert fat_reader.read(partition(one)).serial != fat_reader.read(partition(other)).serial


def test_the_image_grows_by_powers_of_two() -> None:
    large = card.Firmware({**FILES, "start.elf": b"s" * (70 << 20)}, "a test")
    assert len(card.image(b"kernel", large)) == 128 << 20
    with pytest.raises(DescriptionError, match=r"--size 64M: its files need \d+ bytes more"):
        card.image(b"kernel", large, size=64 << 20)


@pytest.mark.parametrize("size", [32 << 20, 65 << 20, 2 << 30])
def test_a_size_that_no_card_of_qemu_has_is_refused(size: int) -> None:
    with pytest.raises(DescriptionError, match="a power of two from 64M to 1G"):
        card.image(b"kernel", FIRMWARE, size=size)


def test_what_the_firmware_keeps_is_none_of_our_memory() -> None:
    said = settings(card.config(overlay=False))
    assert (card.MEMORY - int(said["gpu_mem"])) << 20 >= payload.END
    assert int(said["gpu_mem"]) >= 64  # below it start.elf is another one
    assert int(said["kernel_address"], 16) == payload.IMAGE
    assert (said["arm_64bit"], said["kernel"], said["enable_uart"]) == ("1", "kernel8.img", "1")


def test_the_serial_clock_is_the_one_that_the_backend_divides() -> None:
    text = (ROOT / "c/backends/bcm2837/uart.c").read_text()
    parts = re.search(r"(\d+) MHz / \(16 \* 115200\) = (\d+) \+ (\d+)/64", text)
    assert parts is not None
    clock = int(settings(card.config(overlay=False))["init_uart_clock"])
    assert clock == int(parts[1]) * 1_000_000
    assert round(clock / (16 * 115200) * 64) == int(parts[2]) * 64 + int(parts[3])


def test_lines_of_the_configuration_are_not_too_long_for_the_firmware() -> None:
    # raspberrypi.com/documentation/computers/config_txt.html, file format: 98 characters
    for text in (card.config(overlay=True), card.config(overlay=False)):
        assert max(len(line) for line in text.splitlines()) <= 98
        assert text.isascii()


def test_an_overlay_is_asked_for_only_where_it_is(tmp_path: Path) -> None:
    without = card.firmware_in(folder_with(tmp_path / "a", *card.NEEDED, card.OVERLAY))
    complete = card.firmware_in(
        folder_with(tmp_path / "b", *card.NEEDED, card.OVERLAY, card.TREES[0])
    )
    assert (without.overlay, complete.overlay) == (False, True)
    assert "dtoverlay" not in settings(card.config(overlay=without.overlay))
    assert settings(card.config(overlay=complete.overlay))["dtoverlay"] == "disable-bt"
    assert set(complete.files) == {*card.NEEDED, card.OVERLAY, card.TREES[0]}


@pytest.mark.parametrize("missing", card.NEEDED)
def test_a_folder_without_all_of_the_firmware_is_refused(missing: str, tmp_path: Path) -> None:
    folder_with(tmp_path, *(name for name in card.NEEDED if name != missing))
    with pytest.raises(DescriptionError, match=rf"{missing}: no such file") as fault:
        card.firmware_in(tmp_path)
    assert "raspi" not in str(fault.value)
    assert card.LICENCE in str(fault.value.hint)
