# SPDX-License-Identifier: MIT
"""This machine as a board: the same operations below a folder, with this machine's sh.

Commands run with the folder as their working directory, and a remote path is taken from there;
an absolute path is what it says.
"""

import os
import select
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rpikit import group
from rpikit.closing import Closing
from rpikit.errors import BoardError
from rpikit.transport import Result

_CHUNK = 65536


class Local(Closing):
    """A transport to a folder of this machine."""

    def __init__(self, folder: Path, *, name: str | None = None, **environment: str) -> None:
        """`name` is what messages call it; `environment` is what commands have besides ours."""
        self.folder = folder
        self._name = name or f"this machine (folder {folder})"
        self._environment = environment

    @property
    def name(self) -> str:
        return self._name

    def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
        with self._start(command, stderr=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(input, timeout)
            except subprocess.TimeoutExpired as error:
                group.end(process)
                said = (error.stderr or error.stdout or b"").decode(errors="replace").strip()
                last = said.rpartition("\n")[2] or "nothing was said"
                raise BoardError(
                    f"{self.name}: no end of {command!r} after {timeout:g} s; {last}"
                ) from error
        status = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return Result(status, out.decode(errors="replace"), err.decode(errors="replace"))

    def put(
        self,
        data: Path,
        remote: str,
        *,
        offset: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        sent = offset
        mode = "ab" if offset else "wb"
        try:
            with data.open("rb") as source, (self.folder / remote).open(mode) as target:
                source.seek(offset)
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    sent += len(chunk)
                    if progress is not None:
                        progress(sent)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise BoardError(f"{self.name}: cannot write {remote}: {why}") from error

    def get(self, remote: str) -> bytes:
        try:
            return (self.folder / remote).read_bytes()
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise BoardError(f"{self.name}: cannot read {remote}: {why}") from error

    def start(self, command: str) -> "LocalChannel":
        return LocalChannel(self.name, self._start(command, stderr=subprocess.STDOUT))

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _start(self, command: str, *, stderr: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                ["sh", "-c", command],
                cwd=self.folder,
                env={**os.environ, **self._environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise BoardError(f"{self.name}: cannot run {command!r}: {why}") from error


class LocalChannel(Closing):
    """A running command: its output and errors in one stream, its input, its end."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        self._name = name
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout

    def read(self, size: int, timeout: float | None) -> bytes:
        if not select.select([self._out], [], [], timeout)[0]:
            raise TimeoutError
        return os.read(self._out.fileno(), size)

    def write(self, data: bytes) -> None:
        try:
            self._in.write(data)
            self._in.flush()
        except OSError as error:
            raise BoardError(f"{self._name}: the command takes no more input") from error

    def close(self) -> None:
        """End the command and whatever it started, politely first."""
        group.end(self._process)
        with suppress(OSError):
            self._in.close()
        self._out.close()
