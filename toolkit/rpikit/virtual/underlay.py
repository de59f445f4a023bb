# SPDX-License-Identifier: MIT
"""The program that runs at EL2 beneath a virtual board's kernel, and what it is handed in memory.

c/underlay/edges/README.md tells what it does. It is built with the cross-toolchain when an image
is made.
"""

import hashlib
import shlex
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rpikit import paths, toolchain
from rpikit.errors import BenchError, ToolError
from rpikit.virtual import fdt

if TYPE_CHECKING:
    from rpikit.virtual.gpio import Registers
    from rpikit.virtual.qtest import Qtest

# Also in c/underlay/edges, layout.h and posts.h; tests/unit/test_virtual_underlay.py compares them.
RESERVED = 0x200000
POSTS = 0x100000
STIMULI = 0x180000
KERNEL = 0x2000000
POSTS_ROOM = 4096
STIMULI_ROOM = 16384

DOORBELL = 0x4000008C
"""Mailbox 3 of core 0: what is written there interrupts the underlay (QA7_rev3.4, section 4.8)."""

IMAGE = "kernel8.img"
_BUILT = f"underlay/{IMAGE}"
_SPARE = 64
_ENTRIES = 8  # bytes before the first of the posts' entries
_POST = struct.Struct("<II")
_COUNT = struct.Struct("<Q")
_STIMULUS = struct.Struct("<QII")


@dataclass(frozen=True)
class Stimulus:
    """A level that a line is given from outside, so many ns of the board's time after the start."""

    at_ns: int
    line: int
    high: bool


def digest() -> str:
    """Return what names the underlay: a digest of its sources and of what builds it."""
    root = paths.data_root()
    digest = hashlib.sha256()
    folders = ("c/underlay", "c/underlay/edges", "c/underlay/linux", "c/backends/bcm2837", "c/lib")
    files = [file for folder in folders for file in sorted((root / folder).iterdir())]
    sources = [file for file in files if file.is_file()]
    for file in (*sources, Path(__file__).parents[1] / "scons" / "underlay.py"):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def build(folder: Path, report: Callable[[str], None]) -> Path:
    """Build the underlay in a folder and return its image."""
    toolchain.find()  # the first to say what is missing
    report("building what runs beneath the kernel (c/underlay/edges)")
    return scons(folder, "underlay", "the program beneath the virtual board's kernel") / _BUILT


def scons(folder: Path, target: str, what: str) -> Path:
    """Build a target of the tree in a folder and return the folder; ToolError says of `what`."""
    root = paths.data_root()
    command = [sys.executable, "-m", "SCons", "-Q", "-C", str(folder)]
    command += ["-f", str(root / "SConstruct")]
    command += [f"app={root / 'c/apps/hello'}", f"out={folder}", target]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise ToolError(
            f"{what} does not build:\n{said}",
            hint=f"by hand: {shlex.join(command)}",
        )
    return folder


def beneath(tree: fdt.Tree) -> None:
    """Change a board's device tree to one of a kernel above the underlay.

    The underlay keeps the memory it is in, and starts the other cores (PSCI; Linux's bindings
    arm/psci.yaml and reserved-memory.yaml).
    """
    root = tree.root
    ask_for_cores(tree)
    cells = {name: root.properties[name] for name in ("#address-cells", "#size-cells")}
    reserved = root.children.setdefault("reserved-memory", fdt.Node({**cells, "ranges": b""}))
    address, size = (4 * int.from_bytes(value, "big") for value in cells.values())
    place = bytes(address) + RESERVED.to_bytes(size, "big")
    reserved.children["underlay@0"] = fdt.Node({"reg": place, "no-map": b""})


def ask_for_cores(tree: fdt.Tree) -> None:
    """Have a kernel start its other cores by calls; the firmware's table for that is not its."""
    root = tree.root
    tree.reserved = b""
    for name, node in root.at("/cpus").children.items():
        if name.startswith("cpu@"):
            node.properties["enable-method"] = b"psci\0"
            node.properties.pop("cpu-release-addr", None)
    psci = {"compatible": b"arm,psci-1.0\0", "method": b"hvc\0"}
    root.children["psci"] = fdt.Node(psci)


class Posts:
    """Writes GPIO registers through the underlay, which sees each change and its order.

    They lie in the machine's memory until core 0 takes them, which it does before its next
    instruction.
    """

    def __init__(self, qtest: "Qtest", registers: "Registers") -> None:
        self._qtest = qtest
        self._base = registers.base
        self._posted = 0
        self._taken = 0

    def write_word(self, address: int, value: int) -> None:
        """Write a register, in order."""
        if self.waiting >= POSTS_ROOM:
            return  # of no use to a machine that stands still, and check() says so
        place = POSTS + _ENTRIES + _POST.size * (self._posted % POSTS_ROOM)
        entry = _POST.pack(address - self._base, value)
        self._posted += 1
        self._qtest.write_block(place, entry)
        self._qtest.write_word(POSTS, self._posted & 0xFFFFFFFF)
        self._qtest.write_word(DOORBELL, 1)

    @property
    def waiting(self) -> int:
        """How many there are at most that the underlay has not taken."""
        return self._posted - self._taken

    def look(self) -> None:
        """Ask the machine how many it has taken; the answer comes in the stream's order."""

        def seen(block: bytes | None) -> None:
            if block is not None:
                behind = self._posted - int.from_bytes(block, "little") & 0xFFFFFFFF
                self._taken = max(self._taken, self._posted - behind)

        self._qtest.read_block(POSTS + 4, 4, seen)

    def check(self) -> None:
        """Refuse to go on with a machine that takes none: BenchError."""
        if self.waiting >= POSTS_ROOM - _SPARE:
            raise BenchError(
                f"the board does not run: {self.waiting} levels from outside wait to be seen by it",
                hint="is it stopped by a debugger?",
            )

    async def begin(self) -> None:
        """Forget what a stopped machine, brought back from a snapshot, was told in its past."""
        self._posted = self._taken = 0
        await self._qtest.ask(f"write {POSTS:#x} {_ENTRIES:#x} 0x{bytes(_ENTRIES).hex()}")


def stimuli(registers: "Registers", wanted: Iterable[Stimulus]) -> bytes:
    """Return what the underlay plays, as it lies in memory; BenchError if it cannot.

    Those of one moment are played in the order in which they are given.
    """
    entries = b""
    for one in sorted(wanted, key=lambda one: one.at_ns):
        if not 0 <= one.line < registers.lines:
            raise BenchError(f"line {one.line} moves nothing: there are 0-{registers.lines - 1}")
        if not 0 <= one.at_ns < 1 << 63:
            raise BenchError(f"at {one.at_ns} ns nothing can be played")
        address, value = registers.mover(one.line, one.high)
        entries += _STIMULUS.pack(one.at_ns, address - registers.base, value)
    count = len(entries) // _STIMULUS.size
    if count > STIMULI_ROOM:
        raise BenchError(f"{count} levels are too many; a replay has at most {STIMULI_ROOM}")
    return _COUNT.pack(count) + entries
