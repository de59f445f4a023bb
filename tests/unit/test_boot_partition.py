# SPDX-License-Identifier: MIT
"""The boot partition of a board with Linux: an image tried, kept, removed; and power cuts."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from boot_board import FILES, LINUX, BootBoard
from local_board import SHELLS

from rpikit import boot_partition, card
from rpikit.boot_partition import BootPartition
from rpikit.errors import BoardError, VerificationError
from rpikit.transport import Result
from rpikit.transport.local import Local

OLD, NEW = b"old image" * 700, b"new image!" * 900
KERNEL = FILES["vmlinuz"]


@pytest.fixture(params=SHELLS)
def board(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BootBoard]:
    yield BootBoard(tmp_path, request.param, monkeypatch)
    monkeypatch.undo()
    boot_partition.script.cache_clear()


def install_words(board: BootBoard, image: bytes) -> tuple[str, ...]:
    upload = board.folder / "upload"
    upload.write_bytes(image)
    digest = hashlib.sha256(image).hexdigest()
    name = f"rpikit-{digest[:12]}.img"
    return ("install", str(upload), digest, name, card.config(kernel=name, overlay=True))


def tried(board: BootBoard, spare: bool) -> bytes:
    """Return what a trial starts."""
    return board.started(partition=3) if spare else board.started(tryboot=True)


@pytest.mark.parametrize("spare", [False, True], ids=["tryboot", "partition"])
def test_an_image_is_installed_tried_confirmed_and_removed(board: BootBoard, spare: bool) -> None:
    partition = board.partition(spare=spare)
    assert partition.status().state == "none"
    found = partition.install(NEW)
    assert (found.state, found.way) == ("ready", "partition" if spare else "tryboot")
    assert (found.image, found.size) == (hashlib.sha256(NEW).hexdigest(), len(NEW))
    assert (board.started(), tried(board, spare)) == (KERNEL, NEW)
    assert partition.confirm().values()["boots"] == "image"
    assert board.started() == NEW
    assert partition.confirm().state == "confirmed"
    assert partition.rollback().state == "none"
    assert {file.name: file.read_bytes() for file in board.boot.iterdir()} == FILES


def test_a_trial_restarts_into_it_once(board: BootBoard) -> None:
    found = board.partition().install(NEW, trial=True)
    assert found.restarts
    assert "restarts now and boots the image once" in str(found)
    assert board.rebooted() == "0 tryboot"
    assert board.started() == KERNEL


def test_a_trial_of_a_second_partition_tells_its_number(board: BootBoard) -> None:
    board.partition(spare=True).install(NEW, trial=True)
    assert board.rebooted() == "3"
    assert (board.boot / "config.txt").read_bytes() == LINUX


def test_a_newer_image_takes_the_place_of_the_older(board: BootBoard) -> None:
    partition = board.partition()
    partition.install(OLD)
    partition.install(NEW)
    assert board.started(tryboot=True) == NEW
    assert len(list(board.boot.glob("rpikit-*"))) == 1


@pytest.mark.parametrize("spare", [False, True], ids=["tryboot", "partition"])
@pytest.mark.parametrize("what", ["install", "confirm", "rollback"])
def test_whenever_the_power_goes_one_set_of_files_is_whole(
    board: BootBoard, what: str, spare: bool
) -> None:
    partition = board.partition(spare=spare)
    partition.install(OLD)
    if what == "rollback":
        partition.confirm()
    words = install_words(board, NEW) if what == "install" else (what,)
    kept = [board.folder / "kept-boot", board.folder / "kept-second"]
    for place, copy in zip((board.boot, board.second), kept, strict=True):
        shutil.copytree(place, copy)
    allowed = {"install": {KERNEL}, "confirm": {KERNEL, OLD}, "rollback": {KERNEL, OLD}}[what]
    seen = set()
    steps = 0
    while True:
        for place, copy in zip((board.boot, board.second), kept, strict=True):
            shutil.rmtree(place)
            shutil.copytree(copy, place)
        board.give_power()
        if not board.cut_after(partition, *words, steps=steps):
            break
        started = board.started()
        assert started in allowed, steps
        seen.add(started)
        if what == "install":
            assert tried(board, spare) in (OLD, NEW), steps
        _goes_on(board, partition, what, spare)
        steps += 1
    assert steps >= {"install": 8, "confirm": 3, "rollback": 5}[what]
    assert seen == allowed


def _goes_on(board: BootBoard, partition: BootPartition, what: str, spare: bool) -> None:
    """See that the same command does after a cut what it would have done without."""
    if what == "install":
        assert partition.install(NEW).state == "ready"
        assert (board.started(), tried(board, spare)) == (KERNEL, NEW)
    elif what == "confirm":
        assert partition.confirm().state == "confirmed"
        assert board.started() == OLD
    else:
        assert partition.rollback().state == "none"
        assert {file.name: file.read_bytes() for file in board.boot.iterdir()} == FILES


def test_bytes_that_the_card_changed_are_not_installed(board: BootBoard) -> None:
    partition = board.partition()
    words = list(install_words(board, NEW))
    words[2] = hashlib.sha256(OLD).hexdigest()
    with pytest.raises(VerificationError, match="the image is another one than was sent"):
        partition._call(*words)
    assert set(FILES) == {file.name for file in board.boot.iterdir()}


def test_without_room_nothing_is_begun(board: BootBoard) -> None:
    fake = board.power / "bin" / "df"
    fake.unlink()
    fake.write_text("#!/bin/sh\necho head\necho dev 100 60 40 60% /\n")
    fake.chmod(0o755)
    with pytest.raises(BoardError, match="has 40 KiB left, and needs 72"):
        board.partition().install(NEW)
    assert set(FILES) == {file.name for file in board.boot.iterdir()}


@pytest.mark.parametrize("missing", ["config.txt", "start.elf", "fixup.dat"])
def test_what_is_no_boot_partition_is_refused(board: BootBoard, missing: str) -> None:
    (board.boot / missing).unlink()
    with pytest.raises(BoardError, match="is no boot partition of a Pi") as fault:
        board.partition().install(NEW)
    assert "start.elf" in str(fault.value.hint)


def test_another_chip_is_refused(board: BootBoard) -> None:
    (board.tree / "compatible").write_bytes(b"raspberrypi,4-model-b\0brcm,bcm2711\0")
    with pytest.raises(BoardError, match="is no board with the chip brcm,bcm2837"):
        board.partition().install(NEW)


@pytest.mark.parametrize("what", ["firmware", "kernel"])
def test_a_trial_is_refused_where_tryboot_is_not_known(
    board: BootBoard, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "firmware":
        (board.tree / "chosen/bootloader/tryboot").unlink()
    else:
        monkeypatch.setattr(boot_partition, "VCIO", str(board.folder / "none"))
        boot_partition.script.cache_clear()
    with pytest.raises(BoardError, match="does not know tryboot") as fault:
        board.partition().install(NEW, trial=True)
    assert "--spare" in str(fault.value.hint)
    assert not (board.power / "rebooted").exists()
    assert board.partition().status().state == "ready"


def test_a_trial_configuration_of_somebody_else_is_left_alone(board: BootBoard) -> None:
    (board.boot / "tryboot.txt").write_text("kernel=other\n")
    with pytest.raises(BoardError, match=r"tryboot\.txt is somebody else's"):
        board.partition().install(NEW)
    assert board.partition().status().state == "none"
    board.partition().rollback()
    assert (board.boot / "tryboot.txt").read_text() == "kernel=other\n"


def test_nothing_is_confirmed_or_installed_over_what_boots(board: BootBoard) -> None:
    partition = board.partition()
    with pytest.raises(BoardError, match="has nothing installed to confirm"):
        partition.confirm()
    partition.install(OLD)
    partition.confirm()
    with pytest.raises(BoardError, match="boots an image for good already"):
        partition.install(NEW)
    assert board.started() == OLD


def test_a_second_partition_has_to_be_one_of_the_same_card(board: BootBoard) -> None:
    text = board.mounts.read_text()
    for wrong, said in (
        ("/dev/sda3", "not another partition of the card"),
        ("/dev/mmcblk0p7", "1 to 4"),
    ):
        board.mounts.write_text(text.replace("/dev/mmcblk0p3", wrong))
        with pytest.raises(BoardError, match=said):
            board.partition(spare=True).install(NEW)
    board.mounts.write_text("")
    with pytest.raises(BoardError, match="is no mounted FAT partition"):
        board.partition(spare=True).install(NEW)
    assert list(board.second.iterdir()) == []


def test_who_may_not_become_root_is_told(board: BootBoard) -> None:
    user = board.power / "bin" / "id"
    user.unlink()
    user.write_text("#!/bin/sh\necho 1000\n")
    user.chmod(0o755)
    partition = BootPartition("test", board.partition().transport, "/nowhere")
    with pytest.raises(BoardError, match="its boot partition was not reached") as fault:
        partition.status()
    assert "root" in str(fault.value.hint)


@pytest.mark.parametrize(
    "answer",
    ["", "state=odd\nway=tryboot\nfree=1\n", "state=none\nway=tryboot\nfree=much\n"],
    ids=["nothing", "another state", "no number"],
)
def test_an_answer_that_makes_no_sense_is_told_as_that(answer: str, tmp_path: Path) -> None:
    class Odd(Local):
        def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
            return Result(0, answer, "")

    with pytest.raises(BoardError, match="its answer makes no sense"):
        BootPartition("desk", Odd(tmp_path), str(tmp_path)).status()
