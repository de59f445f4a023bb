# SPDX-License-Identifier: MIT
"""A place of a labgrid coordinator: a board of a lab of many, for as long as it is held.

labgrid runs in a process of its own (labgrid_keeper), with the Python of the environment it is
installed in: its serial library overwrites ours where both are in one. That process gives the
place back when we end, however we end.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpikit import paths
from rpikit.closing import Closing
from rpikit.errors import BenchError, BoardError, DescriptionError, RpikitError, ToolError
from rpikit.transport import SshAddress

COORDINATOR = "RPIKIT_COORDINATOR"
"""The coordinator that a command names, whatever the bench says."""

WAIT = "RPIKIT_WAIT"
"""For how many seconds a place is waited for that another has."""

HELD = "RPIKIT_HELD"
"""The coordinator and the place that the command we are part of holds already."""

PYTHON = "RPIKIT_LABGRID"
"""The Python that has labgrid, or the folder of its environment."""

DEFAULT_COORDINATOR = "127.0.0.1:20408"
_KEEPER = """\
import sys
sys.path.append(sys.argv.pop(1))  # last, so that no module of ours hides another
from labgrid_keeper.__main__ import run
run()
"""
_START_SECONDS = 90.0  # of a program that imports labgrid and asks a coordinator far away
_ANSWER_SECONDS = 30.0
_END_SECONDS = 30.0

_ERRORS: Mapping[str, type[RpikitError]] = {
    "tool": ToolError,
    "ambiguous": BenchError,
    "output": BenchError,
    "fault": ToolError,
}


def coordinator_of(written: str | None) -> str:
    """Return where the coordinator is: as a command says, the bench, or labgrid's variable."""
    named = os.environ.get(COORDINATOR) or written or os.environ.get("LG_COORDINATOR")
    return named or DEFAULT_COORDINATOR


def python() -> str:
    """Return the Python that has labgrid; ToolError if there is none."""
    named = os.environ.get(PYTHON)
    if named:
        path = Path(named) / "bin/python" if Path(named).is_dir() else Path(named)
        if not os.access(path, os.X_OK):
            raise ToolError(
                f"{PYTHON}={named}: there is no Python to run",
                hint="name the environment labgrid is installed in, such as ~/labgrid/.venv",
            )
        return str(path)
    client = shutil.which("labgrid-client")
    interpreter = _interpreter(Path(client)) if client else None
    if interpreter is not None:
        return interpreter
    if importlib.util.find_spec("labgrid") is not None:
        return sys.executable
    raise ToolError(
        "labgrid is not installed",
        hint="pipx install labgrid: an environment of its own, for its serial library overwrites "
        f"that of rpikit; or name its Python in {PYTHON}",
    )


def _interpreter(script: Path) -> str | None:
    """Return the Python that a program installed by pip runs with."""
    try:
        lines = script.read_text(errors="replace").splitlines()[:3]
    except OSError:
        return None
    for line in lines:  # a path too long for #! is in the second line, in quotes, after exec
        word = line.removeprefix("#!").removeprefix("'''exec' ").split(" ")[0].strip('"')
        if "python" in Path(word).name and os.access(word, os.X_OK):
            return word
    return None


@contextlib.contextmanager
def kept(
    name: str, coordinator: str, *, report: Callable[[str], None] = lambda line: None
) -> Iterator[None]:
    """Have a place for several connections, of this process and of those it starts."""
    before = os.environ.get(HELD)
    with held(name, coordinator, report=report):
        os.environ[HELD] = f"{coordinator} {name}"
        try:
            yield
        finally:
            os.environ.pop(HELD)
            if before is not None:
                os.environ[HELD] = before


@dataclass(frozen=True)
class Shown:
    """What a coordinator says of a place."""

    name: str
    tags: Mapping[str, str]
    holder: str  # host/user, "" if nobody has it


@dataclass(frozen=True)
class Level:
    """A level of an output, told at `at_ns` of this machine's CLOCK_MONOTONIC."""

    high: bool
    at_ns: int


def show(name: str, coordinator: str) -> Shown:
    """Ask a coordinator for a place and leave it as it is."""
    with _Keeper(name, coordinator, {"show": True}) as keeper:
        told = keeper.awaited("shown", lambda line: None)
    return Shown(told["place"], told["tags"], told["holder"])


@contextlib.contextmanager
def held(
    name: str, coordinator: str, *, report: Callable[[str], None] = lambda line: None
) -> Iterator["Place"]:
    """Have a place for as long as this lasts; BoardError says who has it, or that it was lost.

    One that the user had already is used, and stays the user's.
    """
    borrows = os.environ.get(HELD) == f"{coordinator} {name}"
    wish: dict[str, Any] = {"wait": _patience(), "borrows": borrows}
    if not borrows:
        wish["lock"] = _lock_file(coordinator, name)
    with _Keeper(name, coordinator, wish) as keeper:
        told = keeper.awaited("ready", report)
        ours = "taken from" if told["is_ours"] else "yours already, and stays so; it is of"
        if not borrows:
            report(f"place {told['place']}: {ours} the labgrid coordinator at {coordinator}")
        try:
            with Place(keeper, told, coordinator) as place:
                yield place
        except BaseException:  # that is what happened; this is only told
            left = keeper.end()
            if left is not None and left["kind"] == "unreleased":
                report(f"place {keeper.place}: {left['message']}; {left['hint']}")
            raise
        left = keeper.end()
        if left is not None:
            keeper.check(left)


def _patience() -> float:
    text = os.environ.get(WAIT) or "0"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 604800:
        raise DescriptionError(f"{WAIT}={text}: write seconds, 0 to 604800")
    return seconds


class Place(Closing):
    """A place that is held: the ways to its board, and its digital outputs.

    labgrid does one thing at a time. So a second process of its kind watches, and goes on while
    an output is driven.
    """

    def __init__(self, keeper: "_Keeper", told: Mapping[str, Any], coordinator: str) -> None:
        self._keeper = keeper
        self._coordinator = coordinator
        self._watcher: _Keeper | None = None
        self.name: str = told["place"]
        self.tags: Mapping[str, str] = told["tags"]
        self.outputs: tuple[str, ...] = tuple(told["outputs"])
        serial, ssh = told["serial"], told["ssh"]
        self.serial: str | None = serial["url"] if serial else None
        self.ssh = (
            SshAddress(ssh["host"], ssh["port"], ssh["user"], password=ssh["password"])
            if ssh
            else None
        )

    def output(self, name: str, device: str) -> str:
        """Return the name of a digital output, or refuse one that the place has not."""
        if name not in self.outputs:
            raise BenchError(
                f"{device}: place {self.name!r} has no digital output {name!r}; "
                f"it has {', '.join(self.outputs) or 'none'}",
                hint="a match gives a resource a name: labgrid-client add-named-match",
            )
        return name

    def set(self, name: str, high: bool) -> int:
        """Bring an output to a level; return when it was asked to, the earliest it can have it."""
        return int(self._keeper.ask("set", name, high=high)["at_ns"])

    def get(self, name: str) -> bool:
        """Return whether an output, or what answers as one, is high."""
        return bool(self._keeper.ask("get", name)["high"])

    def watch(self, name: str) -> "PlaceWatch":
        """Return what tells changes of an output's level, asked for again and again."""
        if self._watcher is None:
            self._watcher = _Keeper(self.name, self._coordinator, {"borrows": True})
            self._watcher.awaited("ready", lambda line: None)
        return PlaceWatch(self._watcher, name)

    def close(self) -> None:
        """Stop watching; the place stays held."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None


class PlaceWatch(Closing):
    """The changes of one output's level, from now on."""

    def __init__(self, keeper: "_Keeper", name: str) -> None:
        self._keeper = keeper
        self._name = name
        self._changes: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        keeper.watches.setdefault(name, []).append(self._changes)
        keeper.ask("watch", name)

    def next(self, timeout: float) -> Level | None:
        """Return the next change, or None if none came within `timeout` seconds."""
        try:
            told = self._changes.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            return None
        self._keeper.check(told)
        return Level(told["high"], told["at_ns"])

    def close(self) -> None:
        """Stop watching."""
        others = self._keeper.watches.get(self._name, [])
        if self._changes not in others:
            return
        others.remove(self._changes)
        if not others:
            self._keeper.ask("unwatch", self._name)


class _Keeper(Closing):
    """The process that has labgrid; its messages are taken in by a thread."""

    def __init__(self, place: str, coordinator: str, wish: Mapping[str, Any]) -> None:
        self.place = place
        self.watches: dict[str, list[queue.SimpleQueue[Mapping[str, Any]]]] = {}
        self._answers: dict[int, queue.SimpleQueue[Mapping[str, Any]]] = {}
        self._events: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._lost: Mapping[str, Any] | None = None
        self._lock = threading.Lock()
        self._asked = 0
        self._has_ended = False
        self._wait = float(wish.get("wait", 0.0))
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [python(), "-c", _KEEPER, str(Path(__file__).parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,  # a terminal's Ctrl-C is ours, and it ends after us
        )
        self._send({"place": place, "coordinator": coordinator} | dict(wish))
        self._thread = threading.Thread(target=self._listen, name=f"place-{place}", daemon=True)
        self._thread.start()

    def awaited(self, event: str, report: Callable[[str], None]) -> Mapping[str, Any]:
        """Return the event that the start leads to."""
        while True:
            try:
                told = self._events.get(timeout=_START_SECONDS + self._wait)
            except queue.Empty:
                raise self._silent("its start") from None
            self.check(told)
            if told["event"] == event:
                return told
            if told["event"] == "waits":
                report(f"place {self.place}: waiting; {told['holder']}")

    def ask(self, what: str, name: str, **values: Any) -> Mapping[str, Any]:
        """Send a request and return its answer."""
        answer: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        with self._lock:
            self._asked += 1
            number = self._asked
            self._answers[number] = answer
        self._send({"id": number, "do": what, "name": name} | values)
        if self._has_ended:
            answer.put(self._lost or self._gone())
        try:
            told = answer.get(timeout=_ANSWER_SECONDS)
        except queue.Empty:
            raise self._silent(f"{what} {name}") from None
        finally:
            self._answers.pop(number, None)
        if told.get("kind") == "output":
            raise BenchError(f"place {self.place!r}: output {name!r}: {told['message']}")
        self.check(told)
        return told

    def check(self, told: Mapping[str, Any]) -> None:
        """Raise what an error that was told is."""
        if told.get("event") == "error":
            kind = _ERRORS.get(told["kind"], BoardError)
            raise kind(f"place {self.place!r}: {told['message']}", hint=told["hint"] or None)

    def end(self) -> Mapping[str, Any] | None:
        """Give the place back; return how it was lost, or why it cannot be given back."""
        self.close()
        return self._lost

    def close(self) -> None:
        """End the process, which gives the place back."""
        if self._process.stdin is None or self._process.stdin.closed:
            return
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(_END_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._said.close()

    def _send(self, values: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with self._lock, contextlib.suppress(OSError, ValueError):  # whoever waits is told why
            self._process.stdin.write(json.dumps(values).encode() + b"\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._take(json.loads(line))
        self._has_ended = True
        self._events.put(self._lost or self._gone())
        for answer in list(self._answers.values()):
            answer.put(self._lost or self._gone())

    def _take(self, told: Mapping[str, Any]) -> None:
        if "id" in told:
            answer = self._answers.get(told["id"])
            if answer is not None:
                answer.put(told)
        elif "watch" in told:
            for watch in self.watches.get(told["watch"], []):
                watch.put(told)
        elif told["event"] == "unreleased":
            self._lost = dict(told) | {"event": "error", "kind": "unreleased"}
        elif told.get("kind") == "lost":
            self._lost = self._lost or told
            for watches in self.watches.values():
                for watch in watches:
                    watch.put(told)
        else:
            self._events.put(told)

    def _gone(self) -> Mapping[str, Any]:
        return {
            "event": "error",
            "kind": "fault",
            "message": f"the process that runs labgrid ended; {self._last_line()}",
            "hint": "",
        }

    def _last_line(self) -> str:
        try:
            self._said.seek(0)
            lines = self._said.read().decode(errors="replace").strip().splitlines()
        except ValueError:  # it is closed: nobody asks any more
            lines = []
        return lines[-1] if lines else "it said nothing"

    def _silent(self, what: str) -> BoardError:
        return BoardError(
            f"place {self.place!r}: labgrid gave no answer to {what}; {self._last_line()}"
        )


def _lock_file(coordinator: str, place: str) -> str | None:
    """Return the file that says which process of this machine has a place."""
    name = hashlib.sha256(f"{coordinator} {place}".encode()).hexdigest()[:16]
    folder = paths.state_dir() / "places"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return str(folder / f"{name}.lock")
