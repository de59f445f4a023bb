# SPDX-License-Identifier: MIT
"""What the host makes of a loader: it resumes, changes rates, ends, and says what is wrong."""

import hashlib
import random

import pytest
from loader_peer import LIMIT, WORDS, Peer

from rpikit.errors import BoardError, DescriptionError, RpikitError, VerificationError
from rpikit.loader import protocol
from rpikit.loader.link import Loader, Sent
from rpikit.loader.protocol import BLOCK, Flag, Kind, Status

NOISE = random.Random(1).randbytes(9 * BLOCK + 100)
SIGNATURE = b"SSHSIG" + bytes(100)


def loader(peer: Peer) -> Loader:
    return Loader(peer, "desk")


def flash(peer: Peer, image: bytes = NOISE) -> int:
    """Send an image and start it; return how many blocks were there before."""
    with loader(peer) as link:
        sent = started(link, image)
        assert link.console(1.0) == WORDS
    assert peer.memory[: len(image)] == image
    return sent.skipped


def started(link: Loader, image: bytes = NOISE, signature: bytes | None = None) -> Sent:
    """Do what a flash does."""
    link.attention()
    sent = link.send(image)
    link.start(sent.digest, sent.size, signature)
    return sent


def asked(peer: Peer, kind: Kind) -> int:
    return sum(one.kind is kind for one in peer.asked)


def test_a_loader_says_who_it_is() -> None:
    with loader(Peer(flags=Flag.SIGNED_ONLY)) as link:
        who = link.hello()
    assert (who.protocol, who.serial_number, who.version) == (1, "00000000deadbeef", "0.1.0")
    assert who.signed_only


def test_an_image_is_sent_and_started() -> None:
    peer = Peer()
    assert flash(peer) == 0
    assert asked(peer, Kind.BLOCK) == 10


def test_progress_goes_up_to_the_size_of_the_image() -> None:
    told: list[int] = []
    with loader(Peer()) as link:
        sent = link.send(NOISE, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == len(NOISE) == sent.size
    assert sent.digest == hashlib.sha256(NOISE).hexdigest()
    assert sent.carried > len(NOISE)


def test_what_is_there_is_not_sent() -> None:
    peer = Peer()
    flash(peer)
    peer.runs, peer.asked = False, []
    changed = bytearray(NOISE)
    changed[5 * BLOCK] ^= 1
    assert flash(peer, bytes(changed)) == 9
    assert asked(peer, Kind.BLOCK) == 1


def test_what_runs_is_brought_back_to_the_loader() -> None:
    peer = Peer(runs=True)
    flash(peer)
    assert 2.0 < peer.time < 10.0


def test_a_loader_amid_a_frame_that_was_cut_answers() -> None:
    peer = Peer()
    peer.write(protocol.encoded(Kind.BLOCK, 1, NOISE[:BLOCK])[:1000])
    flash(peer)
    assert peer.time < 8.0


def test_a_loader_at_a_rate_that_nobody_ended_is_found() -> None:
    peer = Peer()
    peer.write(protocol.encoded(Kind.BAUD, 1, protocol.baud(921600)))
    assert peer.rate == 921600
    flash(peer)


@pytest.mark.parametrize("damage", [1e-4, 1e-3, 5e-3])
def test_damage_costs_time_only(damage: float) -> None:
    flash(Peer(damage=damage))


@pytest.mark.parametrize(
    ("carries", "rate"), [(10_000_000, 921600), (500_000, 460800), (300_000, 230400), (1, 115200)]
)
def test_the_best_rate_is_taken_that_the_line_carries(carries: int, rate: int) -> None:
    peer = Peer(carries=max(carries, 115200))
    image = random.Random(2).randbytes(30 * BLOCK)
    with loader(peer) as link:
        sent = link.send(image)
        assert sent.baud == peer.baud == peer.rate == rate
        link.start(sent.digest, sent.size)
        assert link.console(1.0) == WORDS
    assert peer.baud == protocol.BAUD
    assert peer.memory[: len(image)] == image


def test_a_board_without_a_rate_stays_at_the_usual_one() -> None:
    peer = Peer(refuses={Kind.BAUD: Status.BAUD})
    with loader(peer) as link:
        assert link.send(random.Random(2).randbytes(10 * BLOCK)).baud == protocol.BAUD
    assert asked(peer, Kind.BAUD) == 3


def test_an_answer_to_a_rate_that_is_lost_is_no_loss() -> None:
    peer = Peer(deaf_to=lambda frame: frame.kind is Kind.BAUD)
    with loader(peer) as link:
        assert link.send(random.Random(2).randbytes(30 * BLOCK)).baud == 921600


def test_a_board_that_is_reset_meanwhile_gets_all() -> None:
    peer = Peer(resets_after=20)
    image = random.Random(2).randbytes(30 * BLOCK)
    flash(peer, image)
    assert peer.resets_after is None


def test_an_answer_to_start_that_is_lost_is_told_from_a_start_that_is() -> None:
    peer = Peer(deaf_to=lambda frame: frame.kind is Kind.START)
    with loader(peer) as link:
        sent = link.send(NOISE)
        link.start(sent.digest, sent.size)
        assert link.console(1.0) == WORDS
    assert asked(peer, Kind.START) == 1


def test_a_stored_image_is_started() -> None:
    peer = Peer()
    with loader(peer) as link:
        link.boot()
        assert link.console(1.0) == WORDS


def test_a_board_is_reset() -> None:
    peer = Peer()
    with loader(peer) as link:
        link.reset()
        link.attention()
    assert asked(peer, Kind.RESET) == 1


# What is wrong.


def failed(peer: Peer, kind: type[RpikitError], *, serial: str | None = None) -> str:
    """Flash in vain; return the sentence, and see that it took no longer than it may."""
    link = Loader(peer, "desk", serial_number=serial)
    with pytest.raises(kind) as caught:
        started(link, NOISE, SIGNATURE)
    assert peer.time < 120.0
    assert caught.value.hint
    return str(caught.value)


def test_a_board_that_says_nothing() -> None:
    assert failed(Peer(is_silent=True), BoardError) == (
        "board 'desk': no answer of its loader within 20 s; nothing comes"
    )


def test_a_board_of_another_protocol() -> None:
    assert failed(Peer(protocol=2), BoardError) == (
        "board 'desk': its loader speaks protocol 2; this rpikit speaks 1"
    )


def test_another_board() -> None:
    assert failed(Peer(), BoardError, serial="00000000cafe0001") == (
        "board 'desk': another board answers: it has serial number 00000000deadbeef, not "
        "00000000cafe0001"
    )


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (Status.UNSIGNED, VerificationError, "starts signed images only"),
        (Status.SIGNATURE, VerificationError, "the signature is not of this image"),
        (Status.SHA256, VerificationError, "the SHA-256 is another"),
        (Status.REQUEST, BoardError, "refuses START with status 1"),
    ],
)
def test_a_start_that_is_refused(status: Status, kind: type[RpikitError], said: str) -> None:
    assert said in failed(Peer(refuses={Kind.START: status}), kind)


def test_a_block_that_is_refused() -> None:
    assert "refuses BLOCK" in failed(Peer(refuses={Kind.BLOCK: Status.INDEX}), BoardError)


def test_nothing_stored() -> None:
    link = loader(Peer(refuses={Kind.BOOT: Status.STORED}))
    with pytest.raises(BoardError, match="no image is stored"):
        link.boot()


@pytest.mark.parametrize("size", [0, LIMIT + 1])
def test_an_image_that_does_not_fit(size: int) -> None:
    link = loader(Peer())
    with pytest.raises(DescriptionError, match=r"of 0 bytes|its loader takes 256"):
        link.send(bytes(size))


def test_a_line_that_carries_no_block_is_too_noisy() -> None:
    assert "too noisy: 0 of 36964 bytes arrived" in failed(Peer(loses_blocks=True), BoardError)


def test_a_board_that_falls_silent_ends_it() -> None:
    peer = Peer()

    def silence(done: int) -> None:
        peer.is_silent = done > 2 * BLOCK

    link = loader(peer)
    with pytest.raises(BoardError, match="no answer"):
        link.send(NOISE, progress=silence)
    assert peer.time < 60.0


def test_a_start_without_any_answer_ends() -> None:
    peer = Peer()
    link = loader(peer)
    sent = link.send(NOISE)
    peer.is_silent = True
    with pytest.raises(BoardError, match="no answer"):
        link.start(sent.digest, sent.size)
    assert peer.time < 120.0
