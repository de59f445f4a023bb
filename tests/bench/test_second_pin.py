# SPDX-License-Identifier: MIT
"""The second-pin driver on the virtual board: its agent, its jumper, and without an observer."""

import time
from collections.abc import Callable, Iterator

import pytest

from rpikit.bench.second_pin import Agent, SecondPin
from rpikit.bench.virtual import VirtualLine
from rpikit.errors import BenchError
from rpikit.transport.ssh import Ssh
from rpikit.virtual.pins import Pins

CHIP = "pinctrl-bcm2835"
DRIVER, FAR_END, OTHER = 27, 22, 23  # lines that no application of the tree uses
NS_PER_MS = 1_000_000


@pytest.fixture
def agent(virtual_ssh: Ssh) -> Iterator[Agent]:
    made = Agent(virtual_ssh, CHIP)
    yield made
    made.close()


@pytest.fixture
def jumper(virtual_pins: Pins) -> Iterator[Pins]:
    virtual_pins.jumper(DRIVER, FAR_END)
    yield virtual_pins
    virtual_pins.cut(DRIVER, FAR_END)


def exported(ssh: Ssh) -> set[str]:
    """Return the lines that sysfs has handed out."""
    return set(ssh.run("ls /sys/class/gpio | grep -v -e chip -e export").out.split())


def test_the_agent_drives_and_reads_lines(agent: Agent, virtual_pins: Pins) -> None:
    for high in (True, False, True):
        agent.drive(DRIVER, high)
        assert virtual_pins.function(DRIVER) == "out"
        assert virtual_pins.read(DRIVER) == high
    virtual_pins.drive(FAR_END, True)
    assert agent.read(FAR_END)
    virtual_pins.drive(FAR_END, False)
    assert not agent.read(FAR_END)
    virtual_pins.release(FAR_END)


def test_the_agent_leaves_nothing_behind(
    agents: Callable[[], set[str]], virtual_ssh: Ssh, virtual_pins: Pins
) -> None:
    def there() -> set[str]:
        return exported(virtual_ssh) | agents()

    before = there()
    agent = Agent(virtual_ssh, CHIP)
    agent.drive(DRIVER, True)
    assert len(there() - before) == 2
    agent.close()
    deadline = time.monotonic() + 10
    while there() - before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert there() <= before
    assert virtual_pins.function(DRIVER) == "in"


def test_a_line_that_is_in_use_is_named(agent: Agent, virtual_ssh: Ssh, virtual_pins: Pins) -> None:
    held = virtual_ssh.start(f"exec gpioset --mode=signal gpiochip0 {FAR_END}=1")
    try:
        deadline = time.monotonic() + 30
        while virtual_pins.function(FAR_END) != "out" and time.monotonic() < deadline:
            time.sleep(0.05)
        with pytest.raises(BenchError, match=f"second-pin: line {FAR_END} is in use"):
            agent.drive(FAR_END, True)
    finally:
        held.close()


def test_a_chip_that_is_not_there_is_named(virtual_ssh: Ssh) -> None:
    with pytest.raises(BenchError, match="no GPIO chip has the label pinctrl-rp1"):
        Agent(virtual_ssh, "pinctrl-rp1")


def test_a_press_is_stamped_where_it_arrives(agent: Agent, jumper: Pins) -> None:
    line = SecondPin(agent, DRIVER, observer=VirtualLine(jumper, FAR_END))
    before = time.monotonic_ns()
    with line.watch() as watch:
        down, up = line.drive(True), line.drive(False)
        first, second = watch.next(1.0), watch.next(1.0)
    assert first is not None
    assert second is not None
    assert (first.high, first.at_ns) == (True, down)
    assert (second.high, second.at_ns) == (False, up)
    assert before < down < up < time.monotonic_ns()


def test_a_level_that_is_there_already_makes_no_edge(agent: Agent, jumper: Pins) -> None:
    line = SecondPin(agent, DRIVER, observer=VirtualLine(jumper, FAR_END))
    line.drive(False)
    with line.watch() as watch:
        line.drive(False)
        assert watch.next(0.2) is None


def test_a_missing_jumper_is_a_fault_of_the_bench(agent: Agent, virtual_pins: Pins) -> None:
    line = SecondPin(agent, DRIVER, observer=VirtualLine(virtual_pins, FAR_END))
    with pytest.raises(BenchError, match=f"line {DRIVER} was driven high, but the far end"):
        line.drive(True)


def test_without_an_observer_a_line_is_asked_for_its_level(
    agent: Agent, virtual_pins: Pins
) -> None:
    line = SecondPin(agent, FAR_END)
    stamps = []
    with line.watch() as watch:
        for high in (True, False, True, False):
            stamps.append(virtual_pins.drive(FAR_END, high).at_ns)
            edge = watch.next(5.0)
            assert edge is not None
            assert edge.high == high
            assert abs(edge.at_ns - stamps[-1]) < 500 * NS_PER_MS
        assert watch.next(0.1) is None
    virtual_pins.release(FAR_END)


def test_without_an_observer_a_drive_is_stamped_by_its_answer(
    agent: Agent, virtual_pins: Pins
) -> None:
    line = SecondPin(agent, DRIVER)
    before = time.monotonic_ns()
    assert before < line.drive(True) < time.monotonic_ns()
    assert virtual_pins.read(DRIVER)
    line.release()
    assert virtual_pins.function(DRIVER) == "in"


def test_the_agent_looks_at_several_lines_and_gives_them_back(
    agent: Agent, virtual_pins: Pins, virtual_ssh: Ssh
) -> None:
    before = exported(virtual_ssh)
    agent.drive(DRIVER, True)
    virtual_pins.drive(FAR_END, True)
    virtual_pins.drive(OTHER, False)
    assert agent.look(DRIVER, FAR_END, OTHER) == [True, True, False]
    virtual_pins.release(FAR_END)
    agent.free(DRIVER, OTHER)
    assert virtual_pins.function(DRIVER) == "in"
    held = exported(virtual_ssh) - before
    assert [int(name.removeprefix("gpio")) % 458 for name in held] == [FAR_END]
    assert agent.look(FAR_END) == [False]
