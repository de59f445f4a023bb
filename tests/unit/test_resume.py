# SPDX-License-Identifier: MIT
"""An upload that broke off goes on at the next flash, whoever flashes and however it broke."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from local_board import READY, LocalBoard, make_bundle
from serial_console import console

from rpikit.bundle import Bundle
from rpikit.device import DeviceHalf, Staged
from rpikit.errors import BoardError, VerificationError
from rpikit.flash import Flashed, flash
from rpikit.report import Silent
from rpikit.transport.local import Local
from rpikit.transport.serial import Serial, SerialAddress

NOISE = random.Random(7).randbytes(9000).hex()  # compresses to half


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path, f"# {NOISE}\n{READY}", version="2.0.0")


class Breaking(Local):
    """A way to a board that is lost after so many bytes of an upload."""

    def __init__(self, folder: Path, after: int, error: type[BaseException] = BoardError) -> None:
        super().__init__(folder)
        self.left = after
        self.error = error
        self.before: Callable[[], object] = lambda: None

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.before()
        content = data.read_bytes()
        if offset + self.left >= len(content):
            super().put(data, remote, offset=offset, progress=progress)
            return
        with Path(remote).open("ab" if offset else "wb") as target:
            target.write(content[offset : offset + self.left])
        raise self.error("the connection was lost")


def flash_on(board: LocalBoard, bundle: Bundle, way: Local | None = None) -> Flashed:
    half = DeviceHalf(way or board.transport, home=str(board.home), shell=board.shell)
    return flash(bundle, half.transport, reporter=Silent(), half=half)


def broken(
    board: LocalBoard, bundle: Bundle, after: int, error: type[BaseException] = BoardError
) -> None:
    with pytest.raises(error, match="the connection was lost"):
        flash_on(board, bundle, Breaking(board.folder, after, error))


def test_the_rest_is_sent_and_nothing_twice_wherever_it_broke(
    board: LocalBoard, bundle: Bundle
) -> None:
    chance = random.Random(11)
    at = [chance.randrange(1, 3000) for _ in range(3)]
    for after in at:
        broken(board, bundle, after)
        assert (board.home / "incoming").exists()
    done = flash_on(board, bundle)
    assert done.resumed == sum(at)
    assert done.status.version == "2.0.0"
    assert board.leftovers() == set()
    board.half.verify()


def test_an_upload_that_was_there_to_the_last_byte_is_not_sent_at_all(
    board: LocalBoard, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise BoardError("the connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(DeviceHalf, "install", lost)
        with pytest.raises(BoardError, match="the connection was lost"):
            flash_on(board, bundle)
    assert board.leftovers() == {"incoming", "lock", "new"}
    board.half.abandon((board.home / "lock").read_text().split()[0])
    done = flash_on(board, bundle)
    assert done.sent == 0
    assert done.resumed > 9000


def test_ctrl_c_keeps_what_arrived_and_lets_the_board_go(dash: LocalBoard, bundle: Bundle) -> None:
    broken(dash, bundle, 2000, KeyboardInterrupt)
    assert dash.leftovers() == {"incoming"}
    assert flash_on(dash, bundle).resumed == 2000


def damaged(content: bytearray, chance: random.Random) -> None:
    """Do to it what a power cut or a bad card does."""
    at = chance.randrange(len(content))
    match chance.randrange(4):
        case 0:
            content[at] ^= 1 << chance.randrange(8)
        case 1:
            content[at:] = bytes(len(content) - at)  # a hole
        case 2:
            content += chance.randbytes(5)
        case _:
            del content[at]


def test_what_arrived_damaged_is_sent_anew(dash: LocalBoard, bundle: Bundle) -> None:
    chance = random.Random(5)
    for number in range(6):
        broken(dash, bundle, 4000)
        content = bytearray((dash.home / "incoming").read_bytes())
        damaged(content, chance)
        (dash.home / "incoming").write_bytes(content)
        again = Breaking(dash.folder, 100)
        with pytest.raises(BoardError):
            flash_on(dash, bundle, again)
        assert (dash.home / "incoming").stat().st_size == 100, number
    assert flash_on(dash, bundle).resumed == 100


def test_who_was_cut_off_and_does_not_know_it_yet_writes_into_nothing(
    board: LocalBoard, bundle: Bundle, tmp_path: Path
) -> None:
    other = make_bundle(tmp_path, READY, version="3.0.0")
    for made in (other, bundle):
        broken(board, bundle, 4000)
        with (board.home / "incoming").open("ab", buffering=0) as late:
            again = Breaking(board.folder, 1 << 20)
            again.before = lambda: late.write(b"late")
            assert flash_on(board, made, again).sent > 0


def test_another_upload_takes_the_place_of_the_one_that_broke_off(
    board: LocalBoard, bundle: Bundle, tmp_path: Path
) -> None:
    broken(board, bundle, 4000)
    other = make_bundle(tmp_path, READY, version="3.0.0")
    broken(board, other, 500)
    assert (board.home / "incoming").stat().st_size == 500
    assert flash_on(board, bundle).resumed == 0


def test_it_is_gone_once_nothing_is_missing_and_with_a_guest_that_is_removed(
    board: LocalBoard, bundle: Bundle, tmp_path: Path
) -> None:
    first = make_bundle(tmp_path)
    flash_on(board, first)
    broken(board, bundle, 4000)
    assert flash_on(board, first).sent == 0
    assert board.leftovers() == set()
    broken(board, bundle, 4000)
    board.half.remove()
    assert list(board.home.iterdir()) == [board.home / "guests"]


def test_it_goes_on_after_a_boot(board: LocalBoard, bundle: Bundle) -> None:
    broken(board, bundle, 4000)
    board.half.boot()
    assert flash_on(board, bundle).resumed == 4000


def test_a_first_flash_that_broke_off_leaves_no_guest(board: LocalBoard, bundle: Bundle) -> None:
    broken(board, bundle, 4000)
    assert board.half.ps() == ()
    assert [path.name for path in board.home.iterdir() if path.name != "guests"] == ["incoming"]


def test_an_upload_is_unpacked_only_if_it_is_the_one_that_was_sent(
    board: LocalBoard, bundle: Bundle
) -> None:
    for upload in ("0" * 64, "", "nothing"):
        staged = board.half.stage("1" * 16, "alice@lab", (), bundle.slot_files)
        Path(staged.incoming).write_bytes(b"rubbish")
        with pytest.raises(VerificationError):
            board.half.install("1" * 16, 5, upload=upload)
        assert board.leftovers() == set()


@pytest.mark.parametrize("told", ["", "0 ", "7 " + "0" * 64])
def test_only_the_beginning_of_an_upload_counts_as_held(told: str) -> None:
    assert Staged("incoming", (), ("file",), told).held(b"the whole upload") == 0


def test_a_beginning_is_known_by_its_hash() -> None:
    for held, upload in ((b"the who", 7), (b"the whole upload", 16), (b"the whole upload!", 0)):
        told = f"{len(held)} {hashlib.sha256(held).hexdigest()}"
        assert Staged("incoming", (), ("file",), told).held(b"the whole upload") == upload


class Interrupting(Silent):
    """Presses Ctrl-C once more than so many bytes are on their way."""

    def __init__(self, after: int | None) -> None:
        self._after = after

    def progress(self, done: int, total: int) -> None:
        if self._after is not None and done > self._after:
            raise KeyboardInterrupt


def flash_over(place: str, board: LocalBoard, bundle: Bundle, after: int | None = None) -> Flashed:
    with Serial(SerialAddress(place), "desk") as serial:
        half = DeviceHalf(serial, home=str(board.home))
        return flash(bundle, serial, reporter=Interrupting(after), half=half)


def test_what_broke_off_elsewhere_goes_on_over_a_serial_line(
    dash: LocalBoard, bundle: Bundle, tmp_path: Path
) -> None:
    broken(dash, bundle, 4000)
    with console("dash", tmp_path) as wire:
        assert flash_over(wire.place, dash, bundle).resumed == 4000
    dash.half.verify()


def test_a_flash_over_a_serial_line_that_was_cut_goes_on_there(
    dash: LocalBoard, bundle: Bundle, tmp_path: Path
) -> None:
    with console("dash", tmp_path, baud=460800) as wire:
        with pytest.raises(KeyboardInterrupt):
            flash_over(wire.place, dash, bundle, after=20_000)
        before = wire.there.carried
        flashed = flash_over(wire.place, dash, bundle)
        again = wire.there.carried - before
        before = wire.there.carried
        flash_over(wire.place, dash, bundle)
        calls = wire.there.carried - before  # all but the upload
    assert flashed.status.version == "2.0.0"
    assert again - calls < flashed.sent / 2
