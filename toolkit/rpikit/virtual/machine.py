# SPDX-License-Identifier: MIT
"""Virtual boards by name: start one and wait for its SSH, find it, list them, end it.

A board's folder under the state folder holds its sockets, consoles and logs; a board runs as long
as somebody answers at its socket, whatever files a crash left behind.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from rpikit import paths, results
from rpikit.errors import BoardError
from rpikit.transport import SshAddress
from rpikit.virtual import bare, daemon, image, launch, qemu, snapshot
from rpikit.virtual.gpio import Registers
from rpikit.virtual.keys import Keys
from rpikit.virtual.pins import Connection

if TYPE_CHECKING:
    from rpikit.board import Board

_END_SECONDS = 5.0
_IDLE_SECONDS = 1800.0
_KNOWN_SEED = bytes(range(64))
_OPTIONS = qemu.Options()
_CARD = "card.img"
_CARD_SIZE = 128 << 20  # bytes: QEMU wants a power of two; what is not written takes no room
_NO_KVM = "kvm-arm.mode=none"
"""Keeps an arm64 kernel from offering /dev/kvm (Linux's admin-guide/kernel-parameters)."""


@dataclass(frozen=True)
class Machine:
    """A running virtual board; `pid` is QEMU's, `log` what came out of its main console.

    One that `was_restored` was brought back from a snapshot and has not booted itself. One that
    `is_bare` runs no operating system: nobody is behind its SSH.
    """

    name: str
    pid: int
    ssh: SshAddress
    serials: tuple[Path, ...]
    pins_socket: Path
    started_at: float
    log: Path
    was_restored: bool
    has_card: bool = False
    is_bare: bool = False

    @property
    def console(self) -> Path:
        """The port of its main console."""
        return self.serials[_main_console(self.is_bare)]

    def __str__(self) -> str:
        ssh = self.ssh
        known = f"-o UserKnownHostsFile={ssh.known_hosts}" if ssh.known_hosts else ""
        way = f"ssh -i {ssh.key_file} -p {ssh.port} {known} {ssh.user}@{ssh.host}"
        lines = [
            f"{self.name}: up, QEMU is process {self.pid}",
            "its loader waits for firmware: rpikit flash" if self.is_bare else way,
            *(f"serial {number}: {path}" for number, path in enumerate(self.serials)),
        ]
        return "\n  ".join(lines)

    def values(self) -> results.VirtualBoard:
        """Return it as one flat object for programs."""
        return {
            "board": self.name,
            "pid": self.pid,
            "host": self.ssh.host,
            "port": self.ssh.port,
            "user": self.ssh.user,
            "key_file": str(self.ssh.key_file),
            "known_hosts": str(self.ssh.known_hosts),
            "serials": [str(path) for path in self.serials],
            "pins_socket": str(self.pins_socket),
            "log": str(self.log),
            "was_restored": self.was_restored,
        }


def up(
    board: "Board",
    *,
    name: str | None = None,
    options: qemu.Options = _OPTIONS,
    report: Callable[[str], None] = lambda step: None,
) -> Machine:
    """Return the running board of this name, starting it when there is none.

    The options are those of a start. An interrupt while it starts leaves nothing running.
    """
    name = name or board.name
    if board.virtual is None:
        raise BoardError(
            f"{board.name} is a real board; only a virtual one can be started",
            hint="rpikit board up virtual-pi3",
        )
    qemu.require()
    folder = _folder(name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(folder.with_name(f"{name}.lock")):
        running = find(name)
        if running is not None:
            if options.card and not running.has_card:
                raise BoardError(
                    f"{name}: is running without an SD card", hint=f"rpikit board down {name}"
                )
            if options.beside is not None:
                raise BoardError(
                    f"{name}: runs already, and unikernels come beside its Linux at its start only",
                    hint=f"rpikit board down {name}",
                )
            return running
        if options.beside is not None and not board.virtual.beside:
            from rpikit.board import BESIDE

            raise BoardError(
                f"{board.name}: has no room for unikernels beside its Linux",
                hint=f"rpikit board up {BESIDE} --beside {options.beside}",
            )
        down(name)
        if board.platform == "metal":
            boot = _bare(board, folder, options, report)
        else:
            made = image.prepare(board.virtual, report)
            boot = boot_of(board, made, folder, options, report)
        plan = daemon.Plan(folder, boot, Registers.of(board.soc), _idle())
        if boot.snapshot is not None and boot.snapshot.exists():
            report(f"starting {name} from a snapshot")
            try:
                return _start(plan, launch.RESTORE_SECONDS)
            except BoardError as error:
                boot.snapshot.unlink(missing_ok=True)
                report(f"the snapshot is of no use, and gone: {error}")
        report(f"starting {name}")
        return _start(plan, launch.BOOT_SECONDS)


def _start(plan: daemon.Plan, within: float) -> Machine:
    with launch.Launch(plan) as started:
        started.wait_for_machine()
        machine = _machine(plan.folder.name)
        if machine.is_bare:
            started.wait_for_loader(machine.log, within)
        else:
            started.wait_for_ssh(machine.log, machine.ssh.port, within)
        connection = Connection(machine.pins_socket)
        connection.ask("ready")
        connection.close()
    return machine


def down(name: str) -> bool:
    """End a board; say whether there was one."""
    folder = _folder(name)
    try:
        connection = Connection(folder / daemon.PINS_SOCKET)
    except BoardError:
        return False
    try:
        connection.ask("stop")
        ended = connection.wait_for_end(_END_SECONDS)
    except BoardError:
        ended = True
    finally:
        connection.close()
    if not ended:
        with suppress(OSError, ValueError, KeyError):
            os.kill(_state(folder)["daemon"], signal.SIGKILL)
    return True


def cut(name: str) -> bool:
    """Take a board's power away, whatever it is doing; say whether it had any."""
    folder = _folder(name)
    try:
        connection = Connection(folder / daemon.PINS_SOCKET)
    except BoardError:
        return False
    try:
        os.kill(_state(folder)["pid"], signal.SIGKILL)
        return connection.wait_for_end(_END_SECONDS)
    except (OSError, ValueError, KeyError):
        return False
    finally:
        connection.close()


def network(name: str, *, delay_ms: int = 0, cut: bool = False) -> None:
    """Make a board's network slow, dead, or whole again.

    What is sent waits up to `delay_ms` in each direction and then goes on in one piece.
    """
    connection = Connection(_folder(name) / daemon.PINS_SOCKET)
    try:
        connection.ask("network", delay_ms=delay_ms, cut=cut)
    finally:
        connection.close()


@contextmanager
def forwarded(name: str, *ports: int) -> Iterator[tuple[int, ...]]:
    """Have ports of this machine lead to those of a board for a while; give them in that order."""
    connection = Connection(_folder(name) / daemon.PINS_SOCKET)
    made = []
    try:
        for port in ports:
            made.append((port, int(connection.ask("forward", port=port)["port"])))
        yield tuple(there for _, there in made)
    finally:
        with suppress(BoardError):  # with the board they are gone, too
            for port, _ in made:
                connection.ask("withdraw", port=port)
        connection.close()


def find(name: str) -> Machine | None:
    """Return the running board of this name; None when there is none or it is starting."""
    folder = _folder(name)
    try:
        connection = Connection(folder / daemon.PINS_SOCKET)
    except BoardError:
        return None
    try:
        return _machine(name) if connection.ask("hello")["ready"] else None
    except (BoardError, OSError, ValueError):
        return None
    finally:
        connection.close()


def is_debugged(name: str) -> bool:
    """Whether a debugger is at work on a board, which may stand still for it."""
    try:
        connection = Connection(_folder(name) / daemon.PINS_SOCKET)
    except BoardError:
        return False
    try:
        return bool(connection.ask("hello").get("debugged"))
    finally:
        connection.close()


def running() -> list[Machine]:
    """Return the running boards, by name."""
    folders = _folder("").glob("*/")
    found = (find(folder.name) for folder in sorted(folders))
    return [machine for machine in found if machine is not None]


def _folder(name: str) -> Path:
    return paths.state_dir() / "boards" / name


def _idle() -> float:
    said = os.environ.get("RPIKIT_VIRTUAL_IDLE", "")
    return float(said) if said.replace(".", "", 1).isdigit() else _IDLE_SECONDS


def _state(folder: Path) -> dict[str, int]:
    facts: dict[str, int] = json.loads((folder / daemon.STATE_FILE).read_text())
    return facts


def _machine(name: str) -> Machine:
    folder = _folder(name)
    facts = _state(folder)
    keys = Keys(paths.cache_dir() / "virtual" / "keys")
    is_bare = bool(facts["bare"])
    known_hosts = None if is_bare else _known_hosts(folder, facts, keys)
    return Machine(
        name=name,
        pid=facts["pid"],
        ssh=SshAddress(image.HOST, facts["port"], "root", keys.user, known_hosts),
        serials=tuple(folder / serial for serial in qemu.SERIALS),
        pins_socket=folder / daemon.PINS_SOCKET,
        started_at=facts["started_at"],
        log=folder / f"{qemu.SERIALS[_main_console(is_bare)]}.log",
        was_restored=bool(facts["restored"]),
        has_card=bool(facts["card"]),
        is_bare=is_bare,
    )


def _main_console(is_bare: bool) -> int:
    """Return which serial line has the console: Linux's is the mini-UART, a loader's the PL011."""
    return 0 if is_bare else -1


def _known_hosts(folder: Path, facts: dict[str, int], keys: Keys) -> Path:
    file = folder / "known_hosts"
    line = f"[{image.HOST}]:{facts['port']} {keys.public(keys.host)}"
    if not file.exists() or file.read_text() != line:
        file.write_text(line)
    return file


def _bare(
    board: "Board", folder: Path, options: qemu.Options, report: Callable[[str], None]
) -> qemu.Boot:
    """Return what a machine without an operating system boots."""
    assert board.virtual is not None
    if options.disk is not None:
        raise BoardError(f"{board.name}: has no file system whose size could be given")
    card = _card(folder) if options.card else None
    loader = bare.prepare(report)
    boot = qemu.Boot(board.virtual.machine, board.memory, loader, None, None, (), options)
    return replace(boot, card=card)


def boot_of(
    board: "Board",
    made: image.Image,
    folder: Path,
    options: qemu.Options,
    report: Callable[[str], None] = lambda step: None,
) -> qemu.Boot:
    """Return what a machine of this board boots; files of its own go into `folder`."""
    assert board.virtual is not None
    device_tree = folder / "board.dtb"
    seed = _KNOWN_SEED if options.icount else None
    device_tree.write_bytes(image.seeded(made.device_tree, seed))
    arguments = board.virtual.arguments
    if not board.kvm and not board.virtual.underlay:
        arguments += (_NO_KVM,)
    if options.icount:
        arguments += (f"rpikit.name={folder.name}",)
    boot = qemu.Boot(
        board.virtual.machine, board.memory, made.kernel, device_tree, made.initramfs,
        arguments, options, underlay=made.underlay,
    )  # fmt: skip
    card = _card(folder) if options.card else None
    if board.virtual.beside:
        from rpikit.virtual import beside

        return replace(beside.boot(boot, folder, board.soc.gpio.lines, report), card=card)
    return replace(boot, snapshot=snapshot.place(boot, made), card=card)


def _card(folder: Path) -> Path:
    """Return the board's SD card, an empty one at first; the board makes a file system on it."""
    card = folder / _CARD
    if not card.exists():
        with card.open("wb") as content:
            content.truncate(_CARD_SIZE)
    return card
