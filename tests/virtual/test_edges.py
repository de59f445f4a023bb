# SPDX-License-Identifier: MIT
"""The virtual Pi that reports edges: Linux, gpiomon and an spt guest hear of each, and when."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import serial
from filelock import FileLock

from rpikit import app as apps
from rpikit import board as boards
from rpikit import build
from rpikit.build import Build
from rpikit.closing import Closing
from rpikit.errors import BoardError
from rpikit.transport.ssh import Ssh
from rpikit.virtual import image, machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins
from rpikit.virtual.replay import replay
from rpikit.virtual.underlay import Stimulus

ROOT = Path(__file__).parents[2]
FOLDER = "/tmp/edges"
BUTTON, LAMP, OTHER = 17, 22, 23
WITHIN = 60  # seconds, on a busy machine
MS = 1_000_000
EVENT = re.compile(r"event: +(RISING|FALLING) EDGE offset: (\d+) timestamp: \[ *(\d+)\.(\d{9})\]")


@dataclass(frozen=True)
class Seen:
    """An edge as gpiomon tells it; `at_ns` is the kernel's time stamp."""

    is_rising: bool
    line: int
    at_ns: int


def told_in(text: str) -> list[Seen]:
    return [
        Seen(edge == "RISING", int(line), int(seconds + part))
        for edge, line, seconds, part in EVENT.findall(text)
    ]


@pytest.fixture(scope="module")
def edges(virtual_state: Path, shared: Path) -> Iterator[Machine]:
    """Give the board, brought back from a snapshot: what it is told then counts."""
    described = boards.load(boards.WITH_EDGES)
    with FileLock(shared / "board.lock"):
        started = machine.up(described)
        if not started.was_restored:
            machine.down(started.name)
            started = machine.up(described)
    assert started.was_restored
    yield started
    machine.down(started.name)


def built_for_spt(guest: str, tmp_path_factory: pytest.TempPathFactory) -> Build:
    board = boards.load(boards.WITH_EDGES).made_for("spt")
    app = apps.load(ROOT / "tests/guests" / guest)
    return build.build(app, board=board, out=tmp_path_factory.mktemp(guest))


@pytest.fixture(scope="module")
def ssh(edges: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    """Put a guest on the board."""
    with Ssh(edges.ssh, edges.name) as ssh:
        assert ssh.run(f"mkdir {FOLDER}").status == 0
        built = built_for_spt("gpio_presses", tmp_path_factory)
        ssh.put(built.unikernel, f"{FOLDER}/{built.app.name}")
        ssh.put(built.tender, f"{FOLDER}/tender")
        assert ssh.run(f"chmod 755 {FOLDER}/tender").status == 0
        yield ssh


@pytest.fixture
def pins(edges: Machine) -> Iterator[Pins]:
    with Pins(edges.pins_socket) as pins:
        pins.drive(BUTTON, False)
        yield pins
        for line in (BUTTON, OTHER):
            pins.release(line)


class Monitor(Closing):
    """gpiomon on the board; it writes to a serial console, so that it is heard of each edge."""

    def __init__(self, edges: Machine, ssh: Ssh, words: str) -> None:
        self._log = edges.log.with_name("serial0.log")
        self._before = len(self._log.read_bytes())
        self._ssh = ssh
        run = f"exec gpiomon {words} >/dev/ttyAMA0 2>&1"
        begun = ssh.run(f"setsid sh -c {shlex.quote(run)} </dev/null >/dev/null 2>&1 & echo $!")
        self._pid = int(begun.out)
        self.line = int(words.split()[-1])
        self._earlier = 0
        self._wait(lambda: self.interrupts() is not None, "gpiomon to watch")
        self._earlier = self.interrupts() or 0

    def told(self) -> list[Seen]:
        return told_in(self._log.read_bytes()[self._before :].decode(errors="replace"))

    def interrupts(self) -> int | None:
        """How often the line interrupted Linux since it was watched; None when it is not."""
        table = self._ssh.run("cat /proc/interrupts").out
        row = re.search(
            rf"^ *\d+:((?: +\d+)+) +pinctrl-bcm2835 +{self.line} .*gpiomon", table, re.M
        )
        return sum(map(int, row[1].split())) - self._earlier if row else None

    def wait_for(self, edges: int) -> list[Seen]:
        self._wait(lambda: len(self.told()) >= edges, f"edge {edges}")
        return self.told()

    def close(self) -> None:
        self._ssh.run(f"kill {self._pid}")
        self._wait(lambda: self.interrupts() is None, "gpiomon to end")

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + WITHIN
        while not holds():
            assert time.monotonic() < end, f"waited for {what}; it told {self.told()}"
            time.sleep(0.01)


def test_gpiomon_is_told_of_each_edge_once_and_in_its_order(
    edges: Machine, ssh: Ssh, pins: Pins
) -> None:
    with Monitor(edges, ssh, f"gpiochip0 {BUTTON}") as monitor:
        for number in range(1, 21):
            pins.drive(BUTTON, number % 2 == 1)
            pins.drive(OTHER, number % 2 == 1)  # nobody watches that one
            monitor.wait_for(number)
        pins.release(BUTTON)  # it is low already: no edge
        pins.drive(BUTTON, True)
        told = monitor.wait_for(21)
        assert monitor.interrupts() == 21
    assert [one.is_rising for one in told] == [True, False] * 10 + [True]
    assert {one.line for one in told} == {BUTTON}
    assert all(before.at_ns < after.at_ns for before, after in pairwise(told))


def test_a_pulse_of_no_length_at_all_is_told(edges: Machine, ssh: Ssh, pins: Pins) -> None:
    with Monitor(edges, ssh, f"--rising-edge gpiochip0 {BUTTON}") as monitor:
        for number in range(1, 21):
            pins.drive(BUTTON, True)
            pins.drive(BUTTON, False)
            monitor.wait_for(number)
        pins.drive(BUTTON, False)
        assert monitor.interrupts() == 20
        told = monitor.told()
    assert [one.is_rising for one in told] == [True] * 20


def start(ssh: Ssh, guest: str, options: str, words: str) -> None:
    run = (
        f"cd {FOLDER}; ./tender --mem=2 --gpio-edges=reported {options} -- {guest} "
        f"--solo5:quiet {words} >{guest}.log 2>&1; echo ended $? >>{guest}.log"
    )
    apart = f"setsid sh -c {shlex.quote(run)} </dev/null >/dev/null 2>&1 &"
    assert ssh.run(f"rm -f {FOLDER}/{guest}.log; {apart}").status == 0
    said_by(ssh, guest, "ready\n")


def said_by(ssh: Ssh, guest: str, text: str) -> str:
    end = time.monotonic() + WITHIN
    while text not in (said := ssh.run(f"cat {FOLDER}/{guest}.log 2>/dev/null").out):
        assert time.monotonic() < end, f"waited for {text!r}; it said: {said}"
        time.sleep(0.1)
    return said


def test_a_guest_waits_for_edges_and_none_is_lost_or_invented(ssh: Ssh, pins: Pins) -> None:
    presses = 50
    granted = f"--pin:button={BUTTON} --pin:lamp={LAMP}"
    start(ssh, "gpio_presses", granted, f"count={2 * presses}")
    with pins.watch(LAMP) as watch:
        for number in range(1, 2 * presses + 1):
            pins.drive(BUTTON, number % 2 == 1)
            answer = watch.next(WITHIN)
            assert answer is not None, f"edge {number} was not answered"
            assert answer.high == (number % 2 == 1)
    said = said_by(ssh, "gpio_presses", "ended")
    assert f"counted {2 * presses}\nSUCCESS\nended 0\n" in said


def rpikit(app: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rpikit", *words],
        cwd=app,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_an_application_passes_its_tests_there(edges: Machine, tmp_path: Path) -> None:
    app = tmp_path / "test_switch"
    ignored = shutil.ignore_patterns("build", ".*", "__pycache__")
    shutil.copytree(ROOT / "c/apps/test_switch", app, ignore=ignored)
    done = rpikit(app, "flash", "-b", edges.name)
    assert done.returncode == 0, done.stderr
    why = f"since {edges.name} has no /dev/kvm: what reports its edges has EL2"
    assert f"target: spt, {why}" in done.stderr
    done = rpikit(app, "test", "-b", edges.name, "--json")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert (verdict["ran"], verdict["failed"]) == (4, 0)


def test_what_nobody_answers_ends_a_program_and_not_the_board(ssh: Ssh) -> None:
    done = ssh.run("dd if=/dev/mem of=/dev/null bs=4096 skip=64 count=1; echo $?")
    assert "Bus error" in done.out + done.err or "Bad address" in done.out + done.err
    assert ssh.run("echo here").out == "here\n"


def test_after_a_reboot_lines_are_as_the_world_has_them_and_edges_are_told(
    edges: Machine,
) -> None:
    again = machine.up(boards.load(boards.WITH_EDGES), name="edges-again")
    try:
        with Pins(again.pins_socket) as pins:
            pins.drive(BUTTON, True)
            with serial.Serial(str(again.serials[1])) as console:
                console.write(b"reboot -f\n")
            end = time.monotonic() + 2 * WITHIN
            while again.log.read_text(errors="replace").count(image.READY) < 2:
                assert time.monotonic() < end, "the board does not come back"
                time.sleep(0.05)
            with Ssh(again.ssh, again.name) as ssh:
                assert ssh.run(f"gpioget gpiochip0 {BUTTON}").out == "1\n"
                with Monitor(again, ssh, f"gpiochip0 {BUTTON}") as monitor:
                    pins.drive(BUTTON, False)
                    (told,) = monitor.wait_for(1)
        assert not told.is_rising
    finally:
        machine.down(again.name)


def test_two_runs_have_the_same_edges_to_the_nanosecond() -> None:
    presses = [(20 * MS, 20 * MS), (15 * MS, 1 * MS), (1 * MS, 50 * MS), (3 * MS, 7 * MS)]
    stimuli, moments, at = [], [], 0
    for pause, hold in presses:
        for high, length in ((True, pause), (False, hold)):
            at += length
            moments.append(at)
            stimuli.append(Stimulus(at, BUTTON, high))
    script = f"gpiomon --num-events={len(stimuli)} gpiochip0 {BUTTON}; dmesg; cat /proc/interrupts"
    described = boards.load(boards.WITH_EDGES)
    first, second = (replay(described, script, {}, stimuli=stimuli, timeout=300) for _ in range(2))
    told = told_in(first.decode(errors="replace"))
    assert [one.is_rising for one in told] == [True, False] * len(presses)
    late = [
        one.at_ns - told[0].at_ns - moment + moments[0]
        for one, moment in zip(told, moments, strict=True)
    ]
    assert max(map(abs, late)) < MS  # of the board's own time, which is the same everywhere
    assert first == second


def test_a_guest_that_looks_away_has_the_kernels_time_stamps(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    built = built_for_spt("gpio_edges", tmp_path_factory)
    files = {"tender": built.tender, "guest": built.unikernel}
    script = (
        f"./tender --mem=2 --gpio-edges=reported --pin:button={BUTTON} -- "
        "guest --solo5:quiet count=4 sleep=200"
    )
    stimuli = [Stimulus(20 * MS * number, BUTTON, number % 2 == 1) for number in range(1, 5)]
    described = boards.load(boards.WITH_EDGES)
    said = replay(described, script, files, stimuli=stimuli, timeout=300).decode(errors="replace")
    told = re.findall(r"edge (\d+) (rising|falling)( sampled)? lost (\d+) age (\d+) us", said)
    assert [one[:4] for one in told] == [
        (str(number), "rising" if number % 2 else "falling", "", "0") for number in range(1, 5)
    ], said
    ages_us = [int(one[4]) for one in told]
    assert ages_us[-1] > 100_000
    between = [before - after for before, after in pairwise(ages_us)]
    assert between == pytest.approx([20_000] * 3, abs=1000)
    assert "SUCCESS" in said


def test_stimuli_are_for_a_board_that_reports_edges(virtual_state: Path) -> None:
    with pytest.raises(BoardError, match="virtual-pi3 reports no edges; stimuli are for a board"):
        replay(boards.load(boards.DEFAULT), "true", {}, stimuli=[Stimulus(0, BUTTON, True)])
