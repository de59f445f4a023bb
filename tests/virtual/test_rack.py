# SPDX-License-Identifier: MIT
"""A roll-out over SSH to a rack of eight boards: one broken, one unplugged, gone on with, done."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import promised
import pytest
from rack import Box, rack

from rpikit import paths, wiring
from rpikit.errors import BoardError, FirmwareError
from rpikit.transport.ssh import Ssh
from rpikit.virtual.machine import Machine

HELLO = paths.data_root() / "c" / "apps" / "hello"
NAMES = tuple(f"lab-{number}" for number in range(1, 9))
NO_CABLES: Mapping[str, str] = MappingProxyType({})


@pytest.fixture
def boxes(virtual_board: Machine, virtual_ssh: Ssh, tmp_path: Path) -> Iterator[dict[str, Box]]:
    """Give the rack, and an application whose bench has its boards."""
    (tmp_path / "home").mkdir()
    with rack(virtual_board, virtual_ssh, tmp_path / "home", NAMES) as boxes:
        for file in ("rpikit.toml", "main.c"):
            (tmp_path / file).write_bytes((HELLO / file).read_bytes())
        named = {box.name: box for box in boxes}
        bench(tmp_path, named)
        yield named


def flash(
    folder: Path, *words: str, meanwhile: Callable[[str], None] = lambda line: None
) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """Flash several boards; return status, result and journal. `meanwhile` hears each step."""
    environment = os.environ | {"HOME": str(folder / "home"), "RPIKIT_STATE": str(folder / "state")}
    said = ""
    with subprocess.Popen(
        [sys.executable, "-m", "rpikit", "flash", *words, "--json"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            said += line
            meanwhile(line)
        out = process.stdout.read()
    status = process.returncode
    promised.events(said)
    assert out, said
    promised.result("flash --boards", out)
    journal = max((folder / "state/fleet/hello").glob("*.jsonl"))
    return status, json.loads(out), [json.loads(one) for one in journal.read_text().splitlines()]


def named(rows: list[dict[str, Any]], **having: object) -> set[str]:
    """Return the boards whose rows have these values."""
    return {row["board"] for row in rows if having.items() <= row.items()}


def bench(folder: Path, boxes: dict[str, Box], cables: Mapping[str, str] = NO_CABLES) -> None:
    """Write the bench; `cables` says which other board a board's address leads to."""
    text = "".join(
        f'[boards.{name}]\nboard = "rpi3b"\nserial_number = "{box.serial_number}"\n'
        f'ssh = "root@127.0.0.1:{boxes[cables.get(name, name)].there}"\n'
        for name, box in boxes.items()
    )
    (folder / wiring.FILE).write_text(text)


def test_eight_boards_over_ssh_with_broken_and_lost_and_swapped_ones_are_flashed_in_the_end(
    boxes: dict[str, Box], tmp_path: Path
) -> None:
    boxes["lab-4"].unplug()
    boxes["lab-4"].plug_in(with_kvm=False)
    status, said, journal = flash(tmp_path, "--boards", "lab-*", "--canary", "1", "--wave", "3")
    rows = said["boards"]
    assert status == FirmwareError.exit_code
    assert said["stopped"] == "more than 0 failed (--max-failures)"
    assert named(rows, state="failed", code=FirmwareError.exit_code) == {"lab-4"}
    first, waiting = named(rows, state="flashed"), named(rows, state="waiting")
    assert {"lab-1", "lab-2", "lab-3"} <= first
    assert first | waiting | {"lab-4"} == set(NAMES)
    assert {"lab-7", "lab-8"} <= waiting
    assert begun(journal) == [name for name in NAMES if name not in waiting]
    ends = [(one["board"], one["code"]) for one in journal if one["event"] == "end"]
    assert ends[0] == ("lab-1", 0)
    assert dict(ends) == {**dict.fromkeys(first, 0), "lab-4": FirmwareError.exit_code}
    assert not any(boxes[name].files() for name in waiting)  # nobody has touched them

    boxes["lab-4"].unplug()
    boxes["lab-4"].plug_in()
    bench(tmp_path, boxes, {"lab-7": "lab-8", "lab-8": "lab-7"})
    unplugged: list[str] = []

    def unplug_in_the_middle(line: str) -> None:
        if "lab-4: verify" in line and not unplugged:
            unplugged.append(line)
            boxes["lab-4"].unplug()

    status, said, journal = flash(
        tmp_path, "--resume", "--max-failures", "3", meanwhile=unplug_in_the_middle
    )
    rows = said["boards"]
    assert unplugged
    assert status == BoardError.exit_code
    assert named(rows, before=True) == first
    failed = named(rows, state="failed", code=BoardError.exit_code)
    assert failed == {"lab-4", "lab-7", "lab-8"}
    assert named(rows, state="flashed") == set(NAMES) - failed
    told = {row["board"]: row["said"] for row in rows}
    assert "the connection was lost" in told["lab-4"]
    for name, other in (("lab-7", "lab-8"), ("lab-8", "lab-7")):
        number = boxes[other].serial_number
        assert f"another board answers: it has serial number {number}" in told[name]
        assert not boxes[name].files()

    boxes["lab-4"].plug_in()
    bench(tmp_path, boxes)
    status, said, journal = flash(tmp_path, "--resume")
    rows = said["boards"]
    assert status == 0
    assert named(rows, before=True) == set(NAMES) - failed
    assert named(rows, state="flashed") == set(NAMES)
    (sent,) = (row["sent"] for row in rows if row["board"] == "lab-4")
    assert sent < 2048  # a slot that failed there holds the very files
    starts = begun(journal)
    assert {name: starts.count(name) for name in NAMES} == {
        **dict.fromkeys(NAMES, 1),
        **dict.fromkeys(("lab-7", "lab-8"), 2),
        "lab-4": 3,
    }
    (digest,) = (one["digest"] for one in journal if one["event"] == "bundle")
    assert {row["digest"] for row in rows if not row["before"]} == {digest}
    for name, box in boxes.items():
        files = box.files()
        assert "./guests/hello/run/exit" in files, name
        assert not [file for file in files if "/new/" in file or "incoming" in file], name


def begun(journal: list[dict[str, Any]]) -> list[str]:
    return [one["board"] for one in journal if one["event"] == "start"]
