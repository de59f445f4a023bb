# SPDX-License-Identifier: MIT
"""This machine as a board: the same guests and the same tests as on the others, in a process.

The guests are those of tests/guests whose behaviour does not need a machine of their own.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rpikit import app as apps
from rpikit import board, build, host
from rpikit.bench.host import HostPins
from rpikit.build import Build

ROOT = Path(__file__).parents[2]
APPS, GUESTS = ROOT / "c/apps", ROOT / "tests/guests"
BUTTON, LAMP = 17, 18

HOLD = """\
import sys, time
from pathlib import Path
from rpikit import app, board, build, bundle, flash, host, report

one, kind = app.load(Path(sys.argv[1])), board.load("host")
built = build.build(one, board=kind, out=Path(sys.argv[2]))
made = bundle.make(one, kind, built.unikernel, built.tender, built.folder)
with host.home("host", keep=False) as home:
    print(flash.flash(made, home.transport, reporter=report.Silent()).status.pid, flush=True)
    time.sleep(300)
"""

OVERRUN = """\
#include <solo5.h>
#include "apps/say.h"

static volatile int table[4];

int solo5_app_main(const struct solo5_start_info *info)
{
    say("ready\\n");
    (void)table[info->cmdline[0] ? 0 : 4]; /* what lies there is not said */
    return 0;
}
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a state folder of its own."""
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def rpikit(*words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the toolkit on this machine as a board."""
    return subprocess.run(
        [sys.executable, "-m", "rpikit", *map(str, words), "--board", "host"],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **more},
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Build]:
    """Build a guest; all in one folder, so that what they share is made once."""
    out = tmp_path_factory.mktemp("loop")

    def make(name: str) -> Build:
        folder = APPS / name if (APPS / name).is_dir() else GUESTS / name
        return build.build(apps.load(folder), board=board.load(board.HOST), out=out)

    return make


def run(guest: Build, *words: str, pins: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a guest to its end."""
    command = [*guest.command(pins), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["output", "globals", "time", "two_lines"])
def test_a_guest_does_what_it_does_on_a_board(built: Callable[[str], Build], name: str) -> None:
    done = run(built(name))
    assert (done.returncode, done.stderr) == (0, "")
    assert "SUCCESS\n" in done.stdout


def test_words_and_banner_are_those_of_a_board(built: Callable[[str], Build]) -> None:
    hello = built("hello")
    assert "Command line: 'one  two'\n" in run(hello, "one", "", "two").stdout
    assert run(hello).stdout.startswith("Solo5: rpikit ")
    quiet = run(hello, "--solo5:quiet", "x").stdout
    assert quiet == "Hello, World\nCommand line: 'x'\nSUCCESS\n"


@pytest.mark.parametrize(
    ("word", "status"), [("0", 0), ("7", 7), ("263", 7), ("abort", 255)], ids=str
)
def test_the_guests_status_is_the_process_status(
    built: Callable[[str], Build], word: str, status: int
) -> None:
    assert run(built("exit"), word).returncode == status


def test_calls_on_pins_not_granted_are_refused_and_counted(built: Callable[[str], Build]) -> None:
    done = run(built("denied"))
    assert done.returncode == 0, done.stdout
    assert "calls refused: line not granted" in done.stderr


@pytest.mark.parametrize(
    ("name", "told"), [("zeropage", "Solo5: trap: "), ("ssp", "stack corruption detected")]
)
def test_a_broken_guest_reports_and_aborts(
    built: Callable[[str], Build], name: str, told: str
) -> None:
    done = run(built(name))
    assert done.returncode == 255
    assert told in done.stdout
    assert "Solo5: ABORT: " in done.stdout


def test_the_options_are_checked_as_a_board_does(built: Callable[[str], Build]) -> None:
    tender, *_, unikernel = built("two_lines").command()
    for option, told in (("--pin:nobody=17", "nobody"), ("--mem=0", "--mem"), ("--x", "--x")):
        done = subprocess.run([tender, option, "--", unikernel], capture_output=True, text=True)
        assert done.returncode == 1
        assert told in done.stderr
    done = subprocess.run([tender, "--", tender], capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_edges_have_the_stamps_of_the_process(
    built: Callable[[str], Build], tmp_path: Path
) -> None:
    with HostPins(tmp_path / "pins") as pins:
        button, lamp = pins.line(BUTTON), pins.line(LAMP)
        command = [*built("test_switch").command(tmp_path / "pins"), "presses=3"]
        with (
            lamp.watch() as watch,
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        ):
            assert process.stdout is not None
            while "ready" not in process.stdout.readline():
                pass
            for high in (True, False) * 3:
                pressed = button.drive(high)
                edge = watch.next(10)
                assert edge is not None
                assert edge.high == high
                assert edge.at_ns > pressed
                assert edge.at_ns < time.monotonic_ns()
            assert process.wait(timeout=30) == 0
            assert watch.next(0) is None


def test_edges_wake_a_guest_that_sleeps_and_none_is_lost(
    built: Callable[[str], Build], tmp_path: Path
) -> None:
    with HostPins(tmp_path / "pins") as pins:
        command = [*built("gpio_edges").command(tmp_path / "pins"), "count=20"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            while "ready" not in process.stdout.readline():
                pass
            for number in range(20):  # far shorter than any look at the level would notice
                pins.line(BUTTON).drive(number % 2 == 0)
            said = process.stdout.read()
            assert process.wait(timeout=30) == 0, said
    for number in range(20):
        way = "rising" if number % 2 == 0 else "falling"
        assert f"edge {number + 1} {way} lost 0 age" in said


@pytest.mark.parametrize("name", ["hello", "test_led", "test_switch"])
def test_the_applications_pass_their_own_tests(name: str, state: Path) -> None:
    done = rpikit("test", APPS / name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert list((state / "host/host").glob("run-*")) == []


def overrun(folder: Path) -> Path:
    """Write an application that reads behind the end of a table."""
    project = folder / "overrun"
    shutil.copytree(APPS / "hello", project, ignore=shutil.ignore_patterns("build", "tests", ".*"))
    (project / "main.c").write_text(OVERRUN)
    description = project / "rpikit.toml"
    description.write_text(description.read_text().replace('"SUCCESS"', '"ready"'))
    (project / "tests").mkdir()
    (project / "tests/test_it.py").write_text("def test_it(dut):\n    dut.expect_exact('ready')\n")
    return project


def test_a_sanitizers_report_fails_the_firmware_with_its_stack(tmp_path: Path) -> None:
    project = overrun(tmp_path)
    for words in (("run", project, "--sanitize"), ("test", project)):
        done = rpikit(*words)
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        assert "main.c:" in said
        assert "solo5_app_main" in said
    assert rpikit("test", project, "--no-sanitize").returncode == 0


def test_what_is_flashed_stays_until_it_is_stopped(state: Path) -> None:
    done = rpikit("flash", APPS / "test_switch")
    assert done.returncode == 0, done.stderr
    try:
        assert host.is_running("host")
        with HostPins(state / "host/host/kept" / host.PINS) as pins:
            lamp = pins.line(LAMP)
            with lamp.watch() as watch:
                pins.line(BUTTON).drive(True)
                edge = watch.next(10)
                assert edge is not None
                assert edge.high
                assert host.stop("host")
                edge = watch.next(10)
                assert edge is not None
                assert not edge.high
    finally:
        host.stop("host")
    assert not host.is_running("host")


def test_firmware_ends_with_a_killed_owner_and_the_next_run_tidies_up(
    state: Path, tmp_path: Path
) -> None:
    words = [sys.executable, "-c", HOLD, str(APPS / "test_switch"), str(tmp_path / "out")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    assert len(list((state / "host/host").glob("run-*"))) == 1
    with host.home("host", keep=False):
        assert len(list((state / "host/host").glob("run-*"))) == 1
    assert list((state / "host/host").glob("run-*")) == []


def test_without_a_compiler_the_hint_says_what_to_install() -> None:
    done = rpikit("build", APPS / "hello", HOSTCC="no-such-compiler")
    assert done.returncode == 5
    assert "no-such-compiler is not installed" in done.stderr
    assert "apt-get install gcc" in done.stderr


def test_sanitizers_are_for_this_machine_only() -> None:
    words = [sys.executable, "-m", "rpikit", "build", str(APPS / "hello"), "--sanitize"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--board host" in done.stderr
