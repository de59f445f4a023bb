# SPDX-License-Identifier: MIT
"""Linux beside unikernels: both work, neither reaches what is the other's, and one may end.

The tests share one boot, in their order; the last two end its Linux.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from metal_board import Maker

from rpikit import board as boards
from rpikit import payload
from rpikit.errors import BoardError
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine, qemu
from rpikit.virtual.beside import CORES
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins

BUTTON, LAMP, LED, FREE = 17, 18, 25, 4  # of test_switch, of test_led, and nobody's
WITHIN = 120  # seconds, on a busy machine
GPIO = 0x3F200000
FSEL1, SET0, CLR0, LEV0, REN0 = GPIO + 0x04, GPIO + 0x1C, GPIO + 0x28, GPIO + 0x34, GPIO + 0x4C
NOT_LINUXS = {
    "the underlay": payload.IMAGE,
    "its own memory": payload.OWN,
    "the guests": payload.GUESTS,
    "the watchdog": 0x3F100024,
    "the serial port's page, behind the console": 0x3F201200,
}
BUS_ERROR = 128 + 7  # a shell's status of who was ended by SIGBUS


def wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def kernel8(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an image for bare metal, and the underlay with room for a Linux beside it."""
    made = Maker(built)
    folder = tmp_path_factory.mktemp("beside")
    image = made.image(made("test_switch"), made("test_led"))
    for name in ("test_switch", "test_led"):
        assert (built / f"apps/{name}/{name}.hvt").read_bytes() in image
    shutil.copy(built / "metal/beside.img", folder)
    (folder / "kernel8.img").write_bytes(image)
    return folder / "kernel8.img"


@pytest.fixture(scope="module")
def beside(virtual_state: Path, shared: Path, kernel8: Path) -> Iterator[Machine]:
    described = boards.load(boards.BESIDE)
    with FileLock(shared / "board.lock"):
        started = machine.up(described, options=qemu.Options(beside=str(kernel8)))
    yield started
    machine.down(started.name)


@pytest.fixture
def ssh(beside: Machine) -> Iterator[Ssh]:
    with Ssh(beside.ssh, beside.name) as ssh:
        yield ssh


@pytest.fixture
def pins(beside: Machine) -> Iterator[Pins]:
    with Pins(beside.pins_socket) as pins:
        yield pins


def said(beside: Machine) -> str:
    """Return what came out of the underlay's serial port."""
    text = beside.log.with_name("serial0.log").read_bytes().decode(errors="replace")
    return text.replace("\r\n", "\n")


def hold(pins: Pins, level: bool) -> None:
    """Hold the unikernel's button, or let it go, and see its lamp follow."""
    pins.drive(BUTTON, level)
    wait(lambda: pins.read(LAMP) == level, f"the lamp, {level}")


def press(pins: Pins) -> None:
    hold(pins, True)
    hold(pins, False)


def devmem(ssh: Ssh, address: int, value: int | None = None) -> tuple[int, str]:
    """Load or store a word from Linux; return its status and what it printed."""
    words = f"busybox devmem {address:#x} 32" + ("" if value is None else f" {value:#x}")
    done = ssh.run(words)
    return done.status, done.out.strip()


def load(ssh: Ssh, address: int) -> int:
    status, text = devmem(ssh, address)
    assert status == 0
    return int(text, 16)


def drive_from_linux(ssh: Ssh) -> None:
    ssh.run(f"gpioset --mode=time --sec=600 gpiochip0 {FREE}=1 >/dev/null 2>&1 </dev/null &")


def answers(beside: Machine, pins: Pins) -> bool:
    """Say whether Linux answers; its unikernel works meanwhile."""
    press(pins)
    try:
        with Ssh(beside.ssh, beside.name) as ssh:
            return ssh.run("true", timeout=10).status == 0
    except BoardError:
        return False


def test_both_run_each_on_cores_of_its_own(beside: Machine, ssh: Ssh, pins: Pins) -> None:
    assert int(ssh.run("nproc").out) == CORES
    assert "test_switch: ready" in said(beside)
    wait(lambda: "[test_led] SUCCESS\n" in said(beside), "the guest that is finite")
    busy = ssh.run("sh -c 'while :; do :; done' >/dev/null 2>&1 </dev/null & echo $!")
    for _ in range(5):
        press(pins)
    assert ssh.run(f"kill {busy.out}").status == 0


def test_a_line_of_a_guest_is_not_linuxs(ssh: Ssh, pins: Pins) -> None:
    hold(pins, True)
    for line in (BUTTON, LAMP, LED, 14, 15):
        refused = ssh.run(f"gpioget gpiochip0 {line}")
        assert refused.status != 0, line
        assert "Invalid argument" in refused.err
    lines = 1 << BUTTON | 1 << LAMP
    assert load(ssh, LEV0) & lines == 0
    assert load(ssh, FSEL1) & (0o77 << 21) == 0
    for register, value in ((CLR0, lines), (FSEL1, 0), (FSEL1, 0o11 << 21), (REN0, lines)):
        assert devmem(ssh, register, value) == (0, "")
    assert load(ssh, REN0) & lines == 0
    assert (pins.function(LAMP), pins.function(BUTTON)) == ("out", "in")
    assert pins.read(LAMP)
    hold(pins, False)
    assert devmem(ssh, SET0, lines) == (0, "")
    assert not pins.read(LAMP)


def test_a_line_that_nobody_has_is_linuxs(ssh: Ssh, pins: Pins) -> None:
    drive_from_linux(ssh)
    wait(lambda: pins.read(FREE), "a line that Linux drives")
    assert load(ssh, GPIO) >> 3 * FREE & 7 == 1
    for register, level in ((CLR0, False), (SET0, True), (CLR0, False)):
        assert devmem(ssh, register, 1 << FREE | 1 << LAMP) == (0, "")
        assert pins.read(FREE) == level
        assert not pins.read(LAMP)
    assert ssh.run("killall gpioset").status == 0
    pins.drive(FREE + 1, True)
    assert ssh.run(f"gpioget gpiochip0 {FREE + 1}").out.strip() == "1"
    pins.release(FREE + 1)


def test_what_is_not_linuxs_ends_the_program_that_wants_it(
    beside: Machine, ssh: Ssh, pins: Pins
) -> None:
    before = said(beside)
    for what, address in NOT_LINUXS.items():
        for value in ("", "0"):
            done = ssh.run(f"busybox devmem {address:#x} 32 {value}; echo $?")
            assert done.out == f"{BUS_ERROR}\n", (what, done)
    press(pins)
    new = said(beside).removeprefix(before)
    assert set(new.splitlines()) <= {"[test_switch] switch on", "[test_switch] switch off"}


def test_the_console_that_they_share_is_a_virtio_device_of_linux(
    beside: Machine, ssh: Ssh, pins: Pins
) -> None:
    assert {"virtio_console", "virtio_mmio"} <= set(ssh.run("lsmod").out.split())
    with Ssh(beside.ssh, beside.name) as listener:
        # Not cat: busybox has the kernel copy, which holds back what comes last.
        reads = "dd bs=4096 <&3 2>/dev/null"
        heard = listener.start(f"exec 3<>/dev/hvc0; stty raw -echo <&3; echo hello >&3; {reads}")
        wait(lambda: "\n[linux] hello\n" in said(beside), "what Linux says")
        with contextlib.suppress(TimeoutError):
            while heard.read(4096, 2.0):
                pass  # what was said before anybody listened
        press(pins)
        text = b""
        while text.count(b"\n") < 2:
            part = heard.read(4096, WITHIN)
            assert part, f"it ended after {text!r}"
            text += part
        heard.close()
    assert text == b"[test_switch] switch on\n[test_switch] switch off\n"


def test_a_board_without_room_for_them_and_one_that_runs_refuse_guests(
    beside: Machine, kernel8: Path
) -> None:
    options = qemu.Options(beside=str(kernel8))
    with pytest.raises(BoardError, match="runs already, and unikernels come beside its Linux"):
        machine.up(boards.load(boards.BESIDE), options=options)
    with pytest.raises(BoardError, match="virtual-pi3: has no room for unikernels") as caught:
        machine.up(boards.load(boards.DEFAULT), name="none", options=options)
    assert caught.value.hint == f"rpikit board up {boards.BESIDE} --beside {kernel8}"


def test_the_unikernel_outlives_a_panic_of_linux_which_begins_again(
    beside: Machine, pins: Pins
) -> None:
    with Ssh(beside.ssh, beside.name) as ssh:
        drive_from_linux(ssh)
        wait(lambda: pins.read(FREE), "a line that Linux drives")
        ssh.run("(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 </dev/null &")
    wait(lambda: "underlay: linux: begins again (1)\n" in said(beside), "the panic")
    assert pins.function(FREE) == "in"
    wait(lambda: answers(beside, pins), "the Linux that began again")


def test_the_unikernel_outlives_a_linux_that_is_switched_off(beside: Machine, pins: Pins) -> None:
    with Ssh(beside.ssh, beside.name) as ssh:
        ssh.run("(sleep 1; poweroff -f) >/dev/null 2>&1 </dev/null &")
    wait(lambda: "underlay: linux: switched off\n" in said(beside), "the end of Linux")
    for _ in range(5):
        press(pins)
    assert "parked" not in said(beside)
