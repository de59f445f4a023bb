# SPDX-License-Identifier: MIT
"""A Pi 3 of QEMU without an operating system, and guests for it of what scons built."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from rpikit import app as apps
from rpikit import board, payload
from rpikit.closing import Closing
from rpikit.payload import Guest
from rpikit.virtual import qemu
from rpikit.virtual.gpio import Registers

ROOT = Path(__file__).parents[2]
WITHIN = 60  # seconds, on a busy machine
MIB = 1 << 20
REGISTERS = Registers.of(board.load(board.DEFAULT).soc)
COUNTED = ("-icount", "shift=0,sleep=off")
"""An instruction takes a nanosecond, whatever else the machine does."""


def address_of(built: Path, name: str) -> int:
    """Return where the underlay has a function of it."""
    with (built / "metal/underlay.debug").open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(symbols, SymbolTableSection)
        found = symbols.get_symbol_by_name(name)
        assert found is not None
        return int(found[0]["st_value"])


class Metal(Closing):
    """A Pi 3 of QEMU that boots an image; its serial port goes into a file, its pins are moved."""

    def __init__(self, image: bytes, place: Path, *more: str) -> None:
        place.mkdir(exist_ok=True)
        self._console = place / "console"
        kernel = place / "kernel8.img"
        kernel.write_bytes(image)
        ours, theirs = socket.socketpair()
        self._qtest = ours.makefile("rw")
        words = [qemu.PROGRAM, "-M", "raspi3b", "-accel", "tcg,thread=single", "-nodefaults"]
        words += ["-display", "none", "-no-reboot", "-kernel", str(kernel)]
        words += ["-serial", f"file:{self._console}", *more]
        words += ["-chardev", f"socket,id=qtest,fd={theirs.fileno()}"]
        words += ["-qtest", "chardev:qtest", "-qtest-log", "none"]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),)
        )
        ours.settimeout(WITHIN)
        theirs.close()
        ours.close()

    def said(self) -> str:
        """Return what came out of the serial port."""
        if not self._console.is_file():
            return ""
        return self._console.read_bytes().decode(errors="replace").replace("\r\n", "\n")

    def wait_for(self, text: str, count: int = 1) -> None:
        deadline = time.monotonic() + WITHIN
        while self.said().count(text) < count:
            assert time.monotonic() < deadline, f"waited for {text!r}; it said {self.said()}"
            time.sleep(0.01)

    def wait_for_end(self) -> str:
        """Wait until the machine has switched itself off."""
        assert self._process.wait(WITHIN) == 0
        return self.said()

    def drive(self, line: int, high: bool) -> None:
        address, value = REGISTERS.mover(line, high)
        assert self._ask(f"writel {address:#x} {value:#x}") == "OK"

    def write(self, address: int, data: bytes) -> None:
        assert self._ask(f"write {address:#x} {len(data):#x} 0x{data.hex()}") == "OK"

    def is_high(self, line: int) -> bool:
        seen = self._ask(f"read {REGISTERS.base:#x} {REGISTERS.size:#x}")
        return REGISTERS.decode(bytes.fromhex(seen.removeprefix("OK 0x"))).latch(line)

    def wait_for_level(self, line: int, high: bool) -> None:
        deadline = time.monotonic() + WITHIN
        while self.is_high(line) != high:
            assert time.monotonic() < deadline, f"line {line} stays; it said {self.said()}"
            time.sleep(0.01)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        with suppress(OSError):  # the machine is gone, and what is left cannot be sent
            self._qtest.close()

    def _ask(self, request: str) -> str:
        print(request, file=self._qtest, flush=True)
        return self._qtest.readline().strip()


class Maker:
    """Makes guests of what was built for a tender."""

    def __init__(self, built: Path) -> None:
        self._built = built
        self.underlay = (built / "metal/underlay.img").read_bytes()

    def __call__(self, name: str, *words: str, memory: int = 2, core: int = 0) -> Guest:
        folders = (ROOT / "c/apps", ROOT / "tests/guests", ROOT / "perf")
        folder = next(one / name for one in folders if (one / name / "rpikit.toml").is_file())
        unikernel = (self._built / f"apps/{name}/{name}.hvt").read_bytes()
        grants = payload.grants_of(apps.load(folder))
        return Guest(name, unikernel, memory * MIB, " ".join(words), grants, core)

    def image(self, *guests: Guest) -> bytes:
        return payload.image(self.underlay, guests)
