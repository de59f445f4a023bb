# SPDX-License-Identifier: MIT
"""Several guests at once on the virtual Pi: each at its own pins, within its limits, and alone."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import app as apps
from rpikit import board as boards
from rpikit import build, bundle, guests
from rpikit.bundle import Bundle
from rpikit.device import DeviceHalf, Guest
from rpikit.errors import BoardError
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.transport.ssh import Ssh
from rpikit.virtual.pins import Pins

APP = Path(__file__).parents[2] / "c/apps/test_switch"
GUESTS = Path(__file__).parents[1] / "guests"
PINS = {"porch": (17, 18), "hall": (27, 22), "thief": (5, 18)}
LIMIT = 20  # per cent of one core, far less than a guest that polls its switch wants
WITHIN = 60  # seconds, on a busy machine


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    """Build the switch's application for other pins and under other names, one with limits."""
    out = tmp_path_factory.mktemp("guests")
    board = boards.load(boards.DEFAULT)
    made = {}
    for name, (button, lamp) in PINS.items():
        folder = out / name
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("build", ".*", "tests"))
        text = (folder / "rpikit.toml").read_text()
        text = text.replace('name = "test_switch"', f'name = "{name}"')
        text = text.replace("line = 17", f"line = {button}").replace("line = 18", f"line = {lamp}")
        if name == "hall":
            text += f'\n[limits]\ncpu = "{LIMIT}%"\nmemory = "8M"\nrequired = true\n'
        (folder / "rpikit.toml").write_text(text)
        app = apps.load(folder)
        built = build.build(app, board=board)
        made[name] = bundle.make(app, board, built.unikernel, built.tender, built.folder)
    return made


@pytest.fixture
def half(virtual_ssh: Ssh, bundles: dict[str, Bundle]) -> Iterator[DeviceHalf]:
    """Let porch and hall run beside each other."""
    half = DeviceHalf(virtual_ssh)
    flash(bundles["porch"], virtual_ssh, reporter=Silent())
    flash(bundles["hall"], virtual_ssh, reporter=Silent(), beside=True)
    yield half
    half.stop_all()


def the(half: DeviceHalf, name: str) -> Guest:
    (found,) = (guest for guest in half.ps() if guest.name == name)
    return found


def press(pins: Pins, name: str) -> None:
    """Press a guest's button and release it; see that its lamp obeys, and no other."""
    button, lamp = PINS[name]
    lamps = {other for _, other in PINS.values()}
    with pins.watch(*lamps) as watch:
        for level in (True, False):
            pins.drive(button, level)
            edge = watch.next(WITHIN)
            assert edge is not None, f"{name} does not answer"
            assert (edge.line, edge.high) == (lamp, level)
    pins.release(button)


def test_each_answers_its_own_switch(half: DeviceHalf, virtual_pins: Pins) -> None:
    for name in ("porch", "hall", "porch"):
        press(virtual_pins, name)
    assert the(half, "porch").grants == ("line 17", "line 18")
    assert the(half, "hall").grants == ("line 27", "line 22")


def test_a_third_that_wants_a_held_pin_is_refused_and_both_go_on(
    half: DeviceHalf, virtual_ssh: Ssh, virtual_pins: Pins, bundles: dict[str, Bundle]
) -> None:
    before = {guest.name: guest.pid for guest in half.ps() if guest.pid}
    with pytest.raises(BoardError, match="line 18 is held by porch"):
        flash(bundles["thief"], virtual_ssh, reporter=Silent(), beside=True)
    assert {guest.name: guest.pid for guest in half.ps() if guest.pid} == before
    press(virtual_pins, "porch")
    press(virtual_pins, "hall")
    half.of("porch").stop()
    flash(bundles["thief"], virtual_ssh, reporter=Silent(), beside=True)
    press(virtual_pins, "thief")
    with pytest.raises(BoardError, match="line 18 is held by thief"):
        half.of("porch").start()


def test_one_that_is_killed_takes_nobody_with_it(
    half: DeviceHalf, virtual_ssh: Ssh, virtual_pins: Pins
) -> None:
    hall = the(half, "hall")
    virtual_ssh.run(f"kill -SEGV {the(half, 'porch').pid}")
    deadline = time.monotonic() + WITHIN
    while guests.state(the(half, "porch")) == "running":
        assert time.monotonic() < deadline
    assert (guests.state(the(half, "porch")), the(half, "porch").exit) == ("ended", 128 + 11)
    assert the(half, "hall").pid == hall.pid
    press(virtual_pins, "hall")
    assert half.of("porch").start().running
    press(virtual_pins, "porch")


def test_a_guest_keeps_to_its_limits(
    half: DeviceHalf, virtual_ssh: Ssh, virtual_pins: Pins
) -> None:
    hall = the(half, "hall")
    assert (hall.limit_cpu, hall.limit_memory) == (LIMIT, 8 << 20)
    group = "/sys/fs/cgroup/rpikit-opt-rpikit/hall"

    def read(file: str) -> str:
        return virtual_ssh.run(f"cat {group}/{file}").out

    assert read("cgroup.procs").split() == [str(hall.pid)]
    assert read("cpu.max").split() == [str(LIMIT * 1000), "100000"]
    assert read("memory.max").strip() == str(8 << 20)

    def stat() -> dict[str, int]:
        return {
            name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", read("cpu.stat"), re.M)
        }

    deadline = time.monotonic() + WITHIN
    first = stat()
    while stat()["nr_periods"] < first["nr_periods"] + 20:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    last = stat()
    periods = last["nr_periods"] - first["nr_periods"]
    assert last["nr_throttled"] > first["nr_throttled"]
    # The kernel lends each processor a slice of 5 ms at a time: sched_cfs_bandwidth_slice_us.
    lent = 4 * 5000
    assert last["usage_usec"] - first["usage_usec"] <= (periods + 2) * LIMIT * 1000 + lent
    press(virtual_pins, "porch")
    half.of("hall").stop()
    assert virtual_ssh.run(f"ls {group}").status != 0


@pytest.fixture
def networks(virtual_ssh: Ssh) -> Iterator[None]:
    """Give the board two taps, 10.0.0.1 and 10.1.0.1, and a file of 64 KiB for each."""
    for at in range(2):
        made = (
            f"tunctl -t tap{100 + at} && ip addr add 10.{at}.0.1/24 dev tap{100 + at} && "
            f"ip link set tap{100 + at} up && truncate -s 64K /tmp/storage{at}.img"
        )
        assert virtual_ssh.run(made).status == 0
    yield
    DeviceHalf(virtual_ssh).stop_all()
    virtual_ssh.run("for at in 0 1; do tunctl -d tap10$at; rm /tmp/storage$at.img; done")


def serving(out: Path, name: str, at: int, *, tap: int) -> Bundle:
    """Build the guest that serves network `at` under another name, with a file of its own."""
    folder = out / name
    shutil.copytree(GUESTS / "serve", folder)
    for shared in ("ping.h", "expect.h"):
        shutil.copy(GUESTS / shared, out)
    main, description = folder / "main.c", folder / "rpikit.toml"
    main.write_text(main.read_text().replace("NETWORK 0", f"NETWORK {at}"))
    text = description.read_text().replace('"serve"', f'"{name}"').replace("tap100", f"tap{tap}")
    description.write_text(text.replace("storage0", f"storage{at}"))
    app, board = apps.load(folder), boards.load(boards.DEFAULT)
    built = build.build(app, board=board)
    return bundle.make(app, board, built.unikernel, built.tender, built.folder)


def test_several_use_network_storage_and_clock_at_once(
    virtual_ssh: Ssh, networks: None, tmp_path: Path
) -> None:
    half = DeviceHalf(virtual_ssh)
    for at, name in enumerate(("east", "west")):
        made = serving(tmp_path, name, at, tap=100 + at)
        flash(made, virtual_ssh, reporter=Silent(), beside=at > 0)
    pings = " & ".join(f"ping -i 0.01 -c 50 -w 60 10.{at}.0.2 >/dev/null" for at in range(2))
    assert virtual_ssh.run(f"{pings} & wait", timeout=120).status == 0
    for at, name in enumerate(("east", "west")):
        assert "40 pings answered and kept" in half.of(name).logs()
        kept = virtual_ssh.get(f"/tmp/storage{at}.img")
        for number in range(40):
            assert kept[number * 512] == number + at
    other = serving(tmp_path, "other", 2, tap=101)
    with pytest.raises(BoardError, match="interface tap101 is held by west"):
        flash(other, virtual_ssh, reporter=Silent(), beside=True)
    assert half.of("west").stop().stopped == ("west",)
    assert the(half, "east").pid is not None
