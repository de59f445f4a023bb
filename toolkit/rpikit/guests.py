# SPDX-License-Identifier: MIT
"""The verbs ps, start, stop and remove: the guests of a board, each with what it alone may use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rpikit import completion, results
from rpikit.device import DeviceHalf, Guest, Status
from rpikit.report import Reporter

_HEADER = ("NAME", "VERSION", "STATE", "SLOT", "UP", "CPU", "MEMORY", "GRANTS")


@dataclass(frozen=True)
class Guests:
    """The guests of a board, in the order of their names."""

    board: str  # how the bench calls it
    guests: tuple[Guest, ...]

    def __str__(self) -> str:
        if not self.guests:
            return f"{self.board}: has no guests; rpikit flash -b {self.board} puts one there"
        table = [_HEADER, *map(_row, self.guests)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in table
        )
        told = (f"{guest.name}: {guest.returned}" for guest in self.guests if guest.returned)
        return "\n".join([*(line.rstrip() for line in lines), *told])

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        return {"board": self.board, "guests": [_values(guest) for guest in self.guests]}


@dataclass(frozen=True)
class Stopped:
    """What a stop ended."""

    board: str
    wanted: str | None  # the guest that was named, None for all
    names: tuple[str, ...]

    def __str__(self) -> str:
        if self.names:
            return f"{self.board}: stopped {', '.join(self.names)}"
        return f"{self.board}: " + (
            f"{self.wanted} was not running" if self.wanted else "nothing ran"
        )

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        return {"board": self.board, "stopped": list(self.names)}


@dataclass(frozen=True)
class Started:
    """A guest that was started, or ran already."""

    board: str
    status: Status

    def __str__(self) -> str:
        status = self.status
        does = f"runs as process {status.pid}" if status.running else f"ended with {status.exit}"
        return f"{self.board}: {status.name} {status.version} {does} from slot {status.slot}"

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        status = self.status
        return {
            "board": self.board,
            "name": status.name,
            "version": status.version,
            "slot": status.slot,
            "pid": status.pid,
            "exit": status.exit,
        }


@dataclass(frozen=True)
class Confirmed(Started):
    """A guest whose trial is over and well."""

    def __str__(self) -> str:
        status = self.status
        return f"{self.board}: {status.name} {status.version} is confirmed in slot {status.slot}"


@dataclass(frozen=True)
class RolledBack(Started):
    """A guest whose trial was ended; the status is that of the slot of before."""

    def __str__(self) -> str:
        return f"{self.board}: {self.status.returned}"

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        return super().values() | {"returned": self.status.returned}


@dataclass(frozen=True)
class SetUp:
    """Whether a board starts its guests when it starts itself."""

    board: str
    status: Status

    def __str__(self) -> str:
        does = "starts its guests" if self.status.boots else "starts no guest"
        return f"{self.board}: {does} when it boots"

    def values(self) -> dict[str, object]:
        """Return it as one object for programs."""
        return {"board": self.board, "boots": self.status.boots, "home": self.status.home}


@dataclass(frozen=True)
class Removed:
    """A guest that is not on the board any more."""

    board: str
    name: str
    was_running: bool

    def __str__(self) -> str:
        return f"{self.board}: {'stopped and ' if self.was_running else ''}removed {self.name}"

    def values(self) -> results.RemovedGuest:
        """Return it as one object for programs."""
        return {"board": self.board, "removed": self.name, "was_running": self.was_running}


def ps(board: str, half: DeviceHalf) -> Guests:
    """Say what each guest of a board is and does."""
    listed = Guests(board, half.ps())
    completion.keep(board, (guest.name for guest in listed.guests))
    return listed


def stop(board: str, half: DeviceHalf, name: str | None) -> Stopped:
    """End a guest, or all of them."""
    names = half.stop_all() if name is None else half.of(name).stop().stopped
    return Stopped(board, name, names)


def start(board: str, half: DeviceHalf, name: str, *, reporter: Reporter) -> Started:
    """Start a guest beside those that run, unless it runs; one's pins may not be another's."""
    status = half.of(name).start()
    for note in status.notes:
        reporter.note(f"{name} {note}")
    completion.add(board, name)
    return Started(board, status)


def confirm(board: str, half: DeviceHalf, name: str) -> Confirmed:
    """Keep what is on trial: from now on it is what the board runs, and starts when it boots."""
    return Confirmed(board, half.of(name).confirm())


def roll_back(board: str, half: DeviceHalf, name: str) -> RolledBack:
    """End a trial: what ran before runs again."""
    return RolledBack(board, half.of(name).roll_back())


def setup(board: str, half: DeviceHalf, *, undo: bool = False) -> SetUp:
    """Have a board start its guests when it boots, or not any more."""
    return SetUp(board, half.undo() if undo else half.setup())


def remove(board: str, half: DeviceHalf, name: str) -> Removed:
    """End a guest and take it off the board: its slots, its console, and its hold on pins."""
    was_running = half.of(name).remove()
    completion.drop(board, name)
    return Removed(board, name, was_running)


def state(guest: Guest) -> str:
    """Return a word for what it does: running, stopped, ended, or idle since the board's start."""
    if guest.pid is not None:
        return "running"
    if guest.exit is None:
        return "idle"
    return "stopped" if guest.cause == "stop" else "ended"


def _row(guest: Guest) -> Sequence[str]:
    does = state(guest)
    if does == "running":
        does = f"running ({guest.pid})"
    elif does == "ended":
        does = f"ended with {guest.exit}"
        if guest.cause == "memory":
            does += ": out of memory"
    return (
        guest.name,
        guest.version,
        does,
        f"{guest.trial.slot} on trial" if guest.trial else guest.slot or "-",
        "-" if guest.uptime is None else _time(guest.uptime),
        _limited(_share(guest), guest.limit_cpu, lambda percent: f"{percent} %"),
        _limited(guest.memory, guest.limit_memory, _size),
        ", ".join(guest.grants) or "-",
    )


def _share(guest: Guest) -> int | None:
    """Return per cent of one core that it used on average."""
    if guest.cpu_ms is None or guest.uptime is None:
        return None
    return round(guest.cpu_ms / 10 / max(guest.uptime, 1))


def _limited(value: int | None, limit: int | None, shown: Callable[[int], str]) -> str:
    if value is None and limit is None:
        return "-"
    return ("-" if value is None else shown(value)) + (f" of {shown(limit)}" if limit else "")


def _size(count: int) -> str:
    """Return bytes as a limit is written: whole MiB without a fraction."""
    if count < 1 << 20:
        return f"{count >> 10} KiB"
    return f"{count / (1 << 20):.1f} MiB".replace(".0 ", " ")


def _time(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 120 * 60:
        return f"{seconds // 60} min"
    hours = seconds // 3600
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


def _values(guest: Guest) -> dict[str, object]:
    return {
        "name": guest.name,
        "version": guest.version,
        "digest": guest.digest,
        "state": state(guest),
        "slot": guest.slot,
        "pid": guest.pid,
        "exit": guest.exit,
        "cause": guest.cause,
        "uptime": guest.uptime,
        "cpu_ms": guest.cpu_ms,
        "memory": guest.memory,
        "limits": {"cpu": guest.limit_cpu, "memory": guest.limit_memory},
        "grants": list(guest.grants),
        "trial": guest.trial.seconds if guest.trial else None,
        "returned": guest.returned,
    }
