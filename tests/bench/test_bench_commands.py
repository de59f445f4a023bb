# SPDX-License-Identifier: MIT
"""`rpikit bench` on this machine as a board: as a person and as a program use it."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import promised
import pytest

from rpikit import capture, new

RPIKIT = [sys.executable, "-m", "rpikit"]
ENDS = {"line 17 of this machine", "line 18 of this machine"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of a lamp that follows its button, and runs."""
    folder = tmp_path_factory.mktemp("bench")
    made = new.new("porch", template="switch", parent=folder).folder
    rpikit(made, "flash", ".", "--board", "host")
    yield made
    rpikit(made, "board", "down", "host")


def environment(project: Path) -> dict[str, str]:
    return os.environ | {"RPIKIT_STATE": str(project.parent / "state"), "RPIKIT_BOARD": "host"}


def rpikit(project: Path, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*RPIKIT, *words],
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


def bench(project: Path, *words: str, status: int = 0) -> str:
    done = rpikit(project, "bench", *words, status=status)
    return done.stdout if status in (0, 3) else done.stderr


def wires(project: Path, **lines: int) -> str:
    """Write a bench whose wires lead elsewhere, and return the option that names it."""
    file = project.parent / f"{'-'.join(f'{name}{line}' for name, line in lines.items())}.toml"
    text = '[boards.host]\nboard = "host"\n[boards.host.wires]\n'
    for name, line in lines.items():
        text += f'{name} = {{ driver = "host", line = {line} }}\n'
    file.write_text(text)
    return f"--bench={file}"


def test_list_shows_each_pin_with_its_wire_and_level(project: Path) -> None:
    title, button, lamp = bench(project, "list").splitlines()
    assert title.split() == ["PIN", "LINE", "IS", "ACTIVE", "LEVEL", "DRIVER", "OTHER", "END"]
    assert button.split(maxsplit=6)[:6] == ["button", "17", "driven", "high", "off", "host"]
    assert lamp.split(maxsplit=6)[:6] == ["lamp", "18", "watched", "high", "off", "host"]
    assert {line.split(maxsplit=6)[6] for line in (button, lamp)} == ENDS


def test_list_gives_programs_the_same(project: Path) -> None:
    found = promised.result("bench list", bench(project, "list", "--json"))
    assert found["pins"][0] == {
        "pin": "button",
        "line": 17,
        "direction": "in",
        "active": "high",
        "driver": "host",
        "end": 17,
        "host": None,
        "level": "off",
    }


def test_press_tells_what_all_pins_did(project: Path) -> None:
    said = bench(project, "press", "button", "--for", "60ms").splitlines()
    told = [line.split(" ms  ")[1] for line in said if " ms  " in line and "▁" not in line]
    assert told[0] == "button on"
    assert sorted(told) == ["button off", "button on", "lamp off", "lamp on"]
    assert [line.split()[0] for line in said[4:6]] == ["button", "lamp"]
    assert all("2 edges" in line for line in said[4:6])


def test_presses_that_bounce_are_played_as_often_as_asked(project: Path) -> None:
    words = ("press", "button", "--times", "3", "--for", "40ms", "--bounce", "typical")
    found = promised.result("bench press", bench(project, *words, "--json"))
    edges = [edge for edge in found["edges"] if edge["pin"] == "button"]
    assert found["presses"] == 3
    assert len(edges) > 3 * 2
    assert [edge["level"] for edge in edges] == ["on", "off"] * (len(edges) // 2)
    assert [edge["edges"] for edge in edges] == list(range(1, len(edges) + 1))
    stamps = [edge["at_ns"] for edge in found["edges"]]
    assert stamps == sorted(stamps)


def test_a_button_that_gets_stuck_is_let_go_in_the_end(project: Path) -> None:
    words = ("press", "button", "--bounce", "stuck", "--json")
    found = promised.result("bench press", bench(project, *words))
    assert [edge["level"] for edge in found["edges"] if edge["pin"] == "button"][-1] == "on"
    pins = promised.result("bench list", bench(project, "list", "--json"))["pins"]
    assert pins[0]["level"] == "off"


def test_a_press_that_nothing_answers_says_so(project: Path) -> None:
    said = bench(project, "press", "button", wires(project, button=27))
    assert "no other pin moved; does firmware run? rpikit ps --board host" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("press", "lamp"), "lamp is an output of the firmware, which nobody presses"),
        (("press", "button", "--bounce", "stuck", "--times", "2"), "it can be pressed once"),
        (("press", "door"), "porch has no device 'door'; its devices are button, lamp"),
        (("press", "button", "--for", "50"), "'50' is no time; write a number with its unit"),
        (("press", "button", "--bounce", "much"), "'ideal', 'typical', 'worst', 'stuck'"),
        (("wave", "--for", "1s", "--out", "it.txt"), "write a name that ends in .vcd or .json"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(
    project: Path, words: tuple[str, ...], said: str
) -> None:
    assert said in " ".join(bench(project, *words, status=2).split())


def test_check_proves_wires_that_are_as_described(project: Path) -> None:
    said = bench(project, "check").splitlines()
    assert said[:2] == [
        "button: GPIO 17 follows line 17 of this machine",
        "lamp: line 18 of this machine follows GPIO 18",
    ]
    assert said[2].startswith("2 nets are as described (")
    assert said[3] == "stopped meanwhile, and started again: porch"
    pressed = promised.result("bench press", bench(project, "press", "button", "--json"))
    assert {edge["pin"] for edge in pressed["edges"]} == {"button", "lamp"}, "it runs again"


def test_check_names_swapped_wires(project: Path) -> None:
    option = wires(project, button=18, lamp=17)
    said = "button and lamp are swapped: line 18 of this machine moves GPIO 18 instead of GPIO 17"
    assert said in bench(project, "check", option, status=3).splitlines()
    found = promised.result("bench check", bench(project, "check", option, "--json", status=3))
    assert (found["status"], found["faults"]) == (3, [said])
    assert found["nets"][0] == {"pin": "button", "ok": False, "says": said}
    assert [net["ok"] for net in found["nets"]] == [False, False]


def test_check_names_a_missing_wire_and_leaves_the_other(project: Path) -> None:
    said = bench(project, "check", wires(project, lamp=22), status=3).splitlines()
    assert said[:2] == [
        "button: GPIO 17 follows line 17 of this machine",
        "lamp: no wire: line 22 of this machine does not follow GPIO 18, it stays low",
    ]


def test_an_application_without_devices_has_nothing_to_prove(project: Path) -> None:
    bare = project.parent / "bare"
    bare.mkdir()
    (bare / "main.c").touch()
    (bare / "rpikit.toml").write_text(
        '[firmware]\nname = "bare"\nversion = "1.0.0"\nsources = ["main.c"]\nmemory = "2M"\n'
    )
    assert "bare has no devices" in bench(project, "check", str(bare), status=7)


def test_a_test_of_a_bench_with_swapped_wires_ends_as_a_fault_of_the_bench(project: Path) -> None:
    option = wires(project, button=18, lamp=17)
    done = rpikit(project, "test", ".", option, "--json", status=3)
    verdict = promised.result("test", done.stdout)
    assert verdict["fault"].startswith("button and lamp are swapped: ")
    assert (verdict["fault_code"], verdict["ran"]) == (3, 0)


def test_without_the_check_the_firmware_is_blamed(project: Path) -> None:
    option = wires(project, lamp=22)
    words = ("test", ".", option, "--json", "--no-check", "--no-sanitize", "--", "-x", "-k", "held")
    verdict = promised.result("test", rpikit(project, *words, status=1).stdout)
    assert (verdict["fault"], verdict["failed"]) == ("", 1)


def test_wave_draws_and_writes_what_somebody_presses(project: Path) -> None:
    file = project.parent / "porch.vcd"
    with subprocess.Popen(
        [*RPIKIT, "bench", "wave", "--out", str(file)],
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as recorder:
        assert recorder.stderr is not None
        assert recorder.stderr.readline() == "record until Ctrl-C\n"
        bench(project, "press", "button")
        recorder.send_signal(signal.SIGINT)
        said, _ = recorder.communicate(timeout=60)
    assert recorder.returncode == 130
    assert said.splitlines()[-1] == f"written to {file}"
    recorded = capture.load(file)
    assert set(recorded.traces) == {"button", "lamp"}
    assert recorded.levels("lamp") == recorded.levels("button") == ["on", "off"]


def test_wave_ends_by_itself(project: Path) -> None:
    found = promised.result("bench wave", bench(project, "wave", "--for", "200ms", "--json"))
    assert found["duration_ns"] >= 200_000_000
    assert (found["app"], found["board"], found["file"]) == ("porch", "host", None)


def test_watch_in_a_pipe_is_an_object_for_each_edge(project: Path) -> None:
    with subprocess.Popen(
        [*RPIKIT, "bench", "watch", "--json"],
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        text=True,
    ) as watcher:
        assert watcher.stdout is not None
        first = [json.loads(watcher.stdout.readline()) for _ in range(2)]
        assert [(one["pin"], one["level"], one["edges"]) for one in first] == [
            ("button", "off", 0),
            ("lamp", "off", 0),
        ]
        bench(project, "press", "button")
        lines = [watcher.stdout.readline() for _ in range(4)]
        seen = [promised.result("bench watch", line) for line in lines]
        assert sorted((one["pin"], one["level"]) for one in seen) == [
            *(("button", "off"), ("button", "on"), ("lamp", "off"), ("lamp", "on")),
        ]
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(60) == 130


def test_watch_on_a_terminal_is_live_until_ctrl_c(project: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(project)
        os.environ.update(environment(project) | {"TERM": "xterm", "COLUMNS": "100"})
        os.execv(sys.executable, [*RPIKIT, "bench", "watch"])
    said = b""

    def wait_for(text: bytes) -> None:
        nonlocal said
        deadline = time.monotonic() + 120
        while text not in said:
            assert time.monotonic() < deadline, f"no {text!r} in {said[-2000:]!r}"
            if select.select([terminal], [], [], 0.2)[0]:
                said += os.read(terminal, 65536)

    wait_for(b"none yet")
    bench(project, "press", "button", "--for", "500ms")
    wait_for("█".encode())
    wait_for(b"s ago")
    os.write(terminal, b"\x03")
    with suppress(OSError):
        while data := os.read(terminal, 65536):
            said += data
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    assert b"Traceback" not in said
    assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l"), "the cursor is back"
