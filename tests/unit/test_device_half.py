# SPDX-License-Identifier: MIT
"""The device half, command by command, with both shells: what holds between any two steps."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from local_board import STUBBORN, LocalBoard, make_bundle

from rpikit import device
from rpikit.bundle import Bundle
from rpikit.device import Staged, Status
from rpikit.errors import BoardError, VerificationError

TOKEN = "0123456789abcdef"


def stage(board: LocalBoard, bundle: Bundle, token: str = TOKEN) -> Staged:
    return board.half.stage(token, "alice@lab", bundle.manifest.launch.needs, bundle.slot_files)


def fill(board: LocalBoard, bundle: Bundle) -> None:
    """Put the files where an upload would unpack them."""
    for file in bundle.slot_files:
        path = board.guest / "slots/new" / file.name
        path.write_bytes(bundle.slot_contents[file.name])
        path.chmod(file.mode)


def install(board: LocalBoard, bundle: Bundle) -> Status:
    stage(board, bundle)
    fill(board, bundle)
    return board.half.install(TOKEN, 5)


def test_the_program_is_sound_for_every_shell_here() -> None:
    for shell in ("dash", "bash", "busybox sh"):
        if shutil.which(shell.split()[0]):
            checked = subprocess.run(
                [*shell.split(), "-n"], input=device.script(), capture_output=True, text=True
            )
            assert (shell, checked.returncode, checked.stderr) == (shell, 0, "")


def test_a_program_cut_off_anywhere_does_nothing(board: LocalBoard) -> None:
    script = device.script().encode()
    for part in range(1, 20):
        cut = script[: len(script) * part // 20]
        command = board.half._command("stage", TOKEN, "alice", "", "")
        board.transport.run(command, input=cut)
    assert not board.home.exists()


def test_a_board_without_firmware_says_so(board: LocalBoard) -> None:
    status = board.half.status()
    assert (status.slot, status.running, status.exit) == (None, False, None)
    with pytest.raises(BoardError, match="has no firmware yet"):
        board.half.start()
    with pytest.raises(VerificationError, match="slot a holds no whole firmware"):
        board.half.activate()


def test_what_was_staged_is_neither_selected_nor_started(board: LocalBoard, tmp_path: Path) -> None:
    before = install(board, make_bundle(tmp_path))
    new = make_bundle(tmp_path, version="2.0.0")
    stage(board, new)
    assert board.half.status() == before
    fill(board, new)
    assert board.half.status() == before
    assert board.half.install(TOKEN, 5).version == "2.0.0"


def test_a_stage_that_was_cut_off_does_not_hinder_the_next(
    board: LocalBoard, tmp_path: Path
) -> None:
    bundle = make_bundle(tmp_path)
    (board.guest / "slots/new").mkdir(parents=True)
    (board.guest / "slots/new/rubbish").write_text("left by a power cut")
    (board.home / "incoming").write_text("half an upload")
    assert install(board, bundle).slot == "a"
    assert not (board.guest / "slots/a/rubbish").exists()
    assert board.leftovers() == set()


def test_power_cut_between_the_two_renames_leaves_the_old_slot_selected(
    board: LocalBoard, tmp_path: Path
) -> None:
    install(board, make_bundle(tmp_path))
    install(board, make_bundle(tmp_path, version="2.0.0"))
    (board.guest / "current.new").symlink_to("slots/a")
    shutil.rmtree(board.guest / "slots/a")
    assert board.half.status().slot == "b"
    board.half.verify()
    assert install(board, make_bundle(tmp_path, version="3.0.0")).slot == "a"


def begin(board: LocalBoard, *words: str) -> "subprocess.Popen[bytes]":
    """Send a command as a process group of its own, which can be killed at any moment."""
    process = subprocess.Popen(
        ["sh", "-c", board.half._command(*words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(device.script().encode())
    process.stdin.close()
    return process


def test_install_killed_at_any_moment_leaves_a_whole_slot_selected(
    board: LocalBoard, tmp_path: Path
) -> None:
    """The power cut of a small budget: kill -9 at ten moments from the first to the last step."""
    version = install(board, make_bundle(tmp_path)).version
    for cut in range(10):
        wanted = make_bundle(tmp_path, version=f"2.0.{cut}")
        stage(board, wanted)
        fill(board, wanted)
        process = begin(board, "install", TOKEN, "5")
        time.sleep(0.05 * cut)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        board.half.abandon(TOKEN)  # our connection, unlike one that was cut, still lives
        board.half.verify()
        assert board.half.status().version in (version, wanted.manifest.version)
        version = board.half.start().version
    assert install(board, make_bundle(tmp_path, version="3.0.0")).version == "3.0.0"
    assert board.leftovers() == set()


def test_a_lock_dies_with_the_connection_that_holds_it(board: LocalBoard, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path)
    words = (TOKEN, "alice@lab", "", "\n".join(map(str, bundle.slot_files)))
    connection = ["sh", "-c", f"( {board.half._command('stage', *words)} ); true"]
    subprocess.run(connection, input=device.script().encode(), check=True, capture_output=True)
    assert (board.home / "lock").exists()
    assert stage(board, bundle, "f" * 16).missing


def test_a_lock_of_an_earlier_boot_is_not_honoured(board: LocalBoard, tmp_path: Path) -> None:
    board.home.mkdir()
    lock = board.home / "lock"
    lock.write_text("feed 1 1 00000000-0000-0000-0000-000000000000 5 eve@lab\n")
    assert stage(board, make_bundle(tmp_path)).missing


def test_a_lock_that_is_held_too_long_is_lost(board: LocalBoard, tmp_path: Path) -> None:
    stage(board, make_bundle(tmp_path))
    lock = board.home / "lock"
    words = lock.read_text().split()
    words[4] = str(int(words[4]) - device.LOCK_AGE - 5)
    lock.write_text(" ".join(words) + "\n")
    stage(board, make_bundle(tmp_path), "f" * 16)
    with pytest.raises(BoardError, match="gave this flash's lock to alice@lab"):
        board.half.install(TOKEN, 5)


def test_a_live_lock_names_its_holder(board: LocalBoard, tmp_path: Path) -> None:
    stage(board, make_bundle(tmp_path))
    with pytest.raises(BoardError, match=r"is being flashed by alice@lab since \d+ s"):
        stage(board, make_bundle(tmp_path), "f" * 16)
    board.half.abandon("f" * 16)
    assert (board.home / "lock").exists()
    board.half.abandon(TOKEN)
    assert board.leftovers() == set()


def test_damage_in_a_slot_is_named_and_not_started(board: LocalBoard, tmp_path: Path) -> None:
    install(board, make_bundle(tmp_path))
    board.half.stop()
    with (board.guest / "slots/a/tender").open("ab") as file:
        file.write(b"#")
    for command in (board.half.verify, board.half.start):
        with pytest.raises(VerificationError, match="slots/a/tender: its SHA-256"):
            command()
    assert not board.half.status().running


def test_a_missing_file_is_damage_too(board: LocalBoard, tmp_path: Path) -> None:
    install(board, make_bundle(tmp_path))
    (board.guest / "slots/a/unikernel.hvt").unlink()
    with pytest.raises(VerificationError, match=r"slots/a/unikernel\.hvt"):
        board.half.verify("a")


def test_activate_selects_the_other_slot(board: LocalBoard, tmp_path: Path) -> None:
    install(board, make_bundle(tmp_path))
    install(board, make_bundle(tmp_path, version="2.0.0"))
    assert board.half.activate().version == "1.0.0"
    assert board.half.activate().version == "2.0.0"


def test_stop_and_start_keep_the_selection(board: LocalBoard, tmp_path: Path) -> None:
    first = install(board, make_bundle(tmp_path))
    stopped = board.half.stop()
    assert (stopped.slot, stopped.running, stopped.exit) == ("a", False, 143)
    again = board.half.start()
    assert again.running
    assert again.pid != first.pid
    assert board.half.start().pid == again.pid
    assert "the guest is ready" in board.half.logs()


def test_a_guest_that_ignores_sigterm_is_killed(board: LocalBoard, tmp_path: Path) -> None:
    install(board, make_bundle(tmp_path, STUBBORN))
    assert board.half.stop().exit == 137


def test_a_process_id_that_another_process_has_now_is_left_alone(board: LocalBoard) -> None:
    run = board.guest / "run"
    run.mkdir(parents=True)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    with subprocess.Popen(["sleep", "60"]) as other:
        (run / "guest").write_text(f"{other.pid} 1 {boot} a\n")
        assert not board.half.status().running
        board.half.stop()
        assert other.poll() is None
        other.kill()


def test_a_guest_of_an_earlier_boot_does_not_run(board: LocalBoard) -> None:
    run = board.guest / "run"
    run.mkdir(parents=True)
    (run / "guest").write_text("1 1 00000000-0000-0000-0000-000000000000 a\n")
    status = board.half.status()
    assert (status.running, status.exit) == (False, None)


def test_an_unknown_command_is_a_matter_of_usage(board: LocalBoard) -> None:
    result = board.transport.run(board.half._command("explode"), input=device.script().encode())
    assert result.status == 2
    assert result.err.startswith("usage: ")
