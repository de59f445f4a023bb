# SPDX-License-Identifier: MIT
"""Hints: each one is found by the text of the failure it is for, each made for real.

What needs a board is in tests/virtual/test_hints_board.py.
"""

import hashlib
import os
import pty
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
import serial

from rpikit import ending, hints, toolchain
from rpikit.errors import FirmwareError, ToolError
from rpikit.virtual.apt import Archive

ON_A_BOARD = {"machine-killed", "no-kvm", "kvm-denied", "gpio-denied", "line-busy", "host-key"}

CC = (f"{toolchain.PREFIX}gcc", "-nostdlib", "-static", "-Wall", "-Werror", "-O2")


def said_by(*command: str, cwd: Path | None = None, user: int | None = None) -> str:
    """Run a program that fails and return what it says."""
    done = subprocess.run(command, cwd=cwd, user=user, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return str(done.stdout + done.stderr)


def compiled(folder: Path, source: str, *more: str) -> str:
    (folder / "main.c").write_text(source)
    return said_by(*CC, "main.c", *more, "-o", "guest", cwd=folder)


def raised_by(action: Callable[[], object]) -> str:
    with pytest.raises((OSError, ToolError)) as caught:
        action()
    return str(caught.value)


@contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


def address_in_use(folder: Path) -> str:
    with listening() as port, socket.socket() as other:
        return raised_by(lambda: other.bind(("127.0.0.1", port)))


def refused(folder: Path) -> str:
    with listening() as port:
        pass
    return raised_by(lambda: socket.create_connection(("127.0.0.1", port)))


def foreign_program(folder: Path) -> str:
    (folder / "main.c").write_text("void _start(void) {}\n")
    subprocess.run([*CC, "main.c", "-o", "guest"], cwd=folder, check=True)
    return said_by("sh", "-c", "./guest", cwd=folder)


def serial_busy(folder: Path) -> str:
    _, end = pty.openpty()
    name = os.ttyname(end)
    with serial.Serial(name, exclusive=True):
        return raised_by(lambda: serial.Serial(name, exclusive=True))


def no_space(folder: Path) -> str:
    return raised_by(lambda: Path("/dev/full").write_text("x"))


def open_all() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        Path("/etc/passwd").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def no_machine() -> str:
    start = "qemu-system-aarch64 -M raspi3b -display none -serial none -monitor none -S"
    return said_by("sh", "-c", f"ulimit -v 1500000; exec timeout 20 {start}")


def long_socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / ("x" * 200)))


def running_program(folder: Path) -> str:
    (folder / "sleep").write_bytes(Path("/bin/sleep").read_bytes())
    (folder / "sleep").chmod(0o755)
    with subprocess.Popen([folder / "sleep", "60"]) as process:
        try:
            return raised_by(lambda: (folder / "sleep").open("r+b"))
        finally:
            process.kill()


def denied(folder: Path) -> str:
    private = folder / "private"
    private.write_text("mine\n")
    private.chmod(0)
    if os.geteuid() != 0:
        return raised_by(private.read_text)
    return said_by("cat", str(private), user=65534)


def apt(mirror: str) -> Callable[[Path], str]:
    def fetch(folder: Path) -> str:
        archive = Archive(folder, mirror, "bookworm")
        return raised_by(lambda: archive.fetch(("gpiod",), lambda line: None))

    return fetch


def apt_update(folder: Path, *, made: float, promised: bytes) -> str:
    """Read a repository of no packages that was made then, and whose list is not what it says."""
    listed = folder / "repo" / "dists" / "s" / "main" / "binary-arm64" / "Packages"
    listed.parent.mkdir(parents=True)
    listed.write_bytes(b"")
    digest = hashlib.sha256(promised).hexdigest()
    (folder / "repo" / "dists" / "s" / "Release").write_text(
        f"Suite: s\nCodename: s\nArchitectures: arm64\nComponents: main\n"
        f"Date: {formatdate(made, usegmt=True)}\n"
        f"SHA256:\n {digest} {len(promised)} main/binary-arm64/Packages\n"
    )
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [trusted=yes] file:{folder}/repo s main\n")
    options = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "",
        "APT::Update::Error-Mode": "any",
        "Acquire::Check-Date": "true",  # some machines' own settings say otherwise
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": folder,
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
    }
    return said_by("apt-get", "update", *(f"-o{key}={value}" for key, value in options.items()))


REAL: Mapping[str, Callable[[Path], str]] = {
    "undefined-reference": lambda at: compiled(
        at, "int gone(void);\nvoid _start(void) { gone(); }\n"
    ),
    "multiple-definition": lambda at: compiled(
        at, "int twice;\nvoid _start(void) {}\n", "-x", "c", "main.c"
    ),
    "unknown-header": lambda at: compiled(at, "#include <sys/nope.h>\n"),
    "implicit-declaration": lambda at: compiled(at, "void _start(void) { solo5_led_on(18); }\n"),
    "unknown-function": lambda at: compiled(at, "void _start(void) { gone(); }\n"),
    "no-pin": lambda at: compiled(at, "int _start(void) { return PIN_BUTTON; }\n"),
    "warning-as-error": lambda at: compiled(at, "void _start(void) { int unused; }\n"),
    "apt-not-valid-yet": lambda at: apt_update(at, made=time.time() + 1e6, promised=b""),
    "apt-hash": lambda at: apt_update(at, made=time.time() - 60, promised=b"Package: x\n"),
    "apt-mirror": apt("http://127.0.0.1:1/debian"),
    "exec-format": foreign_program,
    "serial-busy": serial_busy,
    "serial-absent": lambda at: raised_by(lambda: serial.Serial("/dev/ttyUSB99")),
    "no-space": no_space,
    "read-only": lambda at: os.strerror(30),
    "quota": lambda at: os.strerror(122),
    "address-in-use": address_in_use,
    "refused": refused,
    "socket-path": lambda at: raised_by(lambda: long_socket(at)),
    "name-too-long": lambda at: raised_by(lambda: (at / ("x" * 300)).write_text("")),
    "too-many-files": lambda at: raised_by(open_all),
    "machine-memory": lambda at: no_machine(),
    "no-memory": lambda at: os.strerror(12),
    "text-busy": running_program,
    "not-found": lambda at: said_by("sh", "-c", "aarch64-brick-gcc main.c"),
    "no-module": lambda at: said_by(sys.executable, "-c", "import no_such_library"),
    "denied": denied,
    "apt-unresolved": apt("http://no-such-host.invalid/debian"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REAL))
def test_the_text_of_a_real_failure_finds_its_hint(name: str, tmp_path: Path) -> None:
    said = REAL[name](tmp_path)
    hint = next(one for one in hints.known() if one.name == name)
    assert hint.answer(said) is not None, said
    assert hints.find(said) == hint.answer(said), said


def test_every_hint_is_tried_on_a_real_text() -> None:
    assert {one.name for one in hints.known()} == set(REAL) | ON_A_BOARD


def test_a_hint_says_the_words_of_the_failure() -> None:
    said = "main.o: in function `main':\nmain.c:3: undefined reference to `blink'"
    assert (hints.find(said) or "").startswith("list the file that defines blink")


def test_an_error_with_its_own_hint_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    ending.complain("x: No space left on device", "drink tea")
    ending.complain("y: No space left on device")
    ending.complain("all is lost")
    first, tea, second, room, third = capsys.readouterr().err.splitlines()
    assert (first, tea) == ("rpikit: x: No space left on device", "  hint: drink tea")
    assert (second, room[:18]) == ("rpikit: y: No space left on device", "  hint: make room ")
    assert third == "rpikit: all is lost"


def test_a_failed_build_comes_with_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    error = FirmwareError("app: does not build:\nmain.c:2: undefined reference to `blink'")
    ending.complain(str(error), error.hint)
    assert "  hint: list the file that defines blink" in capsys.readouterr().err
