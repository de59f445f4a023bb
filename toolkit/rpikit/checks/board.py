# SPDX-License-Identifier: MIT
"""Looks at a board: its system, its rights, its lines, its room, and whether a guest runs there."""

import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rpikit import app as apps
from rpikit import build, device, paths, target
from rpikit.board import Board
from rpikit.checks import About, Finding
from rpikit.checks.host import BEGINNING
from rpikit.connect import Connection
from rpikit.device import Answer
from rpikit.errors import BoardError, RpikitError
from rpikit.metal_line import MetalLine

SCRIPT = Path(__file__).with_name("board.sh")

MACHINE = "aarch64"
ROOM_KB = 16 << 10  # two slots, an upload and a log
ROOM_LEAST_KB = 2 << 10
CLOCK_SECONDS = 300
SLOW_SECONDS = 2.0


@dataclass(frozen=True)
class Facts:
    """What a board told, and how long an empty command took."""

    about: About
    login: str
    told: Answer
    seconds: float

    def remote(self, command: str) -> str:
        """Return the command that runs another one on the board."""
        return f"{self.login} {shlex.quote(command)}"


def look(there: Connection, report: Callable[[str], None]) -> Iterator[Finding]:
    """Look at everything that rpikit needs of a board; the last look runs a guest on it."""
    about = About(there.transport.name, BoardError.exit_code)
    report(f"look at {there.transport.name}")
    if isinstance(there.transport, MetalLine):
        yield _loader(about, there.transport)
        return
    try:
        facts = _ask(there, about)
    except BoardError as error:
        yield about.error("ssh", error)
        return
    findings = tuple(_of(facts, there.board))
    yield from findings
    if any(one.state == "fail" for one in findings):
        yield about.warn("guest", "not tried", "mend what failed above, and ask again")
        return
    report(f"run a guest on {there.transport.name}")
    yield _guest(about, there)


def _loader(about: About, line: MetalLine) -> Finding:
    """Look for the loader of a board without an operating system; what ran there has ended."""
    try:
        who = line.identify()
    except BoardError as error:
        return about.error("loader", error)
    says = (
        f"rpikit {who.version} on revision {who.revision:x}, serial number {who.serial_number}; "
        f"images of up to {who.limit >> 20} MiB, up to {who.max_baud} baud"
    )
    if who.signed_only:
        says += ", signed ones only"
    return about.ok("loader", says)


def _of(facts: Facts, board: Board) -> Iterator[Finding]:
    yield _ssh(facts)
    yield _system(facts)
    yield _tools(facts)
    yield _kvm(facts)
    yield _lines(facts, board)
    yield _chip_rights(facts)
    yield _landlock(facts)
    yield _seccomp(facts)
    yield _room(facts)
    yield _clock(facts)
    yield _boot(facts)
    yield _signers(facts)


def _ask(there: Connection, about: About) -> Facts:
    transport = there.transport
    transport.run("true")  # the first command makes the connection
    begun = time.monotonic()
    transport.run("true")
    seconds = time.monotonic() - begun
    told = transport.run(f"sh -s -- {shlex.join(device.tools())}", input=SCRIPT.read_bytes())
    return Facts(about, _login(there), Answer(told.out), seconds)


def _login(there: Connection) -> str:
    if there.machine is not None:
        ssh = there.machine.ssh
        known = f"-o UserKnownHostsFile={ssh.known_hosts}"
        return f"ssh -i {ssh.key_file} {known} -p {ssh.port} {ssh.user}@{ssh.host}"
    return f"ssh {there.target.ssh or 'USER@BOARD'}"


def _ssh(facts: Facts) -> Finding:
    says = f"a command and back in {facts.seconds * 1000:.0f} ms"
    if facts.seconds > SLOW_SECONDS:
        mend = facts.remote("uptime") + " shows what keeps it busy; prefer a cable to radio"
        return facts.about.warn("ssh", says, mend)
    return facts.about.ok("ssh", says)


def _system(facts: Facts) -> Finding:
    system, kernel, machine = (facts.told.one(key) for key in ("system", "kernel", "machine"))
    says = f"{system} {kernel} {machine}"
    if system != "Linux" or machine != MACHINE:
        mend = "write a 64-bit system to its card: Raspberry Pi OS (64-bit) or Debian arm64"
        return facts.about.fail("system", f"{says}; guests need Linux on {MACHINE}", mend)
    return facts.about.ok("system", says)


def _tools(facts: Facts) -> Finding:
    missing = facts.told.all("missing")
    if missing:
        mend = facts.remote("sudo apt-get install -y coreutils util-linux tar gzip grep sed")
        return facts.about.fail("programs", f"missing: {', '.join(missing)}", mend)
    return facts.about.ok("programs", "all that flashing needs")


def _kvm(facts: Facts) -> Finding:
    state = facts.told.one("kvm")
    if state == "ok":
        return facts.about.ok("/dev/kvm", "can be used")
    if state == "denied":
        mend = facts.remote("sudo usermod -aG kvm $USER") + ", then connect again"
        return facts.about.fail("/dev/kvm", f"closed to {facts.told.one('user')}", mend)
    mend = (
        "for a machine of its own, a kernel with CONFIG_KVM, started at EL2: a 64-bit kernel with "
        "arm_64bit=1 in config.txt"
    )
    says = "the board has none; its guests are sandboxed processes (spt)"
    return facts.about.warn("/dev/kvm", says, mend)


def _lines(facts: Facts, board: Board) -> Finding:
    gpio = board.soc.gpio
    found = dict(label.rpartition(" ")[::2] for label in facts.told.all("label"))
    if found.get(gpio.chip_label) == str(gpio.lines):
        return facts.about.ok("gpio", f"{gpio.chip_label} with {gpio.lines} lines")
    if not found and facts.told.all("chip"):
        mend = facts.remote("sudo apt-get install -y gpiod")
        return facts.about.warn("gpio", "the chip's label cannot be read here", mend)
    seen = ", ".join(f"{label} ({lines} lines)" for label, lines in found.items()) or "no chip"
    return facts.about.fail(
        "gpio",
        f"{seen}; a {board.name} has {gpio.chip_label} with {gpio.lines} lines",
        f"name the right kind of board for it in bench.toml, if this is no {board.name}",
    )


def _chip_rights(facts: Facts) -> Finding:
    chips = [chip.split() for chip in facts.told.all("chip")]
    if not chips:
        return facts.about.fail(
            "/dev/gpiochip0", "the board has none", "a kernel with CONFIG_GPIO_CDEV"
        )
    if all(rights == "denied" for _, rights in chips):
        mend = facts.remote("sudo usermod -aG gpio $USER") + ", then connect again"
        return facts.about.fail(chips[0][0], f"closed to {facts.told.one('user')}", mend)
    return facts.about.ok(chips[0][0], "can be used")


def _landlock(facts: Facts) -> Finding:
    listed = [one for one in facts.told.all("lsm") if one]
    if "landlock" in ",".join(listed).split(","):
        return facts.about.ok("landlock", "on")
    if not listed:
        mend = facts.remote("sudo mount -t securityfs none /sys/kernel/security")
        return facts.about.warn("landlock", "the board does not tell whether it is on", mend)
    mend = f"add lsm=landlock,{listed[0]} to the kernel's arguments (cmdline.txt), and restart it"
    return facts.about.warn("landlock", f"off; the kernel has {listed[0]}", mend)


def _seccomp(facts: Facts) -> Finding:
    if facts.told.one("seccomp") == "ok":
        return facts.about.ok("seccomp", "filters work")
    return facts.about.warn("seccomp", "no filters", "a kernel with CONFIG_SECCOMP_FILTER")


def _signers(facts: Facts) -> Finding:
    """Say whose firmware it takes; anybody's is what every board does that was told nothing."""
    number = facts.told.one("signers")
    if not number:
        return facts.about.ok("signers", "none: it takes firmware that nobody signed, too")
    if facts.told.one("keygen"):
        mend = facts.remote("sudo apt-get install -y openssh-client")
        return facts.about.fail("signers", f"{number} allowed, but it has no ssh-keygen", mend)
    return facts.about.ok("signers", f"{number} allowed; it takes only what they signed")


def _boot(facts: Facts) -> Finding:
    if facts.told.one("boot") == "yes":
        return facts.about.ok("boot", "starts the confirmed firmware of every guest")
    says = "starts no guest; `rpikit board setup` has it do so"
    return facts.about.ok("boot", says)


def _room(facts: Facts) -> Finding:
    free, home = facts.told.one("free"), facts.told.one("home")
    if not free.isdigit():
        return facts.about.warn("disk", f"{home} does not tell its room", facts.remote("df -k"))
    says = f"{int(free) / 1024:.0f} MiB free in {home}"
    mend = facts.remote("df -k; sudo apt-get clean")
    if int(free) < ROOM_LEAST_KB:
        return facts.about.fail("disk", says, mend)
    if int(free) < ROOM_KB:
        return facts.about.warn("disk", says, mend)
    return facts.about.ok("disk", says)


def _clock(facts: Facts) -> Finding:
    now = int(facts.told.one("now") or 0)
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    mend = f"{facts.login} date -u -s @$(date +%s)"
    if time.gmtime(now).tm_year < BEGINNING:
        return facts.about.warn("clock", f"it shows {shown}", mend)
    if abs(now - time.time()) > CLOCK_SECONDS:
        return facts.about.warn("clock", f"it shows {shown}, which is not the time here", mend)
    return facts.about.ok("clock", shown)


def _guest(about: About, there: Connection) -> Finding:
    """Build the smallest application, run it on the board, and take its files away again."""
    transport = there.transport
    app = apps.load(paths.data_root() / "c" / "apps" / "hello")
    folder = ""
    try:
        board = target.chosen(there.board, target.AUTO, transport)
        built = build.build(app, board=board, out=paths.cache_dir() / "doctor")
        folder = transport.run("mktemp -d").out.strip()
        transport.put(built.tender, f"{folder}/tender")
        transport.put(built.unikernel, f"{folder}/guest")
        command = f"cd {shlex.quote(folder)} && chmod +x tender && ./tender --mem=2 guest"
        begun = time.monotonic()
        done = transport.run(command, timeout=20.0)
        seconds = time.monotonic() - begun
    except RpikitError as error:
        return about.error("guest", error)
    finally:
        if folder.startswith("/"):
            transport.run(f"rm -rf {shlex.quote(folder)}")
    if done.status == 0 and app.ready is not None and app.ready in done.out:
        says = f"{app.name} ran under its tender ({board.platform}) in {seconds * 1000:.0f} ms"
        return about.ok("guest", says)
    last = next(reversed((done.err or done.out).strip().splitlines()), "nothing")
    says = f"{app.name} ended with {done.status} and said {last!r}"
    mend = f"rpikit run {app.folder} --board {there.target.name} shows all that it says"
    return about.fail("guest", says, mend)
