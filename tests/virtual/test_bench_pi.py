# SPDX-License-Identifier: MIT
"""The drivers gpiod and RPi.GPIO with the genuine libraries, on a virtual Pi as the bench.

The other ends of its lines are virtual wires, which know what the lines really do.
"""

import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from rpikit import board as boards
from rpikit.bench import Edge, Watch
from rpikit.bench.agent import main as far
from rpikit.bench.bench_pi import BenchPi, BenchPiLine, command, program
from rpikit.errors import BenchError, BoardError
from rpikit.transport import Channel
from rpikit.transport.ssh import Ssh
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins

DRIVERS = ("gpiod", "RPi.GPIO")
FIRST, SECOND = 17, 22
LINES = (*range(4, FIRST), *range(18, SECOND), *range(23, 28))
WITHIN = 60.0  # seconds, on a busy machine
MS = 1_000_000


@pytest.fixture(scope="module")
def bench(virtual_state: Path, shared: Path) -> Iterator[Machine]:
    with FileLock(shared / "board.lock"):
        started = machine.up(boards.load(boards.BENCH))
    yield started
    machine.down(started.name)


@pytest.fixture(scope="module")
def ssh(bench: Machine) -> Iterator[Ssh]:
    with Ssh(bench.ssh, bench.name) as ssh:
        yield ssh


@pytest.fixture(scope="module")
def pins(bench: Machine) -> Iterator[Pins]:
    with Pins(bench.pins_socket) as pins:
        yield pins


@pytest.fixture(scope="module")
def agent(ssh: Ssh) -> Iterator[BenchPi]:
    """Give an agent that several tests use, each with lines of its own."""
    with BenchPi(ssh) as agent:
        yield agent


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return iter(LINES)


@pytest.fixture
def number(numbers: Iterator[int], pins: Pins) -> Iterator[int]:
    """Give a line that no test had before."""
    line = next(numbers)
    yield line
    pins.release(line)


def next_edge(watch: Watch) -> Edge:
    edge = watch.next(WITHIN)
    assert edge is not None
    return edge


def agents(ssh: Ssh) -> list[int]:
    """Return the processes of agents, in the order in which they were started."""
    found = ssh.run("ps -o pid,args | grep '[p]ython3 -u -c'").out
    return sorted(int(line.split()[0]) for line in found.splitlines() if line.split()[0].isdigit())


@pytest.fixture
def others(ssh: Ssh) -> set[int]:
    """Give the agents that there are already."""
    return set(agents(ssh))


def wait_until_gone(ssh: Ssh, pins: Pins, others: set[int], *lines: int) -> None:
    """Wait until there is no agent but others and these lines are inputs; else fail."""
    deadline = time.monotonic() + WITHIN
    while True:
        left = set(agents(ssh)) - others
        functions = [pins.function(line) for line in lines]
        if not left and set(functions) <= {"in"}:
            return
        assert time.monotonic() < deadline, (left, functions)
        time.sleep(0.1)


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_line_is_driven_and_released(
    agent: BenchPi, pins: Pins, number: int, driver: str
) -> None:
    line = agent.line(number, driver, "none")
    assert pins.function(number) == "in"
    before = time.monotonic_ns()
    for high in (True, False, True):
        stamp = line.drive(high)
        assert before - agent.clock.uncertainty_ns() <= stamp
        before = time.monotonic_ns()
        assert stamp <= before + agent.clock.uncertainty_ns()
        assert pins.function(number) == "out"
        assert pins.read(number) == line.read() == high
    line.release()
    assert pins.function(number) == "in"


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_line_is_read(agent: BenchPi, pins: Pins, number: int, driver: str) -> None:
    line = agent.line(number, driver, "none")
    for high in (True, False, True, False):
        pins.drive(number, high)
        assert line.read() == high


@pytest.mark.parametrize("driver", DRIVERS)
def test_each_edge_is_told_with_its_stamp(
    agent: BenchPi, pins: Pins, number: int, driver: str
) -> None:
    line = agent.line(number, driver, "none")
    pins.drive(number, False)
    with line.watch() as first, line.watch() as second:
        for high in (True, False) * 5:
            made = pins.drive(number, high).at_ns
            edge = next_edge(first)
            off = agent.clock.uncertainty_ns()
            assert edge.high == high
            assert made - off <= edge.at_ns <= time.monotonic_ns() + off
            assert next_edge(second) == edge
    pins.drive(number, True)
    with line.watch() as later:
        assert later.next(0.2) is None


def test_of_a_burst_no_edge_is_invented_and_the_last_is_known(
    agent: BenchPi, pins: Pins, number: int
) -> None:
    line = agent.line(number, "gpiod", "none")
    pins.drive(number, False)
    with line.watch() as watch:
        for high in [True, False] * 10 + [True]:
            pins.drive(number, high)
        edges, refused = [], ""
        try:
            while edge := watch.next(1.0):
                edges.append(edge)
        except BenchError as error:
            refused = str(error)
    if refused:
        assert "faster than its kernel could keep them" in refused
        return
    # The kernel tells two edges as none when the second comes before it has looked.
    assert [edge.high for edge in edges] == ([True, False] * 11)[: len(edges)]
    assert edges[-1].high
    assert [edge.at_ns for edge in edges] == sorted(edge.at_ns for edge in edges)


@pytest.mark.parametrize("driver", DRIVERS)
def test_who_drives_a_line_that_is_watched_sees_it_move(
    agent: BenchPi, pins: Pins, number: int, driver: str
) -> None:
    pins.drive(number, False)
    line = agent.line(number, driver, "none")
    pins.release(number)
    with line.watch() as watch:
        stamps = [line.drive(high) for high in (True, False, True)]
        seen = [next_edge(watch) for _ in stamps]
        assert [edge.high for edge in seen] == [True, False, True]
        off = agent.clock.uncertainty_ns()  # both are one stamp, put on our clock twice
        assert all(abs(edge.at_ns - at) <= off for edge, at in zip(seen, stamps, strict=True))
        line.drive(False)
        assert not next_edge(watch).high
        line.release()
        pins.drive(number, True)
        assert next_edge(watch).high
        assert watch.next(0.2) is None


def test_both_drivers_share_an_agent_that_says_what_stamps_are_worth(
    agent: BenchPi, ssh: Ssh, numbers: Iterator[int]
) -> None:
    for driver in DRIVERS:
        agent.line(next(numbers), driver, "none")
    worth = agent.claim()
    assert re.search(r"RPi\.GPIO 0\.7\.1\w*, levels sampled every 1 ms", worth)
    assert re.search(r"gpiod 1\.6\.\d, edges stamped by its kernel", worth)
    assert re.search(r"its clock is known to \d+\.\d\d ms$", worth)
    assert len(agents(ssh)) == 2, "one, and what stands by for the lines of RPi.GPIO"


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_line_in_use_is_refused_with_who_has_it(
    agent: BenchPi, ssh: Ssh, pins: Pins, number: int, driver: str
) -> None:
    held = ssh.start(f"exec gpioset --mode=signal gpiochip0 {number}=1")
    try:
        deadline = time.monotonic() + WITHIN
        while pins.function(number) != "out" and time.monotonic() < deadline:
            time.sleep(0.05)
        with pytest.raises(BenchError) as caught:
            agent.line(number, driver, "none")
    finally:
        held.close()
    assert str(caught.value) == f'{ssh.name}: line {number} is in use by "gpioset"'
    assert "wire another line" in (caught.value.hint or "")
    deadline = time.monotonic() + WITHIN
    while ssh.run("gpioinfo gpiochip0 | grep -c gpioset").out.strip() != "0":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    agent.line(number, driver, "none")
    with pytest.raises(BenchError, match=f"line {number} is in use by another wire of this bench"):
        agent.line(number, driver, "none")


def test_a_line_that_is_not_there_is_refused(agent: BenchPi) -> None:
    for driver in DRIVERS:
        with pytest.raises(BenchError, match="pinctrl-bcm2835 has no line 60"):
            agent.line(60, driver, "none")
    with pytest.raises(BenchError, match="there is no line 64; there are 0-63"):
        agent.line(64, "gpiod", "none")


@pytest.fixture
def held(bench: Machine, pins: Pins, others: set[int]) -> Iterator[tuple[Ssh, BenchPi]]:
    """Give an agent on a connection of its own, with an output of each driver."""
    with Ssh(bench.ssh, bench.name) as own:
        agent = BenchPi(own, silence_s=8.0)
        try:
            for line, driver in zip((FIRST, SECOND), DRIVERS, strict=True):
                agent.line(line, driver, "none").drive(True)
            assert {pins.function(FIRST), pins.function(SECOND)} == {"out"}
            yield own, agent
        finally:
            agent.close()


def test_an_agent_that_is_closed_leaves_nothing(
    held: tuple[Ssh, BenchPi], ssh: Ssh, pins: Pins, others: set[int]
) -> None:
    files = "find / -xdev -newer /tmp/before -type f"
    ssh.run("touch /tmp/before")
    assert set(agents(ssh)) > others
    held[1].close()
    wait_until_gone(ssh, pins, others, FIRST, SECOND)
    assert ssh.run(f"{files} | grep -v pyc").out == ""


def test_an_agent_whose_connection_ends_leaves_nothing(
    held: tuple[Ssh, BenchPi], ssh: Ssh, pins: Pins, others: set[int]
) -> None:
    held[0].close()
    wait_until_gone(ssh, pins, others, FIRST, SECOND)
    with pytest.raises(BenchError):
        held[1].ask("time")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_agent_that_is_ended_leaves_nothing(
    held: tuple[Ssh, BenchPi], ssh: Ssh, pins: Pins, others: set[int], number: int
) -> None:
    working, _standing_by = sorted(set(agents(ssh)) - others)
    ssh.run(f"kill -{number} {working}")
    wait_until_gone(ssh, pins, others, FIRST, SECOND)
    with pytest.raises(BenchError, match="the bench agent ended"):
        held[1].ask("time")


def test_an_agent_that_hears_nothing_any_more_leaves_nothing(
    held: tuple[Ssh, BenchPi], bench: Machine, ssh: Ssh, pins: Pins, others: set[int]
) -> None:
    machine.network(bench.name, cut=True)
    try:
        deadline = time.monotonic() + WITHIN
        while {pins.function(FIRST), pins.function(SECOND)} != {"in"}:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        machine.network(bench.name)
    wait_until_gone(ssh, pins, others, FIRST, SECOND)


USER = """\
import sys, time
from pathlib import Path
from rpikit.bench.bench_pi import BenchPi
from rpikit.transport import SshAddress
from rpikit.transport.ssh import Ssh
host, port, key, known = sys.argv[1:]
files = {"key_file": Path(key), "known_hosts": Path(known)}
address = SshAddress(host=host, port=int(port), user="root", **files)
with Ssh(address, "bench") as ssh, BenchPi(ssh) as agent:
    agent.line(17, "gpiod", "none").drive(True)
    agent.line(22, "RPi.GPIO", "none").drive(True)
    print("driven", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_whoever_uses_it_may_be_ended(
    bench: Machine, ssh: Ssh, pins: Pins, others: set[int], number: int
) -> None:
    way = bench.ssh
    words = (way.host, str(way.port), str(way.key_file), str(way.known_hosts))
    with subprocess.Popen(
        [sys.executable, "-c", USER, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"driven\n", user.communicate()
        assert {pins.function(FIRST), pins.function(SECOND)} == {"out"}
        user.send_signal(number)
        user.communicate()
    wait_until_gone(ssh, pins, others, FIRST, SECOND)


def test_garbage_is_answered_and_does_no_harm(ssh: Ssh, pins: Pins, others: set[int]) -> None:
    text = program()
    channel = ssh.start(command(text))
    channel.write(text)
    channel.write(b"1 open 17 gpiod none\n2 out 17 1\n")
    garbage = [b"out 17 0", b"\xff\xfe\x00", b"3 out 17", b"4 out 17 2", b"5 out -1 1", b"6", b""]
    garbage += [
        b"7 nothing",
        b"8 open 22 lpt up",
        b"9 open 22 gpiod left",
        b"x" * 10000,
        b"1" * 150,
    ]
    for one in garbage:
        channel.write(one + b"\n")
    channel.write(b"10 get 17\n")
    said = b""
    while b"\n10 " not in said:
        said += channel.read(4096, WITHIN)
    lines = said.decode().splitlines()
    assert lines[0] == far.READY
    assert [line for line in lines if line.split()[1] == "ok"] == [lines[1], lines[2], lines[-1]]
    assert sum(" error " in line for line in lines) == len(garbage)
    assert lines[-1].endswith(" 1")
    assert pins.function(FIRST) == "out"
    assert pins.read(FIRST)
    channel.close()
    wait_until_gone(ssh, pins, others, FIRST)


def test_a_board_without_python_is_told_what_to_install(virtual_ssh: Ssh) -> None:
    with pytest.raises(BenchError) as caught:
        BenchPi(virtual_ssh)
    assert str(caught.value) == f"{virtual_ssh.name}: python3 is missing"
    assert caught.value.hint == "there: sudo apt install python3"


class Changed:
    """A way to the bench on which commands begin differently."""

    def __init__(self, ssh: Ssh, begin: str) -> None:
        self._ssh = ssh
        self._begin = begin
        self.name = ssh.name

    def start(self, command: str) -> Channel:
        return self._ssh.start(f"{self._begin} sh -c {shlex.quote(command)}")


NOBODY = "import os, sys; os.setgid(65534); os.setuid(65534); os.execvp('sh', sys.argv[1:])"


@pytest.mark.parametrize(
    ("driver", "wanted"),
    [
        ("gpiod", "nobody may not open /dev/gpiochip0"),
        ("RPi.GPIO", "RPi.GPIO does not work: No access to /dev/mem. Try running as root!"),
    ],
)
def test_who_may_not_use_lines_is_told_what_to_do(ssh: Ssh, driver: str, wanted: str) -> None:
    way = Changed(ssh, f"exec python3 -c {shlex.quote(NOBODY)}")
    with BenchPi(way) as agent, pytest.raises(BenchError) as caught:
        agent.line(FIRST, driver, "none")
    assert str(caught.value) == f"{ssh.name}: {wanted}"
    assert caught.value.hint == "there: sudo usermod -aG gpio nobody, and then log in again"


@pytest.mark.parametrize(
    ("driver", "package"),
    [("gpiod", "python3-libgpiod"), ("RPi.GPIO", "python3-rpi.gpio")],
)
def test_a_library_that_is_missing_is_named(ssh: Ssh, driver: str, package: str) -> None:
    ssh.run("mkdir -p /tmp/bare && echo 'import sys; sys.path.pop()' > /tmp/bare/sitecustomize.py")
    try:
        way = Changed(ssh, "exec env PYTHONPATH=/tmp/bare")
        with BenchPi(way) as agent, pytest.raises(BenchError) as caught:
            agent.line(FIRST, driver, "none")
    finally:
        ssh.run("rm -rf /tmp/bare")
    assert str(caught.value) == f"{ssh.name}: the Python module {driver} is missing"
    assert f"sudo apt install {package}" in (caught.value.hint or "")


def test_a_bench_that_is_gone_is_a_fault_of_the_bench(bench: Machine, ssh: Ssh) -> None:
    with Ssh(bench.ssh, bench.name) as own:
        agent = BenchPi(own)
        line: BenchPiLine = agent.line(FIRST, "gpiod", "none")
        with line.watch() as watch:
            own.close()
            with pytest.raises((BenchError, BoardError)):
                line.read()
            with pytest.raises(BenchError):
                watch.next(WITHIN)
        agent.close()
