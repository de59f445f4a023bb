# SPDX-License-Identifier: MIT
"""`rpikit debug` on this machine: gdb starts the firmware's process."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from rpikit import debug_host, paths
from rpikit.errors import BoardError

SWITCH = paths.data_root() / "c" / "apps" / "test_switch"

Debug = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def debug(tmp_path_factory: pytest.TempPathFactory) -> Debug:
    """Debug a copy of an application, in a folder whose name has a blank."""
    folder = tmp_path_factory.mktemp("some where") / "switch"
    shutil.copytree(SWITCH, folder, ignore=shutil.ignore_patterns("build", ".*"))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rpikit", "debug", str(folder), "--board", "host", *words],
            env=os.environ | {"RPIKIT_STATE": str(folder / "state")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def test_the_guest_is_seen_from_its_first_line(debug: Debug) -> None:
    batch = ("--", "-nx", "--batch")
    done = debug(*batch, "-ex", "backtrace", "-ex", "print info->heap_size", "-ex", "list")
    assert done.returncode == 0, done.stderr
    assert "Breakpoint 2, solo5_app_main (" in done.stdout
    assert "/switch/main.c:" in done.stdout
    assert "in loop_start (" in done.stdout
    assert "$1 = 1048576" in done.stdout
    assert "if (!read_presses(info->cmdline, &presses)) {" in done.stdout  # read from the project
    assert "test_switch 1.0.0 ended with gdb" in done.stdout


def test_the_tender_is_in_the_same_program_and_a_wrong_place_stops_it_there(debug: Debug) -> None:
    breaks = ("--break", "gpio_line_init", "--break", "nowhere")
    done = debug("--what", "tender", *breaks, "--", "-nx", "--batch", "-ex", "info breakpoints")
    assert done.returncode == 0, done.stderr
    assert "devices/gpio_line.c:" in done.stdout
    assert 'Function "nowhere" not defined.' in done.stderr
    assert "rpikit 0." not in done.stdout  # what the tender says when it has begun


def test_what_only_a_virtual_board_has_is_refused(debug: Debug) -> None:
    done = debug("--server")
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == (
        "rpikit: board 'host': is this machine; --server is for virtual boards"
    )
    for option in ("attach", "vscode"):
        with pytest.raises(BoardError, match=f"--{option} is for virtual boards"):
            debug_host.require_plain("host", attach=option == "attach", vscode=option == "vscode")
    debug_host.require_plain("host", attach=False, vscode=False)
