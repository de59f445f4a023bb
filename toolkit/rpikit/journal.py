# SPDX-License-Identifier: MIT
"""The journal of a roll-out: what was begun and how it ended, so that a killed run can go on.

A file of JSON lines below the state folder. It appears whole with its first line; each line after
it is on the disk before what it says counts as done. A line that a cut left unfinished is dropped.
"""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from rpikit import paths
from rpikit.closing import Closing
from rpikit.errors import EXIT_OK, BoardError, DescriptionError, VerificationError
from rpikit.fleet import Limit, Plan

KEPT = 50
"""How many journals of an application are kept; older ones are taken away."""


@dataclass(frozen=True)
class Wish:
    """What was asked for besides the plan, so that a resumed run does the same."""

    app: str  # folder
    name: str
    version: str
    bench: str | None  # file
    target: str
    sanitize: bool
    beside: bool
    trial: int | None = None  # seconds in which a board has to be confirmed
    by_tests: bool = False  # kept only where the tests pass


class Journal(Closing):
    """An open journal; while it is open nobody else goes on with this roll-out."""

    def __init__(self, path: Path) -> None:
        """Open a journal that is there; DescriptionError if it is none."""
        self.path = path
        self.is_resumed = True
        self._writing = threading.Lock()
        self._lock = FileLock(path.with_suffix(".lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise BoardError(
                f"roll-out {self.id}: another process goes on with it",
                hint="wait until it is done, or end that process",
            ) from None
        try:
            self._load()
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._lock.release()
            raise DescriptionError(f"{path}: is no journal of a roll-out ({error})") from None
        self._file = path.open("ab")

    @classmethod
    def begin(cls, wish: Wish, plan: Plan) -> Self:
        """Write the journal of a new roll-out."""
        folder = _folder(wish.name)
        folder.mkdir(parents=True, exist_ok=True)
        now = time.time_ns()  # names are in the order of their begin
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now // 10**9))
        path = folder / f"{stamp}.{now % 10**9 // 1000:06}Z.jsonl"
        first = {
            "event": "begin",
            "wish": vars(wish),
            "plan": vars(plan) | {"max_failures": str(plan.max_failures)},
            "at": time.time(),
        }
        paths.write(path, _line(first))
        made = cls(path)
        made.is_resumed = False
        _sweep(folder)
        return made

    @property
    def id(self) -> str:
        """The name of the roll-out."""
        return self.path.stem

    def bundle(self, kind: str, digest: str) -> None:
        """Note the bundle for a kind of board; refuse another than this roll-out began with."""
        before = self.bundles.get(kind, digest)
        if before != digest:
            raise VerificationError(
                f"roll-out {self.id}: began with bundle {before[:12]} for {kind}; "
                f"what is built now is {digest[:12]}",
                hint="go back to the sources and toolchain of then, or flash without --resume",
            )
        if kind not in self.bundles:
            self.bundles[kind] = digest
            self._write({"event": "bundle", "kind": kind, "digest": digest})

    def start(self, board: str) -> None:
        """Note that a board is under way from now on."""
        self._write({"event": "start", "board": board, "at": time.time()})

    def end(self, board: str, code: int, said: str) -> None:
        """Note how a board ended, and what was said about it."""
        self.ended[board] = code
        self._write({"event": "end", "board": board, "code": code, "said": said, "at": time.time()})

    def log(self, board: str) -> Path:
        """Return the file for what the tests said on a board."""
        folder = _logs(self.path)
        folder.mkdir(exist_ok=True)
        return folder / f"{board}.log"

    def over(self, code: int, why: str) -> None:
        """Note that this run of the roll-out is over."""
        self._write({"event": "over", "code": code, "why": why, "at": time.time()})

    @property
    def flashed(self) -> frozenset[str]:
        """The boards that are done."""
        return frozenset(name for name, code in self.ended.items() if code == EXIT_OK)

    @property
    def is_done(self) -> bool:
        """Whether every board of the plan is flashed."""
        return self.flashed >= set(self.plan.boards)

    def discard(self) -> None:
        """Take the journal of a roll-out away that never began."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another process go on with it."""
        self._file.close()
        self._lock.release()

    def _write(self, event: dict[str, Any]) -> None:
        with self._writing:
            self._file.write(_line(event))
            self._file.flush()
            os.fsync(self._file.fileno())

    def _load(self) -> None:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.truncate(self.path, whole)
        first, *rest = (json.loads(line) for line in data[:whole].splitlines())
        plan = first["plan"]
        self.wish = Wish(**first["wish"])
        self.plan = Plan(
            boards=tuple(plan["boards"]),
            canary=plan["canary"],
            wave=plan["wave"],
            max_failures=Limit.parse(plan["max_failures"]),
        )
        self.bundles: dict[str, str] = {}
        self.ended: dict[str, int] = {}  # exit code of each board that ended
        for event in rest:
            if event["event"] == "bundle":
                self.bundles[event["kind"]] = event["digest"]
            elif event["event"] == "start":  # once more: what it came to before does not count
                self.ended.pop(event["board"], None)
            elif event["event"] == "end":
                self.ended[event["board"]] = event["code"]


def last(name: str) -> Journal:
    """Open the journal of the newest roll-out of an application, to go on with it."""
    found = next(_newest_first(_folder(name)), None)
    if found is None:
        raise DescriptionError(
            f"--resume: there is no roll-out of {name} to go on with",
            hint=f"looked in {_folder(name)}; rpikit flash --boards 'lab-*' begins one",
        )
    journal = Journal(found)
    if journal.is_done:
        journal.close()
        raise DescriptionError(
            f"--resume: roll-out {journal.id} of {name} has flashed all its "
            f"{len(journal.plan.boards)} boards",
            hint="without --resume a new one begins",
        )
    return journal


def _folder(name: str) -> Path:
    return paths.state_dir().absolute() / "fleet" / name


def _newest_first(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.jsonl"), reverse=True))


def _sweep(folder: Path) -> None:
    for old in list(_newest_first(folder))[KEPT:]:
        old.unlink(missing_ok=True)
        old.with_suffix(".lock").unlink(missing_ok=True)
        shutil.rmtree(_logs(old), ignore_errors=True)


def _logs(path: Path) -> Path:
    return path.with_suffix(".tests")


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode() + b"\n"
