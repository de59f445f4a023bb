# SPDX-License-Identifier: MIT
"""A rack of boards for tests: as many containers on the virtual Pi, each a board of its own to SSH.

Each has namespaces of its own for mounts, processes and host name, a firmware folder, a boot ID, a
serial number as a Pi's own kernel tells it, and an sshd with a host key of its own at a port of
its own. All share the kernel, so the guests run under the real KVM. It can be unplugged, which
ends whatever runs there at once, and plugged in again.
"""

import shlex
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rpikit.device import HOME
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine

_FOLDER = "/tmp/rack"
_FIRST_PORT = 2201
_START = """\
cd {folder} || exit
mkdir -p home
grep -v ^Serial /proc/cpuinfo > cpuinfo
echo 'Serial\t\t: {serial_number}' >> cpuinfo
echo {boot_id} > boot_id
cat > start <<'END'
mount -t proc proc /proc
mount --bind cpuinfo /proc/cpuinfo
mount --bind boot_id /proc/sys/kernel/random/boot_id
mount --bind home {home}
{more}
hostname {name}
exec /usr/sbin/sshd -D -p {port} -o HostKey={folder}/host_key -o PidFile=none
END
unshare -m -u -p -f sh start < /dev/null > log 2>&1 &
echo $! > outer
until grep -q ":{port:04X} 00000000:0000 0A" /proc/net/tcp; do # it listens
    [ -e /proc/$! ] || {{ cat log; exit 1; }}
    usleep 20000
done
"""
_END = """\
read -r outer < {folder}/outer
read -r first < /proc/$outer/task/$outer/children
kill -KILL $first
while [ -e /proc/$outer ] && [ "$(cut -d ' ' -f 3 /proc/$outer/stat)" != Z ]; do usleep 20000; done
"""


@dataclass(frozen=True)
class Box:
    """One board of the rack."""

    ssh: Ssh  # to the virtual Pi
    name: str
    number: int
    there: int  # the port of this machine that leads to its sshd

    @property
    def port(self) -> int:
        """The port of the virtual Pi at which its sshd listens."""
        return _FIRST_PORT + self.number

    @property
    def serial_number(self) -> str:
        """What its bench calls it."""
        return f"{0xA0000000 + self.number:016x}"

    @property
    def folder(self) -> str:
        """Where the virtual Pi keeps what is its own."""
        return f"{_FOLDER}/{self.name}"

    def plug_in(self, *, with_kvm: bool = True) -> None:
        """Start it; without KVM, what is there in its place is of no use."""
        self._run(
            _START,
            boot_id=uuid.uuid4(),
            more="" if with_kvm else "mount --bind /dev/null /dev/kvm",
        )

    def unplug(self) -> None:
        """End it as a power cut does: nobody there is told."""
        self._run(_END)

    def files(self) -> list[str]:
        """Name the files of its firmware folder."""
        return self.ssh.run(f"cd {self.folder}/home && find . -type f").out.split()

    def _run(self, script: str, **values: object) -> None:
        values |= {"name": self.name, "port": self.port, "serial_number": self.serial_number}
        text = script.format(folder=self.folder, home=HOME, **values)
        done = self.ssh.run(f"exec sh -c {shlex.quote(text)}")
        assert done.status == 0, done.out + done.err


@contextmanager
def rack(board: Machine, ssh: Ssh, folder: Path, names: tuple[str, ...]) -> Iterator[list[Box]]:
    """Plug in boards of these names; `folder` becomes a home from which SSH reaches them."""
    keys = _keys(folder, names)
    ports = tuple(_FIRST_PORT + number for number in range(len(names)))
    with machine.forwarded(board.name, *ports) as there:
        boxes = [Box(ssh, name, at, there[at]) for at, name in enumerate(names)]
        known = (f"[127.0.0.1]:{box.there} {keys[box.name]}\n" for box in boxes)
        (folder / ".ssh/known_hosts").write_text("".join(known))
        own = folder / ".ssh/id_ed25519"
        assert board.ssh.key_file is not None
        own.write_bytes(board.ssh.key_file.read_bytes())
        own.chmod(0o600)
        begun = []
        try:
            for box in boxes:
                ssh.run(f"mkdir -p {box.folder}")
                ssh.put(folder / box.name, f"{box.folder}/host_key")
                ssh.run(f"chmod 600 {box.folder}/host_key")
                box.plug_in()
                begun.append(box)
            yield boxes
        finally:
            for box in begun:
                box.unplug()
            ssh.run(f"rm -rf {_FOLDER}")


def _keys(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Make a host key for each board; return the public ones."""
    (folder / ".ssh").mkdir(mode=0o700)
    public = {}
    for name in names:
        words = ("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name))
        subprocess.run(["ssh-keygen", *words], check=True)
        public[name] = (folder / f"{name}.pub").read_text().strip()
    return public
