# SPDX-License-Identifier: MIT
"""The device half beside the state machine of slots.py: any events, the power cut after any step.

RPIKIT_CUTS says how many events are tried with each shell: the more, the longer.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_board import BROKEN, NAME, READY, SHELLS, make_bundle
from power import Board

from rpikit import device, slots
from rpikit.bundle import Bundle
from rpikit.errors import BoardError, FirmwareError, RpikitError
from rpikit.slots import Event, State

CUTS = int(os.environ.get("RPIKIT_CUTS", "16"))
TOKEN = "0123456789abcdef"
WEIGHTS = {Event.BOOT: 1, Event.ABANDON: 1, Event.TRY: 12}  # a cut boots, too
TRIAL = 600  # seconds: longer than any test
STEPS = {Event.TRY: 24}  # about as many as it takes; the others take some 8


@pytest.fixture(params=SHELLS)
def board(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Board]:
    made = Board(tmp_path, request.param, monkeypatch)
    yield made
    made.cut()
    monkeypatch.undo()
    device.script.cache_clear()


def stage(board: Board, bundle: Bundle) -> None:
    board.half.stage(TOKEN, "alice@lab", (), bundle.slot_files)
    for file in bundle.slot_files:
        path = board.guest / "slots/new" / file.name
        path.write_bytes(bundle.slot_contents[file.name])
        path.chmod(file.mode)


def seen(board: Board) -> State:
    """Return what the board keeps, in the words of the state machine."""
    status = board.half.status()

    def version(slot: str) -> str | None:
        for line in _lines(board.guest / "slots" / slot / device.LAUNCH):
            if line.startswith("version="):
                return line.removeprefix("version=")
        return None

    return State(
        a=version("a"),
        b=version("b"),
        new=version("new"),
        confirmed=_slot(status.slot),
        trial=_slot(status.trial.slot if status.trial else None),
        held=(board.guest / "stopped").exists(),
        running=_slot(status.running_slot),
        spare=_spare(board, _slot(status.slot)),
    )


def _spare(board: Board, confirmed: slots.Slot | None) -> slots.Slot | None:
    for line in _lines(board.guest / "spare"):
        found = _slot(line)
        return None if found == confirmed else found
    return None


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _slot(name: str | None) -> slots.Slot | None:
    return "a" if name == "a" else "b" if name == "b" else None


def kept(state: State) -> tuple[object, ...]:
    """What two states must agree in: what is selected, spare and runs, by version."""
    named = (state.confirmed, state.trial, state.running, state.spare)
    return (*map(state.version, named), state.held)


WORDS = {
    Event.TRY: ("install", TOKEN, "5", "alone", str(TRIAL)),
    Event.CONFIRM: ("confirm",),
    Event.ROLL_BACK: ("rollback",),
    Event.START: ("start",),
    Event.STOP: ("stop",),
    Event.ABANDON: ("abandon", TOKEN),
    Event.BOOT: ("boot",),
}


def damage(board: Board, file: str = device.UNIKERNEL) -> None:
    """Turn a bit of a file in the confirmed slot."""
    path = (board.guest / "current" / file).resolve()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def happen(board: Board, event: Event, bundle: Bundle) -> None:
    """Let an event happen to its end."""
    if event == Event.STAGE:
        stage(board, bundle)
    elif event == Event.DAMAGE:
        damage(board)
    elif event == Event.BOOT:
        board.cut()
        board.half.boot()
    else:
        board.half._call(*WORDS[event])


def test_whatever_happens_and_is_cut_the_board_is_where_the_state_machine_is(
    board: Board, tmp_path: Path
) -> None:
    chance = random.Random(5)
    state = State()
    cuts = 0
    for number in range(CUTS):
        possible = [event for event in Event if slots.allows(state, event)]
        event = chance.choices(possible, [WEIGHTS.get(one, 4) for one in possible])[0]
        bundle = make_bundle(tmp_path, READY, version=f"1.{number}")
        version = bundle.manifest.version
        trail = slots.states(state, event, version)
        if event in (Event.STAGE, Event.BOOT, Event.DAMAGE) or chance.random() < 0.25:
            happen(board, event, bundle)
            state = trail[-1]
            assert kept(seen(board)) == kept(state), (number, event)
            continue
        steps = chance.randrange(STEPS.get(event, 8))
        cuts += board.cut_after(*WORDS[event], steps=steps)
        board.half.boot()
        booted = seen(board)
        assert not (board.guest / "trial").exists()
        assert booted.new is None
        could = {kept(slots.after(one, Event.BOOT)) for one in trail}
        assert kept(booted) in could, (number, event, steps)
        state = next(
            one
            for one in (slots.after(cut, Event.BOOT) for cut in trail)
            if kept(one) == kept(booted)
        )
        if state.confirmed and not state.is_damaged:
            board.half.verify()
    print(f"the power was cut {cuts} times in {CUTS} events")
    assert cuts


@pytest.mark.parametrize("event", [Event.TRY, Event.CONFIRM, Event.ROLL_BACK])
def test_each_step_of_a_trial_can_be_the_last_before_the_power_goes(
    event: Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board(tmp_path, "dash", monkeypatch)
    try:
        stage(board, make_bundle(tmp_path, version="1.0"))
        board.half.install(TOKEN, 5)
        steps, was_cut = 0, True
        while was_cut:
            before = board.half.status().version
            version = f"2.{steps}"
            stage(board, make_bundle(tmp_path, version=version))
            if event != Event.TRY:
                board.half.install(TOKEN, 5, trial=TRIAL)
            was_cut = board.cut_after(*WORDS[event], steps=steps)
            board.half.boot()
            status = board.half.status()
            assert status.version in ((before, version) if event == Event.CONFIRM else (before,))
            assert (status.running_slot, status.trial) == (status.slot, None)
            board.half.verify()
            steps += 1 if event != Event.TRY else 3
        assert steps > 3
    finally:
        board.cut()
        monkeypatch.undo()
        device.script.cache_clear()


def install(board: Board, tmp_path: Path, guest: str = READY, *, version: str, trial: int) -> None:
    stage(board, make_bundle(tmp_path, guest, version=version))
    board.half.install(TOKEN, 5, trial=trial)


@pytest.fixture
def running(board: Board, tmp_path: Path) -> Board:
    stage(board, make_bundle(tmp_path, version="1.0"))
    board.half.install(TOKEN, 5)
    return board


def test_a_trial_that_nobody_confirms_ends_by_itself(running: Board, tmp_path: Path) -> None:
    install(running, tmp_path, version="2.0", trial=1)
    wait_for_end(running)
    status = running.half.status()
    assert (status.version, status.running_slot, status.trial) == ("1.0", status.slot, None)
    assert status.returned == "blink 2.0 was not confirmed within 1 s; slot a runs again"
    with pytest.raises(BoardError, match=r"nothing of blink on trial: blink 2\.0 was not conf"):
        running.half.confirm()


def test_a_trial_whose_guest_fails_ends_by_itself(running: Board, tmp_path: Path) -> None:
    fails = "echo ready\nsleep 1\nexit 3\n"
    install(running, tmp_path, fails, version="2.0", trial=TRIAL)
    wait_for_end(running)
    status = running.half.status()
    assert (status.version, status.running_slot) == ("1.0", "a")
    assert "ended with status 3 while it was on trial" in status.returned


def wait_for_end(board: Board) -> None:
    deadline = time.monotonic() + 30
    while board.half.status().trial and time.monotonic() < deadline:
        time.sleep(0.2)


def test_a_guest_on_trial_can_be_started_anew_and_is_still_the_one_on_trial(
    running: Board, tmp_path: Path
) -> None:
    install(running, tmp_path, version="2.0", trial=TRIAL)
    running.half.stop()
    again = running.half.start()
    assert (again.slot, again.running_slot) == ("a", "b")
    assert again.trial is not None
    confirmed = running.half.confirm()
    assert (confirmed.slot, confirmed.version, confirmed.running_slot) == ("b", "2.0", "b")
    assert confirmed.pid == again.pid


def test_a_board_with_a_trial_takes_no_other_flash(running: Board, tmp_path: Path) -> None:
    install(running, tmp_path, version="2.0", trial=TRIAL)
    with pytest.raises(BoardError, match=r"has blink 2\.0 on trial, for \d+ s more") as caught:
        stage(running, make_bundle(tmp_path, version="3.0"))
    assert "rpikit confirm blink" in str(caught.value.hint)
    with pytest.raises(BoardError, match="has blink on trial"):
        running.half.activate()
    running.half.roll_back()
    stage(running, make_bundle(tmp_path, version="3.0"))
    assert running.half.install(TOKEN, 5).version == "3.0"


def test_a_trial_whose_watcher_was_killed_ends_with_the_next_command(
    running: Board, tmp_path: Path
) -> None:
    install(running, tmp_path, version="2.0", trial=TRIAL)
    watcher = int((running.guest / "trial").read_text().split()[2])
    os.kill(watcher, 9)
    assert running.half.status().trial is None
    started = running.half.start()
    assert (started.version, started.running_slot) == ("1.0", "a")


def test_a_first_trial_that_is_rolled_back_leaves_nothing_running(
    board: Board, tmp_path: Path
) -> None:
    install(board, tmp_path, version="1.0", trial=TRIAL)
    status = board.half.roll_back()
    assert (status.slot, status.running) == (None, False)
    board.half.boot()
    assert not board.half.status().running


def test_a_trial_stops_the_others_for_good_only_once_it_is_confirmed(
    running: Board, tmp_path: Path
) -> None:
    other = running.half.of("other")
    bundle = make_bundle(tmp_path, version="7.0", name="other")
    for word, boots in (("roll_back", NAME), ("confirm", "other")):
        other.stage(TOKEN, "alice@lab", (), bundle.slot_files)
        for file in bundle.slot_files:
            path = running.home / "guests/other/slots/new" / file.name
            path.write_bytes(bundle.slot_contents[file.name])
            path.chmod(file.mode)
        other.install(TOKEN, 5, trial=TRIAL)
        assert not running.half.status().running
        getattr(other, word)()
        assert running.half.status().running == (word == "roll_back")
        running.cut()
        assert running.half.boot().all("started") == (boots,)


def test_what_was_stopped_stays_stopped_at_boot_and_what_was_started_starts(
    running: Board,
) -> None:
    running.half.stop()
    running.cut()
    assert running.half.boot().all("started") == ()
    running.half.start()
    running.cut()
    assert running.half.boot().all("started") == (NAME,)
    assert running.half.boot().all("started") == ()


def test_a_damaged_slot_without_a_spare_is_not_started_at_boot_and_said(
    running: Board, tmp_path: Path
) -> None:
    with pytest.raises(FirmwareError):  # what was never confirmed is no spare
        install(running, tmp_path, BROKEN, version="2.0", trial=TRIAL)
    damage(running)
    running.cut()
    assert running.half.boot().all("failed") == (NAME,)
    assert (running.half.status().slot, running.half.status().running) == ("a", False)


@pytest.mark.parametrize("file", [device.UNIKERNEL, "tender", device.LAUNCH, device.SUMS])
def test_a_damaged_slot_makes_way_for_the_one_that_was_confirmed_before(
    running: Board, tmp_path: Path, file: str
) -> None:
    stage(running, make_bundle(tmp_path, version="2.0"))
    running.half.install(TOKEN, 5)
    damage(running, file)
    running.cut()
    answer = running.half.boot()
    assert answer.all("damaged") == (f"{NAME} b",)
    assert answer.all("started") == (NAME,)
    status = running.half.status()
    assert (status.slot, status.running_slot, status.version) == ("a", "a", "1.0")
    assert status.returned.startswith("slot b was damaged when the board started (")
    assert status.returned.endswith("slot a, which was confirmed before, took its place")
    (guest,) = running.half.ps()
    assert guest.returned == status.returned
    running.cut()
    assert running.half.boot().all("started") == (NAME,)
    stage(running, make_bundle(tmp_path, version="3.0"))
    assert running.half.install(TOKEN, 5).slot == "b"
    assert running.half.status().returned == ""
    assert running.leftovers() == set()


def test_a_spare_that_is_damaged_as_well_takes_no_place(running: Board, tmp_path: Path) -> None:
    stage(running, make_bundle(tmp_path, version="2.0"))
    running.half.install(TOKEN, 5)
    damage(running)
    (running.guest / "slots/a/tender").write_bytes(b"#")
    running.cut()
    answer = running.half.boot()
    assert (answer.all("failed"), answer.all("damaged")) == ((NAME,), ())
    assert running.half.status().slot == "b"


def test_a_bad_firmware_is_no_trial(running: Board, tmp_path: Path) -> None:
    stage(running, make_bundle(tmp_path, BROKEN, version="2.0"))
    with pytest.raises(FirmwareError, match="ended with status 3; slot a runs again"):
        running.half.install(TOKEN, 5, trial=TRIAL)
    assert running.half.status().trial is None
    with pytest.raises(RpikitError):
        running.half.roll_back()
