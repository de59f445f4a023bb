# SPDX-License-Identifier: MIT
"""The virtual board: what Linux finds on it, its pins from both sides, its consoles, its end."""

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from rpikit import board
from rpikit.errors import BenchError, BoardError, ToolError
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Edge, Pins

BUTTON, LAMP, COPY = 17, 18, 27
SYSFS_BASE = 458


@pytest.fixture
def lamp(virtual_ssh: Ssh) -> Iterator[str]:
    """Give the sysfs folder of a line that Linux drives, low at first."""
    number = SYSFS_BASE + LAMP
    made = virtual_ssh.run(
        f"cd /sys/class/gpio && echo {number} > export && echo low > gpio{number}/direction"
    )
    assert made.status == 0, made.err
    yield f"/sys/class/gpio/gpio{number}"
    virtual_ssh.run(
        f"cd /sys/class/gpio && echo in > gpio{number}/direction; echo {number} > unexport"
    )


def test_kvm_works_at_el2(virtual_ssh: Ssh) -> None:
    assert "Hyp mode initialized successfully" in virtual_ssh.run("dmesg").out
    assert virtual_ssh.run("test -c /dev/kvm").status == 0


def test_the_board_has_its_cores_and_memory(virtual_ssh: Ssh) -> None:
    assert virtual_ssh.run("nproc").out == "4\n"
    said = re.search(r"MemTotal: +(\d+)", virtual_ssh.run("cat /proc/meminfo").out)
    assert said is not None
    assert 880_000 < int(said[1]) < 1_048_576


def test_the_gpio_chip_is_the_boards(virtual_ssh: Ssh) -> None:
    assert "gpiochip0 [pinctrl-bcm2835] (54 lines)" in virtual_ssh.run("gpiodetect").out
    label = virtual_ssh.run(f"cat /sys/class/gpio/gpiochip{SYSFS_BASE}/label").out
    assert label == "pinctrl-bcm2835\n"


def test_the_random_generator_is_ready(virtual_ssh: Ssh) -> None:
    assert "crng init done" in virtual_ssh.run("dmesg").out
    assert virtual_ssh.run("cat /proc/sys/kernel/random/entropy_avail").out == "256\n"


def test_there_is_room_for_firmware_and_an_end_to_it(virtual_ssh: Ssh) -> None:
    assert virtual_ssh.run("df -m /opt/rpikit | tail -1").out.split()[:2] == ["firmware", "64"]


def test_every_applet_of_busybox_is_a_command(virtual_ssh: Ssh) -> None:
    missing = (
        "for a in $(busybox --list); do test -x /usr/bin/$a -o -x /usr/sbin/$a || echo $a; done"
    )
    assert virtual_ssh.run(missing).out == ""


def test_an_output_of_linux_is_seen_with_stamps(
    virtual_ssh: Ssh, virtual_pins: Pins, lamp: str
) -> None:
    assert virtual_pins.function(LAMP) == "out"
    with virtual_pins.watch(LAMP) as watch:
        before_ns = time.monotonic_ns()
        virtual_ssh.run(f"echo 1 > {lamp}/value; sleep 0.1; echo 0 > {lamp}/value")
        after_ns = time.monotonic_ns()
        rise, fall = next_edge(watch.next(5)), next_edge(watch.next(5))
    assert (rise.line, rise.high, rise.source) == (LAMP, True, "notice")
    assert (fall.line, fall.high, fall.source) == (LAMP, False, "notice")
    assert before_ns < rise.at_ns < fall.at_ns < after_ns
    assert 0.09 < (fall.at_ns - rise.at_ns) / 1e9 < 1.0


def test_an_output_without_notice_is_seen_too(virtual_ssh: Ssh, virtual_pins: Pins) -> None:
    with virtual_pins.watch(22) as watch:
        virtual_ssh.run("gpioset --mode=time --usec=50000 gpiochip0 22=1")
        rise, fall = next_edge(watch.next(5)), next_edge(watch.next(5))
    assert (rise.high, fall.high) == (True, False)
    assert rise.source == "poll"
    assert 0.02 < (fall.at_ns - rise.at_ns) / 1e9 < 1.0


def test_each_of_twenty_toggles_comes_once_and_in_order(
    virtual_ssh: Ssh, virtual_pins: Pins, lamp: str
) -> None:
    toggle = f"for i in 1 2 3 4 5 6 7 8 9 10; do echo 1 > {lamp}/value; echo 0 > {lamp}/value; done"
    with virtual_pins.watch(LAMP) as watch:
        virtual_ssh.run(toggle)
        time.sleep(0.05)
        edges = watch.edges
    assert [edge.high for edge in edges] == [True, False] * 10
    assert [edge.at_ns for edge in edges] == sorted(edge.at_ns for edge in edges)


def test_linux_reads_what_is_driven_from_outside(virtual_ssh: Ssh, virtual_pins: Pins) -> None:
    for high in (True, False):
        edge = virtual_pins.drive(BUTTON, high)
        assert (edge.line, edge.high, edge.source) == (BUTTON, high, "drive")
        assert virtual_ssh.run(f"gpioget gpiochip0 {BUTTON}").out == f"{int(high)}\n"
    virtual_pins.release(BUTTON)


def test_an_undriven_line_has_the_level_of_its_pull(virtual_pins: Pins) -> None:
    virtual_pins.pull(BUTTON, True)
    assert virtual_pins.read(BUTTON)
    virtual_pins.drive(BUTTON, False)
    assert not virtual_pins.read(BUTTON)
    virtual_pins.release(BUTTON)
    assert virtual_pins.read(BUTTON)
    virtual_pins.pull(BUTTON, False)
    assert not virtual_pins.read(BUTTON)


def test_a_jumper_carries_an_output_to_an_input(
    virtual_ssh: Ssh, virtual_pins: Pins, lamp: str
) -> None:
    virtual_pins.jumper(LAMP, COPY)
    try:
        with virtual_pins.watch(LAMP, COPY) as watch:
            copied = f"gpioget gpiochip0 {COPY}"
            said = virtual_ssh.run(
                f"echo 1 > {lamp}/value; {copied}; echo 0 > {lamp}/value; {copied}"
            )
            edges = [next_edge(watch.next(5)) for _ in range(4)]
    finally:
        virtual_pins.cut(LAMP, COPY)
    assert said.out == "1\n0\n"
    assert [(edge.line, edge.high) for edge in edges] == [
        (LAMP, True), (COPY, True), (LAMP, False), (COPY, False),
    ]  # fmt: skip
    for source, target in (edges[:2], edges[2:]):
        assert 0 <= target.at_ns - source.at_ns < 5_000_000


def test_driving_an_output_of_the_board_is_refused(virtual_pins: Pins, lamp: str) -> None:
    with pytest.raises(BenchError, match=f"line {LAMP} is driven by the board itself"):
        virtual_pins.drive(LAMP, True)
    with pytest.raises(BenchError, match=f"line {LAMP} is driven by the board itself"):
        virtual_pins.jumper(BUTTON, LAMP)


def test_odd_clients_do_not_harm_the_others(virtual_board: Machine, virtual_pins: Pins) -> None:
    with socket.socket(socket.AF_UNIX) as odd:
        odd.settimeout(5)
        odd.connect(str(virtual_board.pins_socket))
        odd.sendall(b'{"op": "read", "line": 99}\nnonsense\n')
        answers = odd.makefile("rb")
        assert json.loads(answers.readline())["ok"] is False
        assert json.loads(answers.readline())["ok"] is False
        odd.sendall(bytes(200_000))
        assert b"at most" in answers.readline()
    assert virtual_pins.read(BUTTON) is False


@pytest.mark.parametrize("number", [0, 1])
def test_a_console_answers_at_its_pty(virtual_board: Machine, number: int) -> None:
    with serial.Serial(str(virtual_board.serials[number]), timeout=5) as console:
        console.write(b"echo $((6 * 7)) from $(tty)\n")
        said = console.read_until(b"42 from")
    assert said.endswith(b"42 from")
    log = virtual_board.log.with_name(f"serial{number}.log")
    assert b"42 from" in log.read_bytes()


def test_put_and_get_are_a_round_trip(virtual_ssh: Ssh, tmp_path: Path) -> None:
    source = tmp_path / "odd name"
    source.write_bytes(os.urandom(50_000))
    steps: list[int] = []
    virtual_ssh.put(source, "/opt/rpikit/odd name", progress=steps.append)
    assert virtual_ssh.get("/opt/rpikit/odd name") == source.read_bytes()
    assert steps[-1] == 50_000
    virtual_ssh.run("rm '/opt/rpikit/odd name'")


def test_a_command_has_status_streams_and_input(virtual_ssh: Ssh) -> None:
    result = virtual_ssh.run("cat; echo bad >&2; exit 3", input=b"in" * 50_000)
    assert (result.status, result.out, result.err) == (3, "in" * 50_000, "bad\n")
    with pytest.raises(BoardError, match=r"no end of 'echo a; sleep 9' after 0\.5 s; a"):
        virtual_ssh.run("echo a; sleep 9", timeout=0.5)


def test_closing_a_channel_ends_all_it_started(virtual_ssh: Ssh) -> None:
    channel = virtual_ssh.start("sleep 611 & read word; echo got $word; wait")
    channel.write(b"it\n")
    assert channel.read(100, 5) == b"got it\n"
    with pytest.raises(TimeoutError):
        channel.read(100, 0.05)
    channel.close()
    assert virtual_ssh.run("ps | grep -c '[s]leep 611'").out == "0\n"


def test_what_does_not_fit_is_named(virtual_ssh: Ssh, tmp_path: Path) -> None:
    source = tmp_path / "big"
    source.write_bytes(bytes(200_000))
    virtual_ssh.run("dd if=/dev/zero of=/opt/rpikit/fill bs=1M")
    try:
        with pytest.raises(BoardError, match=r"cannot write /opt/rpikit/big: .*No space left"):
            virtual_ssh.put(source, "/opt/rpikit/big")
    finally:
        virtual_ssh.run("rm -f /opt/rpikit/fill /opt/rpikit/big")


def test_an_unknown_host_key_is_refused(virtual_board: Machine, tmp_path: Path) -> None:
    empty = tmp_path / "known_hosts"
    empty.touch()
    stranger = Ssh(dataclasses.replace(virtual_board.ssh, known_hosts=empty), "desk")
    with stranger, pytest.raises(BoardError, match=r"board 'desk': the host key of .* is not"):
        stranger.run("true")


def test_up_returns_the_board_that_is_up(virtual_board: Machine) -> None:
    assert machine.up(board.load(board.DEFAULT)) == virtual_board
    assert machine.find(virtual_board.name) == virtual_board
    assert virtual_board in machine.running()


def test_missing_qemu_is_named_with_its_package(
    virtual_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(virtual_state))
    with pytest.raises(ToolError, match="package qemu-system-arm") as raised:
        machine.up(board.load(board.DEFAULT), name="never")
    assert raised.value.hint == "on Debian or Ubuntu: sudo apt-get install qemu-system-arm"


def test_an_interrupted_start_leaves_nothing_running(virtual_state: Path) -> None:
    program = "from rpikit import board; from rpikit.virtual import machine; "
    program += "machine.up(board.load(board.DEFAULT), name='interrupted')"
    starting = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    state = virtual_state / "boards" / "interrupted" / "board.json"
    while not state.exists():
        time.sleep(0.01)
    pid = json.loads(state.read_text())["pid"]
    starting.send_signal(signal.SIGINT)
    starting.wait()
    wait_until_gone(pid)
    assert machine.find("interrupted") is None


def test_a_killed_board_is_noticed_and_can_be_started_again(virtual_board: Machine) -> None:
    description = board.load(board.DEFAULT)
    second = machine.up(description, name="second")
    assert second.ssh.port != virtual_board.ssh.port
    with Ssh(second.ssh, "second") as ssh, Pins(second.pins_socket) as pins:
        assert ssh.run("hostname").out == "second\n"
        os.kill(second.pid, signal.SIGKILL)
        wait_until_gone(second.pid)
        with pytest.raises(BoardError, match="the virtual board 'second' is gone"):
            pins.read(BUTTON)
        with pytest.raises(BoardError, match=r"second.* (the connection was lost|does not answer)"):
            ssh.run("true")
    assert machine.find("second") is None
    assert machine.find(virtual_board.name) == virtual_board
    assert machine.up(description, name="second").pid != second.pid
    assert machine.down("second")
    assert not machine.down("second")


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.01)


def next_edge(edge: Edge | None) -> Edge:
    assert edge is not None, "no edge came"
    return edge
