# SPDX-License-Identifier: MIT
"""One table of all test guests and all targets: a difference that has no reason here is a bug."""

import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rpikit import app, board, build
from rpikit.transport.ssh import Ssh
from rpikit.virtual.pins import Pins

ROOT = Path(__file__).parents[2]
GUESTS = ROOT / "tests/guests"
FOLDER = "/tmp/everywhere"
TARGETS = ("hvt", "parent", "alone", "loop")
"""A machine; a process whose calls a parent serves, and one without; a process of this machine."""
SEGV, ILL = 139, 132
BUTTON = 17

TABLES = "it shows what a processor's own tables and vectors do: a process of this machine has none"
STORAGE = "storage and networks of the loop platform are this machine's: tests/unit has them"
PINS = "pins of this machine are files: tests/bench has them"
SERVED = "its calls are served by a parent, which alone has none"
BORDER = "it misuses the border of hvt itself: a store that traps"
ENDLESS = "it runs until it is ended: test_several_guests, test_buses, test_hostile_guests"
UNDERLAY = "it is about lives and devices that the underlay gives: test_metal, test_metal_hostile"
EDGES = "it waits for presses: below, and in test_gpio"


@dataclass(frozen=True)
class Row:
    """How one guest is run, and its status on each target; a text is why there is none."""

    hvt: int | str
    parent: int | str
    alone: int | str
    loop: int | str
    words: str = ""
    options: str = ""

    def of(self, target: str) -> int | str:
        found: int | str = getattr(self, target)
        return found


def same(status: int, **more: str) -> Row:
    return Row(status, status, status, status, **more)


def stopped(hvt: int, spt: int, **more: str) -> Row:
    return Row(hvt, spt, spt, TABLES, **more)


def attached(options: str, **more: str) -> Row:
    return Row(0, 0, 0, STORAGE, options=options, **more)


def without(why: str) -> Row:
    return Row(why, why, why, why)


LINES = "--pin:red=22 --pin:green=23 --pin:blue=24 --pin:input=17"
DISKS = " ".join(f"--block:disk{number}=disks/{number}" for number in range(62))

TABLE = {
    "badcalls": without(BORDER),
    "badstack": stopped(255, SEGV),
    "blk": attached("--block:storage=disk"),
    "buses": without(ENDLESS),
    "clock_gap": same(0, words="2"),
    "denied": Row(0, 0, SERVED, PINS, options="--pin:button=17"),
    "exception": stopped(255, ILL),
    "exit": same(7, words="263"),
    "fpu": same(0),
    "globals": same(0),
    "gpio_edges": without(EDGES),
    "gpio_many": Row(0, 0, SERVED, PINS, options=LINES),
    "gpio_page": without("a page of registers is mapped into machines only: test_gpio"),
    "gpio_presses": without(EDGES),
    "hostile": without(UNDERLAY),
    "hostile_ring": without(ENDLESS),
    "maxdevices": attached(f"{DISKS} --net:uplink=tap200"),
    "memory": Row(255, 255, 255, "memory of this machine has no such end"),
    "net": attached("--net:uplink=tap200", words="0"),
    "net_2if": attached("--net:left=tap200 --net:right=tap201", words="0"),
    "net_mtu": attached("--net:uplink=tap201"),
    "notls": stopped(255, SEGV),
    "output": same(0),
    "quiet": same(0, words="word"),
    "rnow": stopped(1, SEGV),
    "rnox": stopped(255, SEGV),
    "rogue": without(ENDLESS),
    "serve": without(ENDLESS),
    "share": without(UNDERLAY),
    "ssp": Row(255, 255, 255, 255),
    "time": same(0),
    "tls": Row(0, 0, 0, "the loop platform has no thread-local storage of its own"),
    "two_doors": without(UNDERLAY),
    "two_lines": Row(1, 1, SERVED, PINS, options="--pin:button=17 --pin:lamp=17"),
    "wnox": stopped(255, SEGV),
    "xnor": Row(1, 1, 1, TABLES),
    "xnow": stopped(1, SEGV),
    "zeropage": stopped(255, SEGV),
}
FAILS = {"xnor"}
"""These say FAILURE wherever text can be read, as ours can: its README says why."""


def cells(targets: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (name, target)
        for name, row in TABLE.items()
        for target in targets
        if isinstance(row.of(target), int) and (GUESTS / name).is_dir()
    ]


@dataclass(frozen=True)
class Ended:
    """How a guest ended and all that was said."""

    status: int
    said: str


def check(name: str, ended: Ended, expected: int | str) -> None:
    assert ended.status == expected, ended.said
    assert ("FAILURE" in ended.said) == (name in FAILS)
    assert ("Solo5: ABORT: " in ended.said) == (expected == 255)
    assert ("host/guest translation fault" in ended.said) == (
        name in ("xnow", "rnow") and expected == 1
    )
    if expected == 0:
        assert "SUCCESS\n" in ended.said


@pytest.fixture(scope="module")
def there(
    built: Path, built_spt: Path, virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ssh]:
    """Give the board with all guests, the tenders, disks, and two taps."""
    archive = tmp_path_factory.mktemp("everywhere") / "all.tgz"
    with tarfile.open(archive, mode="w:gz") as tar:
        tar.add(built / "generic/rpikit-tender", "hvt")
        tar.add(built_spt / "generic/rpikit-tender", "parent")
        tar.add(built_spt / "apps/serve/rpikit-tender", "alone")  # has storage and network, no more
        for name in TABLE:
            if (GUESTS / name).is_dir():
                tar.add(built / f"apps/{name}/{name}.hvt", f"{name}.hvt")
                tar.add(built_spt / f"apps/{name}/{name}.spt", f"{name}.spt")
    virtual_ssh.put(archive, f"{FOLDER}.tgz")
    made = virtual_ssh.run(
        f"mkdir -p {FOLDER}/disks && cd {FOLDER} && tar xzf {FOLDER}.tgz && rm {FOLDER}.tgz && "
        "truncate -s 128K disk && for n in $(seq 0 61); do printf '%02d' $n >disks/$n && "
        "truncate -s 512 disks/$n; done && "
        "for n in 0 1; do tunctl -t tap20$n && ip addr add 10.$n.0.1/24 dev tap20$n && "
        "ip link set tap20$n up; done && ip link set tap201 mtu 9000"
    )
    assert made.status == 0, made.err
    yield virtual_ssh
    virtual_ssh.run(f"tunctl -d tap200; tunctl -d tap201; rm -r {FOLDER}")


def run(there: Ssh, target: str, name: str, options: str, words: str) -> Ended:
    file = f"{name}.{'hvt' if target == 'hvt' else 'spt'}"
    # The shell stays, so that a signal becomes a status.
    command = f"./{target} --mem=2 {options} -- {file} --solo5:quiet {words} 2>&1; exit $?"
    done = there.run(f"cd {FOLDER} && {command}", timeout=120)
    return Ended(done.status, done.out)


def test_the_table_has_every_guest() -> None:
    """A guest that is new has no row: say what it does on each target, or why not."""
    assert {path.parent.name for path in GUESTS.glob("*/rpikit.toml")} <= set(TABLE)


@pytest.mark.parametrize(("name", "target"), cells(("hvt", "parent", "alone")))
def test_a_guest_ends_on_a_board_as_the_table_says(there: Ssh, name: str, target: str) -> None:
    row = TABLE[name]
    check(name, run(there, target, name, row.options, row.words), row.of(target))


@pytest.mark.parametrize(("name", "target"), cells(("loop",)))
def test_a_guest_ends_on_this_machine_as_the_table_says(
    tmp_path: Path, name: str, target: str
) -> None:
    made = build.build(app.load(GUESTS / name), board=board.load(board.HOST), out=tmp_path)
    words = [str(made.tender), str(made.unikernel), "--solo5:quiet", *TABLE[name].words.split()]
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    check(name, Ended(done.returncode, done.stdout), TABLE[name].of(target))


@pytest.mark.parametrize("target", ["hvt", "parent", "alone"])
@pytest.mark.parametrize(
    ("name", "options", "addresses"),
    [
        ("net", "--net:uplink=tap200", ("10.0.0.2",)),
        ("net_2if", "--net:left=tap200 --net:right=tap201", ("10.0.0.2", "10.1.0.2")),
    ],
)
def test_pings_are_answered_on_every_target(
    there: Ssh, target: str, name: str, options: str, addresses: tuple[str, ...]
) -> None:
    file = f"{name}.{'hvt' if target == 'hvt' else 'spt'}"
    pings = " ".join(
        f'ping -i 0.01 -w 100 {to} >/dev/null & pings="$pings $!";' for to in addresses
    )
    done = there.run(
        f"cd {FOLDER} || exit; ./{target} --mem=2 {options} -- {file} --solo5:quiet 30 >out 2>&1 & "
        "guest=$!; until grep -q ready out || ! kill -0 $guest; do sleep 0.1; done 2>/dev/null; "
        f"pings=; {pings} wait $guest; status=$?; {{ kill $pings; wait; }} 2>/dev/null; "
        "cat out; exit $status",
        timeout=120,
    )
    assert (done.status, "SUCCESS\n" in done.out) == (0, True), done.out


@pytest.mark.parametrize("target", ["hvt", "parent"])
def test_edges_reach_a_guest_on_every_target(there: Ssh, virtual_pins: Pins, target: str) -> None:
    file = f"gpio_edges.{'hvt' if target == 'hvt' else 'spt'}"
    options = f"--mem=2 --pin:button={BUTTON} -- {file} --solo5:quiet count=4"
    start = f"cd {FOLDER} && rm -f log && (./{target} {options}; echo ended $?)"
    virtual_pins.drive(BUTTON, False)
    ready = f"until grep -q -e ^ready -e ^ended {FOLDER}/log; do sleep 0.1; done 2>/dev/null"
    assert there.run(f"{start} >log 2>&1 </dev/null & {ready}", timeout=60).status == 0
    for high in (True, False, True, False):
        virtual_pins.drive(BUTTON, high)
        there.run("sleep 0.5")
    said = there.run(
        f"for i in $(seq 60); do grep ended {FOLDER}/log && break; sleep 1; done; cat {FOLDER}/log"
    ).out
    virtual_pins.release(BUTTON)
    assert "ended 0" in said, said
    edges = [line.split()[:3] for line in said.splitlines() if line.startswith("edge ")]
    assert [number for _, number, _ in edges] == ["1", "2", "3", "4"]
    assert [way for _, _, way in edges] == ["rising", "falling"] * 2
