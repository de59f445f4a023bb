# SPDX-License-Identifier: MIT
"""A board reached through its serial console: a shell, and no network.

The same operations as over SSH, one at a time over the one line, whatever that loses.
"""

import gzip
import hashlib
import shlex
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rpikit import generate
from rpikit.closing import Closing
from rpikit.errors import BoardError
from rpikit.transport import Result
from rpikit.transport.line.login import Login
from rpikit.transport.line.port import Port, SerialPort
from rpikit.transport.line.session import (
    DEAD_SECONDS,
    LOGIN_SECONDS,
    LostError,
    Session,
    unpacked,
)

BAUD = 115200
_INLINE = 1000  # characters of a command that goes in one frame
_LATE = 1000  # the receiver's status of a command that did not end in time
_GLANCE_SECONDS = 0.15
_KEPT_INPUTS = 4
_PUT_SECONDS = 120.0
_SILENT_SECONDS = 5.0  # of a command that runs: the receiver says each 2 s that it does


@dataclass(frozen=True)
class SerialAddress:
    """Where a board's console is, and who logs in there; no user where it asks for none.

    `fast` is a speed to try once the receiver runs, in baud; 0 to stay at `baud`.
    """

    place: str
    baud: int = BAUD
    fast: int = 0
    user: str | None = None
    password: str | None = None

    def __str__(self) -> str:
        return f"{self.place}"


class Serial(Closing):
    """A transport over a serial console; it logs in when first used and again after a loss."""

    def __init__(
        self,
        address: SerialAddress,
        name: str,
        *,
        opening: Callable[[SerialAddress, str], Port] | None = None,
        patience: float = LOGIN_SECONDS,
        dead: float = DEAD_SECONDS,
    ) -> None:
        """`opening` gives a port of another kind.

        `patience` is for the login, `dead` for a line that has gone silent, both in seconds.
        """
        self._patience = patience
        self._dead = dead
        self.address = address
        self.board = name
        self._opening = opening or (lambda where, board: SerialPort(where.place, where.baud, board))
        self._session: Session | None = None
        self._inputs: list[str] = []
        self._channels = 0
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        return f"{self.board} (serial {self.address})"

    def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
        with self._lock:
            given = self._input(input)
            status, out, err = self._run(command, given, timeout)
        return Result(status, out.decode(errors="replace"), err.decode(errors="replace"))

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        blob = data.read_bytes()[offset:]
        packed = gzip.compress(blob, mtime=0)
        smaller = len(packed) < len(blob)
        sent = packed if smaller else blob

        def told(bytes_sent: int) -> None:
            if progress is not None:
                progress(offset + bytes_sent * len(blob) // len(sent))

        reading = "gzip -dc" if smaller else "cat"
        into = f"{'>>' if offset else '>'} {shlex.quote(remote)}"
        with self._lock:
            self._upload(sent, "in.put", told)
            status, _, err = self._run(f"{reading} {into}", "in.put", _PUT_SECONDS)
        if status != 0:
            said = err.decode(errors="replace").strip().rpartition("\n")[2]
            raise BoardError(f"{self.name}: cannot write {remote}: {said or f'status {status}'}")

    def get(self, remote: str) -> bytes:
        with self._lock:
            status, out, err = self._run(f"cat {shlex.quote(remote)}", "/dev/null", _PUT_SECONDS)
        if status != 0:
            said = err.decode(errors="replace").strip().rpartition("\n")[2]
            raise BoardError(f"{self.name}: cannot read {remote}: {said or f'status {status}'}")
        return out

    def start(self, command: str) -> "SerialChannel":
        """Start a command; the shell that runs it leads a process group of its own."""
        with self._lock:
            self._channels += 1
            number = self._channels
            self._write_command(command, f"open_channel {number}")
        return SerialChannel(self, number)

    def leave(self) -> None:
        """Log in, and leave the console to whoever opens it next."""
        with self._lock:
            self._connected()
            self.close()

    def close(self) -> None:
        with self._lock:
            session, self._session = self._session, None
            if session is None:
                return
            with suppress(BoardError):
                session.close()
            session.port.close()

    # For its channels.

    def poll(self, channel: int, offset: int) -> tuple[bytes, bool]:
        """Return what a channel's command has said since, and whether it has ended."""
        with self._lock:
            status, content = self._fetch(
                f"q.{channel}", f"poll {channel} {offset} {{block}}", seconds=5.0
            )
        return content, bool(status)

    def type(self, channel: int, data: bytes) -> None:
        """Hand bytes to a channel's command."""
        with self._lock:
            self._ask(f"type_into {channel} {self._input(data)}")

    def end(self, channel: int) -> None:
        """End a channel's command and whatever it started."""
        with self._lock, suppress(BoardError):
            if self._session is not None:
                self._ask(f"close_channel {channel}", seconds=10.0)

    # One session.

    def _connected(self) -> Session:
        if self._session is None:
            self._inputs.clear()
            port = self._opening(self.address, self.board)
            program = generate.render("serial/receiver.sh")
            session = Session(port, self.name, program, patience=self._patience, dead=self._dead)
            address = self.address
            speeds = tuple(filter(None, (address.baud, address.fast)))
            try:
                session.open(Login(self.board, address.user, address.password), speeds)
                if address.fast > port.baud:
                    session.raise_speed(address.fast)
            except BaseException:
                port.close()
                raise
            self._session = session
        return self._session

    def _ask(self, text: str, *, seconds: float = 5.0) -> None:
        session = self._connected()
        try:
            answer = session.ask(text, seconds=seconds)
        except LostError:
            self._drop()
            raise
        if answer.status != 0:
            raise BoardError(f"{self.name}: the console's shell cannot do {text[:60]!r}")

    def _fetch(
        self, file: str, text: str, *, seconds: float, silent: float | None = None
    ) -> tuple[int, bytes]:
        session = self._connected()
        try:
            return session.fetch(file, text, seconds=seconds, silent=silent)
        except LostError:
            self._drop()
            raise

    def _upload(
        self, blob: bytes, file: str, progress: Callable[[int], None] | None = None
    ) -> None:
        session = self._connected()
        try:
            session.upload(blob, file, progress=progress)
        except LostError:
            self._drop()
            raise

    def _drop(self) -> None:
        """Give up a line that is dead; the next operation begins anew."""
        session, self._session = self._session, None
        if session is not None:
            self._patience = min(self._patience, self._dead)  # it was there a moment ago
            session.port.close()

    def _input(self, data: bytes) -> str:
        """Return the name of a file on the board with these bytes, which may be there already."""
        if not data:
            return "/dev/null"
        self._connected()
        packed = gzip.compress(data, mtime=0)
        name = f"in.{hashlib.sha256(data).hexdigest()[:16]}"
        if name in self._inputs:
            self._inputs.remove(name)
        else:
            self._upload(packed, "in.gz")
            self._ask(f"gzip -dc <in.gz >{name}")
        self._inputs.append(name)
        while len(self._inputs) > _KEPT_INPUTS:
            self._ask(f"rm -f {self._inputs.pop(0)}")
        return name

    def _run(self, command: str, given: str, timeout: float) -> tuple[int, bytes, bytes]:
        seconds = max(1, round(timeout))
        then = f"run {seconds} {given} {{block}}"
        status, content = self._write_command(command, then, seconds=seconds + 5.0, file="pack")
        head, _, both = unpacked(content).partition(b"\n")
        out, err = both[: int(head)], both[int(head) :]
        if status == _LATE:
            said = (err or out).decode(errors="replace").strip()
            last = said.rpartition("\n")[2] or "nothing was said"
            raise BoardError(f"{self.name}: no end of {command!r} after {timeout:g} s; {last}")
        return status, out, err

    def _write_command(
        self, command: str, then: str, *, seconds: float = 5.0, file: str = ""
    ) -> tuple[int, bytes]:
        """Write a command into the file c and go on with another."""
        if len(command.encode()) > _INLINE:
            self._upload(command.encode(), "c")
        else:
            quoted = shlex.quote(command).replace("{", "{{").replace("}", "}}")
            then = f"printf %s {quoted} >c; {then}"
        if file:
            return self._fetch(file, then, seconds=seconds, silent=_SILENT_SECONDS)
        self._ask(then.format(block=0), seconds=seconds)
        return 0, b""


class SerialChannel(Closing):
    """A running command: its output and errors in one stream, its input, its end."""

    def __init__(self, serial: Serial, number: int) -> None:
        self._serial = serial
        self._number = number
        self._read = 0
        self._left = b""
        self._ended = False
        self._closed = False

    def read(self, size: int, timeout: float | None) -> bytes:
        until = None if timeout is None else time.monotonic() + timeout
        while not self._left and not self._ended:
            self._left, ended = self._serial.poll(self._number, self._read)
            self._read += len(self._left)
            self._ended = ended and not self._left
            if self._left or self._ended:
                break
            if until is not None and time.monotonic() >= until:
                raise TimeoutError
            time.sleep(_GLANCE_SECONDS)
        data, self._left = self._left[:size], self._left[size:]
        return data

    def write(self, data: bytes) -> None:
        try:
            self._serial.type(self._number, data)
        except LostError:
            raise
        except BoardError as error:
            raise BoardError(f"{self._serial.name}: the command takes no more input") from error

    def close(self) -> None:
        """End the command and whatever it started, politely first."""
        if not self._closed:
            self._closed = True
            self._serial.end(self._number)
