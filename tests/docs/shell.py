# SPDX-License-Identifier: MIT
"""A reader's shell: runs what a page says, in an empty folder, and compares what it prints."""

import os
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from pages import SCRIPTS, Step

SECONDS = 300
INTERRUPT = "^C\n"
# What differs from run to run: figures, and the shapes of waveforms.
_CHANGES = re.compile(r"\d+|[▁█]+| +|\.\.\.")
_ANY = {".": ".*", "▁": "[▁█]+", "█": "[▁█]+", " ": " +"}


def pattern(shown: str) -> re.Pattern[str]:
    """Return what fits a shown output: any figure for a figure, anything for `...`."""
    lines = []
    for line in shown.splitlines():
        if line.strip() == "...":
            lines.append(r"(?:.*\n)*?")
            continue
        parts, at = [], 0
        for change in _CHANGES.finditer(line):
            parts += [re.escape(line[at : change.start()]), _ANY.get(change[0][0], r"\d+")]
            at = change.end()
        lines.append("".join([*parts, re.escape(line[at:])]) + r"\n")
    return re.compile("".join(lines))


class Shell:
    """A shell in which the installed rpikit is found, and no other."""

    def __init__(self, programs: Path, folder: Path, **variables: str) -> None:
        self.folder = folder
        self._status = 0
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        plain = {"NO_COLOR": "1", "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
        self._environment = {**os.environ, **plain, **variables, "PATH": path}
        for name in ("PYTHONPATH", "FORCE_COLOR", "CI"):
            self._environment.pop(name, None)

    def run(self, script: str, until: re.Pattern[str] | None = None) -> tuple[int, str]:
        """Run commands; the next ones begin in the folder in which these end.

        With `until` they get Ctrl-C as soon as they have printed something that fits.
        """
        whole = f'(exit {self._status})\n{script}\nleft=$?; pwd >"$0"; exit $left'
        with (
            tempfile.NamedTemporaryFile("r") as where,
            subprocess.Popen(
                ["sh", "-c", whole, where.name],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            clock = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
            clock.start()
            said = self._listen(process, until)
            ended = process.wait()
            self._status = ended if ended >= 0 else 128 - ended  # as shells say of a signal
            clock.cancel()
            self.folder = Path(where.read().rstrip("\n") or self.folder)
        return self._status, "".join(f"{line.rstrip()}\n" for line in said.splitlines())

    def _listen(self, process: subprocess.Popen[bytes], until: re.Pattern[str] | None) -> str:
        assert process.stdout is not None
        said = b""
        while more := os.read(process.stdout.fileno(), 65536):
            said += more
            if until is not None and until.search(said.decode(errors="replace")):
                os.killpg(process.pid, signal.SIGINT)
                until = None
        return said.decode(errors="replace")

    def do(self, step: Step) -> str:
        """Do a step of a page and return what it printed; whatever is not as shown is a fault."""
        if step.file:
            self._write(step)
            return ""
        assert step.language in SCRIPTS, (
            f"line {step.line}: a block that is no file and no command; "
            "name its file before it, or say why it is not run"
        )
        said = ""
        commands = step.commands
        for at, (command, shown) in enumerate(commands):
            head, interrupt, rest = shown.partition(INTERRUPT)
            status, said = self.run(command, pattern(head) if interrupt else None)
            asked = at + 1 < len(commands) and "$?" in commands[at + 1][0]
            place = f"line {step.line}: {command.strip()}"
            assert status == 0 or asked or interrupt, f"{place} ended with {status}:\n{said}"
            fits = pattern(head + rest).fullmatch(said)
            assert fits, f"{place}\nshown:\n{head + rest}\nprinted:\n{said}"
        return said

    def _write(self, step: Step) -> None:
        """Write a file as the page has it, or change it so."""
        file = self.folder / step.file
        if step.language != "diff":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step.text, encoding="utf-8")
            return
        text = file.read_text(encoding="utf-8")
        for hunk in re.split(r"^@@.*\n", step.text, flags=re.M):
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] in " -")
            after = "".join(line[1:] for line in lines if line[0] in " +")
            assert text.count(before) == 1, f"line {step.line}: {step.file} has no such lines"
            text = text.replace(before, after)
        file.write_text(text, encoding="utf-8")
