# SPDX-License-Identifier: MIT
"""Several guests on one board, with both shells: beside each other, and never at the same pins."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import promised
import pytest
from local_board import BROKEN, HELLO, LocalBoard, make_bundle

from rpikit import guests
from rpikit.bundle import Bundle, Limits
from rpikit.console import HEAD_END, Head
from rpikit.device import DeviceHalf, Guest
from rpikit.errors import BoardError, DescriptionError, FirmwareError
from rpikit.flash import Flashed, flash
from rpikit.report import Silent

LED = ("--pin:Led=17,out",)
BUTTON = ("--pin:Button=27,in,pull-up", "--net:net0=tap0")


class Told(Silent):
    """A reporter that keeps what it was told besides."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def put(board: LocalBoard, bundle: Bundle, *, beside: bool = True) -> Flashed:
    return flash(bundle, board.transport, reporter=Silent(), half=board.half, beside=beside)


def states(board: LocalBoard) -> dict[str, str]:
    return {guest.name: guests.state(guest) for guest in board.half.ps()}


def the(board: LocalBoard, name: str) -> Guest:
    (found,) = (guest for guest in board.half.ps() if guest.name == name)
    return found


def test_two_run_beside_each_other_each_with_its_console(board: LocalBoard, tmp_path: Path) -> None:
    first = put(board, make_bundle(tmp_path, "echo ready one\nexec sleep 60\n", options=LED))
    loud = make_bundle(tmp_path, "echo ready two\nexec sleep 60\n", name="lamp", options=BUTTON)
    second = put(board, loud)
    assert states(board) == {"blink": "running", "lamp": "running"}
    assert first.status.pid != second.status.pid
    assert second.status.stopped == ()
    assert board.half.logs() == "ready one\n"
    assert board.half.of("lamp").logs() == "ready two\n"
    lamp = the(board, "lamp")
    assert lamp.grants == ("line 27", "interface tap0")
    assert (lamp.version, lamp.slot, lamp.pid) == ("1.0.0", "a", second.status.pid)
    assert lamp.uptime is not None
    assert lamp.memory
    assert lamp.cpu_ms is not None


def test_a_flash_that_is_not_beside_stops_the_others_and_keeps_their_slots(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, make_bundle(tmp_path, options=LED))
    flashed = put(board, make_bundle(tmp_path, name="lamp", options=LED), beside=False)
    assert flashed.status.stopped == ("blink",)
    assert flashed.values()["stopped"] == ["blink"]
    assert states(board) == {"blink": "stopped", "lamp": "running"}
    board.half.of("blink").verify("a")


def test_a_flash_that_fails_lets_the_others_run_again(board: LocalBoard, tmp_path: Path) -> None:
    put(board, make_bundle(tmp_path, options=LED))
    put(board, make_bundle(tmp_path, name="lamp", options=BUTTON))
    with pytest.raises(FirmwareError, match=r"of this name; blink lamp too|blink lamp"):
        put(board, make_bundle(tmp_path, BROKEN, name="bad"), beside=False)
    assert states(board) == {"bad": "ended", "blink": "running", "lamp": "running"}
    last = DeviceHalf(board.transport, home=str(board.home), shell=board.shell)
    assert last.status().name == "lamp"


def test_one_that_fails_beside_the_others_leaves_them_alone(
    board: LocalBoard, tmp_path: Path
) -> None:
    before = put(board, make_bundle(tmp_path, options=LED)).status
    with pytest.raises(FirmwareError, match="ended with status 3"):
        put(board, make_bundle(tmp_path, BROKEN, name="bad"))
    assert board.half.status() == before
    assert the(board, "bad").exit == 3


@pytest.mark.parametrize(
    ("held", "wanted", "said"),
    [
        ("--pin:Led=17,out", "--pin:Switch=17,in,active-low", "line 17"),
        ("--net:net0=tap0", "--net:other=tap0", "interface tap0"),
        ("--i2c:Heat=1@0x48", "--i2c:Cold=1@0x48", "I2C device 1@0x48"),
        ("--spi:Adc=0.1,mode=0,speed=1000", "--spi:Dac=0.1,mode=3,speed=5", "SPI device 0.1"),
        ("--pwm:Servo=0.0,period-max=9", "--pwm:Fan=0.0,period-max=8", "PWM channel 0.0"),
        ("--block:disk=/dev/../dev/null", "--block:store=/dev/null", "file /dev/null"),
    ],
)
def test_what_one_holds_is_refused_to_another_before_anything_is_stopped(
    dash: LocalBoard, tmp_path: Path, held: str, wanted: str, said: str
) -> None:
    put(dash, make_bundle(tmp_path, options=(held,)))
    first = put(dash, make_bundle(tmp_path, name="lamp")).status
    with pytest.raises(BoardError, match=f": {said} is held by blink$") as caught:
        put(dash, make_bundle(tmp_path, version="2.0.0", name="lamp", options=(wanted,)))
    assert str(caught.value.hint) == "rpikit stop blink -b this"
    assert dash.half.of("lamp").status() == first
    dash.half.stop()
    assert put(dash, make_bundle(tmp_path, name="lamp", options=(wanted,))).status.running
    with pytest.raises(BoardError, match=f": {said} is held by lamp$"):
        dash.half.start()


SERVO, SENSOR = ("--pwm:Servo=0.0,period-max=9",), ("--i2c:Heat=1@0x48",)
BUS = ("2 SDA1", "3 SCL1")
TRUST = ("--gpio=mmio", "--trust-guest-with-all-pins", "--pin:Led=22,out")


@pytest.mark.parametrize(
    ("held", "held_signals", "wanted", "wanted_signals", "said"),
    [
        (("--pin:Led=18,out",), (), SERVO, ("18 PWM0",), "line 18"),
        (SERVO, ("18 PWM0",), ("--pin:Led=18,out",), (), "line 18, as PWM0,"),
        (SENSOR, BUS, ("--pin:Led=3,out",), (), "line 3, as SCL1,"),
        (("--pin:Led=2,out",), (), SENSOR, BUS, "line 2"),
        (("--pwm:A=0.1",), ("19 PWM1",), ("--spi:B=1.0",), ("19 SPI1_MISO",), "line 19, as PWM1,"),
        (TRUST, (), ("--pin:Led=5,out",), (), "every pin"),
        (TRUST, (), SENSOR, BUS, "every pin"),
        (("--pin:Led=5,out",), (), TRUST, (), "line 5"),
        (SENSOR, BUS, TRUST, (), "line 2"),
        (TRUST, (), (*TRUST[:2], "--pin:Led=23,out"), (), "every pin"),
    ],
)
def test_one_pin_is_one_guests_whatever_it_is_there_for(
    dash: LocalBoard,
    tmp_path: Path,
    held: tuple[str, ...],
    held_signals: tuple[str, ...],
    wanted: tuple[str, ...],
    wanted_signals: tuple[str, ...],
    said: str,
) -> None:
    put(dash, make_bundle(tmp_path, options=held, signals=held_signals))
    second = make_bundle(tmp_path, name="lamp", options=wanted, signals=wanted_signals)
    with pytest.raises(BoardError, match=f": {said} is held by blink$") as caught:
        put(dash, second)
    assert caught.value.exit_code == 4
    assert states(dash) == {"blink": "running"}
    dash.half.stop()
    assert put(dash, second).status.running


def test_who_has_no_pin_runs_beside_one_that_has_every_pin(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, make_bundle(tmp_path, options=TRUST))
    pinless = make_bundle(tmp_path, name="lamp", options=("--net:net0=tap0",))
    assert put(board, pinless).status.running
    assert the(board, "blink").grants == ("every pin", "line 22")


def test_two_devices_of_one_bus_share_its_pins(board: LocalBoard, tmp_path: Path) -> None:
    put(board, make_bundle(tmp_path, options=SENSOR, signals=BUS))
    other = make_bundle(tmp_path, name="lamp", options=("--i2c:Cold=1@0x49",), signals=BUS)
    assert put(board, other).status.running


def test_nothing_is_left_of_a_guest_that_was_refused(board: LocalBoard, tmp_path: Path) -> None:
    put(board, make_bundle(tmp_path, options=LED))
    with pytest.raises(BoardError, match="held by blink"):
        put(board, make_bundle(tmp_path, name="thief", options=LED))
    assert states(board) == {"blink": "running"}
    assert board.leftovers() == set()


def test_neighbours_on_a_bus_and_lines_that_only_begin_alike_are_no_conflict(
    board: LocalBoard, tmp_path: Path
) -> None:
    mine = ("--pin:A=1,in", "--i2c:Heat=1@0x48", "--pin:Dot=4,out")
    other = ("--pin:A=17,in", "--i2c:Heat=1@0x49", "--pin:Any=14,in")
    put(board, make_bundle(tmp_path, options=mine))
    assert put(board, make_bundle(tmp_path, name="lamp", options=other)).status.running


def test_of_two_that_want_the_same_pin_at_once_one_gets_it(
    board: LocalBoard, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        put(board, make_bundle(tmp_path, name=name, options=LED), beside=False)
    board.half.stop_all()
    refused: list[str] = []

    def start(name: str) -> None:
        try:
            board.half.of(name).start()
        except BoardError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=start, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states(board).values()) == ["running", "stopped"]
    assert len(refused) == 1
    assert "line 17 is held by " in refused[0]


def test_starts_of_different_guests_at_once_both_succeed(dash: LocalBoard, tmp_path: Path) -> None:
    names = [f"guest{at}" for at in range(3)]
    for name in names:
        put(dash, make_bundle(tmp_path, name=name))
    dash.half.stop_all()
    threads = [threading.Thread(target=dash.half.of(name).start) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states(dash) == dict.fromkeys(names, "running")
    assert dash.half.stop_all() == tuple(names)


def test_killing_one_leaves_the_other(board: LocalBoard, tmp_path: Path) -> None:
    first = put(board, make_bundle(tmp_path)).status.pid
    second = put(board, make_bundle(tmp_path, name="lamp")).status
    assert first is not None
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while the(board, "blink").exit is None:
        assert time.monotonic() < deadline
    assert states(board) == {"blink": "ended", "lamp": "running"}
    assert the(board, "blink").exit == 137
    assert board.half.of("lamp").status() == second


def test_stop_tells_a_guest_that_was_stopped_from_one_that_ended(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, make_bundle(tmp_path, HELLO, ready=None))
    put(board, make_bundle(tmp_path, name="lamp"))
    stopped = guests.stop("desk", board.half, "lamp")
    assert str(stopped) == "desk: stopped lamp"
    assert str(guests.stop("desk", board.half, "lamp")) == "desk: lamp was not running"
    assert str(guests.stop("desk", board.half, None)) == "desk: nothing ran"
    assert states(board) == {"blink": "ended", "lamp": "stopped"}
    started = guests.start("desk", board.half, "lamp", reporter=Silent())
    assert str(started) == f"desk: lamp 1.0.0 runs as process {started.status.pid} from slot a"
    assert states(board)["lamp"] == "running"
    assert promised.result("stop", json.dumps(stopped.values()))["stopped"] == ["lamp"]
    assert promised.result("start", json.dumps(started.values()))["pid"] == started.status.pid


def test_the_table_has_a_row_for_each_and_says_when_there_is_none(
    dash: LocalBoard, tmp_path: Path
) -> None:
    assert str(guests.ps("desk", dash.half)) == (
        "desk: has no guests; rpikit flash -b desk puts one there"
    )
    put(dash, make_bundle(tmp_path, options=LED))
    put(dash, make_bundle(tmp_path, HELLO, name="hello", ready=None))
    head, running, ended = str(guests.ps("desk", dash.half)).splitlines()
    assert head.split() == ["NAME", "VERSION", "STATE", "SLOT", "UP", "CPU", "MEMORY", "GRANTS"]
    listed = promised.result("ps", json.dumps(guests.ps("desk", dash.half).values()))
    assert [guest["state"] for guest in listed["guests"]] == ["running", "ended"]
    pid = the(dash, "blink").pid
    assert running.startswith(f"blink  1.0.0    running ({pid})")
    assert running.endswith("  line 17")
    assert ended.split() == ["hello", "1.0.0", "ended", "with", "0", "a", "-", "-", "-", "-"]


@pytest.mark.parametrize(
    "name", ["", "..", ".before", "a/b", "-n", "a b", "$(id)", "a\nb", "*", "é", "@a"]
)
def test_a_name_that_no_guest_can_have_is_refused(dash: LocalBoard, name: str) -> None:
    for command in (dash.half.of(name).start, dash.half.of(name).stop, dash.half.of(name).logs):
        with pytest.raises(DescriptionError, match="is no name of a guest"):
            command()
    assert not dash.home.exists()


def test_a_guest_that_is_not_there_is_told_with_those_that_are(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, make_bundle(tmp_path))
    for command in ("start", "stop", "logs"):
        with pytest.raises(BoardError, match="has no guest lamp") as caught:
            getattr(board.half.of("lamp"), command)()
        assert caught.value.hint == "its guests are: blink"
    assert not (board.home / "guests/lamp").exists()


def test_without_a_name_the_one_that_was_started_last_is_meant(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, make_bundle(tmp_path))
    put(board, make_bundle(tmp_path, name="lamp"))
    last = DeviceHalf(board.transport, home=str(board.home), shell=board.shell)
    assert last.status().name == "lamp"
    board.half.stop()
    board.half.start()
    assert last.status().name == "blink"
    channel = last.watch()
    said = b""
    while HEAD_END not in said:
        said += channel.read(4096, 30)
    channel.close()
    assert Head.parse(said.partition(HEAD_END)[0]).name == "blink"
    own = subprocess.run(
        ["sh", board.home / "current/device.sh", "status"],
        env=os.environ | {"RPIKIT_HOME": str(board.home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "name=blink\n" in own.stdout


def as_before(board: LocalBoard) -> None:
    """Lay a board out as one was when it had one guest: its slots, run and current at the top."""
    for name in ("slots", "run"):
        shutil.move(board.guest / name, board.home / name)
    (board.home / "current").unlink()
    shutil.move(board.guest / "current", board.home / "current")
    shutil.rmtree(board.home / "guests")


@pytest.mark.parametrize("cut", [None, "begun", "slots moved"])
def test_a_board_of_one_guest_is_taken_over_with_its_slots(
    board: LocalBoard, tmp_path: Path, cut: str | None
) -> None:
    put(board, make_bundle(tmp_path))
    before = put(board, make_bundle(tmp_path, version="2.0.0")).status
    as_before(board)
    if cut is not None:
        aside = board.home / "guests/.before"
        (aside / "run").mkdir(parents=True)
        if cut == "slots moved":
            shutil.move(board.home / "slots", aside / "slots")
    after = DeviceHalf(board.transport, home=str(board.home), shell=board.shell).status()
    assert after == before
    assert (after.slot, after.version, after.running) == ("b", "2.0.0", True)
    board.half.verify("a")
    assert board.half.activate().version == "1.0.0"
    assert "the guest is ready" in board.half.logs()
    assert put(board, make_bundle(tmp_path, name="lamp")).status.running
    assert board.half.stop().stopped == ("blink",)
    assert board.half.start().version == "1.0.0"
    assert not (board.home / "slots").exists()


def test_a_board_is_not_taken_over_while_it_is_flashed(board: LocalBoard, tmp_path: Path) -> None:
    put(board, make_bundle(tmp_path))
    as_before(board)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    up = Path("/proc/uptime").read_text().partition(".")[0]
    born = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    (board.home / "lock").write_text(f"feed {os.getpid()} {born} {boot} {up} alice@lab\n")
    board.half.status()
    assert (board.home / "slots/a").exists()
    (board.home / "lock").unlink()
    assert board.half.status().running


def test_limits_that_a_board_cannot_keep_are_told_or_refused(
    board: LocalBoard, tmp_path: Path
) -> None:
    limits = Limits(cpu=20, memory=64 << 20)
    reporter = Told()
    flash(
        make_bundle(tmp_path, name="lamp", limits=limits),
        board.transport,
        reporter=reporter,
        half=board.half,
    )
    lamp = the(board, "lamp")
    assert (lamp.limit_cpu, lamp.limit_memory) == (20, 64 << 20)
    lacking = [text for text in reporter.notes if "lamp runs without its limit of" in text]
    strict = make_bundle(tmp_path, limits=limits.model_copy(update={"required": True}))
    if not lacking:  # a machine whose control groups are ours
        assert put(board, strict).status.running
        return
    assert len(lacking) == 1
    with pytest.raises(BoardError, match=r"cannot limit the (cpu|memory|cpu and memory) of blink"):
        put(board, strict)
    assert states(board) == {"lamp": "running"}


def test_a_guest_that_is_removed_is_gone_and_its_pins_are_free(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, make_bundle(tmp_path, options=LED))
    put(board, make_bundle(tmp_path, name="lamp", options=BUTTON))
    removed = guests.remove("desk", board.half, "blink")
    assert str(removed) == "desk: stopped and removed blink"
    assert promised.result("remove", json.dumps(removed.values()))["was_running"] is True
    assert states(board) == {"lamp": "running"}
    assert sorted(path.name for path in (board.home / "guests").iterdir()) == ["lamp"]
    put(board, make_bundle(tmp_path, name="heir", options=LED))
    board.half.of("lamp").stop()
    assert str(guests.remove("desk", board.half, "lamp")) == "desk: removed lamp"
    assert states(board) == {"heir": "running"}
    with pytest.raises(BoardError, match="has no guest lamp"):
        guests.remove("desk", board.half, "lamp")


def test_the_last_one_may_be_removed_and_comes_back_by_a_flash(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, make_bundle(tmp_path))
    board.half.remove()
    assert guests.ps("desk", board.half).guests == ()
    last = DeviceHalf(board.transport, home=str(board.home), shell=board.shell)
    assert last.status().name == ""
    with pytest.raises(DescriptionError, match="no guest is named"):
        last.remove()
    assert put(board, make_bundle(tmp_path)).status.running


def test_a_removal_that_was_cut_is_finished_by_the_next_one(
    board: LocalBoard, tmp_path: Path
) -> None:
    put(board, make_bundle(tmp_path))
    put(board, make_bundle(tmp_path, name="lamp"))
    board.half.of("lamp").stop()
    (board.home / "guests/lamp").rename(board.home / "guests/.gone")
    assert states(board) == {"blink": "running"}
    board.half.remove()
    assert list((board.home / "guests").iterdir()) == []


def test_a_guest_is_not_removed_while_another_is_flashed(dash: LocalBoard, tmp_path: Path) -> None:
    put(dash, make_bundle(tmp_path))
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    up = Path("/proc/uptime").read_text().partition(".")[0]
    born = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    (dash.home / "lock").write_text(f"feed {os.getpid()} {born} {boot} {up} alice@lab\n")
    with pytest.raises(BoardError, match="is being flashed by alice@lab"):
        dash.half.remove()
    (dash.home / "lock").unlink()
    assert states(dash) == {"blink": "running"}
