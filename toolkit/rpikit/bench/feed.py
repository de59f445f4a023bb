# SPDX-License-Identifier: MIT
"""A guest's console as pytest-embedded's Dut expects it: a thread copies, pexpect waits.

The copy also goes to a log file and to standard output, where pytest keeps it for the report of
a test that fails. Knows nothing of boards: it reads whatever has the console's `read`.
"""

import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pexpect import EOF, TIMEOUT
from pexpect.spawnbase import SpawnBase

from rpikit.closing import Closing

if TYPE_CHECKING:
    _Spawn = SpawnBase[bytes]
else:
    _Spawn = SpawnBase  # generic in its stubs only

_SHOWN = 200  # bytes of unmatched console in the message of a failed expect
_POLL_S = 0.05


class Source(Protocol):
    """A console: its bytes from the beginning."""

    def read(self, size: int = 4096, timeout: float | None = None) -> bytes:
        """Return what came, b"" at the end; raise TimeoutError when nothing came."""
        ...


class ConsoleProcess(_Spawn):
    """What pexpect matches on: chunks of console as they come, EOF once the guest has ended."""

    def __init__(self) -> None:
        super().__init__(timeout=30)
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ended = False

    def put(self, data: bytes) -> None:
        """Add what came; b"" says that nothing will come any more."""
        self._chunks.put(data)

    def read_nonblocking(self, size: int = 1, timeout: float | None = -1) -> bytes:
        """Return the next chunk; raise TIMEOUT or EOF as pexpect wants it."""
        wait = self.timeout if timeout == -1 else timeout
        try:
            data = b"" if self._ended else self._chunks.get(timeout=wait)
        except queue.Empty:
            raise TIMEOUT("nothing came from the console") from None
        if not data:
            self._ended = True
            raise EOF("the guest has ended")
        return data

    @property
    def buffer_debug_str(self) -> str:
        """Return the end of what no expect has matched yet; at EOF pexpect keeps it in before."""
        before = self.before if isinstance(self.before, bytes) else b""
        unmatched = bytes(self.buffer) or before
        text = unmatched[-_SHOWN:].decode(errors="replace")
        return f"{text!r} ({len(unmatched)} bytes in all)"


class Feed(Closing):
    """Copies a console for as long as it is open; `process` is what pexpect matches on.

    It has the face of pytest-embedded's message queue, so that what is put or redirected into
    it is matched and logged like the console. `heard` is told of each line once it is whole.
    """

    def __init__(
        self, console: Source, log: Path, heard: Callable[[str], None] = lambda line: None
    ) -> None:
        self.process = ConsoleProcess()
        self.ended = False
        self._console = console
        self._text = bytearray()
        self._news = threading.Condition()
        self._fault: Exception | None = None
        self._closing = False
        self._heard = heard
        self._begun = b""
        self._log = log.open("wb", buffering=0)
        self._thread = threading.Thread(target=self._copy, name="console", daemon=True)
        self._thread.start()

    def wait_for(self, text: str, timeout: float) -> bool:
        """Wait until the console has said `text`; return False if it ended or did not in time."""
        deadline = time.monotonic() + timeout
        with self._news:
            self._news.wait_for(
                lambda: text.encode() in self._text or self.ended,
                max(deadline - time.monotonic(), 0),
            )
            if self._fault is not None:
                raise self._fault
            return text.encode() in self._text

    def wait_for_end(self, timeout: float) -> bool:
        """Wait until the console has ended; return whether it has."""
        with self._news:
            return self._news.wait_for(lambda: self.ended, timeout)

    @property
    def last_line(self) -> str:
        """Return the last line that was said."""
        with self._news:
            lines = self._text.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def put(self, data: Any, **_: Any) -> None:
        """Add text or bytes as if the console had said them."""
        self._take(data.encode() if isinstance(data, str) else bytes(data))

    write = put

    def flush(self) -> None:
        """Do nothing: what is put is there at once."""

    def isatty(self) -> bool:
        """Say that this is no terminal."""
        return False

    def close(self) -> None:
        """Stop copying."""
        self._closing = True
        self._thread.join()
        self._log.close()

    def _copy(self) -> None:
        try:
            while not self._closing:
                try:
                    data = self._console.read(timeout=_POLL_S)
                except TimeoutError:
                    continue
                if not data:
                    break
                self._take(data)
        except Exception as fault:  # handed to whoever waits for the console
            self._fault = fault
        with self._news:
            self.ended = True
            self._news.notify_all()
        self.process.put(b"")

    def _take(self, data: bytes) -> None:
        if not data:
            return
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._heard(line.decode(errors="replace").rstrip("\r"))
        self._log.write(data)
        sys.stdout.write(data.decode(errors="replace"))
        with self._news:
            self._text += data
            self._news.notify_all()
        self.process.put(data)
