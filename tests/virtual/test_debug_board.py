# SPDX-License-Identifier: MIT
"""`rpikit debug` on a board of its own: the guest, the tender, what is left behind."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import promised
import pytest

from rpikit import board, paths
from rpikit.virtual import machine
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Connection, Pins
from rpikit.virtual.stub import packet

SWITCH = paths.data_root() / "c" / "apps" / "test_switch"
BUTTON, LAMP = 17, 18
BOARD = "debugged"
BENCH = f'[boards.{BOARD}]\nboard = "virtual-pi3"\n'


@pytest.fixture(scope="module")
def virtual_debugged(virtual_state: Path) -> Iterator[Machine]:
    """Give these tests a board of their own."""
    yield machine.up(board.load(board.DEFAULT), name=BOARD)
    machine.down(BOARD)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of an application, in a folder whose name has a blank."""
    folder = tmp_path_factory.mktemp("some where") / "switch"
    shutil.copytree(SWITCH, folder, ignore=shutil.ignore_patterns("build", ".*"))
    (folder / "bench.toml").write_text(BENCH)
    return folder


def command(project: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "rpikit", "debug", str(project), "-b", BOARD, *words]


def debug(project: Path, *words: str, at: tuple[str, ...]) -> str:
    lines = [word for line in at for word in ("-ex", line)]
    done = subprocess.run(
        [*command(project, *words, "--", "-nx", "--batch"), *lines],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lamp_follows(virtual_debugged: Machine) -> None:
    """See that the guest answers a press and its end."""
    with Pins(virtual_debugged.pins_socket) as pins:
        for high in (True, False):
            pins.drive(BUTTON, high)
            deadline = time.monotonic() + 60
            while pins.read(LAMP) != high:
                assert time.monotonic() < deadline, f"the lamp did not follow to {high}"
                time.sleep(0.05)


def test_the_guest_is_seen_from_its_first_line_and_then_goes_on(
    project: Path, virtual_debugged: Machine
) -> None:
    said = debug(
        project,
        at=("backtrace", "print info->heap_size", "list", "next", "info breakpoints", "kill"),
    )
    assert "hit Breakpoint 1, solo5_app_main (" in said
    assert "at app/main.c:" in said
    assert "in hvt_start (" in said
    assert said.count("in hvt_start (") == 1  # the backtrace ends
    assert "$1 = " in said
    assert "if (!read_presses(info->cmdline, &presses)) {" in said  # read from the project
    assert "stop only if $_here()" in said
    assert "test_switch 1.0.0 runs as process" in said
    lamp_follows(virtual_debugged)


def test_the_tender_is_told_from_other_programs_at_its_addresses(
    project: Path, virtual_debugged: Machine
) -> None:
    said = debug(project, "--what", "tender", "--break", "gpio_line_out", at=("backtrace", "list"))
    assert "hit Breakpoint 1, gpio_line_out (" in said
    assert "rpikit/c/devices/gpio_line.c:" in said
    assert "rpikit/c/tender/main.c:" in said
    assert "No such file" not in said
    lamp_follows(virtual_debugged)


def test_what_runs_is_looked_at_where_it_is(project: Path, virtual_debugged: Machine) -> None:
    debug(project, at=("delete",))
    said = debug(project, "--attach", "--break", "solo5_switch_test if pin == 17", at=("finish",))
    assert "hit Breakpoint 1, solo5_switch_test (pin=" in said
    assert "Value returned is $1 = SOLO5_R_OK" in said
    lamp_follows(virtual_debugged)


def test_a_debugger_that_dies_in_the_middle_of_a_step_leaves_a_board_that_goes_on(
    project: Path, virtual_debugged: Machine
) -> None:
    connection = Connection(virtual_debugged.pins_socket)
    connection.ask("debug")
    debugger = connection.detach()
    debugger.settimeout(60)
    for request in (b"?", b"Z0,200000,4", b"qSupported:multiprocess+"):
        debugger.sendall(packet(request))
        said = b""
        while b"#" not in said:
            said += debugger.recv(4096)
        debugger.sendall(b"+")
    debugger.sendall(packet(b"vCont;s:p1.4;c"))  # the core of the firmware
    second = subprocess.run(
        command(project), capture_output=True, text=True, timeout=300, check=False
    )
    debugger.close()
    assert second.returncode == 4, second.stderr
    assert second.stderr.splitlines() == [
        f"rpikit: board '{BOARD}': a debugger is at work there",
        "  hint: end it; a board has one at a time",
    ]
    lamp_follows(virtual_debugged)


def test_a_server_serves_one_debugger_as_an_editor_is_one_even_if_it_is_killed(
    project: Path, virtual_debugged: Machine
) -> None:
    with subprocess.Popen(
        command(project, "--server", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        served = promised.result("debug --server", server.stdout.readline())
        main = Path(project / "main.c").read_text().split("\n")
        line = next(at for at, text in enumerate(main, 1) if 'say("test_switch: ready' in text)
        editor = [
            f"-file-exec-and-symbols {json.dumps(served['symbols'])}",
            f"-interpreter-exec console {json.dumps('source ' + served['script'])}",
            f"-environment-cd {json.dumps(str(project))}",
            "-break-insert main",
            "-target-select remote build/gdb.sock",
            f"-break-insert -f {json.dumps(f'{project}/main.c:{line}')}",
            "-exec-continue",
        ]
        with subprocess.Popen(
            [served["gdb"], "-nx", "--interpreter=mi"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as debugger:
            assert debugger.stdin is not None
            assert debugger.stdout is not None
            debugger.stdin.write("\n".join(editor) + "\n")
            debugger.stdin.flush()
            stopped = next(said for said in debugger.stdout if said.startswith("*stopped,reason"))
            assert 'reason="breakpoint-hit"' in stopped
            assert f'fullname="{project}/main.c",line="{line}"' in stopped
            debugger.kill()
        _, events = server.communicate(timeout=120)
        assert server.returncode == 0, events
    assert '"waiting for a debugger"' in events
    lamp_follows(virtual_debugged)


def test_a_guest_of_spt_is_seen_from_its_first_line_too(
    project: Path, virtual_debugged: Machine
) -> None:
    said = debug(project, "--target", "spt", at=("backtrace", "print info->heap_size", "kill"))
    assert "hit Breakpoint 1, solo5_app_main (" in said
    assert "at app/main.c:" in said
    assert "in spt_start (" in said
