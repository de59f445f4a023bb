# SPDX-License-Identifier: MIT
"""`rpikit image`: what it writes, that it writes it whole and the same each time, and no device."""

import gzip
import hashlib
import lzma
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import fat_reader
import fat_samples
import pytest

from rpikit import board as boards
from rpikit import card, chip_firmware, image, network, target
from rpikit.errors import DescriptionError, RpikitError, ToolError

FILES = {"bootcode.bin": b"b", "start.elf": b"s", "fixup.dat": b"f", card.LICENCE: b"l"}
FIRMWARE = card.Firmware(FILES, "a test")


def write(output: Path, kernel: bytes = b"kernel") -> image.Card:
    return image.image(kernel, ("lamp 1.0",), FIRMWARE, output=output)


def test_an_image_says_what_is_in_it_and_what_writes_it(tmp_path: Path) -> None:
    made = write(tmp_path / "a card.img")
    data = made.file.read_bytes()
    assert made.values() == {
        "file": str(tmp_path / "a card.img"),
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "kernel": 6,
        "guests": ["lamp 1.0"],
        "firmware": "a test",
        "command": made.command,
    }
    assert "boots lamp 1.0" in str(made)
    assert made.command in str(made)


@pytest.mark.parametrize(("suffix", "unpack"), [(".gz", gzip.decompress), (".xz", lzma.decompress)])
def test_a_packed_image_is_the_same_card(
    suffix: str, unpack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    plain = write(tmp_path / "card.img").file.read_bytes()
    packed = write(tmp_path / f"card.img{suffix}")
    assert unpack(packed.file.read_bytes()) == plain
    assert packed.size == len(plain)
    again = write(tmp_path / f"other{suffix}")
    assert again.digest == packed.digest


@pytest.mark.parametrize("name", ["card.img", "card.img.gz", "it's.img.xz"])
def test_the_command_that_is_printed_writes_the_card(name: str, tmp_path: Path) -> None:
    made = write(tmp_path / name)
    device = tmp_path / "device"
    command = made.command.replace("sudo ", "").replace("/dev/sdX", shlex.quote(str(device)))
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, cwd=tmp_path)
    assert device.read_bytes() == write(tmp_path / "plain.img").file.read_bytes()


def test_dates_are_those_of_source_date_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(image.EPOCH, str(fat_samples.AT))
    read = fat_reader.read(write(tmp_path / "card.img").file.read_bytes()[1 << 20 :])
    assert read.dates == {fat_samples.DATE}
    monkeypatch.setenv(image.EPOCH, "yesterday")
    with pytest.raises(DescriptionError, match=r"SOURCE_DATE_EPOCH = 'yesterday': write seconds"):
        write(tmp_path / "card.img")


@pytest.mark.parametrize("place", ["/dev/null", "."])
def test_nothing_but_a_file_is_written(place: str) -> None:
    with pytest.raises(DescriptionError, match=r"--output \S+: is (no file|a folder)"):
        write(Path(place))


def test_an_image_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="no such file"):
        write(tmp_path / "missing" / "card.img")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["rpi3b", "rpi3b-plus", "zero2w"])
def test_a_board_has_to_have_the_chip_and_its_memory(name: str) -> None:
    board = boards.load(name)
    if name == "zero2w":
        with pytest.raises(RpikitError, match=r"zero2w: has (512M|a )"):
            card.check_board(target.expected(board, target.METAL))
    else:
        card.check_board(target.expected(board, target.METAL))


def test_without_the_network_the_firmware_has_to_be_there_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPIKIT_CACHE", str(tmp_path))
    monkeypatch.setenv(network.VARIABLE, "1")
    with pytest.raises(ToolError, match="raspi-firmware: not fetched yet") as fault:
        chip_firmware.fetched(lambda line: None)
    assert fault.value.hint == "once with the network: rpikit image"


def test_debians_package_has_all_that_a_pi_3_boots_with() -> None:
    found = chip_firmware.fetched(lambda line: None)
    assert set(found.files) == set(card.NEEDED)
    assert found.files["start.elf"].startswith(b"\x7fELF")
    assert b"Raspberry Pi" in found.files[card.LICENCE]
    assert b"Redistribution" in found.files[card.LICENCE]
