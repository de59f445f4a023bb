# SPDX-License-Identifier: MIT
"""Guests that misbehave on the virtual Pi: they end, or go on, alone; others keep their pins."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rpikit import app as apps
from rpikit import board as boards
from rpikit import build, bundle, guests
from rpikit.app import App
from rpikit.bundle import Bundle, Limits
from rpikit.device import DeviceHalf, Guest
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.transport.ssh import Ssh
from rpikit.virtual.pins import Pins

ROOT = Path(__file__).parents[2]
GUESTS = ROOT / "tests/guests"
BUTTON, LAMP = 17, 18
SPIN, FAULT, FLOOD, HOARD = 5, 6, 13, 19  # lines that tell the rogue what to do
LIMIT = 8 << 20  # bytes, half of what the rogue may ask for
WITHIN = 60  # seconds, on a busy machine
RING = "/tmp/hostile"


def made(app: App, out: Path, limits: Limits | None = None) -> Bundle:
    """Build a bundle, with limits that an application could not wish for itself."""
    board = boards.load(boards.DEFAULT)
    built = build.build(app, board=board, out=out)
    plain = bundle.make(app, board, built.unikernel, built.tender, out)
    launch = plain.manifest.launch.model_copy(update={"limits": limits})
    manifest = plain.manifest.model_copy(update={"launch": launch})
    return bundle.write(manifest, plain.contents, out)


@pytest.fixture(scope="module")
def board(virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeviceHalf]:
    """Let the good one and the rogue run beside each other."""
    out = tmp_path_factory.mktemp("hostile")
    limits = Limits(memory=LIMIT, required=True)
    good = made(apps.load(ROOT / "c/apps/test_switch"), out / "good")
    bad = made(apps.load(GUESTS / "rogue"), out / "rogue", limits)
    flash(good, virtual_ssh, reporter=Silent(), ready_within=WITHIN)
    flash(bad, virtual_ssh, reporter=Silent(), ready_within=WITHIN, beside=True)
    half = DeviceHalf(virtual_ssh)
    yield half
    half.stop_all()


@pytest.fixture
def half(board: DeviceHalf, virtual_pins: Pins) -> Iterator[DeviceHalf]:
    """Have nothing pressed and both of them running."""
    for line in (BUTTON, SPIN, FAULT, FLOOD, HOARD):
        virtual_pins.drive(line, False)
    board.of("rogue").start()
    wait_until(lambda: "ready" in board.of("rogue").logs())
    yield board
    board.of("rogue").stop()
    for line in (BUTTON, SPIN, FAULT, FLOOD, HOARD):
        virtual_pins.release(line)


def rogue(half: DeviceHalf) -> Guest:
    (found,) = (guest for guest in half.ps() if guest.name == "rogue")
    return found


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def press(pins: Pins) -> None:
    """Press the good one's switch and see that its lamp obeys."""
    with pins.watch(LAMP) as watch:
        for level in (True, False):
            pins.drive(BUTTON, level)
            edge = watch.next(WITHIN)
            assert edge is not None, "the good guest does not answer"
            assert (edge.line, edge.high) == (LAMP, level)


def test_one_that_computes_without_end_leaves_the_other_its_pins(
    half: DeviceHalf, virtual_pins: Pins
) -> None:
    virtual_pins.drive(SPIN, True)
    wait_until(lambda: "spinning" in half.of("rogue").logs())
    before = rogue(half).cpu_ms
    for _ in range(3):
        press(virtual_pins)
    after = rogue(half).cpu_ms
    assert before is not None
    assert after is not None
    assert after > before
    assert half.of("rogue").stop().exit is not None
    press(virtual_pins)


def test_one_that_faults_ends_alone_and_starts_again(half: DeviceHalf, virtual_pins: Pins) -> None:
    virtual_pins.drive(FAULT, True)
    wait_until(lambda: guests.state(rogue(half)) == "ended")
    assert rogue(half).exit == 255
    assert "ABORT" in half.of("rogue").logs()
    press(virtual_pins)
    virtual_pins.drive(FAULT, False)
    assert half.of("rogue").start().running
    press(virtual_pins)


def test_one_that_floods_its_console_fills_no_disk_and_leaves_the_other_its_pins(
    half: DeviceHalf, virtual_ssh: Ssh, virtual_pins: Pins
) -> None:
    folder = "/opt/rpikit/guests/rogue/run/console"
    virtual_pins.drive(FLOOD, True)
    # The first part, named 0, is dropped once three are full: more has come than is kept.
    wait_until(lambda: virtual_ssh.run(f"test -e {folder}/0").status != 0)
    press(virtual_pins)
    kept = int(virtual_ssh.run(f"cat {folder}/* | wc -c").out)
    assert 0 < kept <= 3 * 512 * 1024
    assert "flooding" in half.of("rogue").logs(1)
    assert "flooding" not in half.of("test_switch").logs()
    press(virtual_pins)


def test_one_that_needs_more_memory_than_its_limit_is_ended_alone_and_told(
    half: DeviceHalf, virtual_pins: Pins
) -> None:
    virtual_pins.drive(HOARD, True)
    wait_until(lambda: guests.state(rogue(half)) == "ended")
    ended = rogue(half)
    assert (ended.exit, ended.cause, ended.limit_memory) == (128 + 9, "memory", LIMIT)
    assert "ended with 137: out of memory" in str(guests.ps("pi", half))
    said = half.of("rogue").logs()
    assert "hoarding\n" in said
    assert "has it all" not in said
    assert f"rpikit: ended by the board: it had used up its memory, {LIMIT} bytes\n" in said
    press(virtual_pins)
    virtual_pins.drive(HOARD, False)
    assert half.of("rogue").start().running


@pytest.fixture(scope="module")
def ring(virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    """Put the guest that misuses its ring on the board, with a tap on which frames come."""
    out = tmp_path_factory.mktemp("ring")
    app = apps.load(GUESTS / "hostile_ring")
    built = build.build(app, board=boards.load(boards.DEFAULT), out=out / "build")
    assert virtual_ssh.run(f"mkdir {RING}").status == 0
    for file in (built.unikernel, built.tender):
        virtual_ssh.put(file, f"{RING}/{file.name}")
    tap = (
        f"chmod 755 {RING}/*; tunctl -t tap100 && ip addr add 10.0.0.1/24 dev tap100 && "
        "ip link set tap100 up && arp -s 10.0.0.2 52:54:00:00:00:02"
    )
    assert virtual_ssh.run(tap).status == 0
    yield virtual_ssh
    virtual_ssh.run(f"tunctl -d tap100; rm -r {RING}")


FAULTS = "Invalid guest access in the network ring: submission"
ENDS = {
    **dict.fromkeys(("far", "back", "operation", "pointer", "wrap", "length", "itself"), (1,)),
    "readonly": (1,),
    **dict.fromkeys(("foreign", "scribble", "kicks"), (0,)),
    # What the host sees of a race is chance: it serves all of it, or refuses the first bad one.
    "race": (0, 1),
    "leave": (7,),
    "torn": (1, 7),
}


@pytest.mark.parametrize("word", ENDS)
def test_a_misused_ring_never_harms_its_host(
    board: DeviceHalf, ring: Ssh, virtual_pins: Pins, word: str
) -> None:
    done = ring.run(
        f"cd {RING} && {{ ping -i 0.01 10.0.0.2 >/dev/null & pinging=$!; "
        "timeout 90 ./rpikit-tender --mem=2 --net:uplink=tap100 -- hostile_ring.hvt "
        f"--solo5:quiet {word}; status=$?; kill $pinging; exit $status; }}",
        timeout=120,
    )
    assert done.status in ENDS[word], done.out + done.err
    assert (FAULTS in done.err) == (done.status == 1)
    assert "FAILURE" not in done.out
    assert done.status != 0 or "SUCCESS\n" in done.out
    press(virtual_pins)
    assert board.of("test_switch").status().running
