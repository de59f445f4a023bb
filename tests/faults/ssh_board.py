# SPDX-License-Identifier: MIT
"""A virtual Pi that is flashed as a real one: by `rpikit flash FILE` over SSH, behind a proxy.

To the flashing side it is an rpi3b of its bench.toml, with the keys of a home of its own.
"""

import json
import os
import random
import signal
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
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine, qemu

GUEST = "blink"
KIND = "rpi3b"  # what its bundles are for
PAYLOAD = 20000  # random bytes of each version, written in hexadecimal digits
WITHIN = 180.0  # seconds for whatever a slow machine may need
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
    read -r -t 0.05 _ # a nap that needs no process
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
    """The board, which is up from here on; with a card it keeps its firmware without power."""

    def __init__(self, folder: Path, *, has_card: bool) -> None:
        self.name = "cut-card" if has_card else "cut"
        self.has_card = has_card
        self.folder = folder / self.name
        self.folder.mkdir(exist_ok=True)
        self.proxy = Proxy(0)
        self._ssh: Ssh | None = None
        self.boot()

    def boot(self) -> None:
        """Start it, if it is not up, and let those who flash it find it."""
        options = qemu.Options(card=self.has_card)
        up = machine.up(board.load(board.DEFAULT), name=self.name, options=options)
        self.proxy.target = up.ssh.port
        known = self.folder / ".ssh"
        known.mkdir(exist_ok=True, mode=0o700)
        assert up.ssh.known_hosts is not None
        assert up.ssh.key_file is not None
        key = up.ssh.known_hosts.read_text().partition(" ")[2]
        (known / "known_hosts").write_text(f"[{HOST}]:{self.proxy.port} {key}")
        own = known / "id_ed25519"
        own.touch(mode=0o600)
        own.write_bytes(up.ssh.key_file.read_bytes())
        bench = f'[boards.dut]\nboard = "{KIND}"\nssh = "root@{HOST}:{self.proxy.port}"\n'
        (self.folder / "bench.toml").write_text(bench)
        if self._ssh is not None:
            self._ssh.close()
        self._ssh = Ssh(up.ssh, self.name)

    @property
    def ssh(self) -> Ssh:
        """The way around the proxy, to look at the board."""
        assert self._ssh is not None
        return self._ssh

    @property
    def half(self) -> DeviceHalf:
        """The device half, asked around the proxy."""
        return DeviceHalf(self.ssh, guest=GUEST)

    def cut_power(self) -> None:
        """Take its power away; what was connected gets a reset."""
        machine.cut(self.name)

    def flash(self, file: Path, *words: str) -> "Command":
        """Begin to flash a bundle."""
        return Command(self.folder, "flash", str(file), *words)

    def after_boot(self) -> Status:
        """Return what runs once it has started its guests."""
        deadline = time.monotonic() + WITHIN
        while not (status := self.half.status()).running and time.monotonic() < deadline:
            time.sleep(0.1)
        return status

    def leftovers(self) -> set[str]:
        """Name what a flash must not leave behind."""
        names = f"cd {device.HOME} && ls -A . guests guests/{GUEST} guests/{GUEST}/slots"
        lines = {line for line in self.ssh.run(names).out.split() if not line.endswith(":")}
        kept = {"guests", GUEST, "slots", "run", "current", "a", "b", device.HALF}
        return lines - kept - {"stopped", "returned"}

    def close(self) -> None:
        self.proxy.close()
        if self._ssh is not None:
            self._ssh.close()
        machine.down(self.name)


class Command:
    """A command of rpikit in a process of its own, and the steps that it has told of."""

    def __init__(self, folder: Path, *words: str) -> None:
        known = {"HOME": str(folder), "RPIKIT_STATE": str(paths.state_dir())}
        command = [sys.executable, "-m", "rpikit", *words]
        self._process = subprocess.Popen(
            [*command, "-b", "dut", "--bench", str(folder / "bench.toml"), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | known,
        )
        self.step = "connect"
        self.began = {"connect": time.monotonic()}  # each step, by the clock
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send its process a signal, unless that is over."""
        self._process.send_signal(number)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def wait(self, within: float = WITHIN * 2) -> int:
        """Wait for its end and return its exit status; below 0 it is a signal's number."""
        status = self._process.wait(within)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        return status

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                if not line.startswith("{"):
                    self.said.append(line.strip())
                    continue
                event = json.loads(line)
                if event["event"] == "error":
                    self.said.append(event["message"])
                elif event["event"] == "step":
                    self.step = event["name"].split()[0].rstrip(",")
                    self.began[self.step] = time.monotonic()


class Watcher(Closing):
    """Looks at the board's folder all the while, and says which step of an install it is at."""

    def __init__(self, dut: Dut, changed: Callable[[str], None]) -> None:
        self._ssh = Ssh(dut.ssh.address, dut.name)
        script = _WATCH.replace("{home}", device.HOME).replace("{guest}", GUEST)
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
