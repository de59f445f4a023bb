# SPDX-License-Identifier: MIT
"""Firmware that was broken on purpose does not pass the tests that `rpikit new` makes.

Each mutant runs as a process of this machine; its failure has a waveform that shows why.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rpikit import capture, new
from rpikit.capture import Capture
from rpikit.units import ms

LIGHT = "if (!light(level != 0))"
LATE = """\
solo5_yield(solo5_clock_monotonic() + UINT64_C(100000000), NULL);
            if (!light(level != 0))"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return new.new("lamp", template="switch", parent=tmp_path).folder


def judged(project: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    """Run the stock tests until one fails; return the exit status, the report and what was said."""
    report = project.parent / "report"
    words: tuple[str, ...] = ("test", str(project), "--board", "host", "--no-sanitize")
    words += ("--report", str(report), *more)
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", *words],
        env=os.environ | {"RPIKIT_STATE": str(project.parent / "state")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    told = json.loads((report / "report.json").read_text())
    assert told["status"] == done.returncode, done.stdout + done.stderr
    return done.returncode, told, done.stdout + done.stderr


def failed(project: Path, before: str, after: str) -> tuple[str, str, Capture]:
    """Break the firmware; return the message, the text and the recording of what found it."""
    source = project / "main.c"
    program = source.read_text()
    assert program.count(before) == 1
    source.write_text(program.replace(before, after))
    status, told, said = judged(project, "--", "-x")
    assert (status, told["outcome"]) == (1, "firmware failed"), said
    (test,) = [test for test in told["tests"] if test["outcome"] != "passed"]
    assert f"<h1>{told['outcome']}</h1>" in (project.parent / "report/report.html").read_text()
    assert re.search(r"button [▁█▒]{20}.*\n(.*\n)*.*lamp   [▁█▒]{20}", said), said
    recorded = capture.load(project.parent / "report" / test["vcd"])
    return test["message"], said, recorded


def test_firmware_as_it_is_made_passes(project: Path) -> None:
    status, told, said = judged(project)
    assert (status, told["outcome"]) == (0, "passed"), said
    assert {test["outcome"] for test in told["tests"]} == {"passed"}
    assert all((project.parent / "report" / test["vcd"]).is_file() for test in told["tests"])


def test_an_inverted_lamp_is_caught(project: Path) -> None:
    message, _, recorded = failed(project, "return (lit ?", "return (!lit ?")
    assert "assert [lamp on at " in message
    button, lamp = recorded.traces["button"], recorded.traces["lamp"]
    on_at = button.edges[0][0]
    assert not any(on for at, on in lamp.edges if on_at < at < button.edges[1][0])


def test_a_release_that_is_missed_is_caught(project: Path) -> None:
    message, _, recorded = failed(
        project,
        LIGHT,
        "static int releases;\n            if ((level || ++releases != 3) && !light(level != 0))",
    )
    assert message.startswith("lamp: expected off within 1000.0 ms of button off")
    assert recorded.levels("button") == ["on", "off"] * 3
    assert recorded.levels("lamp") == ["on", "off", "on", "off", "on"]


def test_a_lamp_that_toggles_twice_is_caught(project: Path) -> None:
    _, said, recorded = failed(
        project, LIGHT, "if (!light(level != 0) || !light(level == 0) || !light(level != 0))"
    )
    assert recorded.levels("button")[0] == "on"
    assert recorded.levels("lamp")[:3] == ["on", "off", "on"]
    assert "test_each_press_lights_the_lamp_once" in said


def test_a_lamp_that_is_100_ms_late_is_caught(project: Path) -> None:
    message, said, recorded = failed(project, LIGHT, LATE)
    assert message.startswith("button to lamp: best 10")
    assert message.endswith("more than 50.0 ms")
    assert "the quickest:" in said
    down, lit = recorded.traces["button"].edges[0][0], recorded.traces["lamp"].edges[0][0]
    assert lit - down >= (100 * ms).ns
