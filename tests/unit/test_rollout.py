# SPDX-License-Identifier: MIT
"""The roll-out over many device halves at once: dead, slow and wrong boards among good ones."""

import json
import os
import pty
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import promised
import pytest
from local_board import BROKEN, SHELLS, LocalBoard, local_board, make_bundle

from rpikit import bundle, fleet, identity, journal, paths, rollout, rollout_view
from rpikit.bundle import Bundle
from rpikit.errors import BoardError, FirmwareError, VerificationError
from rpikit.flash import Flashed, flash
from rpikit.fleet import Limit, Plan
from rpikit.journal import Journal, Wish
from rpikit.report import Reporter, Silent
from rpikit.rollout import Row
from rpikit.rollout_view import Ended, Lines
from rpikit.transport import SshAddress, Transport
from rpikit.transport.local import Local
from rpikit.transport.ssh import Ssh
from rpikit.wiring import Target

WISH = Wish("/lab/blink", "blink", "1.0.0", None, "auto", sanitize=False, beside=False)
EVERYONE = Limit(100, is_percent=True)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@dataclass
class Site:
    """A board of the lab: who it is to be, and the way to it."""

    target: Target
    transport: Transport
    board: LocalBoard | None = None


class Slow(Local):
    """A way to a board on which nothing arrives before all the others are done."""

    def __init__(self, folder: Path, others_done: threading.Event) -> None:
        super().__init__(folder, name=f"slow (folder {folder})")
        self._others_done = others_done

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        assert self._others_done.wait(120), "it holds the others up"
        super().put(data, remote, offset=offset, progress=progress)


class Watching(Lines):
    """Counts the boards that ended, and sets an event when all but one did."""

    def __init__(self, boards: int) -> None:
        super().__init__(Silent())
        self.ended: list[Ended] = []
        self.others_done = threading.Event()
        self._boards = boards

    def end(self, row: Ended) -> None:
        super().end(row)
        self.ended.append(row)
        if len(self.ended) == self._boards - 1:
            self.others_done.set()


@contextmanager
def lab(folder: Path, view: Watching) -> Iterator[dict[str, Site]]:
    """Give eleven boards: eight good ones, and one that is slow, dead, or another."""
    with ExitStack() as stack:
        sites = {}
        for number, name in enumerate([*(f"lab-{number}" for number in range(1, 9)), "slow"]):
            (folder / name).mkdir()
            made = stack.enter_context(local_board(folder / name, SHELLS[number % 2]))
            if name == "slow":
                made.transport = Slow(folder / name, view.others_done)
                made.half.transport = made.transport
            sites[name] = Site(Target(name=name, board="host"), made.transport, made)
        dead = Ssh(SshAddress("127.0.0.1", 1, "pi", known_hosts=folder / "none"), "dead")
        (folder / "none").touch()
        sites["dead"] = Site(Target(name="dead", board="rpi3b"), dead)
        (folder / "other").mkdir()
        other = Target(name="other", board="rpi3b", serial_number="00000000deadbeef")
        sites["other"] = Site(other, Local(folder / "other", name="other (this machine)"))
        yield sites


def flasher(sites: dict[str, Site], bundle: Bundle) -> rollout.Flash:
    def flash_one(name: str, reporter: Reporter) -> Flashed:
        site = sites[name]
        identity.check(site.target, site.transport)
        half = site.board.half if site.board else None
        return flash(bundle, site.transport, reporter=reporter, half=half)

    return flash_one


def test_eleven_boards_at_once_and_none_holds_up_the_others(tmp_path: Path) -> None:
    view = Watching(11)
    names = ("lab-1", "slow", "dead", "other", *(f"lab-{number}" for number in range(2, 9)))
    with lab(tmp_path, view) as sites:
        bundle = make_bundle(tmp_path)
        with Journal.begin(WISH, Plan(names, wave=4, max_failures=Limit(2))) as book:
            done = rollout.run(book, flasher(sites, bundle), view)
            assert book.flashed == set(names) - {"dead", "other"}
        assert done.exit_code == 4
        rows = {row.board: row for row in done.rows}
        assert tuple(rows) == names
        assert "connection refused" in rows["dead"].said or "does not answer" in rows["dead"].said
        assert "another board answers: it has no serial number" in rows["other"].said
        assert list((tmp_path / "other").iterdir()) == []
        for name, site in sites.items():
            if site.board is None:
                assert rows[name].state == "failed"
                continue
            assert rows[name].state == "flashed"
            assert site.board.half.status().digest == bundle.digest
            assert site.board.half.status().running
            assert site.board.leftovers() == set()
    assert view.ended[-1].board == "slow"
    assert str(done).splitlines()[-2] == "blink 1.0.0: 9 of 11 boards flashed, 2 failed"
    promised.result("flash --boards", json.dumps(done.values()))


def test_a_canary_whose_firmware_fails_leaves_all_others_as_they_were(tmp_path: Path) -> None:
    with ExitStack() as stack:
        sites = {}
        for name in ("one", "two", "three"):
            (tmp_path / name).mkdir()
            made = stack.enter_context(local_board(tmp_path / name, "dash"))
            flash(make_bundle(tmp_path), made.transport, reporter=Silent(), half=made.half)
            sites[name] = Site(Target(name=name, board="host"), made.transport, made)
        before = {name: site.board and site.board.half.status() for name, site in sites.items()}
        broken = make_bundle(tmp_path, BROKEN, version="2.0.0")
        with Journal.begin(WISH, Plan(tuple(sites), max_failures=EVERYONE)) as book:
            done = rollout.run(book, flasher(sites, broken), Lines(Silent()))
        assert done.exit_code == FirmwareError.exit_code
        assert done.stopped == "the canary one failed"
        assert [row.state for row in done.rows] == ["failed", "waiting", "waiting"]
        for name in ("two", "three"):
            board = sites[name].board
            assert board is not None
            assert board.half.status() == before[name]
        canary = sites["one"].board
        assert canary is not None
        assert canary.half.status().version == "1.0.0"


class KilledError(Exception):
    """What stands for the end of the process, wherever it is."""


class Dying(Lines):
    """A view in which the process dies at some board's end, or lives on."""

    def __init__(self, at: int) -> None:
        super().__init__(Silent())
        self._left = at

    def end(self, row: Ended) -> None:
        self._left -= 1
        if self._left == 0:
            raise KilledError


@pytest.mark.parametrize("seed", range(60))
def test_killed_and_resumed_at_random_it_flashes_every_board_once(seed: int, state: Path) -> None:
    chance = random.Random(seed)
    names = tuple(f"board-{number}" for number in range(chance.randint(2, 24)))
    plan = Plan(names, chance.randint(0, 2), chance.randint(1, 6), Limit(chance.randint(0, 5)))
    journal_says: list[str] = []
    faults = (BoardError, FirmwareError, VerificationError)
    lock = threading.Lock()

    def flash_one(name: str, reporter: Reporter) -> Flashed:
        with lock:
            assert name not in journal_says, "it was on record as done"
            if chance.random() < 0.2:
                raise chance.choice(faults)(f"{name}: fails")
        return FLASHED

    book = Journal.begin(WISH, plan)
    for _ in range(400):
        with suppress(KilledError):
            view = Dying(chance.randint(1, 2 * len(names)))
            done = rollout.run(book, flash_one, view)
            assert done.exit_code == expected(done.rows)
        book.close()
        with Journal(book.path) as read:
            said = read.flashed
        assert said >= set(journal_says)
        with lock:
            journal_says[:] = sorted(said)
        if said == set(names):
            break
        book = journal.last("blink")
    assert set(journal_says) == set(names)


def expected(rows: Sequence[Row]) -> int:
    codes = {row.code for row in rows} - {0, None}
    return next((code for code in fleet.GRAVITY if code in codes), 0)


@pytest.fixture(scope="module", autouse=True)
def flashed_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Flash a board for real, for what tests of the order alone return."""
    global FLASHED
    folder = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch, local_board(folder, "dash") as made:
        patch.setenv("RPIKIT_STATE", str(folder / "state"))
        FLASHED = flash(make_bundle(folder), made.transport, reporter=Silent(), half=made.half)


FLASHED: Flashed

HELLO = paths.data_root() / "c" / "apps" / "hello"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an application that is built, and a bench of eight boards."""
    folder = tmp_path_factory.mktemp("desk")
    for file in ("rpikit.toml", "main.c"):
        (folder / file).write_bytes((HELLO / file).read_bytes())
    boards = "".join(f'[boards.lab-{number}]\nboard = "host"\n' for number in range(1, 9))
    (folder / "bench.toml").write_text(f'[groups]\nlab = ["lab-*"]\n{boards}')
    built = subprocess.run([*RPIKIT, "build", "--board", "host"], cwd=folder, capture_output=True)
    assert built.returncode == 0, built.stderr
    return folder


RPIKIT = (sys.executable, "-m", "rpikit")


def begin(desk: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RPIKIT, "flash", *words],
        cwd=desk,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def events(state: Path) -> list[dict[str, object]]:
    """Return what is in the newest journal by now."""
    files = sorted((state / "fleet/hello").glob("*.jsonl"))
    lines = files[-1].read_bytes().splitlines(keepends=True) if files else []
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def wait_for(state: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until so many boards ended."""
    deadline = time.monotonic() + 120
    while sum(one["event"] == "end" for one in events(state)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def resumed(desk: Path) -> dict[str, object]:
    done = subprocess.run(
        [*RPIKIT, "flash", "--resume", "--json"], cwd=desk, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    promised.events(done.stderr)
    promised.result("flash --boards", done.stdout)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def leftovers(state: Path) -> list[Path]:
    """Return what a flash on its way would have left on the boards."""
    homes = state.glob("host/lab-*/kept")
    patterns = ("lock*", "guests/*/slots/new")
    return [left for home in homes for pattern in patterns for left in home.glob(pattern)]


def test_a_killed_roll_out_is_resumed_exactly(desk: Path, state: Path) -> None:
    process = begin(desk, "--boards", "lab-*", "--wave", "1")
    wait_for(state, 3, process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    done = {one["board"] for one in events(state) if one["event"] == "end"}
    assert 3 <= len(done) < 8
    rows = resumed(desk)["boards"]
    assert isinstance(rows, list)
    assert {row["board"] for row in rows if row["before"]} == done
    assert {row["state"] for row in rows} == {"flashed"}
    begun = [one["board"] for one in events(state) if one["event"] == "start"]
    assert all(begun.count(board) == 1 for board in done)
    assert leftovers(state) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_board_half_flashed(desk: Path, state: Path, number: int) -> None:
    process = begin(desk, "--group", "lab", "--wave", "2")
    wait_for(state, 1, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "interrupted: waiting for" in err
    assert "Traceback" not in err
    said = events(state)
    begun = {one["board"] for one in said if one["event"] == "start"}
    ended = {one["board"] for one in said if one["event"] == "end"}
    assert begun == ended
    assert said[-1]["event"] == "over"
    assert "boards flashed" in out
    assert "waiting: interrupted" in out
    assert leftovers(state) == []
    resumed(desk)


def test_at_a_terminal_a_table_moves(desk: Path, state: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(desk)
        os.environ |= {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
        for name in ("CI", "NO_COLOR", "RPIKIT_JSON"):
            os.environ.pop(name, None)
        os.execv(sys.executable, [*RPIKIT, "flash", "--boards", "lab-1,lab-2,lab-3"])
    said = b""
    with suppress(OSError):
        while data := os.read(terminal, 65536):
            said += data
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, said
    text = said.decode()
    assert "BOARD" in text
    assert "under way" in text
    assert "waiting" in text
    assert text.rstrip().endswith("hello 1.0.0: 3 of 3 boards flashed")


def test_what_was_built_anew_is_not_mixed_with_what_a_roll_out_began_with(
    desk: Path, state: Path
) -> None:
    process = begin(desk, "--boards", "lab-*", "--wave", "1")
    wait_for(state, 1, process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    text = (desk / "main.c").read_text()
    try:
        (desk / "main.c").write_text(text.replace("Hello", "Hullo"))
        again = begin(desk, "--resume")
        _, err = again.communicate(timeout=120)
    finally:
        (desk / "main.c").write_text(text)
    assert again.returncode == VerificationError.exit_code
    assert "began with bundle" in err


def test_a_bundle_that_was_made_before_goes_on_boards_of_its_kind(desk: Path, state: Path) -> None:
    built = subprocess.run([*RPIKIT, "flash", "--board", "host"], cwd=desk, capture_output=True)
    assert built.returncode == 0, built.stderr
    (file,) = desk.glob("build/**/hello-1.0.0-host.rpk")
    process = begin(desk, str(file), "--boards", "lab-1,lab-2", "--bench", "bench.toml", "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    digests = {row["digest"] for row in json.loads(out)["boards"]}
    assert digests == {bundle.read(file).digest}
    process = begin(desk, str(file), "--boards", "lab-1,virtual-pi3", "--bench", "bench.toml")
    _, err = process.communicate(timeout=60)
    assert process.returncode == BoardError.exit_code
    assert "is for host, and virtual-pi3 is a virtual-pi3" in err
    assert len(list((state / "fleet/hello").glob("*.jsonl"))) == 1  # the other one never began


def test_options_for_several_boards_are_refused_for_one(desk: Path) -> None:
    for words, told in (
        (("--wave", "2"), "--wave is for several boards"),
        (("--boards", "lab-1", "--board", "host"), "--board is one board"),
        (("--boards", "lab-1", "--resume"), "--resume has the boards"),
        (("--boards", "shelf-*"), "there is no board 'shelf-*'"),
        (("--group", "shelf"), "there is no group 'shelf'"),
        (("--boards", "lab-1", "--max-failures", "few"), "how many boards may fail"),
    ):
        _, err = (process := begin(desk, *words)).communicate(timeout=60)
        assert process.returncode == 2, err
        assert told in " ".join(err.split())


def test_the_view_fits_the_streams() -> None:
    assert isinstance(rollout_view.choose(Silent()), Lines)
