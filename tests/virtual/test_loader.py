# SPDX-License-Identifier: MIT
"""The host's half against the loader itself, on QEMU's Pi 3: rates, signatures, cuts and noise."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from loader_board import SPEEDS, LoaderBoard
from metal_board import Maker
from metal_flash import Campaign

from rpikit import stored
from rpikit.errors import VerificationError
from rpikit.loader.link import Loader
from rpikit.loader.protocol import BAUD, BLOCK
from rpikit.loader.signature import sign_image
from rpikit.transport.line.port import SerialPort
from rpikit.virtual.line import Faults, Wire

CLOCK = 48_000_000  # Hz of the UART's, as on a Pi 3
SAMPLE = ("kill", "unplug", "stall", "reset", "power", "flip")
"""Of what tests/faults/metal_flash.py does by the hundred."""
NOISE = random.Random(1).randbytes(5 * BLOCK)  # worth a rate of its own


@pytest.fixture
def board(built: Path, tmp_path: Path) -> Iterator[LoaderBoard]:
    with LoaderBoard((built / "metal/loader.img").read_bytes(), tmp_path) as made:
        made.clock = CLOCK
        yield made


def loader(wire: Wire) -> Loader:
    return Loader(SerialPort(wire.place, BAUD, "desk"), "desk")


def said_until(text: bytes, link: Loader) -> bytes:
    """Return what the board says up to a text."""
    said = b""
    while text not in said:
        more = link.console(60.0)
        assert more, said
        said += more
    return said


def test_what_was_sent_is_started_and_not_sent_again(built: Path, board: LoaderBoard) -> None:
    guest = Maker(built)
    image = guest.image(guest("hello", "from here")) + NOISE
    with board.wire(Faults()) as wire, loader(wire) as link:
        for skipped in (0, -(-len(image) // BLOCK)):
            assert link.attention().clock == CLOCK
            sent = link.send(image)
            assert sent.skipped == skipped
            link.start(sent.digest, sent.size)
            assert b"Command line: 'from here'" in said_until(b"SUCCESS", link)


@pytest.mark.parametrize("rates", [SPEEDS[:1], SPEEDS])
def test_the_rate_is_the_best_that_the_line_carries(
    board: LoaderBoard, rates: tuple[int, ...]
) -> None:
    with board.wire(Faults(), speeds=rates) as wire, loader(wire) as link:
        sent = link.send(NOISE)
        assert sent.baud == rates[-1]
        assert link.hello().protocol == 1


def test_only_what_a_known_key_signed_is_started(built: Path, tmp_path: Path) -> None:
    for name in ("ours", "other"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(words, check=True)
    signers = tmp_path / "allowed_signers"
    signers.write_text(f"we@example.com {(tmp_path / 'ours.pub').read_text()}")
    plain = (built / "metal/loader.img").read_bytes()
    made = stored.with_keys(plain, stored.keys_of(signers))
    guest = Maker(built)
    image = guest.image(guest("hello"))
    with (
        LoaderBoard(made, tmp_path) as board,
        board.wire(Faults(), baud=None) as wire,
        loader(wire) as link,
    ):
        assert link.attention().signed_only
        sent = link.send(image)
        with pytest.raises(VerificationError, match="has no signature"):
            link.start(sent.digest, sent.size)
        with pytest.raises(VerificationError, match="none of the keys"):
            link.start(sent.digest, sent.size, sign_image(image, tmp_path / "other"))
        link.start(sent.digest, sent.size, sign_image(image, tmp_path / "ours"))
        said_until(b"SUCCESS", link)


def test_a_board_is_reset_into_its_loader(board: LoaderBoard) -> None:
    with board.wire(Faults(), baud=None) as wire, loader(wire) as link:
        link.port.write(b"\0no frame\0")
        assert link.attention().errors == 1
        link.reset()
        assert link.attention().errors == 0


@pytest.fixture(scope="module")
def campaign(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    with Campaign(built, tmp_path_factory.mktemp("flashes")) as made:
        yield made


@pytest.mark.parametrize("kind", SAMPLE)
def test_after_a_cut_the_loader_answers_and_the_next_flash_starts_its_guest(
    campaign: Campaign, kind: str
) -> None:
    campaign.only = kind
    outcome = campaign.cut(1000 + SAMPLE.index(kind))
    assert not outcome.fault, outcome
