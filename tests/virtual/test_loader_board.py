# SPDX-License-Identifier: MIT
"""The loader on QEMU's Pi 3, asked by frames made here; what c/loader/README.md promises."""

import base64
import hashlib
import re
import socket
import struct
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import lz4.block
import pytest
from elftools.elf.elffile import ELFFile
from metal_board import WITHIN, Maker, address_of

from rpikit import paths, payload
from rpikit.closing import Closing
from rpikit.loader import protocol
from rpikit.loader.protocol import Coding, Frame, Kind, Status
from rpikit.virtual import qemu

SAID = "underlay: the loader comes when it is called"
PAGE = protocol.BLOCK


class Loader(Closing):
    """A Pi 3 of QEMU, and the other end of its serial port."""

    def __init__(self, image: bytes, place: Path) -> None:
        place.mkdir(exist_ok=True)
        kernel, path = place / "kernel8.img", str(place / "s")
        kernel.write_bytes(image)
        self._decoder = protocol.Decoder()
        self._seq = 0
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen(1)
            words = [qemu.PROGRAM, "-M", "raspi3b", "-accel", "tcg,thread=single", "-nodefaults"]
            words += ["-display", "none", "-kernel", str(kernel)]
            words += ["-chardev", f"socket,id=port,path={path}", "-serial", "chardev:port"]
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
            server.settimeout(WITHIN)
            self._port, _ = server.accept()

    def ask(self, kind: Kind, payload: bytes = b"") -> Frame:
        """Ask once, on a line that loses nothing, and return what is answered."""
        self._seq = (self._seq + 1) & 0xFF
        self.send(protocol.encoded(kind, self._seq, payload))
        deadline = time.monotonic() + WITHIN
        while True:
            for frame in self._decoder.feed(self._come(deadline)):
                if frame.number == self._seq:
                    return frame

    def send(self, data: bytes) -> None:
        self._port.sendall(data)

    def hello(self) -> protocol.Who:
        return protocol.Who.parse(self.ask(Kind.HELLO, protocol.hello(7)).payload)

    def put(self, image: bytes, coding: Coding = Coding.RAW) -> None:
        for index in range(-(-len(image) // PAGE)):
            data = image[index * PAGE :][:PAGE]
            packed = data if coding == Coding.RAW else lz4.block.compress(data, store_size=False)
            asked = protocol.block(index, coding, len(data), packed)
            assert self.ask(Kind.BLOCK, asked).status == Status.OK

    def start(self, image: bytes, signature: bytes = b"") -> int | None:
        digest = hashlib.sha256(image).digest()
        return self.ask(Kind.START, protocol.start(len(image), digest, signature)).status

    def wait_for(self, text: str) -> str:
        """Wait for text outside of frames, and return what came up to it."""
        deadline = time.monotonic() + WITHIN
        while text.encode() not in self._decoder.text:
            self._decoder.feed(self._come(deadline))
        return self._decoder.take_text().decode(errors="replace")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._port.close()

    def _come(self, deadline: float) -> bytes:
        self._port.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            return self._port.recv(1 << 16)
        except TimeoutError:
            pytest.fail(f"no more came behind {self._decoder.text!r}")


def with_keys(loader: bytes, *keys: bytes) -> bytes:
    """Return a loader that trusts keys."""
    head, table = loader[:-264], loader[-264:]
    assert table == b"RPKK" + bytes(260)
    return head + struct.pack("<4sI256s", b"RPKK", len(keys), b"".join(keys))


def with_stored(loader: bytes, image: bytes, digest: bytes, window_ms: int) -> bytes:
    """Return a loader with an image behind it."""
    head = struct.pack("<4sIQ32sIIII", b"RPKI", 1, len(image), digest, 0, window_ms, 0, 0)
    return loader + head.ljust(PAGE, b"\0") + image


def signed(image: bytes, key: Path) -> tuple[bytes, bytes]:
    """Make a key, and return it with its signature of an image, both as the loader wants them."""
    message = protocol.message(len(image), hashlib.sha256(image).digest())
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(make, check=True)
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", protocol.NAMESPACE, "-f", str(key)]
    armoured = subprocess.run(sign, input=message, capture_output=True, check=True).stdout
    blob = base64.b64decode(b"".join(armoured.strip().splitlines()[1:-1]))
    public = key.with_suffix(".pub").read_text(encoding="ascii").split()[1]
    return base64.b64decode(public)[-32:], blob


@pytest.fixture(scope="module")
def loader(built: Path) -> bytes:
    return (built / "metal/loader.img").read_bytes()


@pytest.fixture(scope="module")
def hello(built: Path) -> bytes:
    made = Maker(built)
    return made.image(made("hello"))


@pytest.fixture
def board(loader: bytes, tmp_path: Path) -> Iterator[Loader]:
    with Loader(loader, tmp_path) as found:
        found.wait_for(protocol.WAITING.decode())
        yield found


def test_the_loader_is_whole_pages_and_small(loader: bytes) -> None:
    assert len(loader) % PAGE == 0
    assert len(loader) <= 32 << 10


def test_the_loader_goes_where_its_layout_says(built: Path) -> None:
    layout = (paths.data_root() / "c/loader/layout.h").read_text(encoding="ascii")
    place = re.search(r"#define LAYOUT_LOADER +(0x\w+)", layout)
    assert place is not None
    with (built / "metal/loader.debug").open("rb") as file:
        assert ELFFile(file).header["e_entry"] == int(place[1], 16)


def test_an_image_is_sent_started_and_comes_back_to_the_loader(board: Loader, hello: bytes) -> None:
    who = board.hello()
    assert (who.nonce, who.protocol, who.block) == (7, protocol.VERSION, PAGE)
    assert who.revision == 0xA02082  # what QEMU's firmware says of its board
    assert who.limit >= len(hello)
    board.put(hello, Coding.LZ4)
    count = -(-len(hello) // PAGE)
    sums = protocol.crcs_of(board.ask(Kind.CRCS, protocol.crcs(0, count)).payload)
    padded = hello.ljust(count * PAGE, b"\0")
    wanted = [zlib.crc32(padded[at : at + PAGE]) for at in range(0, len(padded), PAGE)]
    assert list(sums) == wanted
    assert board.start(hello) == Status.OK
    said = board.wait_for(SAID)
    assert "Hello, World" in said
    assert "underlay: all guests have ended" in said
    board.send(protocol.ATTENTION)
    board.wait_for(protocol.WAITING.decode())
    assert board.hello().protocol == protocol.VERSION
    again = protocol.crcs_of(board.ask(Kind.CRCS, protocol.crcs(0, count)).payload)
    assert again == sums  # nothing has to be sent again
    assert board.start(hello) == Status.OK
    assert "Hello, World" in board.wait_for(SAID)


def test_an_image_that_is_another_is_not_started(board: Loader, hello: bytes) -> None:
    board.put(hello[:PAGE])
    assert board.start(hello[:PAGE][::-1]) == Status.SHA256
    assert board.start(b"") == Status.SIZE
    assert board.ask(Kind.BOOT).status == Status.STORED
    assert board.hello().protocol == protocol.VERSION


def test_the_line_is_quick_for_as_long_as_frames_come(board: Loader) -> None:
    assert board.ask(Kind.BAUD, protocol.baud(921600)).status == Status.OK
    assert board.hello().max_baud >= 921600
    assert board.ask(Kind.BAUD, protocol.baud(1 << 30)).status == Status.BAUD
    board.wait_for(protocol.WAITING.decode())  # at the first rate, again
    assert board.ask(Kind.RESET).status == Status.OK
    board.wait_for(protocol.WAITING.decode())


def test_noise_is_counted_and_no_more(board: Loader) -> None:
    before = board.hello().errors
    board.send(b"\0noise\0\x05\0" + bytes(range(1, 255)) * 40 + b"\0")
    assert board.hello().errors == before + 3


def test_with_keys_only_what_they_signed_is_started(
    loader: bytes, hello: bytes, tmp_path: Path
) -> None:
    key, signature = signed(hello, tmp_path / "key")
    _, other = signed(hello, tmp_path / "other")
    with Loader(with_keys(loader, key), tmp_path / "board") as board:
        assert board.hello().signed_only
        board.put(hello, Coding.LZ4)
        assert board.start(hello) == Status.UNSIGNED
        assert board.start(hello, other) == Status.SIGNATURE
        assert board.start(hello, signature) == Status.OK
        assert "Hello, World" in board.wait_for(SAID)


def test_a_stored_image_starts_by_itself(loader: bytes, hello: bytes, tmp_path: Path) -> None:
    digest = hashlib.sha256(hello).digest()
    with Loader(with_stored(loader, hello, digest, 50), tmp_path) as board:
        assert "Hello, World" in board.wait_for(SAID)


def test_a_stored_image_waits_for_ever_if_it_is_to(
    loader: bytes, hello: bytes, tmp_path: Path
) -> None:
    digest = hashlib.sha256(hello).digest()
    with Loader(with_stored(loader, hello, digest, 0), tmp_path) as board:
        for _ in range(3):
            board.wait_for(protocol.WAITING.decode())
        assert board.ask(Kind.BOOT).status == Status.OK
        assert "Hello, World" in board.wait_for(SAID)


def test_a_damaged_stored_image_does_not_start(loader: bytes, hello: bytes, tmp_path: Path) -> None:
    with Loader(with_stored(loader, hello, bytes(32), 50), tmp_path) as board:
        board.wait_for("rpikit loader 1: the stored image is not fit to start: status 4")
        assert board.ask(Kind.BOOT).status == Status.STORED
        assert board.hello().protocol == protocol.VERSION


def test_a_damaged_table_of_keys_starts_nothing(
    loader: bytes, hello: bytes, tmp_path: Path
) -> None:
    _, signature = signed(hello[:PAGE], tmp_path / "key")
    for table in (b"RPKK\xff", b"RPK\0"):
        damaged = loader[:-264] + table.ljust(264, b"\0")
        with Loader(damaged, tmp_path / table.hex()) as board:
            board.put(hello[:PAGE])
            assert board.start(hello[:PAGE]) == Status.UNSIGNED
            assert board.start(hello[:PAGE], signature) == Status.SIGNATURE


def test_an_underlay_that_is_parked_gives_way_to_the_loader(
    board: Loader, hello: bytes, built: Path
) -> None:
    address = address_of(built, "schedule")
    image = bytearray(hello)
    at = address - payload.IMAGE
    image[at : at + 4] = bytes(4)  # no instruction
    board.put(bytes(image), Coding.LZ4)
    assert board.start(bytes(image)) == Status.OK
    assert f"underlay: parked: exception on core 0: ESR 0x2000000, PC {address:#x}" in (
        board.wait_for(SAID)
    )
    board.send(protocol.ATTENTION)
    board.wait_for(protocol.WAITING.decode())


def test_a_fault_of_its_own_is_told_and_ends_with_a_reset(loader: bytes, tmp_path: Path) -> None:
    """What it starts may be anything: here an instruction that is none, and its vectors remain."""
    image = bytes(4096)
    with Loader(loader, tmp_path) as board:
        board.put(image)
        assert board.start(image) == Status.OK
        assert "rpikit loader 1: fault 0: ESR 0x2000000, PC 0x80000" in board.wait_for("reset")
        board.wait_for(protocol.WAITING.decode())
