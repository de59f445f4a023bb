# SPDX-License-Identifier: MIT
"""A way to a board through any program that runs a command elsewhere.

The address is that program's words, to which a command is added as the last one, such as
"docker exec -i board sh -c", "ssh -p 2222 pi@lab3" or "env -C /srv/board sh -c".
"""

import os
import select
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from rpikit.errors import BoardError
from rpikit.transport import Result

_CHUNK = 65536


class Through:
    """A transport through a program of this machine."""

    def __init__(self, address: str, board: str) -> None:
        self._words = shlex.split(address)
        self.name = f"{board} (through {self._words[0]})"

    def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
        with self._start(command, subprocess.PIPE) as process:
            try:
                out, err = process.communicate(input, timeout)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise BoardError(f"{self.name}: no end after {timeout:g} s") from error
        return Result(
            process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
        )

    def put(
        self, data: Path, remote: str, *, progress: Callable[[int], None] | None = None
    ) -> None:
        content, sent = data.read_bytes(), 0
        with self._start(f"cat > {shlex.quote(remote)}", subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            for at in range(0, len(content), _CHUNK):
                sent += process.stdin.write(content[at : at + _CHUNK])
                if progress is not None:
                    progress(sent)
            process.stdin.close()
            said = process.stderr.read().decode(errors="replace").strip()
        if process.returncode != 0:
            raise BoardError(f"{self.name}: cannot write {remote}: {said}")

    def get(self, remote: str) -> bytes:
        with self._start(f"cat {shlex.quote(remote)}", subprocess.PIPE) as process:
            out, err = process.communicate()
        if process.returncode != 0:
            said = err.decode(errors="replace").strip()
            raise BoardError(f"{self.name}: cannot read {remote}: {said}")
        return out

    def start(self, command: str) -> "Running":
        return Running(self._start(command, subprocess.STDOUT))

    def close(self) -> None:
        """Do nothing: each command has a connection of its own."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, command: str, stderr: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._words, command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )


class Running:
    """A command whose streams are held open."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, size: int, timeout: float | None) -> bytes:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            raise TimeoutError
        return os.read(self._process.stdout.fileno(), size)

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()
