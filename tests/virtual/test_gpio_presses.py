# SPDX-License-Identifier: MIT
"""Edges on the virtual Pi, counted: none is lost, none invented, and what is lost is told exactly.

Its chip reports no edges (QEMU's has no event registers, and Debian's kernel has neither gpio-sim
nor gpio-mockup), so these are sampled ones. tests/c/test_gpio_edges.c has those that a kernel
reports.
"""

import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import app as apps
from rpikit import board as boards
from rpikit import build
from rpikit.transport.ssh import Ssh
from rpikit.virtual.pins import Pins

ROOT = Path(__file__).parents[2]
FOLDER = "/tmp/presses"
BUTTON, LAMP = 17, 22
PRESSES = 200
WITHIN = 60  # seconds, on a busy machine
_ROOM = re.search(r"#define GPIO_EVENTS (\d+)", (ROOT / "c/devices/gpio.h").read_text())
assert _ROOM is not None
ROOM = int(_ROOM[1])
"""Edges of a line that the host keeps for a guest."""


@pytest.fixture(scope="module")
def board(virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    """Put the guest that counts on the board."""
    app = apps.load(ROOT / "tests/guests/gpio_presses")
    out = tmp_path_factory.mktemp("presses")
    built = build.build(app, board=boards.load(boards.DEFAULT), out=out)
    assert virtual_ssh.run(f"mkdir {FOLDER}").status == 0
    for file in (built.unikernel, built.tender):
        virtual_ssh.put(file, f"{FOLDER}/{file.name}")
    assert virtual_ssh.run(f"chmod 755 {FOLDER}/*").status == 0
    yield virtual_ssh
    virtual_ssh.run(f"rm -r {FOLDER}")


def start(board: Ssh, options: str, words: str) -> None:
    """Start the guest and wait until it watches."""
    run = (
        f"cd {FOLDER}; ./rpikit-tender --mem=2 --pin:button={BUTTON} --pin:lamp={LAMP} {options} "
        f"-- gpio_presses.hvt --solo5:quiet {words} >log 2>&1; echo ended $? >>log"
    )
    begun = f"rm -f {FOLDER}/log; setsid sh -c {shlex.quote(run)} </dev/null >/dev/null 2>&1 &"
    assert board.run(begun).status == 0
    said_by(board, "ready\n")


def said_by(board: Ssh, text: str) -> str:
    """Return all that the guest said, once it has said this."""
    end = time.monotonic() + WITHIN
    while text not in (said := board.run(f"cat {FOLDER}/log 2>/dev/null").out):
        assert time.monotonic() < end, f"waited for {text!r}; it said: {said}"
        time.sleep(0.2)
    return said


def make(pins: Pins, edges: int) -> None:
    """Make so many edges on the button, each when the lamp has answered the one before."""
    with pins.watch(LAMP) as watch:
        for number in range(1, edges + 1):
            pins.drive(BUTTON, number % 2 == 1)
            answer = watch.next(WITHIN)
            assert answer is not None, f"edge {number} of {edges} was not answered"
            assert answer.high == (number % 2 == 1), f"edge {number} was answered by another"


@pytest.mark.parametrize("options", ["--gpio-edges=sampled", "--gpio=mmio"])
def test_of_many_presses_none_is_lost_and_none_invented(
    board: Ssh, virtual_pins: Pins, options: str
) -> None:
    virtual_pins.drive(BUTTON, False)
    start(board, options, f"count={2 * PRESSES}")
    make(virtual_pins, 2 * PRESSES)
    assert f"counted {2 * PRESSES}\nSUCCESS\nended 0\n" in said_by(board, "ended")


@pytest.mark.parametrize("edges", [ROOM, ROOM + 1, 2 * ROOM + 38])
def test_what_a_guest_leaves_too_long_is_counted_exactly(
    board: Ssh, virtual_pins: Pins, edges: int
) -> None:
    virtual_pins.drive(BUTTON, False)
    start(board, "--gpio-edges=sampled", f"unread={edges}")
    make(virtual_pins, edges)
    said = said_by(board, "ended")
    assert f"lost {edges - ROOM} kept {ROOM}\nSUCCESS\nended 0\n" in said
