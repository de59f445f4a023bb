# SPDX-License-Identifier: MIT
"""Files made of another version and what differs: found by Python, put together by both shells."""

import gzip
import hashlib
import random
from pathlib import Path

import pytest
from local_board import READY, LocalBoard, local_board, make_bundle

from rpikit import bundle as bundles
from rpikit import delta, device, upload
from rpikit.bundle import Bundle
from rpikit.delta import Base, Delta
from rpikit.device import Staged, UnfitError
from rpikit.flash import Flashed, flash
from rpikit.report import Plain, Silent

TOKEN = "0123456789abcdef"


def made_of(base: bytes, made: Delta) -> bytes:
    """Put a file together as a board does."""
    head, *lines = made.steps.decode().splitlines()
    block, out, at = int(head.split()[1]), b"", 0
    for line in lines:
        match line.split():
            case ["copy", first, count]:
                assert (int(first) + int(count)) * block <= len(base)
                out += base[int(first) * block : (int(first) + int(count)) * block]
            case ["data", size]:
                out += made.data[at : at + int(size)]
                at += int(size)
            case other:
                raise AssertionError(other)
    assert at == len(made.data)
    assert head == f"{hashlib.sha256(base).hexdigest()} {block} 644 {len(out)}"
    return out


def edited(data: bytes, chance: random.Random) -> bytes:
    """Change, insert, take out, move or double some bytes, at any place."""
    out = bytearray(data)
    for _ in range(chance.randrange(6)):
        at, size = chance.randrange(len(out) + 1), chance.choice([1, 4, 100, 1000])
        match chance.randrange(5):
            case 0:
                out[at : at + size] = chance.randbytes(min(size, len(out) - at))
            case 1:
                out[at:at] = chance.randbytes(size)
            case 2:
                del out[at : at + size]
            case 3:
                part = out[at : at + 10 * size]
                del out[at : at + 10 * size]
                out += part
            case _:
                out[at:at] = out[: 3 * size]
    return bytes(out)


def some(chance: random.Random, size: int) -> bytes:
    """Return bytes with much that repeats in them, and runs of zeros."""
    words = [chance.randbytes(4) for _ in range(300)]
    parts = [b"".join(chance.choices(words, k=50)) for _ in range(size // 200 + 1)]
    parts[::7] = [bytes(200)] * len(parts[::7])
    return b"".join(parts)[:size]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_was_edited_the_file_comes_out(seed: int) -> None:
    chance = random.Random(seed)
    old = some(chance, chance.choice([0, 1, 127, 128, 5000, 20_000]))
    new = edited(old, chance)
    assert made_of(old, delta.make(Base.of(old), new, 0o644)) == new


def test_a_small_change_is_a_small_delta() -> None:
    chance = random.Random(3)
    old = chance.randbytes(60_000)
    shifted = old[:1001] + b"new" + old[1001:30_000] + old[30_050:]
    made = delta.make(Base.of(old), shifted, 0o644)
    assert len(made.data) < 5 * delta.BLOCK
    assert made_of(old, made) == shifted


def test_the_steps_are_few_even_if_every_second_block_differs() -> None:
    chance = random.Random(4)
    old = chance.randbytes(130_000)
    new = bytearray(old)
    new[:: 2 * delta.BLOCK] = bytes(len(new[:: 2 * delta.BLOCK]))
    made = delta.make(Base.of(old), bytes(new), 0o644)
    assert len(made.steps.splitlines()) <= delta.STEPS + 1
    assert made_of(old, made) == new


def test_blocks_grow_with_the_file_so_that_the_checks_stay_few() -> None:
    assert Base.of(bytes(delta.MAX)).block == delta.MAX // delta.BLOCKS


@pytest.mark.parametrize(
    "text", ["", "x", "0" * 64, f"{'0' * 64} 1 3", f"{'0' * 64} 1 0 7", "a b c"]
)
def test_what_a_board_should_not_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Base.parse(text)


# On a board.


def stage(board: LocalBoard, bundle: Bundle) -> Staged:
    return board.half.stage(TOKEN, "alice@lab", (), bundle.slot_files)


def lay(board: LocalBoard, guest: str, content: bytes, slot: str = "a") -> None:
    """Have the board hold a unikernel with these bytes."""
    file = board.home / "guests" / guest / "slots" / slot / device.UNIKERNEL
    file.parent.mkdir(parents=True)
    file.write_bytes(content)


def firmware(folder: Path, content: bytes) -> Bundle:
    """Return a bundle with this unikernel."""
    made = make_bundle(folder, version="2.0.0")
    contents = {**made.contents, device.UNIKERNEL: content}
    manifest = bundles.describe("blink", "2.0.0", "virtual-pi3", made.manifest.launch, contents)
    return bundles.write(manifest, contents, folder)


@pytest.mark.parametrize("size", [2048, 2049, 4098, 40_003, 300_001])
def test_a_board_tells_the_checks_that_python_does(
    board: LocalBoard, tmp_path: Path, size: int
) -> None:
    content = some(random.Random(size), size)
    lay(board, "blink", content)
    staged = stage(board, firmware(tmp_path, content + b"more"))
    assert staged.bases == {device.UNIKERNEL: Base.of(content)}


def test_a_board_without_the_programs_for_it_gets_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_board(tmp_path, "busybox") as board:
        (tmp_path / "applets/od").unlink()
        lay(board, "blink", bytes(3000))
        assert stage(board, firmware(tmp_path, bytes(3001))).bases == {}


def test_what_it_is_made_of_is_the_selected_version_first_then_that_of_another_guest(
    board: LocalBoard, tmp_path: Path
) -> None:
    ours, idle, other = (random.Random(n).randbytes(3000) for n in range(3))
    bundle = firmware(tmp_path, bytes(3000))
    lay(board, "other", other)
    assert stage(board, bundle).bases[device.UNIKERNEL] == Base.of(other)
    board.half.abandon(TOKEN)
    lay(board, "blink", idle)
    assert stage(board, bundle).bases[device.UNIKERNEL] == Base.of(idle)
    board.half.abandon(TOKEN)
    lay(board, "blink", ours, "b")
    (board.guest / "current").symlink_to("slots/b")
    assert stage(board, bundle).bases[device.UNIKERNEL] == Base.of(ours)


def send(staged: Staged, members: dict[str, bytes]) -> str:
    """Put an archive of these members on the board; return its SHA-256."""
    data = gzip.compress(bundles.pack(members))
    Path(staged.incoming).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


OLD = random.Random(1).randbytes(4000)
GOOD = f"{hashlib.sha256(OLD).hexdigest()} 128 644 %d\n"


HOSTILE = [
    "",
    "\n",
    "data 5\n",
    f"{'0' * 64} 128 644 5\ndata 5\n",
    GOOD.replace("128", "0") % 5 + "data 5\n",
    GOOD.replace("128", "-1") % 5 + "data 5\n",
    GOOD.replace("644", "4755") % 5 + "data 5\n",
    GOOD.replace("644", "644 x") % 5 + "data 5\n",
    GOOD % 4 + "data 5\n",
    GOOD % 99999999 + "data 99999999\n",
    GOOD % 5 + "data 05\n",
    GOOD % 5 + "data 5 5\n",
    GOOD % 5 + "data 0\ndata 5\n",
    GOOD % 5 + "data $(touch escaped)\n",
    GOOD % 5 + "data a[$(touch${IFS}escaped)]\n",
    GOOD % 5 + "copy 0 1`touch escaped`\n",
    GOOD % 5 + "copy 31 1\n",
    GOOD % 5 + "copy 0 32\n",
    GOOD % 5 + "copy 9999999 9999999\n",
    GOOD % 5 + "copy -1 1\n",
    GOOD % 5 + "copy 0 1\n",
    GOOD % 5 + "touch escaped\n",
    GOOD % 5 + "data 6\n",
    GOOD % 5 + "data 1\n" * 5 + "copy 0 0\n" * 1000,
    GOOD % 5 + "data 4\n",
]


@pytest.mark.parametrize("steps", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_steps_are_refused_and_nothing_else_is_done(
    board: LocalBoard, tmp_path: Path, steps: str
) -> None:
    lay(board, "blink", OLD)
    wanted = b"wrong" if steps.endswith("data 4\n") else b"right"
    bundle = firmware(tmp_path, b"right")
    staged = stage(board, bundle)
    members = {name: bundle.slot_contents[name] for name in staged.missing}
    del members[device.UNIKERNEL]
    members |= {".steps.unikernel.hvt": steps.encode(), ".data.unikernel.hvt": wanted}
    with pytest.raises(UnfitError, match=r"unikernel\.hvt could not be made of another version"):
        board.half.install(TOKEN, 5, upload=send(staged, members))
    assert not list(tmp_path.rglob("escaped"))
    assert board.leftovers() == set()
    assert (board.guest / "slots/a/unikernel.hvt").read_bytes() == OLD


def flash_on(board: LocalBoard, bundle: Bundle, err: "Said | None" = None) -> Flashed:
    reporter = Plain(err, err) if err else Silent()
    return flash(bundle, board.transport, reporter=reporter, half=board.half)


class Said:
    """Takes what is written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Have it."""


def program(seed: int, size: int = 12_000) -> str:
    """Return a guest of noise, which compresses to half."""
    return f"{READY}{random.Random(seed).randbytes(size).hex()}\n"


def test_a_changed_file_travels_as_what_differs_and_is_the_same_to_the_byte(
    board: LocalBoard, tmp_path: Path
) -> None:
    guest = program(1)
    first = flash_on(board, make_bundle(tmp_path, guest))
    assert first.deltas == ()
    longer = f"{guest[:9000]}a line more{guest[9000:]}"
    bundle = make_bundle(tmp_path, longer, version="2.0.0")
    second = flash_on(board, bundle)
    assert second.deltas == ("unikernel.hvt",)
    assert second.sent < 2000
    slot = board.guest / "slots" / str(second.status.slot)
    held = {path.name: path.read_bytes() for path in slot.iterdir()}
    assert held == {**bundle.slot_contents, device.SUMS: held[device.SUMS]}
    for file in bundle.slot_files:
        assert (slot / file.name).stat().st_mode & 0o777 == file.mode
    assert board.leftovers() == set()


def test_a_file_that_is_quite_another_travels_whole(board: LocalBoard, tmp_path: Path) -> None:
    flash_on(board, make_bundle(tmp_path, program(1)))
    assert flash_on(board, make_bundle(tmp_path, program(2))).deltas == ()


def test_another_guests_files_are_taken_and_its_versions_are_made_of(
    board: LocalBoard, tmp_path: Path
) -> None:
    flash_on(board, make_bundle(tmp_path, program(1)))
    other = flash_on(board, make_bundle(tmp_path, program(1) + "#\n", name="other"))
    assert set(other.kept) == {"device.sh", "tender"}
    assert other.deltas == ("unikernel.hvt",)
    board.half.of("other").verify()


def test_what_differs_does_not_fit_the_whole_file_follows(
    board: LocalBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flash_on(board, make_bundle(tmp_path, program(1)))
    true = delta.make

    def wrong(base: Base, new: bytes, mode: int) -> Delta:
        made = true(base, new, mode)
        return Delta(made.steps, bytes(len(made.data)))

    monkeypatch.setattr(delta, "make", wrong)
    bundle = make_bundle(tmp_path, program(1) + "more\n", version="2.0.0")
    said = Said()
    done = flash_on(board, bundle, said)
    assert (done.status.version, done.deltas) == ("2.0.0", ())
    assert "only what differs: unikernel.hvt" in said.text
    assert "could not be made of another version and what differs; it is sent whole" in said.text
    assert board.leftovers() == set()
    board.half.verify()


def test_an_archive_is_the_same_each_time_it_is_made(board: LocalBoard, tmp_path: Path) -> None:
    flash_on(board, make_bundle(tmp_path, program(1)))
    bundle = make_bundle(tmp_path, program(1) + "more\n", version="2.0.0")
    archives = set()
    for _ in range(2):
        archives.add(upload.make(bundle, stage(board, bundle)).data)
        board.half.abandon(TOKEN)
    assert len(archives) == 1
