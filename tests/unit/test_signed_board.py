# SPDX-License-Identifier: MIT
"""A board that holds allowed signers takes nothing else, with both shells."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from local_board import BROKEN, LocalBoard, make_bundle
from signing import line, make_key, make_list, numbered, signed

from rpikit import device, sign
from rpikit.bundle import Bundle, Security
from rpikit.device import Status
from rpikit.errors import BoardError, FirmwareError, VerificationError
from rpikit.flash import flash
from rpikit.report import Silent


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "keys")


def put(board: LocalBoard, bundle: Bundle) -> Status:
    return flash(
        bundle, board.transport, reporter=Silent(), half=board.half, ready_within=5.0
    ).status


def trust(board: LocalBoard, *lines: str, by: Path | None = None) -> device.Trust:
    text = "".join(lines)
    made = sign.sign(text.encode(), by, sign.SIGNERS).decode() if by else ""
    return board.half.trust(text, made)


def refused(board: LocalBoard, bundle: Bundle, reason: str) -> None:
    """Flash it, which has to be refused before the board changes in any way."""
    before = board.half.status()
    with pytest.raises(VerificationError, match=reason):
        put(board, bundle)
    assert board.half.status() == before
    assert board.leftovers() <= {"trust"}


def test_a_board_without_a_list_takes_what_is_not_signed(board: LocalBoard, tmp_path: Path) -> None:
    assert board.half.trust() == device.Trust("", {})
    assert put(board, make_bundle(tmp_path)).running


def test_what_an_allowed_signer_signed_is_taken(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    held = trust(board, line(key))
    assert held == board.half.trust() == device.Trust(line(key), {})
    assert put(board, signed(make_bundle(tmp_path), key)).running
    assert put(board, signed(make_bundle(tmp_path, version="2.0.0"), key)).slot == "b"
    assert board.half.activate().slot == "a"


def test_what_is_not_signed_is_refused(board: LocalBoard, tmp_path: Path, key: Path) -> None:
    put(board, make_bundle(tmp_path))
    trust(board, line(key))
    refused(board, make_bundle(tmp_path, version="2.0.0"), "blink 2.0.0 is not signed")


def test_a_foreign_signature_is_refused(board: LocalBoard, tmp_path: Path, key: Path) -> None:
    trust(board, line(key))
    stranger = make_key(tmp_path / "keys", "stranger")
    refused(board, signed(make_bundle(tmp_path), stranger), "is signed with ED25519 key SHA256:")


def test_a_signature_for_another_purpose_is_refused(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    trust(board, line(key))
    made = make_bundle(tmp_path)
    other = sign.sign(made.signed, key, sign.RELEASE)
    refused(board, replace(made, signature=other), "is not what was signed")


def test_a_key_that_is_allowed_for_something_else_is_foreign(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    other = make_key(tmp_path / "keys", "mailer")
    trust(board, line(key), line(other, 'namespaces="email"'))
    refused(board, signed(make_bundle(tmp_path), other), "which the board does not allow")


@pytest.mark.parametrize(
    "name", ["tender", "unikernel.hvt", "device.sh", "manifest.json", "launch"]
)
def test_an_altered_file_of_a_slot_is_refused_although_its_sum_is_right(
    board: LocalBoard, tmp_path: Path, key: Path, name: str
) -> None:
    trust(board, line(key))
    put(board, signed(make_bundle(tmp_path), key))
    put(board, signed(make_bundle(tmp_path, version="2.0.0"), key))
    slot = board.guest / "slots/a"
    (slot / name).write_bytes((slot / name).read_bytes() + b"\n")
    resum(board, slot)
    before = board.half.status()
    with pytest.raises(VerificationError, match="is not what was signed"):
        board.half.activate()
    assert board.half.status() == before


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_file_too_many_in_a_slot_is_refused(
    board: LocalBoard, tmp_path: Path, key: Path, kind: str
) -> None:
    trust(board, line(key))
    put(board, signed(make_bundle(tmp_path), key))
    put(board, signed(make_bundle(tmp_path, version="2.0.0"), key))
    slot = board.guest / "slots/a"
    if kind == "file":
        (slot / "more").write_text("more")
    else:
        (slot / "tender").rename(tmp_path / "elsewhere")
        (slot / "tender").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VerificationError, match=r"is not what was signed|its tender is no file"):
        board.half.activate()


def resum(board: LocalBoard, slot: Path) -> None:
    """Write the sums of a slot anew, as whoever altered it could."""
    listed = (slot / device.SUMS).read_text().split("\n")
    names = [one.partition("  ")[2] for one in listed if one]
    made = board.transport.run(f"cd {slot} && sha256sum {' '.join(names)}")
    (slot / device.SUMS).write_text(made.out)


def test_an_older_security_version_is_refused_and_a_newer_remembered(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    trust(board, line(key))
    first = signed(make_bundle(tmp_path, security=Security(version=1)), key)
    third = signed(make_bundle(tmp_path, version="3.0.0", security=Security(version=3)), key)
    put(board, first)
    put(board, third)
    refused(board, first, "blink 1.0.0 has security version 1, and 3 has been selected here")
    unsaid = signed(make_bundle(tmp_path, version="4.0.0"), key)
    refused(board, unsaid, "has security version 0, and 3 has been selected")
    with pytest.raises(VerificationError, match="security version 1"):
        board.half.activate()
    assert board.half.trust().security == {"blink": 3}
    board.half.remove()
    refused(board, first, "security version 1")
    put(board, third)


def test_a_release_that_does_not_get_ready_raises_no_security_version(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    trust(board, line(key))
    first = signed(make_bundle(tmp_path, security=Security(version=1)), key)
    put(board, first)
    broken = make_bundle(tmp_path, BROKEN, version="2.0.0", security=Security(version=2))
    with pytest.raises(FirmwareError):
        put(board, signed(broken, key))
    assert board.half.trust().security == {"blink": 1}
    assert board.half.status().running
    put(board, first)


def test_selecting_a_release_by_hand_raises_its_security_version(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    trust(board, line(key))
    put(board, signed(make_bundle(tmp_path, security=Security(version=1)), key))
    broken = make_bundle(tmp_path, BROKEN, version="2.0.0", security=Security(version=2))
    with pytest.raises(FirmwareError):
        put(board, signed(broken, key))
    assert board.half.activate().version == "2.0.0"
    assert board.half.trust().security == {"blink": 2}
    with pytest.raises(VerificationError, match="has security version 1, and 2"):
        board.half.activate()


def test_what_has_expired_is_refused(board: LocalBoard, tmp_path: Path, key: Path) -> None:
    trust(board, line(key))
    now = int(time.time())
    past, future = (Security(expires=now + seconds) for seconds in (-5, 3600))
    put(board, signed(make_bundle(tmp_path, security=future), key))
    refused(board, signed(make_bundle(tmp_path, security=past), key), "blink 1.0.0 has expired")


def test_what_expires_later_is_refused_by_a_board_whose_clock_is_not_set(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    trust(board, line(key))
    late = tmp_path / "late"
    late.mkdir()
    (late / "date").write_text("#!/bin/sh\necho 60\n")
    (late / "date").chmod(0o755)
    board.half._shell = f"env PATH={late}:$PATH sh"
    made = make_bundle(tmp_path, security=Security(expires=int(time.time()) + 3600))
    refused(board, signed(made, key), "the clock of the board is not set")


def test_a_bundle_for_one_guest_is_not_taken_for_another(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    trust(board, line(key))
    made = signed(make_bundle(tmp_path, name="other"), key)
    half = board.half.of("blink")
    staged = half.stage("0123456789abcdef", "alice@lab", (), made.slot_files)
    for name in staged.missing:
        (board.guest / "slots/new" / name).write_bytes(made.slot_contents[name])
    with pytest.raises(VerificationError, match="is no firmware of the guest blink"):
        half.install("0123456789abcdef", 5)


def test_a_new_list_needs_the_signature_of_a_key_in_the_old(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    heir, stranger = (make_key(tmp_path / "keys", name) for name in ("heir", "stranger"))
    trust(board, line(key))
    for by, reason in ((None, "one of them must sign"), (stranger, "is signed with"), (heir, "is")):
        with pytest.raises(VerificationError, match=reason):
            trust(board, numbered(1), line(heir), by=by)
    assert board.half.trust().signers == line(key)
    assert trust(board, line(key)).signers == line(key)  # the same again changes nothing
    both, alone = (numbered(1), line(key), line(heir)), (numbered(2), line(heir))
    assert trust(board, *both, by=key).signers == "".join(both)
    assert trust(board, *alone, by=heir).signers == "".join(alone)
    refused(board, signed(make_bundle(tmp_path), key), "which the board does not allow")
    put(board, signed(make_bundle(tmp_path), heir))
    with pytest.raises(VerificationError, match="the list is signed with"):
        trust(board, numbered(3), line(key), by=key)
    with pytest.raises(VerificationError, match="the list is not what was signed"):
        board.half.trust(line(stranger), sign.sign(b"other", heir, sign.SIGNERS).decode())


def test_an_old_list_is_not_taken_again(board: LocalBoard, tmp_path: Path, key: Path) -> None:
    lost = make_key(tmp_path / "keys", "lost")
    trust(board, numbered(1), line(key), line(lost))
    first = numbered(2) + line(key) + line(lost)
    replayed = sign.sign(first.encode(), key, sign.SIGNERS).decode()
    board.half.trust(first, replayed)
    revoked = trust(board, "# the key was lost\n", numbered(10), line(key), by=key)
    with pytest.raises(VerificationError, match="holds list 10 of allowed signers") as told:
        board.half.trust(first, replayed)
    assert "'# number 11'" in str(told.value.hint)
    assert board.half.trust() == revoked
    for other in (
        numbered(10),
        "",
        "# number\n",
        "# number 0009\n",
        "#number x 11\n",
        "number 11\n",
    ):
        with pytest.raises(VerificationError, match="takes no other that is not later"):
            trust(board, other, line(key), "\n", by=key)
    assert board.half.trust() == revoked
    refused(board, signed(make_bundle(tmp_path), lost), "which the board does not allow")
    later = trust(board, "#number\t0011 \n", line(key), numbered(3), by=key)
    assert sign.number_of(later.signers) == 11
    assert board.leftovers() == {"trust"}


def test_a_key_counts_only_while_its_line_says(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    heir = make_key(tmp_path / "keys", "heir")
    trust(board, line(key, 'valid-before="20200101"'), line(heir))
    refused(board, signed(make_bundle(tmp_path), key), "or not any more")
    put(board, signed(make_bundle(tmp_path), heir))


def test_a_key_that_stands_twice_counts_if_one_line_allows_it(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    trust(board, line(key, 'namespaces="email"', "mail@x"), line(key, "", "release@x"))
    assert put(board, signed(make_bundle(tmp_path), key)).running


def test_a_board_that_cannot_check_takes_nothing(
    board: LocalBoard, tmp_path: Path, key: Path
) -> None:
    trust(board, line(key))
    tools = tmp_path / "without"
    tools.mkdir()
    for name in {*device.tools(), "sh", "id", "env"}:
        found = board.transport.run(f"command -v {name}").out.strip()
        (tools / name).symlink_to(found)
    board.half._shell = f"env PATH={tools} sh"
    with pytest.raises(BoardError, match="has no program ssh-keygen"):
        put(board, signed(make_bundle(tmp_path), key))
    assert board.half.status().slot is None
    assert make_list(tmp_path, line(key)).read_text() == board.half.trust().signers
