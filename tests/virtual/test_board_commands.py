# SPDX-License-Identifier: MIT
"""`rpikit board shell|serial|pins|cut` as a person and as a script use them."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from rpikit import board
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins

RPIKIT = [sys.executable, "-m", "rpikit.cli", "board"]
BUTTON, OTHER = 17, 22


def rpikit(*words: str, input: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RPIKIT, *words], input=input, capture_output=True, text=True, timeout=60, check=False
    )


class Typist:
    """A command at a terminal, and someone who types."""

    def __init__(self, *words: str) -> None:
        self.said = b""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(sys.executable, [*RPIKIT, *words])

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def wait_for(self, text: bytes, timeout: float = 20.0) -> None:
        deadline = time.monotonic() + timeout
        while text not in self.said:
            assert time.monotonic() < deadline, f"no {text!r} in {self.said!r}"
            if select.select([self._terminal], [], [], 0.2)[0]:
                self.said += os.read(self._terminal, 65536)

    def status(self) -> int:
        """Read to the end and return the exit status."""
        with suppress(OSError):
            while data := os.read(self._terminal, 65536):
                self.said += data
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_shell_passes_streams_and_status(virtual_board: Machine) -> None:
    done = rpikit("shell", virtual_board.name, "--", "cat; echo bad >&2; exit 7", input="in\n")
    assert (done.returncode, done.stdout, done.stderr) == (7, "in\n", "bad\n")
    assert rpikit("shell", "--", "exit", "3").returncode == 3


def test_shell_takes_commands_from_a_pipe(virtual_board: Machine) -> None:
    done = rpikit("shell", virtual_board.name, input="hostname\nexit 5\n")
    assert (done.returncode, done.stdout) == (5, f"{virtual_board.name}\n")


def test_shell_has_a_terminal_when_there_is_one(virtual_board: Machine) -> None:
    typist = Typist("shell", virtual_board.name)
    typist.wait_for(b"# ")
    typist.type(b"tty; echo $((6 * 7)) $TERM\r")
    typist.wait_for(b"42 xterm")
    typist.type(b"exit 9\r")
    assert typist.status() == 9
    assert b"/dev/pts/" in typist.said


def test_serial_is_the_console_until_the_escape(virtual_board: Machine) -> None:
    typist = Typist("serial", virtual_board.name)
    typist.wait_for(b" baud; Ctrl-] ends this\r\n")
    typist.type(b"echo $((6 * 7)) on $(tty)\r")
    typist.wait_for(b"42 on /dev/ttyS1")
    typist.type(b"\x1d")
    assert typist.status() == 0


def test_shell_through_the_console_shows_its_prompt(virtual_board: Machine) -> None:
    typist = Typist("shell", virtual_board.name, "--via", "serial")
    typist.wait_for(b" baud; Ctrl-] ends this\r\n", 120.0)
    typist.wait_for(b":/# ")
    typist.type(b"echo $((6 * 8)) on $(tty)\r")
    typist.wait_for(b"48 on /dev/ttyS1")
    typist.type(b"\x1d")
    assert typist.status() == 0


def test_serial_takes_a_pipe_and_keeps_a_log(virtual_board: Machine) -> None:
    done = rpikit("serial", virtual_board.name, "--line", "0", input="echo $((2 + 3)) there\n")
    assert (done.returncode, "5 there" in done.stdout) == (0, True)
    assert "5 there" in rpikit("serial", virtual_board.name, "--line", "0", "--log").stdout
    assert rpikit("serial", virtual_board.name, "--line", "7").returncode == 4


def test_pins_once_has_every_pin_of_the_header(virtual_board: Machine, virtual_pins: Pins) -> None:
    virtual_pins.drive(BUTTON, True)
    said = json.loads(rpikit("pins", virtual_board.name, "--once", "--json").stdout)
    virtual_pins.release(BUTTON)
    assert len(said["pins"]) == len(board.load(board.DEFAULT).header)
    button = next(pin for pin in said["pins"] if pin["line"] == BUTTON)
    assert button == {"pin": 11, "line": 17, "function": "in", "high": True, "reserved": None}
    assert " 11    17  in        low" in rpikit("pins", virtual_board.name, "--once").stdout


def test_pins_in_a_pipe_are_a_line_for_each_edge(
    virtual_board: Machine, virtual_pins: Pins
) -> None:
    with subprocess.Popen(
        [*RPIKIT, "pins", virtual_board.name], stdout=subprocess.PIPE, text=True
    ) as viewer:
        assert viewer.stdout is not None
        deadline = time.monotonic() + 60
        while not select.select([viewer.stdout], [], [], 0.2)[0]:  # it does not watch yet
            assert time.monotonic() < deadline
            virtual_pins.drive(OTHER, True)
            virtual_pins.release(OTHER)
        virtual_pins.drive(BUTTON, True)
        virtual_pins.release(BUTTON)
        lines = (line for line in viewer.stdout if f" line {OTHER} " not in line)
        rise, fall = next(lines), next(lines)
        viewer.send_signal(signal.SIGINT)
        assert viewer.wait(10) == 130
    assert rise.endswith(f" line {BUTTON} high\n")
    assert fall.endswith(f" line {BUTTON} low\n")


def test_pins_on_a_terminal_are_live(virtual_board: Machine, virtual_pins: Pins) -> None:
    typist = Typist("pins", virtual_board.name)
    typist.wait_for(b"function")
    virtual_pins.drive(BUTTON, True)
    typist.wait_for(b"rising 0.")
    virtual_pins.release(BUTTON)
    typist.wait_for(b"falling 0.")
    typist.type(b"\x03")
    assert typist.status() == 130


@pytest.fixture
def victim(virtual_state: None) -> Iterator[Machine]:
    yield machine.up(board.load(board.DEFAULT), name="victim")
    machine.down("victim")


def test_cut_takes_the_power_away(victim: Machine) -> None:
    assert json.loads(rpikit("cut", victim.name, "--json").stdout) == {
        "board": victim.name, "cut": True,
    }  # fmt: skip
    assert machine.find(victim.name) is None
    assert rpikit("cut", victim.name).stdout == f"{victim.name}: was not running\n"
