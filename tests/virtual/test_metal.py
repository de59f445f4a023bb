# SPDX-License-Identifier: MIT
"""The underlay on QEMU's Pi 3, without an operating system: guests run as under a tender."""

import random
import re
import shlex
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from metal_board import COUNTED, ROOT, WITHIN, Maker, Metal, address_of
from metal_guests import instruction

from rpikit import app as apps
from rpikit import board, build, payload
from rpikit.metal import UNDERLAY_MAX

BUTTON, LAMP = 17, 18
ENDED = re.compile(r"^underlay: (\S+): (?:ended|stopped), status (\d+)", re.M)


@pytest.fixture
def guest(built: Path) -> Maker:
    return Maker(built)


def run(image: bytes, place: Path) -> str:
    with Metal(image, place) as metal:
        return metal.wait_for_end()


def press(metal: Metal, times: int) -> None:
    for _ in range(times):
        metal.drive(BUTTON, True)
        metal.wait_for_level(LAMP, True)
        metal.drive(BUTTON, False)
        metal.wait_for_level(LAMP, False)


def statuses(said: str) -> dict[str, int]:
    return {name: int(status) for name, status in ENDED.findall(said)}


def rpikit_build(target: str, out: Path) -> str:
    words = ["build", str(ROOT / "c/apps/hello"), "--target", target, "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = "kernel8.img" if target == "metal" else "rpikit-tender"
    assert f"{out}/{made}: " in done.stdout
    return done.stdout


def test_an_application_is_built_into_an_image_that_boots(tmp_path: Path) -> None:
    of_tender, of_metal = tmp_path / "hvt", tmp_path / "metal"
    rpikit_build("hvt", of_tender)
    _, by_hand = rpikit_build("metal", of_metal).rstrip("\n").split("by hand, in QEMU: ")
    assert (of_metal / "hello.hvt").read_bytes() == (of_tender / "hello.hvt").read_bytes()
    image = (of_metal / "kernel8.img").read_bytes()
    assert (of_tender / "hello.hvt").read_bytes() in image
    done = subprocess.run(
        shlex.split(by_hand),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=True,
    )
    said = done.stdout.replace("\r\n", "\n")
    assert "Hello, World\n" in said
    assert said.endswith("underlay: hello: ended, status 0\nunderlay: all guests have ended\n"), (
        said
    )


def test_a_board_can_have_the_other_port_as_its_console(tmp_path: Path) -> None:
    solder, other = tmp_path / "mini.toml", tmp_path / "other"
    solder.write_text('inherits = "rpi3b-metal"\ntitle = "Mini"\nconsoles = ["mini-UART"]\n')
    app, mini = apps.load(ROOT / "c/apps/hello"), board.load(str(solder))
    made = build.build(app, board=mini, out=tmp_path / "out")
    assert "-serial null -serial stdio" in str(made)
    with Metal(made.tender.read_bytes(), tmp_path, "-serial", f"file:{other}") as metal:
        assert metal.wait_for_end() == ""
    assert other.read_text().startswith("Solo5: ")
    assert other.read_text().endswith("underlay: all guests have ended\n")


def test_a_guest_alone_has_the_console_for_itself(guest: Maker, tmp_path: Path) -> None:
    said = run(guest.image(guest("quiet", "--solo5:quiet", "one word")), tmp_path)
    assert "Solo5:" not in said
    assert "one word" in said
    assert "[quiet]" not in said


GUESTS = {
    **dict.fromkeys(("hello", "globals", "fpu", "tls", "time", "output"), 0),
    **dict.fromkeys(("exception", "zeropage", "notls", "badstack", "ssp", "wnox", "rnox"), 255),
    **dict.fromkeys(("xnow", "rnow"), 1),
}


def test_guests_end_as_they_do_under_a_tender_whoever_is_beside_them(
    guest: Maker, tmp_path: Path
) -> None:
    made = [guest(name, core=number % 4) for number, name in enumerate(GUESTS)]
    said = run(guest.image(*made), tmp_path)
    assert statuses(said) == GUESTS
    for name, status in GUESTS.items():
        if status == 0:
            assert f"[{name}] SUCCESS\n" in said
        if status == 255:
            assert f"[{name}] Solo5: ABORT: " in said
        if status == 1:
            assert f"{name}: stopped, status 1: host/guest translation fault: pc=0x" in said
    assert "FAILURE" not in said


def test_the_guests_status_and_memory_are_its_own(guest: Maker, tmp_path: Path) -> None:
    made = {
        "zero": (replace(guest("exit", "0"), name="zero"), 0),
        "seven": (replace(guest("exit", "263"), name="seven"), 7),
        "abort": (replace(guest("exit", "abort"), name="abort"), 255),
        "small": (replace(guest("memory"), name="small"), 255),
        "large": (replace(guest("memory", memory=4), name="large"), 0),
        "gap": (replace(guest("clock_gap", "1"), name="gap"), 0),
    }
    said = run(guest.image(*(one for one, _ in made.values())), tmp_path)
    assert statuses(said) == {name: status for name, (_, status) in made.items()}
    assert "[small] Solo5: ABORT: " in said
    assert "Not enough memory" in said


BAD_CALLS = {
    "unknown": "Invalid guest hypercall: num=31",
    "own-unknown": "Invalid guest hypercall: num=",
    "zero": "Invalid guest hypercall: num=0",
    **dict.fromkeys(
        ("beyond", "top", "misaligned", "readonly", "pointer", "length", "wrap"),
        "Invalid guest access",
    ),
    **dict.fromkeys(("load", "wide", "byte", "between"), "Invalid guest mmio access"),
}


def test_a_bad_call_stops_its_guest_with_one_line_and_nobody_else(
    guest: Maker, tmp_path: Path
) -> None:
    made = [
        replace(guest("badcalls", word, core=number % 4), name=word)
        for number, word in enumerate(BAD_CALLS)
    ]
    said = run(guest.image(*made, guest("time")), tmp_path)
    assert statuses(said) == {**dict.fromkeys(BAD_CALLS, 1), "time": 0}
    for word, message in BAD_CALLS.items():
        assert f"underlay: {word}: stopped, status 1: {message}" in said


def test_the_lamp_obeys_the_switch(guest: Maker, tmp_path: Path) -> None:
    image = guest.image(guest("test_switch", "presses=3"))
    with Metal(image, tmp_path) as metal:
        metal.wait_for("ready")
        press(metal, 2)
        metal.drive(BUTTON, True)
        metal.wait_for_level(LAMP, True)
        metal.drive(BUTTON, False)  # the last one, after which the machine is gone
        said = metal.wait_for_end()
    assert statuses(said) == {"test_switch": 0}
    assert "SUCCESS\n" in said


def test_edges_wake_a_guest_and_none_is_lost(guest: Maker, tmp_path: Path) -> None:
    presses = guest("gpio_presses", "count=10")
    (lamp,) = (one.line for one in presses.grants if one.name == "lamp")
    with Metal(guest.image(presses), tmp_path) as metal:
        metal.wait_for("ready")
        for _ in range(4):
            metal.drive(BUTTON, True)
            metal.wait_for_level(lamp, True)
            metal.drive(BUTTON, False)
            metal.wait_for_level(lamp, False)
        metal.drive(BUTTON, True)
        metal.wait_for_level(lamp, True)
        metal.drive(BUTTON, False)  # the last one, after which the machine is gone
        said = metal.wait_for_end()
    assert "counted 10\nSUCCESS\n" in said
    assert statuses(said) == {"gpio_presses": 0}


def test_lines_are_the_same_by_virtio_as_by_calls(guest: Maker, tmp_path: Path) -> None:
    with Metal(guest.image(guest("two_doors")), tmp_path, *COUNTED) as metal:
        said = metal.wait_for_end()
    assert statuses(said) == {"two_doors": 0}
    assert "SUCCESS\n" in said
    assert re.search(r"^a level by call \d+ ns, by virtio \d+ ns$", said, re.M)
    assert re.search(r"^underlay: two_doors: \d+ calls refused: line not granted$", said, re.M)


def test_edges_are_told_by_virtio(guest: Maker, tmp_path: Path) -> None:
    doors = guest("two_doors", "count=3")
    (lamp,) = (one.line for one in doors.grants if one.name == "lamp")
    with Metal(guest.image(doors), tmp_path) as metal:
        metal.wait_for("ready")
        for high in (True, False):
            metal.drive(BUTTON, high)
            metal.wait_for_level(lamp, high)
        metal.drive(BUTTON, True)  # the last one, after which the machine is gone
        said = metal.wait_for_end()
    assert "counted 3\nSUCCESS\n" in said
    assert statuses(said) == {"two_doors": 0}


def test_a_guest_that_reads_behind_its_virtio_device_is_stopped(
    guest: Maker, tmp_path: Path
) -> None:
    said = run(guest.image(guest("two_doors", "beyond"), guest("hello")), tmp_path)
    assert statuses(said) == {"two_doors": 1, "hello": 0}
    assert "two_doors: stopped, status 1: Invalid guest mmio access: address=0x180000200" in said


DEEDS = {"spin": "spinning", "flood": "flooding the console", "hoard": "has it all"}


@pytest.mark.parametrize("deed", list(DEEDS))
def test_a_guest_that_misbehaves_leaves_the_others_their_turn(
    guest: Maker, tmp_path: Path, deed: str
) -> None:
    rogue = guest("rogue", memory=16)
    lines = {one.name: one.line for one in rogue.grants}
    with Metal(guest.image(rogue, guest("test_switch", "presses=2")), tmp_path) as metal:
        metal.wait_for("[test_switch] test_switch: ready")
        metal.wait_for("[rogue] ready\n")
        metal.drive(lines[deed], True)
        metal.wait_for(f"[rogue] {DEEDS[deed]}")
        press(metal, 2)
        metal.wait_for("underlay: test_switch: ended, status 0")
        assert "rogue" not in statuses(metal.said())


def counts(said: str, name: str) -> list[int]:
    """Return how far a guest `share` got in each of its windows."""
    return [int(count) for count in re.findall(rf"^\[{name}\] count (\d+) ", said, re.M)]


def test_guests_of_a_core_have_time_by_their_weights(guest: Maker, tmp_path: Path) -> None:
    light = replace(guest("share"), name="light")
    heavy = replace(guest("share", "windows=12"), name="heavy", weight=3)
    asleep = replace(guest("test_switch"), weight=payload.WEIGHT_MAX)  # it wants next to nothing
    with Metal(guest.image(light, heavy, asleep), tmp_path, *COUNTED) as metal:
        metal.wait_for("underlay: heavy: ended, status 0")
        said = metal.said()
    begun = 1  # the first windows are those of a beginning
    heavier = sum(counts(said, "heavy")[begun:11]) / 10
    lighter = sum(counts(said, "light")[begun:11]) / 10
    assert 2.7 < heavier / lighter < 3.3


def test_a_silent_guest_is_stopped_and_begins_again_as_it_was_at_first(
    guest: Maker, tmp_path: Path
) -> None:
    rogue = replace(
        guest("rogue", memory=16), patience_ms=500, restart="on-failure", restarts=2, pause_ms=1
    )
    (spin,) = (one.line for one in rogue.grants if one.name == "spin")
    switch = replace(guest("test_switch", "presses=3"), patience_ms=5000)  # it waits in calls
    with Metal(guest.image(rogue, switch), tmp_path) as metal:
        metal.wait_for("[rogue] ready\n")
        metal.drive(spin, True)
        metal.wait_for("rogue: stopped, status 1: no call for too long: pc=0x10", 3)
        press(metal, 2)
        said = metal.said()
    assert "test_switch" not in statuses(said)
    assert said.count("[rogue] ready\n") == said.count("[rogue] spinning\n") == 3
    assert [
        line for line in said.splitlines() if line.startswith("underlay: rogue: restarted")
    ] == [f"underlay: rogue: restarted ({count} of 2)" for count in (1, 2)]


def test_guests_begin_again_as_often_as_they_were_granted(guest: Maker, tmp_path: Path) -> None:
    always, failing, never = (
        replace(guest("exit", word, core=core), name=name, restart=restart, restarts=2, pause_ms=1)
        for core, (name, word, restart) in enumerate(
            (("always", "0", "always"), ("failing", "7", "on-failure"), ("never", "7", "never"))
        )
    )
    fine = replace(guest("globals"), name="fine", restart="on-failure")
    data = replace(guest("globals"), name="data", restart="always", restarts=1)  # as in its file
    said = run(guest.image(always, failing, never, fine, data), tmp_path)
    ends = [name for name, _ in ENDED.findall(said)]
    assert {name: ends.count(name) for name in sorted(ends)} == {
        "always": 3,
        "data": 2,
        "failing": 3,
        "fine": 1,
        "never": 1,
    }
    assert said.count("[data] SUCCESS\n") == 2
    assert said.endswith("underlay: all guests have ended\n")


def test_the_chips_watchdog_is_on_where_it_is_granted(guest: Maker, tmp_path: Path) -> None:
    """QEMU's bites as soon as it is on, at whatever it is set to."""
    image = payload.image(guest.underlay, [guest("hello")], payload.WATCHDOG_MAX)
    assert run(image, tmp_path) == ""


def execute_only(image: bytes) -> bytes:
    """Return an ELF file whose executable segments cannot be read, as upstream links its guests."""
    patched = bytearray(image)
    at, size, count = (*struct.unpack_from("<Q", image, 32), *struct.unpack_from("<HH", image, 54))
    for header in range(at, at + size * count, size):
        kind, flags = struct.unpack_from("<II", image, header)
        if kind == 1 and flags & 1:
            struct.pack_into("<I", patched, header + 4, 1)
    return bytes(patched)


def test_execute_only_text_is_executed_and_not_read(guest: Maker, tmp_path: Path) -> None:
    made = [
        replace(one, unikernel=execute_only(one.unikernel))
        for one in (guest("hello"), guest("fpu"), guest("xnor", core=1))
    ]
    said = run(guest.image(*made), tmp_path)
    assert statuses(said) == {"hello": 0, "fpu": 0, "xnor": 1}
    assert re.search(r"xnor: stopped, .* pc=0x\w+, read of execute-only memory at 0x10", said)
    assert "FAILURE" not in said


def hostile(unikernel: bytes, seed: int) -> bytes:
    """Return an ELF file with 128 instructions somewhere in its text that a seed has drawn."""
    drawn = random.Random(seed)
    image = bytearray(unikernel)
    at = drawn.randrange(0x1000, 0x1000 + 0x1800, 4)  # its text begins with its second page
    for place in range(at, at + 512, 4):
        struct.pack_into("<I", image, place, instruction(drawn))
    return bytes(image)


def test_the_chip_has_every_guest_guard_its_stack_in_its_own_way(
    guest: Maker, tmp_path: Path
) -> None:
    """The counter is the same in each run of a machine that counts; what is random is not."""
    twins = [replace(guest("ssp"), name=name, words="guard") for name in ("one", "two")]
    guards = []
    for seed in ("1", "1", "2"):
        with Metal(guest.image(*twins), tmp_path, *COUNTED, "-seed", seed) as metal:
            said = metal.wait_for_end()
        assert statuses(said) == {"one": 255, "two": 255}
        guards.append(re.findall(r"guard ([0-9a-f]+)$", said, re.M))
    assert guards[0] == guards[1]
    assert len({*guards[0], *guards[2]}) == 4


def test_random_instructions_of_one_guest_are_nobody_elses_affair(
    guest: Maker, tmp_path: Path
) -> None:
    plain = guest("hello")
    made = [
        replace(plain, name=f"seed{seed}", unikernel=hostile(plain.unikernel, seed), core=seed % 4)
        for seed in range(1, payload.GUESTS_MAX)
    ]
    with Metal(guest.image(*made, guest("time")), tmp_path) as metal:
        metal.wait_for("underlay: time: ended, status 0")
        said = metal.said()
    assert "[time] SUCCESS\n" in said
    assert "parked" not in said
    assert 0 < len(statuses(said)) <= payload.GUESTS_MAX


def test_what_is_granted_is_checked_against_the_manifest(guest: Maker, tmp_path: Path) -> None:
    switch = guest("test_switch", "presses=0")
    button, lamp = switch.grants
    wrong = {
        "unknown": (replace(button, name="bell"), "a line is granted that its manifest does not"),
        "twice": (button, "a line of its manifest is granted twice"),
        "direction": (replace(lamp, name=button.name, line=4), "in a direction that"),
        "console": (replace(button, line=14), "that is not there, or somebody else's"),
        "nowhere": (replace(button, line=54), "that is not there, or somebody else's"),
    }
    made = [
        replace(switch, name=name, grants=(grant, grant) if name == "twice" else (grant,))
        for name, (grant, _) in wrong.items()
    ]
    said = run(guest.image(*made, replace(guest("net"), name="net")), tmp_path)
    assert statuses(said) == dict.fromkeys((*wrong, "net"), 1)
    for name, (_, why) in wrong.items():
        (line,) = [one for one in said.splitlines() if one.startswith(f"underlay: {name}: ")]
        assert why in line
    assert "underlay: net: stopped, status 1: a device of its manifest is not attached" in said


def test_calls_on_lines_not_granted_are_refused_and_counted(guest: Maker, tmp_path: Path) -> None:
    said = run(guest.image(guest("denied")), tmp_path)
    assert statuses(said) == {"denied": 0}
    assert re.search(r"^underlay: denied: \d+ calls refused: line not granted$", said, re.M)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda image, at: image[:at], "there is none"),
        (lambda image, at: image[:at] + b"\0" + image[at + 1 :], "there is none"),
        (lambda image, at: image[: at + 4] + b"\1" + image[at + 5 :], "of another version than 3"),
    ],
    ids=["none", "damaged", "other"],
)
def test_an_image_with_nothing_to_run_says_so(
    guest: Maker, tmp_path: Path, change: Callable[[bytes, int], bytes], why: str
) -> None:
    whole = guest.image(guest("hello"))
    said = run(change(whole, len(guest.underlay)), tmp_path)
    assert said.startswith("underlay: nothing to run: the payload behind the image: ")
    assert why in said


def test_a_fault_of_its_own_parks_the_machine_with_a_report(
    built: Path, guest: Maker, tmp_path: Path
) -> None:
    address = address_of(built, "trap_decode")
    with Metal(guest.image(guest("test_switch"), guest("rogue", core=1)), tmp_path) as metal:
        metal.wait_for("[test_switch] test_switch: ready")
        metal.write(address, bytes(4))  # no instruction
        metal.wait_for("underlay: parked: exception on core ")
        metal.wait_for(f": ESR 0x2000000, PC {address:#x}, address ")
        before = metal.said()
        metal.drive(BUTTON, True)
        time.sleep(0.2)
        assert metal.said() == before
        assert not metal.is_high(LAMP)


def test_the_underlay_itself_fits_in_64_kib(guest: Maker) -> None:
    assert len(guest.underlay) <= UNDERLAY_MAX
