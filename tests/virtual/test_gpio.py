# SPDX-License-Identifier: MIT
"""Lines by name under our tender on the virtual Pi: several at once, edges, each way to them."""

import re
import shlex
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rpikit.transport.ssh import Ssh
from rpikit.virtual.pins import Pins

FOLDER = "/tmp/gpio"
GUESTS = ("gpio_edges", "gpio_many", "gpio_page")
BUTTON = 17
RED, GREEN, BLUE = 22, 23, 24
GRANTS = f"--pin:red={RED} --pin:green={GREEN} --pin:blue={BLUE} --pin:input={BUTTON}"
EDGE = re.compile(r"edge (\d+) (rising|falling)( sampled)? lost (\d+) age (\d+) us")


@dataclass(frozen=True)
class Seen:
    """An edge as a guest tells it."""

    sequence: int
    is_rising: bool
    is_sampled: bool
    lost: int
    age_us: int


def seen_in(text: str) -> list[Seen]:
    return [
        Seen(int(number), edge == "rising", bool(sampled), int(lost), int(age))
        for number, edge, sampled, lost, age in EDGE.findall(text)
    ]


@pytest.fixture(scope="module")
def board(built: Path, virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    archive = tmp_path_factory.mktemp("guests") / "guests.tgz"
    with tarfile.open(archive, mode="w:gz") as tar:
        tar.add(built / "generic" / "rpikit-tender", "rpikit-tender")
        for name in GUESTS:
            tar.add(built / "apps" / name / f"{name}.hvt", f"{name}.hvt")
    virtual_ssh.put(archive, f"{FOLDER}.tgz")
    unpack = f"mkdir -p {FOLDER} && tar xzf {FOLDER}.tgz -C {FOLDER} && rm {FOLDER}.tgz"
    assert virtual_ssh.run(unpack).status == 0
    yield virtual_ssh
    virtual_ssh.run(f"rm -rf {FOLDER}")


def command(options: str, guest: str, words: str = "") -> str:
    return f"cd {FOLDER} && ./rpikit-tender --mem=2 {options} -- {guest}.hvt --solo5:quiet {words}"


class Watching:
    """A guest that tells the edges of the button; a context manager for one run."""

    def __init__(self, board: Ssh, options: str, words: str) -> None:
        self._board = board
        self._log = f"{FOLDER}/log"
        run = command(f"--pin:button={BUTTON} {options}", "gpio_edges", words)
        inner = shlex.quote(f"{run} >{self._log} 2>&1; echo ended $? >>{self._log}")
        assert board.run(f"rm -f {self._log}; setsid sh -c {inner} >/dev/null 2>&1 &").status == 0

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """Return all it said, once it has said `text`."""
        end = time.monotonic() + seconds
        while True:
            said = self._board.run(f"cat {self._log} 2>/dev/null").out
            if text in said:
                return said
            assert time.monotonic() < end, f"waited for {text!r}; it said: {said}"
            time.sleep(0.2)


def press(pins: Pins, watching: Watching, edges: int) -> None:
    """Make so many edges on the button, the first a rising one, each when the last was told."""
    for edge in range(1, edges + 1):
        pins.drive(BUTTON, edge % 2 == 1)
        watching.wait_for(f"edge {edge} ")


@pytest.mark.parametrize("way", ["cdev", "mmio"])
def test_several_lines_move_at_once_and_what_is_not_granted_does_not(
    board: Ssh, virtual_pins: Pins, way: str
) -> None:
    with virtual_pins.watch(RED, GREEN) as watch:
        done = board.run(command(f"--gpio={way} {GRANTS}", "gpio_many"), timeout=60)
        assert done.status == 0, done.out + done.err
        assert "SUCCESS\n" in done.out
        assert "calls refused: line not granted" in done.err
        moves = [(edge.line, edge.high) for edge in watch.edges]
    # The guest reads back each move; this is from outside. Green is active low, and inactive.
    assert {(RED, True), (GREEN, True)} <= set(moves)


def test_sysfs_refuses_a_drive_and_serves_the_rest(board: Ssh) -> None:
    refused = board.run(command(f"--gpio=sysfs {GRANTS},no-pull", "gpio_many"))
    assert refused.status == 1
    assert f"line {BLUE} needs a pull or drive" in refused.err


@pytest.mark.parametrize("options", ["", "--gpio-edges=sampled", "--gpio=mmio"])
def test_no_press_is_missed_and_each_edge_says_that_it_was_sampled(
    board: Ssh, virtual_pins: Pins, options: str
) -> None:
    virtual_pins.drive(BUTTON, False)
    watching = Watching(board, options, "count=8")
    assert "ready, sampled" in watching.wait_for("ready")
    press(virtual_pins, watching, 8)
    said = watching.wait_for("ended")
    assert "SUCCESS\nended 0\n" in said
    told = seen_in(said)
    assert [(edge.sequence, edge.lost) for edge in told] == [(n, 0) for n in range(1, 9)]
    assert [edge.is_rising for edge in told] == [True, False] * 4
    assert all(edge.is_sampled for edge in told)
    silent = "warning: the chip does not report edges: sampling each 1000 us from here on"
    assert (silent in said) == ("sampled" not in options)


def test_edges_have_the_guests_own_time(board: Ssh, virtual_pins: Pins) -> None:
    virtual_pins.drive(BUTTON, False)
    watching = Watching(board, "--gpio-edges=sampled", "count=6")
    watching.wait_for("ready")
    press(virtual_pins, watching, 6)
    ages = [edge.age_us for edge in seen_in(watching.wait_for("ended 0"))]
    # Told at once, on a machine that may be busy; another clock would be seconds or hours away.
    assert len(ages) == 6
    assert max(ages) < 2_000_000


def test_a_chip_that_is_said_to_report_is_believed(board: Ssh) -> None:
    done = board.run(
        command(f"--gpio-edges=reported --pin:button={BUTTON}", "gpio_edges", "count=0")
    )
    assert done.status == 0
    assert "ready\n" in done.out


def test_edges_that_the_operator_takes_away_are_not_watched(board: Ssh) -> None:
    done = board.run(command(f"--pin:button={BUTTON},no-edges", "gpio_edges", "count=0"))
    assert done.status == 1
    assert "FAILURE" in done.out
    assert "SOLO5_R_AGAIN" in done.out


TRUST = "--trust-guest-with-all-pins"
LAMP = f"--pin:lamp={RED}"


def test_a_trusted_guest_moves_a_line_without_leaving(board: Ssh, virtual_pins: Pins) -> None:
    with virtual_pins.watch(RED) as watch:
        done = board.run(command(f"{LAMP} --gpio=mmio {TRUST}", "gpio_page"))
        assert done.status == 0, done.out + done.err
        assert "SUCCESS\n" in done.out
        assert "warning: this guest can move every pin of the board" in done.err
        assert watch.next(10) is not None


def test_a_trusted_guest_reaches_nothing_behind_the_page(board: Ssh) -> None:
    done = board.run(command(f"{LAMP} --gpio=mmio {TRUST}", "gpio_page", "beyond"))
    assert done.status == 1
    assert "Invalid guest mmio access: address=0x14000101c" in done.err


@pytest.mark.parametrize("options", ["", "--gpio=mmio"])
def test_no_guest_is_trusted_by_default(board: Ssh, virtual_pins: Pins, options: str) -> None:
    done = board.run(command(f"{LAMP} {options}", "gpio_page"))
    assert done.status == 0
    assert "no page\n" in done.out
    forced = board.run(command(f"{LAMP} {options}", "gpio_page", "force"))
    assert forced.status == 255
    assert "translation fault" in forced.out
    assert not virtual_pins.read(RED)


def test_trust_needs_the_registers(board: Ssh) -> None:
    done = board.run(command(f"{LAMP} {TRUST}", "gpio_page"))
    assert done.status == 1
    assert f"{TRUST} needs --gpio=mmio" in done.err


WRONG = {
    "--gpio-edges=never": "auto, reported, sampled",
    "--gpio-period=0": "microseconds",
    "--gpio-period=x": "microseconds",
    "--gpio=sysfs --gpio-edges=reported --pin:button=17,no-pull": "reports none",
    "--gpio=mmio --gpio-chip=other --pin:button=17": "use --gpio=cdev",
}


@pytest.mark.parametrize(("options", "message"), list(WRONG.items()))
def test_a_wrong_option_is_refused_in_one_line(board: Ssh, options: str, message: str) -> None:
    done = board.run(command(options, "gpio_edges", "count=0"))
    assert done.status == 1
    assert message in done.err
    assert len(done.err.splitlines()) == 1


def test_a_line_that_somebody_holds_is_named(board: Ssh) -> None:
    hold = "gpioset --mode=signal gpiochip0 23=1 </dev/null >/dev/null 2>&1 & echo $!"
    holder = board.run(hold).out.strip()
    try:
        time.sleep(0.5)
        done = board.run(command(GRANTS, "gpio_many"))
        assert done.status == 1
        assert 'line 23 is busy: "gpioset" holds it' in done.err
    finally:
        board.run(f"kill {holder}")
