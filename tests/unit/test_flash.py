# SPDX-License-Identifier: MIT
"""The verb flash and the console against the device half on this machine, with both shells."""

import io
import json
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_board import BROKEN, HELLO, MUTE, LocalBoard, make_bundle

from rpikit import device, report, run
from rpikit.bundle import Bundle
from rpikit.console import Console
from rpikit.errors import BoardError, FirmwareError, VerificationError
from rpikit.flash import Flashed, flash
from rpikit.report import Silent
from rpikit.transport.local import Local


def flash_on(board: LocalBoard, bundle: Bundle, ready_within: float = 5.0) -> Flashed:
    return flash(
        bundle, board.transport, reporter=Silent(), half=board.half, ready_within=ready_within
    )


def test_the_first_flash_runs_from_slot_a(board: LocalBoard, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path)
    flashed = flash_on(board, bundle)
    assert (flashed.status.slot, flashed.status.running_slot) == ("a", "a")
    assert flashed.status.digest == flashed.digest == bundle.digest
    assert flashed.status.running
    assert flashed.sent > 0
    assert flashed.kept == ()
    assert board.leftovers() == set()


def test_the_second_flash_sends_only_what_differs(board: LocalBoard, tmp_path: Path) -> None:
    first = flash_on(board, make_bundle(tmp_path))
    second = flash_on(board, make_bundle(tmp_path, version="1.1.0"))
    assert second.status.slot == "b"
    assert second.status.version == "1.1.0"
    assert set(second.kept) == {"device.sh", "tender", "unikernel.hvt"}
    assert second.sent < first.sent / 2
    assert first.status.pid != second.status.pid
    assert not Path(f"/proc/{first.status.pid}").exists()


def test_the_same_bundle_again_sends_nothing_and_starts_afresh(
    board: LocalBoard, tmp_path: Path
) -> None:
    bundle = make_bundle(tmp_path)
    first, again = flash_on(board, bundle), flash_on(board, bundle)
    assert again.sent == 0
    assert again.status.pid != first.status.pid


def test_a_guest_that_fails_gives_the_board_back_to_the_one_before(
    board: LocalBoard, tmp_path: Path
) -> None:
    flash_on(board, make_bundle(tmp_path))
    with pytest.raises(FirmwareError) as caught:
        flash_on(board, make_bundle(tmp_path, BROKEN, version="2.0.0"))
    assert str(caught.value) == (
        f"{board.transport.name}: blink ended with status 3; slot a runs again"
    )
    assert "about to fail" in str(caught.value.hint)
    status = board.half.status()
    assert (status.slot, status.running_slot, status.version) == ("a", "a", "1.0.0")
    assert board.leftovers() == set()


def test_a_first_guest_that_fails_leaves_nothing_selected(
    board: LocalBoard, tmp_path: Path
) -> None:
    with pytest.raises(FirmwareError, match="status 3; the board had no firmware before"):
        flash_on(board, make_bundle(tmp_path, BROKEN))
    assert board.half.status().slot is None
    assert not board.half.status().running


def test_a_guest_that_stays_mute_says_what_was_awaited(dash: LocalBoard, tmp_path: Path) -> None:
    with pytest.raises(FirmwareError, match="did not write 'ready' to its console within 1 s"):
        flash_on(dash, make_bundle(tmp_path, MUTE), ready_within=1.0)
    assert not dash.half.status().running


def test_a_guest_without_a_ready_line_may_end_well(board: LocalBoard, tmp_path: Path) -> None:
    flashed = flash_on(board, make_bundle(tmp_path, HELLO, ready=None))
    assert flashed.status.slot == "a"
    assert flashed.status.exit == 0
    assert "ended with 0" in str(flashed)


def test_a_guest_that_ends_before_its_ready_line_is_refused(
    dash: LocalBoard, tmp_path: Path
) -> None:
    with pytest.raises(FirmwareError, match="ended before it wrote 'ready'"):
        flash_on(dash, make_bundle(tmp_path, HELLO))


class Damaging(Local):
    """A way to a board that flips one byte of every upload."""

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        damaged = bytearray(data.read_bytes())
        damaged[len(damaged) // 2] ^= 0x10
        data.write_bytes(damaged)
        super().put(data, remote, offset=offset, progress=progress)


def test_an_upload_that_arrives_damaged_is_refused_and_the_old_one_runs_on(
    board: LocalBoard, tmp_path: Path
) -> None:
    before = flash_on(board, make_bundle(tmp_path)).status
    board.half.transport = Damaging(board.folder)
    bundle = make_bundle(tmp_path, "#" * 5000 + "\necho ready\n", version="2.0.0")
    with pytest.raises(VerificationError, match="SHA-256 is not that of what was sent"):
        flash(bundle, board.half.transport, reporter=Silent(), half=board.half)
    assert board.half.status() == before
    assert board.leftovers() == set()


class Breaking(Local):
    """A way to a board that is lost in the middle of an upload."""

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        Path(remote).write_bytes(data.read_bytes()[:100])
        raise BoardError("the connection was lost")


def test_a_broken_upload_leaves_nothing_but_what_the_next_can_go_on_with(
    board: LocalBoard, tmp_path: Path
) -> None:
    before = flash_on(board, make_bundle(tmp_path)).status
    broken = Breaking(board.folder)
    with pytest.raises(BoardError, match="the connection was lost"):
        flash(make_bundle(tmp_path, version="2.0.0"), broken, reporter=Silent(), half=board.half)
    assert board.half.status() == before
    assert board.leftovers() == {"incoming"}
    again = flash_on(board, make_bundle(tmp_path, version="2.0.0"))
    assert (again.status.slot, again.resumed) == ("b", 100)
    assert board.leftovers() == set()


@pytest.fixture
def small(board: LocalBoard) -> Iterator[LocalBoard]:
    """A board whose home has 400 KiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    board.home.mkdir()
    size = ["-o", "size=400k"]
    subprocess.run(["mount", "-t", "tmpfs", *size, "rpikit-test", board.home], check=True)
    try:
        yield board
    finally:
        board.half.stop()
        subprocess.run(["umount", "-l", board.home], check=True)


def large(tmp_path: Path, size: int) -> Bundle:
    """Return a bundle of about `size` bytes that do not compress well."""
    noise = random.Random(1).randbytes(size // 2).hex()
    return make_bundle(tmp_path, f"echo ready\nexec sleep 60\n# {noise}\n", version="2.0.0")


def fill_up(home: Path, room: int | None) -> None:
    """Leave only so many bytes free."""
    if room is not None:
        free = shutil.disk_usage(home).free
        (home / "guests/blink/run/filler").write_bytes(bytes(free - room))


class Filling(Local):
    """A way to a board that somebody else fills up to the last `room` bytes around an upload."""

    def __init__(self, board: LocalBoard, *, before: int | None, after: int | None) -> None:
        super().__init__(board.folder)
        self._home = board.home
        self._before = before
        self._after = after

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        fill_up(self._home, self._before)
        super().put(data, remote, offset=offset, progress=progress)
        fill_up(self._home, self._after)


def test_a_full_board_is_found_before_the_upload(small: LocalBoard, tmp_path: Path) -> None:
    before = flash_on(small, make_bundle(tmp_path)).status
    with pytest.raises(BoardError, match=r"no space left in .* KiB are free, .* are needed"):
        flash_on(small, large(tmp_path, 300 << 10))
    assert small.half.status() == before
    assert small.leftovers() == set()


def test_a_board_that_is_full_to_the_last_byte_is_left_as_it_is(
    small: LocalBoard, tmp_path: Path
) -> None:
    before = flash_on(small, make_bundle(tmp_path)).status
    fill_up(small.home, 0)
    with pytest.raises(BoardError, match="no space left"):
        flash_on(small, make_bundle(tmp_path, version="2.0.0"))
    assert small.half.status() == before
    assert small.leftovers() == set()


@pytest.mark.parametrize(
    ("before", "after"), [(8 << 10, None), (None, 8 << 10)], ids=["sending", "unpacking"]
)
def test_a_board_that_fills_up_on_the_way_keeps_its_firmware(
    small: LocalBoard, tmp_path: Path, before: int | None, after: int | None
) -> None:
    status = flash_on(small, make_bundle(tmp_path)).status
    filling = Filling(small, before=before, after=after)
    with pytest.raises(BoardError, match="no space left"):
        flash(large(tmp_path, 100 << 10), filling, reporter=Silent(), half=small.half)
    assert small.half.status() == status
    assert small.leftovers() == set()


def test_a_board_without_kvm_is_told_before_anything_travels(
    dash: LocalBoard, tmp_path: Path
) -> None:
    with pytest.raises(BoardError, match="has no /dev/absent"):
        flash_on(dash, make_bundle(tmp_path, needs=("/dev/absent",)))
    assert dash.leftovers() == set()


def test_the_console_is_followed_from_its_first_line_to_the_end(
    board: LocalBoard, tmp_path: Path
) -> None:
    guest = "echo ready\nsleep 0.5\necho second\nsleep 0.5\nprintf last\nexit 7\n"
    flash_on(board, make_bundle(tmp_path, guest))
    with Console(board.half) as console:
        assert list(console.lines()) == ["ready", "second", "last"]
        assert console.exit_status() == 7


def test_a_quiet_console_times_out_and_can_be_read_on(board: LocalBoard, tmp_path: Path) -> None:
    flash_on(board, make_bundle(tmp_path, "echo ready\nsleep 1.5\necho more\nexec sleep 60\n"))
    with Console(board.half) as console:
        assert console.read(timeout=5) == b"ready\n"
        with pytest.raises(TimeoutError):
            console.read(timeout=0.2)
        assert console.read(timeout=5) == b"more\n"
    assert board.half.status().running


def test_run_shows_the_console_and_returns_the_guests_status(
    board: LocalBoard, tmp_path: Path
) -> None:
    flash_on(board, make_bundle(tmp_path, "echo ready\nsleep 0.4\nexit 5\n"))
    shown = io.BytesIO()
    assert run.show(board.half, shown) == 5
    assert shown.getvalue() == b"ready\n"


class Interrupted(io.BytesIO):
    """A terminal at which Ctrl-C is pressed as soon as something is shown."""

    def flush(self) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_in_run_ends_the_guest(board: LocalBoard, tmp_path: Path) -> None:
    flash_on(board, make_bundle(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        run.show(board.half, Interrupted())
    assert not board.half.status().running


def test_of_two_flashes_at_once_one_is_told_who_holds_the_board(
    dash: LocalBoard, tmp_path: Path
) -> None:
    bundle = make_bundle(tmp_path)
    dash.half.stage("1" * 16, "alice@lab", (), bundle.slot_files)
    with pytest.raises(BoardError, match="is being flashed by alice@lab since"):
        flash_on(dash, bundle)
    dash.half.abandon("1" * 16)
    assert flash_on(dash, bundle).status.running


def test_progress_is_lines_for_pipes_and_objects_for_programs(
    dash: LocalBoard, tmp_path: Path
) -> None:
    out, err = io.StringIO(), io.StringIO()
    reporter = report.choose(json_lines=True, out=out, err=err)
    flashed = flash(make_bundle(tmp_path), dash.transport, reporter=reporter, half=dash.half)
    reporter.result(flashed.values(), str(flashed))
    events = [json.loads(line) for line in err.getvalue().splitlines()]
    assert [event["event"] for event in events][:2] == ["step", "step"]
    assert {"event": "progress", "done": flashed.sent, "total": flashed.sent} in events
    assert json.loads(out.getvalue())["slot"] == "a"
    assert isinstance(report.choose(out=out, err=err), report.Plain)


def test_a_flash_whose_listener_goes_away_is_finished_by_the_board(
    board: LocalBoard, tmp_path: Path
) -> None:
    bundle = make_bundle(tmp_path, "sleep 1\necho ready\nexec sleep 60\n")
    staged = board.half.stage("2" * 16, "bob@lab", (), bundle.slot_files)
    assert set(staged.missing) == set(bundle.slot_contents)
    for name, data in bundle.slot_contents.items():
        (board.guest / "slots/new" / name).write_bytes(data)
        (board.guest / "slots/new" / name).chmod(0o755)
    leaving = threading.Thread(target=_install_and_leave, args=(board, "2" * 16))
    leaving.start()
    leaving.join()
    deadline = time.monotonic() + 10
    while board.half.status().slot is None and time.monotonic() < deadline:
        time.sleep(0.2)
    assert board.half.status().running_slot == board.half.status().slot == "a"
    assert board.leftovers() == set()


def _install_and_leave(board: LocalBoard, token: str) -> None:
    """Send `install` and close our ends of its pipes while it works."""
    command = ["sh", "-c", board.half._command("install", token, "5")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(device.script().encode())
    process.stdin.close()
    process.stdout.close()
    process.wait()
