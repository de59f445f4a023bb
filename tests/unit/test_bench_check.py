# SPDX-License-Identifier: MIT
"""The proof of the wiring: each kind of fault, on wires that a small desk of nodes models."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from rpikit.bench import Watch
from rpikit.bench.check import Fault, Net, walk
from rpikit.bench.fake import Fake
from rpikit.errors import BenchError


@dataclass
class Desk:
    """Ends of wires; those that are joined have one level, and a hard output wins over others."""

    joined: list[set[str]] = field(default_factory=list)
    pulls: dict[str, bool] = field(default_factory=dict)
    hard: dict[str, bool] = field(default_factory=dict)
    driven: dict[str, bool] = field(default_factory=dict)
    fights: int = 0
    freed: tuple[int, ...] = ()

    def join(self, *ends: str) -> None:
        together = set(ends).union(*(one for one in self.joined if one & set(ends)))
        self.joined = [one for one in self.joined if not one & together] + [together]

    def level(self, end: str) -> bool:
        ends = next((one for one in self.joined if end in one), {end})
        for strength in (self.hard, self.driven, self.pulls):
            found = {strength[one] for one in ends if one in strength}
            if found:
                self.fights += len(found) > 1
                return min(found)
        return False

    # The board's side: GPIO 17 is the end "b17".

    def drive(self, line: int, high: bool) -> None:
        self.driven[f"b{line}"] = high

    def release(self, line: int) -> None:
        self.driven.pop(f"b{line}", None)

    def look(self, *lines: int) -> list[bool]:
        return [self.level(f"b{line}") for line in lines]

    def free(self, *lines: int) -> None:
        self.freed = lines


@dataclass
class End:
    """The bench's end of a wire."""

    desk: Desk
    name: str
    is_broken: bool = False

    def drive(self, high: bool) -> int:
        if self.is_broken:
            raise BenchError("the relay box does not answer")
        self.desk.driven[self.name] = high
        return 0

    def read(self) -> bool:
        if self.is_broken:
            raise BenchError("the relay box does not answer")
        return self.desk.level(self.name)

    def watch(self) -> Watch:
        raise AssertionError("who walks the nets reads levels and watches nothing")

    def release(self) -> None:
        self.desk.driven.pop(self.name, None)


def nets(desk: Desk) -> list[Net]:
    """Return two switches and two lamps, each with a line of its own at both ends."""
    return [
        Net(
            "button",
            17,
            End(desk, "t23"),
            "line 23 of bench",
            is_input=True,
            pulls=("down", "down"),
        ),
        Net("door", 5, End(desk, "t24"), "line 24 of bench", is_input=True, pulls=("up",)),
        Net("lamp", 18, End(desk, "t25"), "line 25 of bench", is_input=False),
        Net("motor", 6, End(desk, "t26"), "line 26 of bench", is_input=False),
    ]


PROPER = (("b17", "t23"), ("b5", "t24"), ("b18", "t25"), ("b6", "t26"))


def wired(*wires: tuple[str, str]) -> Desk:
    desk = Desk(pulls={"b5": True})
    for wire in wires:
        desk.join(*wire)
    return desk


def without(*left_out: str) -> list[tuple[str, str]]:
    return [wire for wire in PROPER if wire[0] not in left_out]


def faults(desk: Desk) -> list[str]:
    found = walk(nets(desk), desk, Fake())
    assert desk.driven == {}
    assert desk.freed == (17, 5, 18, 6)
    assert all(name in fault.text for fault in found for name in fault.nets)
    return [fault.text for fault in found]


def test_a_bench_as_it_is_described_has_no_fault() -> None:
    desk = wired(*PROPER)
    assert faults(desk) == []
    assert desk.fights == 0, "two ends were driven at once"


@pytest.mark.parametrize(
    ("left_out", "wires", "said"),
    [
        (
            ("b17", "b18"),
            [("b18", "t23"), ("b17", "t25")],
            "button and lamp are swapped: line 23 of bench moves GPIO 18 instead of GPIO 17",
        ),
        (
            ("b17", "b5"),
            [("b5", "t23"), ("b17", "t24")],
            "button and door are swapped: line 23 of bench moves GPIO 5 instead of GPIO 17",
        ),
        (
            ("b18", "b6"),
            [("b18", "t26"), ("b6", "t25")],
            (
                "lamp and motor are swapped: GPIO 18 moves line 26 of bench instead of line 25 of "
                "bench"
            ),
        ),
    ],
    ids=["both ways", "inputs", "outputs"],
)
def test_swapped_wires_are_named(
    left_out: tuple[str, ...], wires: list[tuple[str, str]], said: str
) -> None:
    desk = wired(*without(*left_out), *wires)
    assert faults(desk) == [said]
    assert desk.fights == 0


def test_wires_in_a_circle_are_told_one_by_one() -> None:
    desk = wired(("b5", "t23"), ("b6", "t24"), ("b17", "t25"))
    ends = {"button": (17, 23), "door": (5, 24), "hatch": (6, 25)}
    devices = [
        Net(name, line, End(desk, f"t{end}"), f"line {end}", is_input=True)
        for name, (line, end) in ends.items()
    ]
    assert [fault.text for fault in walk(devices, desk, Fake())] == [
        "button: its wire leads to door: line 23 moves GPIO 5 instead of GPIO 17",
        "door: its wire leads to hatch: line 24 moves GPIO 6 instead of GPIO 5",
        "hatch: its wire leads to button: line 25 moves GPIO 17 instead of GPIO 6",
    ]


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("b17", "button: no wire: GPIO 17 does not follow line 23 of bench, it stays low"),
        ("b5", "door: no wire: GPIO 5 does not follow line 24 of bench, it stays high"),
        ("b18", "lamp: no wire: line 25 of bench does not follow GPIO 18, it stays low"),
    ],
)
def test_a_missing_wire_is_named(left_out: str, said: str) -> None:
    assert faults(wired(*without(left_out))) == [said]


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (
            ("b17", "b5"),
            "button and door are shorted: line 23 of bench moves GPIO 17 and GPIO 5",
        ),
        (
            ("t25", "t26"),
            "lamp and motor are shorted: GPIO 18 moves line 25 of bench and line 26 of bench",
        ),
        (
            ("b17", "t25"),
            "button and lamp are shorted: line 23 of bench moves GPIO 17 and GPIO 18",
        ),
    ],
)
def test_a_short_is_told_once(ends: tuple[str, str], said: str) -> None:
    assert faults(wired(*PROPER, ends)) == [said]


def test_three_in_a_short_are_told_together() -> None:
    desk = wired(*PROPER, ("b17", "b5"), ("b5", "b18"))
    assert faults(desk) == [
        "button, door and lamp are shorted: line 23 of bench moves GPIO 17, GPIO 5 and GPIO 18"
    ]


@pytest.mark.parametrize(
    ("line", "level", "said"),
    [
        (
            "b17",
            True,
            (
                "button: stuck high: GPIO 17 stays high against its pull, whatever line 23 of "
                "bench does"
            ),
        ),
        (
            "b5",
            False,
            "door: stuck low: GPIO 5 stays low against its pull, whatever line 24 of bench does",
        ),
    ],
)
def test_a_switch_that_is_stuck_behind_its_wire_is_named(line: str, level: bool, said: str) -> None:
    desk = wired(*without(line))
    desk.hard[line] = level
    assert faults(desk) == [said]


def test_a_level_that_a_pull_may_give_is_no_proof_of_a_stuck_switch() -> None:
    desk = wired(*without("b5"))
    desk.hard["b5"] = False
    devices = nets(desk)
    devices[1] = Net("door", 5, End(desk, "t24"), "line 24", is_input=True, pulls=("up", "down"))
    (fault,) = walk(devices, desk, Fake())
    assert fault.text == "door: no wire: GPIO 5 does not follow line 24, it stays low"


@pytest.mark.parametrize(
    ("end", "level", "said"),
    [
        (
            "t23",
            True,
            (
                "button: stuck high: line 23 of bench drives low against another output that holds "
                "it high"
            ),
        ),
        (
            "t25",
            True,
            "lamp: stuck high: GPIO 18 drives low against another output that holds it high",
        ),
        (
            "b18",
            False,
            "lamp: stuck low: GPIO 18 drives high against another output that holds it low",
        ),
    ],
)
def test_an_output_against_an_output_is_named(end: str, level: bool, said: str) -> None:
    desk = wired(*PROPER)
    desk.hard[end] = level
    assert faults(desk) == [said]


def test_two_faults_are_both_told() -> None:
    desk = wired(*without("b17"), ("b18", "b6"))
    assert [fault.split(":")[0] for fault in faults(desk)] == [
        "button",
        "lamp and motor are shorted",
    ]


def told(change: Callable[[Desk, list[Net]], None]) -> list[Fault]:
    desk = wired(*PROPER)
    devices = nets(desk)
    change(desk, devices)
    return walk(devices, desk, Fake())


@pytest.mark.parametrize(("number", "name"), [(0, "button"), (2, "lamp")])
def test_a_driver_that_fails_is_told_with_the_net(number: int, name: str) -> None:
    def fail(desk: Desk, devices: list[Net]) -> None:
        wire = devices[number].wire
        assert isinstance(wire, End)
        wire.is_broken = True

    (fault,) = told(fail)
    assert fault.nets == (name,)
    assert fault.text.startswith(f"{name}: ")
    if name == "button":
        assert fault.text == "button: the relay box does not answer"


def test_a_wire_that_inverts_is_no_wire() -> None:
    class Inverting(End):
        def drive(self, high: bool) -> int:
            return super().drive(not high)

    desk = wired(*PROPER)
    devices = nets(desk)
    devices[0] = Net("button", 17, Inverting(desk, "t23"), "a relay", is_input=True)
    (fault,) = walk(devices, desk, Fake())
    assert fault.text == "button: inverted: GPIO 17 is low while a relay is high"


def test_a_loose_wire_is_told() -> None:
    class Loose(End):
        count = 0

        def drive(self, high: bool) -> int:
            self.count += 1
            return super().drive(high) if self.count < 3 else 0

    desk = wired(*PROPER)
    devices = nets(desk)
    devices[0] = Net("button", 17, Loose(desk, "t23"), "a clip", is_input=True)
    (fault,) = walk(devices, desk, Fake())
    assert fault.text == "button: loose: GPIO 17 follows a clip only now and then"


def test_a_wire_that_needs_its_time_is_waited_for() -> None:
    fake = Fake()

    class Relay(End):
        def drive(self, high: bool) -> int:
            fake.plan(30_000_000, lambda: self.settle(high))
            return 0

        def settle(self, high: bool) -> None:
            self.desk.driven[self.name] = high

    desk = wired(*PROPER)
    devices = nets(desk)
    devices[0] = Net("button", 17, Relay(desk, "t23"), "a relay", is_input=True)
    assert walk(devices, desk, fake) == []


@pytest.mark.parametrize("idle_high", [True, False])
def test_a_driver_that_cannot_let_go_is_left_at_idle(idle_high: bool) -> None:
    class Relay(End):
        def release(self) -> None:
            """Do nothing: it keeps its level."""

    desk = wired(*PROPER)
    devices = nets(desk)
    relay = Relay(desk, "t23")
    devices[0] = Net("button", 17, relay, "a relay", is_input=True, idle_high=idle_high)
    assert walk(devices, desk, Fake()) == []
    assert desk.driven == {"t23": idle_high}


def test_a_line_that_the_board_does_not_give_is_told_with_the_net() -> None:
    class Busy(Desk):
        def release(self, line: int) -> None:
            if line == 18:
                raise BenchError("line 18 is in use", hint="stop what uses it")

    with pytest.raises(BenchError, match=r"^lamp: line 18 is in use$") as caught:
        walk(nets(desk := Busy()), desk, Fake())
    assert caught.value.hint == "stop what uses it"
    assert desk.freed == (17, 5, 18, 6)
