# SPDX-License-Identifier: MIT
"""The device half as Python sees it: one sh program, its commands, and its answers.

It travels with every call on standard input, so it always has the toolkit's own version, and a
board needs nothing installed. It knows guests, slots and locks; nothing of bundles.
"""

import contextlib
import copy
import hashlib
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self

from rpikit import delta, generate, sign
from rpikit.errors import (
    EXIT_OK,
    BoardError,
    DescriptionError,
    FirmwareError,
    RpikitError,
    VerificationError,
)
from rpikit.transport import Channel, Result, Transport

HOME = "/opt/rpikit"  # on the board, if its user may write there; else ~/.rpikit
HALF = "device.sh"  # files that the device half itself opens in a slot
LAUNCH = "launch"
UNIKERNEL = "unikernel.hvt"
SUMS = "SHA256SUMS"
SIGNATURE = "signature"  # over all the other files but the sums, if the bundle was signed
TRUST = "--trust-guest-with-all-pins"  # of the tender's options
LOCK_AGE = 900  # seconds
FULL = 16  # KiB: with less than this an upload failed for want of room
BOOT_ID = "/proc/sys/kernel/random/boot_id"  # of the board: another one after each boot
SYSTEMD = "/run/systemd/system"  # is there where systemd runs the board (sd_booted(3))
ETC = "/etc"
CLOCK_SET = 1704067200  # 2024: a board whose clock shows less has none that is set

_FAULTS: Mapping[int, type[RpikitError]] = {
    kind.exit_code: kind
    for kind in (FirmwareError, DescriptionError, BoardError, VerificationError)
}
_REFUSAL = re.compile(r"^(error|hint): (.*)$", re.MULTILINE)


def refusal(status: int, err: str) -> tuple[type[RpikitError], str, str] | None:
    """Return what a program of ours on a board gave as reason: kind, sentence, hint or "".

    None if it is none of ours: a shell's, or a connection's.
    """
    said = dict(_REFUSAL.findall(err))
    if status not in _FAULTS or "error" not in said:
        return None
    return _FAULTS[status], said["error"], said.get("hint", "")


@cache
def script() -> str:
    """Return the device half's program."""
    return generate.render(
        "device/device.sh.j2",
        firmware=FirmwareError.exit_code,
        usage=DescriptionError.exit_code,
        board=BoardError.exit_code,
        verification=VerificationError.exit_code,
        home=HOME,
        half=HALF,
        launch=LAUNCH,
        unikernel=UNIKERNEL,
        sums=SUMS,
        lock_age=LOCK_AGE,
        full=FULL,
        delta=delta,
        boot_id=BOOT_ID,
        systemd=SYSTEMD,
        etc=ETC,
        trust=TRUST,
        signature=SIGNATURE,
        signers=sign.LIST,
        namespace=sign.BUNDLE,
        list_namespace=sign.SIGNERS,
        beginning=CLOCK_SET,
    )


def tools() -> tuple[str, ...]:
    """Return the programs that the device half needs on a board."""
    named = re.search(r"^tools='([^']*)'", script(), re.MULTILINE)
    return tuple(named[1].split()) if named else ()


def install_words(
    token: str, seconds: int, *, beside: bool = False, trial: int | None = None, upload: str = ""
) -> tuple[str, ...]:
    """Return the command that installs what was staged; see `DeviceHalf.install`."""
    last = "" if trial is None else str(trial)
    return ("install", token, str(seconds), "beside" if beside else "alone", last, upload)


@dataclass(frozen=True)
class SlotFile:
    """A file that a slot shall hold."""

    name: str
    size: int
    mode: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.sha256} {self.size} {self.mode:o} {self.name}"


class Answer:
    """Lines of key=value, where a key may come more than once."""

    def __init__(self, text: str) -> None:
        self._lines = [line.partition("=")[::2] for line in text.split("\n")]

    def all(self, key: str) -> tuple[str, ...]:
        """Return every value of the key, in order."""
        return tuple(value for name, value in self._lines if name == key)

    def one(self, key: str) -> str:
        """Return the value of the key, "" if it did not come."""
        return next(iter(self.all(key)), "")


@dataclass(frozen=True)
class Trial:
    """A slot that runs until somebody confirms it, or its time has passed."""

    slot: str
    version: str
    digest: str
    seconds: int = field(compare=False)  # that are left

    @classmethod
    def parse(cls, answer: Answer) -> Self | None:
        """Read what an answer says of a trial."""
        slot = answer.one("trial")
        if not slot:
            return None
        version, digest = answer.one("trial_version"), answer.one("trial_digest")
        return cls(slot, version, digest, int(answer.one("trial_seconds")))


@dataclass(frozen=True)
class Status:
    """What is selected of a guest and whether it runs."""

    home: str  # the device half's folder on the board
    slot: str | None  # the selected slot, None before the first flash
    name: str
    version: str
    board: str
    digest: str
    pid: int | None  # of the running tender
    running_slot: str | None
    exit: int | None  # status of the guest that ended last
    trial: "Trial | None" = None
    returned: str = field(default="", compare=False)  # why the slot of before is the one again
    boots: bool = field(default=False, compare=False)  # whether the board starts guests at boot
    stopped: tuple[str, ...] = field(default=(), compare=False)  # guests that this call stopped
    notes: tuple[str, ...] = field(default=(), compare=False)  # what its user has to know

    @property
    def running(self) -> bool:
        """Whether a guest runs now."""
        return self.pid is not None

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read the answer to `status`."""
        pid, ended = answer.one("pid"), answer.one("exit")
        return cls(
            home=answer.one("home"),
            slot=answer.one("slot") or None,
            name=answer.one("name"),
            version=answer.one("version"),
            board=answer.one("board"),
            digest=answer.one("digest"),
            pid=int(pid) if pid else None,
            running_slot=answer.one("running_slot") or None,
            exit=int(ended) if ended else None,
            trial=Trial.parse(answer),
            returned=answer.one("returned"),
            boots=answer.one("boot") == "yes",
            stopped=answer.all("stopped"),
            notes=answer.all("note"),
        )


@dataclass(frozen=True)
class Guest:
    """One of the guests of a board, as `ps` tells of it."""

    name: str
    version: str
    board: str
    digest: str
    slot: str | None  # the selected one, None if its first flash failed
    pid: int | None  # of the running tender
    exit: int | None  # status with which it ended
    cause: str  # why it ended: "stop", "memory" if it had used up its limit, or ""
    uptime: int | None  # seconds
    cpu_ms: int | None  # time that it has been on a processor
    memory: int | None  # bytes that it has in RAM
    limit_cpu: int | None  # per cent of one core
    limit_memory: int | None  # bytes
    grants: tuple[str, ...]  # what it alone may have while it runs, such as "line 17"
    trial: Trial | None = None
    returned: str = ""  # why the slot of before is the one again

    @classmethod
    def parse(cls, name: str, answer: Answer) -> Self:
        """Read what `ps` says of one guest."""

        def number(key: str, unit: int = 1) -> int | None:
            value = answer.one(key)
            return int(value) * unit if value else None

        return cls(
            name=name,
            version=answer.one("version"),
            board=answer.one("board"),
            digest=answer.one("digest"),
            slot=answer.one("slot") or None,
            pid=number("pid"),
            exit=number("exit"),
            cause=answer.one("cause"),
            uptime=number("uptime"),
            cpu_ms=number("cpu_ms"),
            memory=number("memory", 1024),
            limit_cpu=number("limit_cpu"),
            limit_memory=number("limit_memory"),
            grants=answer.all("grant"),
            trial=Trial.parse(answer),
            returned=answer.one("returned"),
        )


@dataclass(frozen=True)
class Trust:
    """Whose firmware a board takes."""

    signers: str  # the text of its list of allowed signers, "" if it takes anybody's
    security: dict[str, int]  # the highest security version that was selected, by guest


class UnfitError(VerificationError):
    """A file could not be made of what differs: it has to be sent whole."""


@dataclass(frozen=True)
class Staged:
    """A slot in the making, under our lock."""

    incoming: str  # where the upload goes
    kept: tuple[str, ...]  # files that the board already had
    missing: tuple[str, ...]
    partial: str = ""  # size and SHA-256 of what is there of an upload that broke off
    bases: Mapping[str, delta.Base] = field(default_factory=dict)  # of missing files, by name

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read the answer to `stage`."""
        return cls(
            incoming=answer.one("incoming"),
            kept=answer.all("kept"),
            missing=answer.all("missing"),
            partial=answer.one("partial"),
            bases=dict(_bases(answer)),
        )

    def held(self, upload: bytes) -> int:
        """Return how many bytes of this upload the board has: all that is there of it, or none."""
        size, _, sha256 = self.partial.partition(" ")
        held = int(size or 0)
        begins = len(upload) >= held and hashlib.sha256(upload[:held]).hexdigest() == sha256
        return held if begins else 0


def _bases(answer: Answer) -> Iterator[tuple[str, delta.Base]]:
    for value in answer.all("delta"):
        name, _, text = value.partition(" ")
        with contextlib.suppress(ValueError):  # its tools are not as ours: the file travels whole
            yield name, delta.Base.parse(text)


class DeviceHalf:
    """The device half of one board, reached over a transport, and one of the guests there.

    Without a name that is the guest that was started last. `home` overrides the folder on the
    board; `shell` is what runs the device half there.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        guest: str | None = None,
        home: str | None = None,
        shell: str = "sh",
    ) -> None:
        self.transport = transport
        self.guest = guest
        self._environment = f"env RPIKIT_HOME={shlex.quote(home)} " if home else ""
        self._shell = shell

    def of(self, guest: str) -> Self:
        """Return the same for the guest of that name."""
        other = copy.copy(self)
        other.guest = guest
        return other

    def greet(self, timeout: float) -> None:
        """Raise BoardError if the board is gone."""
        self.transport.run("true", timeout=timeout)

    def ps(self) -> tuple[Guest, ...]:
        """Ask what each guest of the board is and does, in the order of their names."""
        _, *parts = re.split(r"^guest=(.*)\n", self._run("ps").out, flags=re.MULTILINE)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return tuple(Guest.parse(name, Answer(text)) for name, text in pairs)

    def status(self) -> Status:
        """Ask what is selected and what runs."""
        return Status.parse(self._call("status"))

    def stage(
        self,
        token: str,
        holder: str,
        needs: Sequence[str],
        files: Sequence[SlotFile],
        *,
        before: str = "",
        whole: bool = False,
    ) -> Staged:
        """Lock the board and begin a slot; learn what has to be uploaded.

        `before` is the token of a flash that is known to be over: its lock ends with its install,
        or at once. With `whole` nothing is asked of what missing files could be made of.
        """
        wanted = "\n".join(map(str, files))
        words = (token, " ".join(holder.split()), " ".join(needs), wanted, before)
        answer = self._call("stage", *words, *(["whole"] if whole else []))
        return Staged.parse(answer)

    def install(
        self,
        token: str,
        ready_within: float,
        *,
        beside: bool = False,
        trial: int | None = None,
        upload: str = "",
    ) -> Status:
        """Verify what was staged, run it on trial and confirm it once it is ready.

        The board's other guests are stopped, unless it is to run beside them. With `trial` it has
        to be confirmed by somebody within so many seconds. `upload` is the SHA-256 of what was
        sent to the board, "" if nothing was.
        """
        seconds = max(1, round(ready_within))
        words = install_words(token, seconds, beside=beside, trial=trial, upload=upload)
        return Status.parse(self._call(*words, timeout=seconds + 60.0))

    def confirm(self) -> Status:
        """Make the slot on trial the one that the board keeps."""
        return Status.parse(self._call("confirm"))

    def roll_back(self) -> Status:
        """End the trial; what ran before runs again."""
        return Status.parse(self._call("rollback"))

    def boot(self) -> Answer:
        """Start what the board starts when it starts; say `started`, `failed` and `damaged`."""
        return self._call("boot")

    def setup(self) -> Status:
        """Have the board start its guests when it starts."""
        home = self.status().home
        with tempfile.NamedTemporaryFile(prefix="rpikit-") as file:
            file.write(script().encode())
            file.flush()
            self.transport.put(Path(file.name), f"{home}/{HALF}.new")
        return Status.parse(self._call("setup"))

    def undo(self) -> Status:
        """Take back `setup`."""
        return Status.parse(self._call("undo"))

    def abandon(self, token: str) -> int | None:
        """Give up what was staged; return how many KiB the board has free, if it knows.

        What was uploaded stays for the next one to go on with, unless the board is full.
        """
        free = self._call("abandon", token).one("free")
        return int(free) if free else None

    def verify(self, slot: str | None = None) -> None:
        """Check the files of a slot, or of the selected one, against their SHA-256."""
        self._call("verify", *([slot] if slot else []))

    def activate(self) -> Status:
        """Select the idle slot."""
        return Status.parse(self._call("activate"))

    def start(self) -> Status:
        """Start the selected firmware of the guest, unless it runs."""
        return Status.parse(self._call("start"))

    def trust(self, signers: str = "", signature: str = "") -> Trust:
        """Give the board a new list of allowed signers, if one is given; return what it holds.

        A board that holds one takes another only with the signature of somebody in its own.
        """
        answer = self._call("trust", *([signers, signature] if signers else []))
        versions = (value.rpartition(" ") for value in answer.all("security"))
        lines = "".join(f"{line}\n" for line in answer.all("signer"))
        return Trust(lines, {name: int(number) for name, _, number in versions})

    def stop(self) -> Status:
        """End the guest."""
        return Status.parse(self._call("stop"))

    def stop_all(self) -> tuple[str, ...]:
        """End all guests; return the names of those that ran."""
        return self._call("stop_all").all("stopped")

    def remove(self) -> bool:
        """End the guest and take it off the board; say whether it ran."""
        return bool(self._call("remove").all("stopped"))

    def logs(self, lines: int = 100) -> str:
        """Return the end of the console."""
        return self._run("logs", str(lines)).out

    def follow(self) -> Channel:
        """Open the console of the guest from its beginning; it ends with the guest."""
        channel = self.transport.start(self._command("follow"))
        channel.write(script().encode())
        return channel

    def watch(self, run: str = "-", since: str = "0") -> Channel:
        """Open the console of a guest behind a head of its own (console.Head); it ends with it.

        `since` is a byte of the run of that name, else `-N` for the last N lines of any, or `end`
        to wait for the next guest, which is watched from its beginning.
        """
        channel = self.transport.start(self._command("watch", run, since))
        channel.write(script().encode())
        return channel

    def _call(self, *words: str, timeout: float = 60.0) -> Answer:
        return Answer(self._run(*words, timeout=timeout).out)

    def _run(self, *words: str, timeout: float = 60.0) -> Result:
        result = self.transport.run(self._command(*words), input=script().encode(), timeout=timeout)
        if result.status != EXIT_OK:
            raise self._fault(result)
        return result

    def _command(self, *words: str) -> str:
        """Return the remote command; with `exec` the program's parent is the connection."""
        named = () if self.guest is None else (f"@{self.guest}",)
        return f"exec {self._environment}{self._shell} -s -- {shlex.join((*named, *words))}"

    def _fault(self, result: Result) -> RpikitError:
        """Return what the device half, or the board's shell, gave as reason."""
        refused = refusal(result.status, result.err)
        if refused is None:
            last = next(reversed(result.err.strip().splitlines()), "nothing")
            return BoardError(
                f"{self.transport.name}: the device half ended with status {result.status} "
                f"and said {last!r}",
                hint="the board needs a POSIX shell and the usual programs, or BusyBox",
            )
        kind, reason, hint = refused
        message = f"{self.transport.name}: {reason}"
        if Answer(result.out).one("unfit"):
            return UnfitError(message)
        console = [line.rstrip() for line in Answer(result.out).all("console")]
        if console:
            return kind(message, hint="\n  ".join(("its console ended with:", *console)))
        hint = hint.replace("{board}", self.transport.name.partition(" ")[0])
        return kind(message, hint=hint or None)
