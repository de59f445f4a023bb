# SPDX-License-Identifier: MIT
"""A lab of two virtual boards, wired pin to pin: from `lab new` to `lab down`, and its faults."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import promised
import pytest

from rpikit import app as apps
from rpikit import lab as verb
from rpikit import paths, wiring
from rpikit.bench import plugs
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Edge, Pins

pytestmark = [pytest.mark.lab, pytest.mark.alone]

APP = paths.data_root() / "c" / "apps" / "test_switch"
DUT, BENCH_PI = "dut", "bench-pi"
BUTTON, LAMP = 17, 18
IDLE = 6.0


class Lab:
    """A lab as somebody has it who types commands in the folder of its bench.toml."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "bench.toml"
        self._ways: dict[int, Ssh] = {}

    def ssh(self, name: str) -> Ssh:
        """Return the way to a board of it: one connection for as long as the board runs."""
        there = found(name)
        if there.pid not in self._ways:
            self._ways[there.pid] = Ssh(there.ssh, name)
        return self._ways[there.pid]

    def close(self) -> None:
        """Close the ways to its boards."""
        for way in self._ways.values():
            way.close()

    def ask(self, *words: str, **environment: str) -> tuple[int, str]:
        """Run a command of rpikit about the application and this wiring."""
        done = subprocess.run(
            [sys.executable, "-m", "rpikit", *words, str(APP), "--bench", str(self.file)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    def status(self) -> dict[str, Any]:
        """Return what `lab status` tells programs."""
        code, said = self.ask("lab", "status", "--json")
        told: dict[str, Any] = promised.result("lab status", said)
        assert told["status"] == code
        return told


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def found(name: str) -> Machine:
    there = machine.find(name)
    assert there is not None, f"{name} is not up"
    return there


@pytest.fixture(scope="module")
def virtual_lab(virtual_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab that was made and started by the two commands that its page names."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    code, said = lab.ask("lab", "new")
    assert code == 0, said
    code, said = lab.ask("lab", "up")
    assert code == 0, said
    yield lab
    lab.close()
    lab.ask("lab", "down")


@pytest.fixture
def lab(virtual_lab: Lab) -> Lab:
    """Give the lab, whole again if the last test left it otherwise."""
    app = apps.load(APP)
    if verb.status(app, wiring.load(virtual_lab.file)).exit_code:
        virtual_lab.ask("lab", "down")
        code, said = virtual_lab.ask("lab", "up")
        assert code == 0, said
    return virtual_lab


@pytest.fixture
def dut(lab: Lab) -> Iterator[Pins]:
    """Give the header of the device under test."""
    with Pins(found(DUT).pins_socket) as pins:
        yield pins


def test_a_session_of_tests_leaves_a_lab_wired(lab: Lab) -> None:
    bench = wiring.load(lab.file)
    with plugs.plugged(apps.load(APP), bench.target(DUT)):
        assert lab.status()["status"] == 0
    told = lab.status()
    assert told["status"] == 0
    assert {wire["state"] for wire in told["wires"]} == {"plugged"}


def test_what_runs_already_stays(lab: Lab) -> None:
    before = found(DUT).pid, found(BENCH_PI).pid
    code, said = lab.ask("lab", "up")
    assert code == 0, said
    assert (found(DUT).pid, found(BENCH_PI).pid) == before
    assert "test it: rpikit test" in said


def test_levels_go_from_kernel_to_kernel_in_both_directions(lab: Lab) -> None:
    dut, bench_pi = lab.ssh(DUT), lab.ssh(BENCH_PI)
    for driving, line, reading in ((bench_pi, BUTTON, dut), (dut, LAMP, bench_pi)):
        for level in "10":
            held = driving.start(f"exec gpioset --mode=signal gpiochip0 {line}={level}")
            try:
                until(partial(_reads, reading, line, level), f"line {line} at {level}")
            finally:
                held.close()
    assert lab.status()["status"] == 0


def test_no_edge_is_lost_on_the_way(lab: Lab, dut: Pins) -> None:
    with Pins(found(BENCH_PI).pins_socket) as bench, dut.watch(BUTTON) as seen:
        made = []
        for _ in range(250):
            made += [bench.drive(BUTTON, True).at_ns, bench.drive(BUTTON, False).at_ns]
        edges: list[Edge] = []
        while len(edges) < len(made) and (edge := seen.next(10.0)) is not None:
            edges.append(edge)
        bench.release(BUTTON)
    assert [edge.high for edge in edges] == [True, False] * 250
    assert all(edge.at_ns > at_ns for edge, at_ns in zip(edges, made, strict=True))


def test_two_that_drive_one_wire_are_told_until_it_is_wired_anew(lab: Lab, dut: Pins) -> None:
    held = lab.ssh(BENCH_PI).start(f"exec gpioset --mode=signal gpiochip0 {BUTTON}=0")
    try:
        dut.drive(BUTTON, True)
        until(lambda: dut.plugs()[0].is_short, "a short")
        assert dut.plugs()[0].differed
        assert lab.status()["wires"][0]["is_short"]
    finally:
        dut.release(BUTTON)
        held.close()
    assert not dut.plugs()[0].is_short
    code, said = lab.ask("lab", "status")
    assert code == 3
    assert "both ends drove it" in said
    assert "wire it anew: rpikit lab down" in said
    dut.unplug(BUTTON)
    code, said = lab.ask("lab", "up")
    assert code == 0, said


def test_a_wire_that_was_pulled_or_leads_elsewhere_is_named(lab: Lab, dut: Pins) -> None:
    before = found(DUT).pid
    dut.unplug(LAMP)
    told = lab.status()
    assert told["status"] == 3
    assert [wire["state"] for wire in told["wires"]] == ["plugged", "missing"]
    dut.plug(LAMP, found(BENCH_PI).pins_socket, 5)
    assert lab.status()["wires"][1]["state"] == "elsewhere: to line 5 of bench-pi"
    code, said = lab.ask("lab", "up")
    assert code == 3
    assert "lamp: line 18 of dut is wired to line 5 of bench-pi, not to line 18" in said
    dut.unplug(LAMP)
    code, said = lab.ask("lab", "up")
    assert code == 0, said
    assert found(DUT).pid == before  # what ran already runs on


def test_what_was_started_ends_again_if_a_board_does_not_start(lab: Lab, tmp_path: Path) -> None:
    text = lab.file.read_text().replace(DUT, "other-dut").replace(BENCH_PI, "other-pi")
    other = Lab(tmp_path)
    third = '[boards.third]\nboard = "third.toml"\n[boards.third.wires]\n'
    third += 'button = { driver = "gpiod", line = 5, host = "other-pi" }\n'
    other.file.write_text(f"{text}\n{third}")
    (tmp_path / "third.toml").write_text(
        'inherits = "virtual-pi3"\ntitle = "A board without a kernel"\n'
        '[virtual]\nkernel = "linux-image-of-nowhere"\n'
    )
    code, said = other.ask("lab", "up", RPIKIT_OFFLINE="1")
    assert code == 5, said
    assert "linux-image-of-nowhere" in said
    assert [machine.find(name) for name in ("other-dut", "other-pi", "third")] == [None] * 3
    assert lab.status()["status"] == 0


def test_a_board_that_loses_its_power_lets_go_of_its_wires(lab: Lab) -> None:
    with Pins(found(BENCH_PI).pins_socket) as bench, Pins(found(DUT).pins_socket) as dut:
        dut.drive(LAMP, True)
        until(lambda: bench.read(LAMP), "the level")
        assert machine.cut(DUT)
        until(lambda: not bench.plugs(), "the end of the wires")
        assert not bench.read(LAMP)
    assert lab.status()["status"] == 4


def test_boards_that_are_wired_end_together_and_not_before(
    virtual_state: Path, tmp_path: Path
) -> None:
    lab = Lab(tmp_path)
    lab.ask("lab", "new")
    names = ("idle-dut", "idle-pi")
    text = lab.file.read_text().replace(DUT, names[0]).replace(BENCH_PI, names[1])
    lab.file.write_text(text.replace("virtual-pi3-bench", "virtual-pi3"))
    code, said = lab.ask("lab", "up", RPIKIT_VIRTUAL_IDLE=str(IDLE))
    assert code == 0, said
    with Pins(found(names[0]).pins_socket) as in_use:
        begun = time.monotonic()
        assert len(in_use.plugs()) == 2
        while time.monotonic() < begun + 2 * IDLE:
            assert not _is_down(names[1]), "ended although it is wired to a board in use"
            time.sleep(0.5)
    for name in names:
        until(partial(_is_down, name), f"{name} is up for ever")


def _reads(ssh: Ssh, line: int, level: str) -> bool:
    """Whether the kernel of a board sees a level."""
    return ssh.run(f"gpioget gpiochip0 {line}").out.strip() == level


def _is_down(name: str) -> bool:
    """Whether a board does not run any more; to ask it would be to use it."""
    state = paths.state_dir() / "boards" / name / "board.json"
    try:
        return not Path(f"/proc/{json.loads(state.read_text())['daemon']}").exists()
    except OSError:
        return True
