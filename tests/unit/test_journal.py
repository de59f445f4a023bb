# SPDX-License-Identifier: MIT
"""The journal of a roll-out: wherever it is cut off, it says what is done and nothing else."""

import json
from pathlib import Path

import pytest

from rpikit import journal
from rpikit.errors import BoardError, DescriptionError, VerificationError
from rpikit.fleet import Limit, Plan
from rpikit.journal import Journal, Wish

WISH = Wish("/lab/blink", "blink", "1.0.0", None, "auto", sanitize=False, beside=True)
PLAN = Plan(("lab-1", "lab-2", "lab-3"), canary=2, wave=3, max_failures=Limit(20, is_percent=True))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path))
    return tmp_path


def test_what_was_asked_for_is_read_back() -> None:
    with Journal.begin(WISH, PLAN) as begun:
        begun.bundle("rpi3b hvt", "ab" * 32)
    with journal.last("blink") as again:
        assert (again.wish, again.plan, again.id) == (WISH, PLAN, begun.id)
        assert again.bundles == {"rpi3b hvt": "ab" * 32}
        assert again.flashed == frozenset()


def test_a_board_that_was_begun_and_not_ended_is_not_done() -> None:
    with Journal.begin(WISH, PLAN) as begun:
        begun.start("lab-1")
        begun.end("lab-1", 0, "runs")
        begun.start("lab-2")
        begun.end("lab-2", 4, "is off")
        begun.start("lab-1")  # by a run that flashed it again and was killed
    with journal.last("blink") as again:
        assert again.flashed == frozenset()
        assert again.ended == {"lab-2": 4}


def test_cut_off_at_any_byte_it_says_what_was_done_by_then() -> None:
    with Journal.begin(WISH, PLAN) as begun:
        for name in PLAN.boards:
            begun.start(name)
            begun.end(name, 0, "runs")
    whole = begun.path.read_bytes()
    first = whole.index(b"\n") + 1  # which is there from the beginning, or there is no journal
    for cut in range(first, len(whole)):
        begun.path.write_bytes(whole[:cut])
        said = [json.loads(line) for line in whole[:cut].splitlines(True) if line.endswith(b"\n")]
        done = {event["board"] for event in said if event["event"] == "end"}
        with Journal(begun.path) as again:
            assert again.flashed == done
            again.start("lab-3")
        lines = begun.path.read_bytes().splitlines()
        assert json.loads(lines[-1])["board"] == "lab-3"
        assert len(lines) == len(said) + 1


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    for text in ("", "{}\n", "hello\n", '{"event": "begin"}\n'):
        (tmp_path / "one.jsonl").write_text(text)
        with pytest.raises(DescriptionError, match="is no journal of a roll-out"):
            Journal(tmp_path / "one.jsonl")


def test_only_one_process_goes_on_with_it() -> None:
    with (
        Journal.begin(WISH, PLAN) as begun,
        pytest.raises(BoardError, match=f"roll-out {begun.id}: another process goes on with it"),
    ):
        journal.last("blink")
    journal.last("blink").close()


def test_the_newest_is_gone_on_with() -> None:
    made = []
    for _ in range(3):
        with Journal.begin(WISH, PLAN) as begun:
            made.append(begun.id)
    with journal.last("blink") as again:
        assert again.id == made[-1]
    assert made == sorted(set(made))


def test_without_one_there_is_nothing_to_resume() -> None:
    with pytest.raises(DescriptionError, match="there is no roll-out of blink"):
        journal.last("blink")


def test_one_that_is_done_is_not_resumed() -> None:
    with Journal.begin(WISH, PLAN) as begun:
        for name in PLAN.boards:
            begun.end(name, 0, "runs")
    with pytest.raises(DescriptionError, match="has flashed all its 3 boards"):
        journal.last("blink")


def test_another_bundle_than_it_began_with_is_refused() -> None:
    with Journal.begin(WISH, PLAN) as begun:
        begun.bundle("rpi3b hvt", "ab" * 32)
    with journal.last("blink") as again:
        again.bundle("rpi3b hvt", "ab" * 32)
        with pytest.raises(VerificationError, match="began with bundle abababababab"):
            again.bundle("rpi3b hvt", "cd" * 32)


def test_old_ones_are_taken_away(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT", 2)
    for _ in range(5):
        Journal.begin(WISH, PLAN).close()
    left = sorted(file.suffix for file in (state / "fleet/blink").iterdir())
    assert left == [".jsonl", ".jsonl", ".lock", ".lock"]
