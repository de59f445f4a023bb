# SPDX-License-Identifier: MIT
"""Boards that are flashed as real ones: by `rpikit flash FILE` over SSH, behind a proxy.

One is a virtual Pi, the other a shell of this machine behind an sshd of its own. To the flashing
side each is an rpi3b of its bench.toml, with the keys of a home of its own.
"""

import getpass
import json
import multiprocessing
import os
import random
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from proxy import HOST, Proxy

from rpikit import board, bundle, device, paths
from rpikit.bundle import Launch
from rpikit.closing import Closing
from rpikit.device import DeviceHalf, Status
from rpikit.errors import BoardError
from rpikit.transport import SshAddress
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine, qemu

GUEST = "blink"
KIND = "rpi3b"  # what its bundles are for
PAYLOAD = 20000  # random bytes of each version, written in hexadecimal digits
WITHIN = 180.0  # seconds for whatever a slow machine may need
_GLANCE = 0.01
_TENDER = '#!/bin/sh\nfor last in "$@"; do :; done\nexec sh "./$last"\n'

# Tells each step of an install as it begins, from what is on the board.
_WATCH = """
cd {home}/guests/{guest} || exit
was=
while :; do
    now=quiet
    if { read -r slot _ <trial; } 2>/dev/null; then
        now=start
        { read -r _ _ _ runs <run/guest; } 2>/dev/null && [ "$runs" = "$slot" ] && now=trial
        [ ! current -ef "slots/$slot" ] || now=confirm
    elif [ -d slots/new ]; then
        now=new
    fi
    [ "$now" = "$was" ] || echo "$now"
    was=$now
    {nap}
done
"""


def make_bundle(folder: Path, version: str) -> Path:
    """Write a bundle for the board; its guest runs until it is ended."""
    noise = random.Random(version).randbytes(PAYLOAD).hex()
    contents = {
        device.HALF: device.script().encode(),
        bundle.TENDER: _TENDER.encode(),
        bundle.UNIKERNEL: f"# {noise}\necho the guest is ready\nexec sleep 86400\n".encode(),
    }
    launch = Launch(options=("--mem=2",), needs=(), ready="ready")
    manifest = bundle.describe(GUEST, version, KIND, launch, contents)
    return bundle.write(manifest, contents, folder).path


class Dut(Closing):
    """A board that is up, and the ways to it; `home` is the device half's folder there."""

    nap = "sleep 0.05"  # between two looks at what an install does

    def __init__(self, folder: Path, name: str, home: str) -> None:
        self.name = name
        self.home = home
        self.folder = folder / name
        self.folder.mkdir(exist_ok=True)
        self.proxy = Proxy(0)
        self._ssh: Ssh | None = None

    def reach(self, direct: SshAddress) -> None:
        """Let those who flash it find it at the proxy, and us at the address itself."""
        self.proxy.target = direct.port
        known = self.folder / ".ssh"
        known.mkdir(exist_ok=True, mode=0o700)
        assert direct.known_hosts is not None
        assert direct.key_file is not None
        key = direct.known_hosts.read_text().partition(" ")[2]
        (known / "known_hosts").write_text(f"[{HOST}]:{self.proxy.port} {key}")
        own = known / "id_ed25519"
        own.touch(mode=0o600)
        own.write_bytes(direct.key_file.read_bytes())
        at = f"{direct.user}@{HOST}:{self.proxy.port}"
        bench = f'[boards.dut]\nboard = "{KIND}"\nssh = "{at}"\n'
        (self.folder / "bench.toml").write_text(bench)
        if self._ssh is not None:
            self._ssh.close()
        self._ssh = Ssh(direct, self.name)

    @property
    def ssh(self) -> Ssh:
        """The way around the proxy, to look at the board."""
        assert self._ssh is not None
        return self._ssh

    @property
    def half(self) -> DeviceHalf:
        """The device half, asked around the proxy."""
        return DeviceHalf(self.ssh, guest=GUEST)

    def flash(self, file: Path) -> "Command":
        """Begin to flash a bundle."""
        return Command(self.folder, "flash", str(file))

    def leftovers(self) -> set[str]:
        """Name what a flash must not leave behind."""
        names = f"cd {self.home} && ls -A . guests guests/{GUEST} guests/{GUEST}/slots"
        lines = {line for line in self.ssh.run(names).out.split() if not line.endswith(":")}
        kept = {"guests", GUEST, "slots", "run", "current", "a", "b", device.HALF}
        return lines - kept - {"spare", "stopped", "returned"}

    def close(self) -> None:
        self.proxy.close()
        if self._ssh is not None:
            self._ssh.close()


class Pi(Dut):
    """A virtual Pi; with a card it keeps its firmware without power."""

    nap = "read -r -t 0.05 _"  # of BusyBox, without a process

    def __init__(self, folder: Path, *, has_card: bool) -> None:
        super().__init__(folder, "cut-card" if has_card else "cut", device.HOME)
        self.has_card = has_card
        self.boot()

    def boot(self) -> None:
        """Start it, if it is not up."""
        options = qemu.Options(card=self.has_card)
        self.reach(machine.up(board.load(board.DEFAULT), name=self.name, options=options).ssh)

    def cut_power(self) -> None:
        """Take its power away; what was connected gets a reset."""
        machine.cut(self.name)

    def after_boot(self) -> Status:
        """Return what runs once it has started its guests."""
        deadline = time.monotonic() + WITHIN
        while not (status := self.half.status()).running and time.monotonic() < deadline:
            time.sleep(0.1)
        return status

    def close(self) -> None:
        super().close()
        machine.down(self.name)


class Shell(Dut):
    """A shell of this machine behind an sshd of its own (package openssh-server)."""

    def __init__(self, folder: Path, sshd: str) -> None:
        super().__init__(folder, "cut-shell", str(folder / "cut-shell/board"))
        user, host = (self._make_key(name) for name in ("user", "host"))
        with socket.create_server((HOST, 0)) as free:
            port = free.getsockname()[1]
        public = user.with_suffix(".pub")
        lines = (
            f"ListenAddress {HOST}:{port}", f"HostKey {host}", f"AuthorizedKeysFile {public}",
            "StrictModes no", "PidFile none", "UsePAM no", "PermitRootLogin yes",
            f"SetEnv RPIKIT_HOME={self.home}",
        )  # fmt: skip
        config = self.folder / "sshd_config"
        config.write_text("\n".join(lines) + "\n")
        known = self.folder / "known_hosts"
        known.write_text(f"[{HOST}]:{port} {host.with_suffix('.pub').read_text()}")
        Path("/run/sshd").mkdir(exist_ok=True)
        with (self.folder / "sshd.log").open("wb") as log:
            words = [sshd, "-D", "-e", "-f", str(config)]
            self._sshd = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=log)
        self.reach(SshAddress(HOST, port, getpass.getuser(), user, known))
        deadline = time.monotonic() + WITHIN
        while not self._answers():
            assert self._sshd.poll() is None, (self.folder / "sshd.log").read_text()
            assert time.monotonic() < deadline, "sshd does not answer"
            time.sleep(0.1)

    def close(self) -> None:
        self.half.stop_all()
        super().close()
        self._sshd.kill()
        self._sshd.wait()

    def _answers(self) -> bool:
        try:
            return self.ssh.run("true").status == 0
        except BoardError:
            return False

    def _make_key(self, name: str) -> Path:
        key = self.folder / name
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(words, check=True)
        return key


class Command:
    """A command of rpikit in a process of its own, and the steps that it has told of.

    It is forked off one that has imported all that it needs, which is most of its work.
    """

    def __init__(self, folder: Path, *words: str) -> None:
        known = {"HOME": str(folder), "RPIKIT_STATE": str(paths.state_dir())}
        arguments = [*words, "-b", "dut", "--bench", str(folder / "bench.toml"), "--json"]
        self._file = folder / "told"
        self._file.write_text("")
        self._process = _FORKS.Process(target=_run, args=(arguments, known, self._file))
        self._lock = threading.Lock()  # two threads must not fetch the exit status at once
        self._process.start()
        self.step = "connect"
        self.began = {"connect": time.monotonic()}  # each step, by the clock
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send its process a signal, unless that is over."""
        if not self.is_over and self._process.pid is not None:
            os.kill(self._process.pid, number)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        with self._lock:
            return self._process.exitcode is not None

    def wait(self, within: float = WITHIN * 2) -> int:
        """Wait for its end and return its exit status; below 0 it is a signal's number."""
        self._reader.join(within)
        status = self._process.exitcode if self.is_over else None
        assert status is not None, f"it has not ended after {within:g} s"
        return status

    def _read(self) -> None:
        said = ""
        with self._file.open() as told:
            is_over = False
            while not is_over:
                time.sleep(_GLANCE)
                is_over = self.is_over  # then what follows is the last that it told
                *lines, said = (said + told.read()).split("\n")
                for line in lines:
                    self._hear(line)

    def _hear(self, line: str) -> None:
        event = json.loads(line) if line.startswith("{") else {"event": "error", "message": line}
        if event["event"] == "error":
            self.said.append(event["message"])
        elif event["event"] == "step":
            self.step = event["name"].split()[0].rstrip(",")
            self.began[self.step] = time.monotonic()


_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["ssh_board", "fabric", "rpikit.cli", "rpikit.flash", "rpikit.connect", "rpikit.identity",
     "rpikit.commands.firmware", "rpikit.completion"]
)  # fmt: skip


def _run(arguments: list[str], known: dict[str, str], told: Path) -> None:
    """Be `rpikit` with these arguments; what it tells on stderr goes to a file."""
    os.environ |= known
    for descriptor, file in enumerate((Path(os.devnull), Path(os.devnull), told)):
        opened = os.open(file, os.O_RDWR | os.O_APPEND)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["rpikit", *arguments]
    runpy.run_module("rpikit", run_name="__main__")


class Watcher(Closing):
    """Looks at the board's folder all the while, and says which step of an install it is at."""

    def __init__(self, dut: Dut, changed: Callable[[str], None]) -> None:
        self._ssh = Ssh(dut.ssh.address, dut.name)
        script = _WATCH.replace("{home}", dut.home).replace("{guest}", GUEST)
        script = script.replace("{nap}", dut.nap)
        self._channel = self._ssh.start(script)
        self._changed = changed
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ssh.close()
        self._thread.join()

    def _read(self) -> None:
        said = b""
        try:
            while data := self._channel.read(4096, None):
                *lines, said = (said + data).split(b"\n")
                for line in lines:
                    self._changed(line.decode())
        except Exception:  # the connection is closed, or the power is cut
            return
