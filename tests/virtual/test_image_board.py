# SPDX-License-Identifier: MIT
"""A card's image on QEMU's Pi 3: what a reader finds on it as kernel8.img boots the application."""

import subprocess
import threading
from pathlib import Path

import fat_reader
import pytest
from metal_board import WITHIN, Maker

from rpikit import card, image, stored
from rpikit.virtual import qemu

pytestmark = pytest.mark.virtual

FILES = {"bootcode.bin": b"b", "start.elf": b"s", "fixup.dat": b"f", card.LICENCE: b"l"}


def test_a_cards_kernel_is_the_loader_which_starts_the_application(
    built: Path, tmp_path: Path
) -> None:
    make = Maker(built)
    loader = (built / "metal" / stored.LOADER).read_bytes()
    kernel = stored.kernel(loader, make.image(make("hello")))
    firmware = card.Firmware(FILES, "a test")
    made = image.image(kernel, ("hello",), firmware, output=tmp_path / "card.img")
    on_card = fat_reader.read(made.file.read_bytes()[1 << 20 :]).files
    (tmp_path / card.KERNEL).write_bytes(on_card[card.KERNEL])
    words = [qemu.PROGRAM, "-M", "raspi3b", "-accel", "tcg,thread=single", "-nodefaults"]
    words += ["-display", "none", "-kernel", str(tmp_path / card.KERNEL)]
    words += ["-drive", f"if=sd,format=raw,file={made.file}", "-serial", "stdio"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        clock = threading.Timer(WITHIN, process.kill)
        clock.start()
        said = b""
        try:
            while b"Hello" not in said and (more := process.stdout.readline()):
                said += more
        finally:
            clock.cancel()
            process.kill()
    assert said.startswith(b"rpikit loader 1: waiting")
    assert b"Hello" in said
