# SPDX-License-Identifier: MIT
"""Looks at this machine: its programs, its libraries, its rights, its room."""

import getpass
import importlib.metadata
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from rpikit import gdb, paths, toolchain
from rpikit.checks import About, Finding
from rpikit.errors import RpikitError, ToolError
from rpikit.virtual import daemon, qemu

HERE = About("this machine", ToolError.exit_code)

QEMU_OLDEST = (7, 2)  # the version whose raspi3b boots Debian's kernel with /dev/kvm
MACHINE = "raspi3b"
SOCKET_PATH_MAX = 107  # bytes of sun_path without its end, unix(7)
ROOM_MB = 1000  # packages, unpacked trees, images and a build
ROOM_LEAST_MB = 300
MEMORY_MB = 1200  # a virtual board has 1 GiB
BEGINNING = 2026  # no clock that is right shows an earlier year


def look() -> Iterator[Finding]:
    """Look at everything that rpikit needs of this machine."""
    yield _python()
    yield _libraries()
    yield _toolchain()
    yield from _qemu()
    yield _debugger()
    yield _debian()
    yield from _serial_ports()
    yield from _gpio_chips()
    yield _folder("cache", paths.cache_dir(), "RPIKIT_CACHE")
    yield _room()
    yield _folder("state", paths.state_dir(), "RPIKIT_STATE")
    yield _socket_path()
    yield _port()
    yield _memory()
    yield _clock()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.prefix == sys.base_prefix:
        return HERE.warn(
            "python",
            f"{version}, {sys.executable}, without a virtual environment of its own",
            "python3 -m venv .venv && .venv/bin/pip install rpikit",
        )
    return HERE.ok("python", f"{version}, {sys.executable}")


def _libraries() -> Finding:
    wanted = [Requirement(one) for one in importlib.metadata.requires("rpikit") or ()]
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = [one for one in needed if not _is_met(one)]
    if wrong:
        words = " ".join(f"'{one.name}{one.specifier}'" for one in wrong)
        names = ", ".join(one.name for one in wrong)
        return HERE.fail(
            "libraries", f"missing or too old: {names}", f"{sys.executable} -m pip install {words}"
        )
    return HERE.ok("libraries", f"{len(needed)} of {len(needed)}")


def _is_met(wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def _toolchain() -> Finding:
    try:
        found = toolchain.find()
    except RpikitError as error:
        return HERE.error("toolchain", error)
    return HERE.ok("toolchain", f"{found.name}: {_first_line(*found.cc, '--version')}")


def _qemu() -> Iterator[Finding]:
    try:
        qemu.require()
    except ToolError as error:
        yield HERE.error("qemu", error)
        return
    said = _first_line(qemu.PROGRAM, "--version")
    numbers = re.search(r"(\d+)\.(\d+)", said)
    version = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if version < QEMU_OLDEST:
        oldest = ".".join(map(str, QEMU_OLDEST))
        yield HERE.warn("qemu", f"{said}; tried with {oldest} and newer", "use Debian 12 or newer")
    else:
        yield HERE.ok("qemu", said)
    if MACHINE in _output(qemu.PROGRAM, "-M", "help"):
        yield HERE.ok("qemu machine", MACHINE)
    else:
        yield HERE.fail(
            "qemu machine", f"it has no {MACHINE}", "sudo apt-get install qemu-system-arm"
        )


def _debugger() -> Finding:
    try:
        found = gdb.find()
    except ToolError as error:
        return HERE.warn("debugger", f"{error}, which rpikit debug needs", gdb.INSTALL)
    return HERE.ok("debugger", _first_line(found, "--version"))


def _debian() -> Finding:
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        return HERE.fail(
            "debian packages",
            f"{' and '.join(missing)} missing; the virtual board's kernel comes through them",
            "on Debian or Ubuntu: sudo apt-get install apt dpkg debian-archive-keyring",
        )
    return HERE.ok("debian packages", "apt-get and dpkg-deb are here")


def _serial_ports() -> Iterator[Finding]:
    ports = [*Path("/dev").glob("ttyUSB*"), *Path("/dev").glob("ttyACM*")]
    if not ports:
        yield HERE.ok("serial", "no adapter is plugged in")
    yield from (_device("serial", port, "dialout") for port in sorted(ports))


def _gpio_chips() -> Iterator[Finding]:
    chips = sorted(Path("/dev").glob("gpiochip*"))
    if not chips:
        yield HERE.ok("gpio", "this machine has none; a bench of other boards needs none")
    yield from (_device("gpio", chip, "gpio") for chip in chips)


def _device(what: str, node: Path, group: str) -> Finding:
    if os.access(node, os.R_OK | os.W_OK):
        return HERE.ok(what, f"{node} can be used")
    rule = f'SUBSYSTEM=="{what}", GROUP="{group}", MODE="0660"'
    user = getpass.getuser()
    return HERE.warn(
        what,
        f"{node} belongs to others",
        f"sudo usermod -aG {node.group()} {user}, then log in again"
        if node.group() != "root"
        else f"echo '{rule}' | sudo tee /etc/udev/rules.d/60-rpikit.rules, and plug it in again",
    )


def _folder(what: str, folder: Path, variable: str) -> Finding:
    existing = _existing(folder)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return HERE.ok(f"{what} folder", str(folder))
    return HERE.fail(
        f"{what} folder",
        f"{folder} cannot be written",
        f"sudo chown -R {getpass.getuser()} {existing}, or name another folder in {variable}",
    )


def _room() -> Finding:
    folder = paths.cache_dir()
    free = shutil.disk_usage(_existing(folder)).free // 1_000_000
    says = f"{free} MB free for {folder}"
    mend = f"remove what is not needed below {folder}, or name another folder in RPIKIT_CACHE"
    if free < ROOM_LEAST_MB:
        return HERE.fail("room", says, mend)
    return HERE.warn("room", says, mend) if free < ROOM_MB else HERE.ok("room", says)


def _socket_path() -> Finding:
    path = paths.state_dir() / "boards" / "a-board-of-mine" / daemon.PINS_SOCKET
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        return HERE.fail(
            "socket paths",
            f"{path} is longer than {SOCKET_PATH_MAX} bytes, the system's limit for a socket",
            "export RPIKIT_STATE=/tmp/rpikit-state",
        )
    return HERE.ok("socket paths", "short enough")


def _port() -> Finding:
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            number = probe.getsockname()[1]
    except OSError as error:
        return HERE.fail("ports", f"none on 127.0.0.1: {error.strerror}", "sudo ip link set lo up")
    return HERE.ok("ports", f"there are free ones on 127.0.0.1, such as {number}")


def _memory() -> Finding:
    match = re.search(r"MemAvailable: *(\d+) kB", _text(Path("/proc/meminfo")))
    if match is None:
        return HERE.ok("memory", "this system does not tell")
    free = int(match[1]) // 1024
    if free < MEMORY_MB:
        return HERE.warn(
            "memory",
            f"{free} MB free; a virtual board may take {MEMORY_MB}",
            "rpikit board list shows which boards run; rpikit board down NAME ends one",
        )
    return HERE.ok("memory", f"{free} MB free")


def _clock() -> Finding:
    year = time.gmtime().tm_year
    if year < BEGINNING:
        return HERE.warn(
            "clock",
            f"it is the year {year} here; apt refuses package lists from the future",
            "sudo timedatectl set-ntp true",
        )
    return HERE.ok("clock", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))


def _existing(folder: Path) -> Path:
    """Return the folder, or what is there of the way to it."""
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _first_line(*command: str) -> str:
    return next(iter(_output(*command).splitlines()), "")


def _output(*command: str) -> str:
    """Return what a program prints; nothing when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
