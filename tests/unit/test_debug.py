# SPDX-License-Identifier: MIT
"""What debugging needs on this side: gdb, its script, VS Code's files, and a stub without kill."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rpikit import app, board, gdb, paths, vscode
from rpikit.build import Build
from rpikit.errors import DescriptionError, ToolError
from rpikit.virtual.debugger import Meeting
from rpikit.virtual.stub import Merciful, packet

HELLO = paths.data_root() / "c" / "apps" / "hello"
LAUNCH = """{
    // mine
    "version": "0.2.0",
    "configurations": [
        {"name": "other", "type": "python", "args": ["}", "//no comment"],}, /* last */
    ],
    "compounds": [],
}
"""


def a_build(folder: Path) -> Build:
    described = app.load(HELLO)
    unikernel, tender = folder / "hello.hvt", folder / "rpikit-tender"
    return Build(
        described, board.load(board.DEFAULT), folder, unikernel, tender, "gcc", {}
    )  # fmt: skip


def test_a_missing_gdb_is_one_line_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"^gdb-multiarch is not installed$") as missing:
        gdb.find()
    assert missing.value.hint == "sudo apt-get install gdb-multiarch"
    with pytest.raises(ToolError, match=r"^--gdb 'my-gdb': there is no such program$"):
        gdb.find("my-gdb")


def test_a_missing_gdb_ends_the_command_before_anything_is_built(tmp_path: Path) -> None:
    project = tmp_path / "hello"
    shutil.copytree(HELLO, project, ignore=shutil.ignore_patterns("build"))
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", "debug", str(project), "--gdb", "no-such-gdb"],
        env=os.environ | {"RPIKIT_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ToolError.exit_code
    assert done.stderr.splitlines()[0] == "rpikit: --gdb 'no-such-gdb': there is no such program"
    assert not (project / "build").exists()


def test_a_real_board_has_no_stub(tmp_path: Path) -> None:
    project = tmp_path / "hello"
    shutil.copytree(HELLO, project, ignore=shutil.ignore_patterns("build"))
    (project / "bench.toml").write_text('[boards.desk]\nboard = "rpi3b"\nssh = "pi@127.0.0.1"\n')
    done = subprocess.run(
        [sys.executable, "-m", "rpikit", "debug", str(project), "-b", "desk", "--gdb", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "board 'desk': is a real one; a debugger needs the stub of QEMU" in done.stderr
    assert not (project / "build").exists()


def test_the_script_gives_each_source_its_place_back(tmp_path: Path) -> None:
    folder = tmp_path / "with blank"
    folder.mkdir()
    program = gdb.Program.of(a_build(folder), "guest")
    assert program.symbols == folder / "hello.debug"
    lines = program.script.read_text().splitlines()
    assert f"set substitute-path app {HELLO}" in lines
    assert f"set substitute-path rpikit {paths.data_root()}" in lines
    assert f"set substitute-path build '{folder}'" in lines


def test_gdb_takes_the_script(tmp_path: Path) -> None:
    folder = tmp_path / "with blank"
    folder.mkdir()
    program = gdb.Program.of(a_build(folder), "tender")
    words = ["-ex", "show substitute-path", "-ex", "print sizeof(int) == 4 || $_here()"]
    done = subprocess.run(
        [gdb.PROGRAM, "-nx", "-q", "-batch", "-x", str(program.script), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"`build' -> `{folder}'" in done.stdout, done.stderr
    assert "$1 = 1" in done.stdout
    assert done.stderr == ""


def test_gdb_goes_on_to_the_first_stop() -> None:
    address = Path("/run/gdb.sock")
    lines = gdb.first_lines(address, ("start", "gpio.c:7"))
    assert lines == ["target remote /run/gdb.sock", "break start", "break gpio.c:7", "continue"]
    assert gdb.first_lines(address, ()) == ["target remote /run/gdb.sock"]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (packet(b"k"), packet(b"D")),
        (packet(b"vKill;a410"), packet(b"D;a410")),
        (b"+" + packet(b"vKill;1") + b"+", b"+" + packet(b"D;1") + b"+"),
        (packet(b"qRcmd,6b"), packet(b"qRcmd,6b")),
        (packet(b"m100000,k"), packet(b"m100000,k")),
        (b"\x03", b"\x03"),
    ],
)
def test_a_debugger_cannot_kill_the_board(said: bytes, heard: bytes) -> None:
    assert Merciful().pass_on(said) == heard
    slowly = Merciful()
    assert b"".join(slowly.pass_on(bytes([one])) for one in said) == heard


def test_a_meeting_that_nobody_comes_to_ends(tmp_path: Path) -> None:
    came: list[bool] = []
    with Meeting(tmp_path / "gdb.sock") as meeting:
        assert (tmp_path / "gdb.sock").stat().st_mode & 0o077 == 0
        waiting = threading.Thread(
            target=lambda: came.append(meeting.serve(tmp_path / "no", lambda: None))
        )
        waiting.start()
    waiting.join(20)
    assert came == [False]
    assert not (tmp_path / "gdb.sock").exists()


def test_a_meeting_takes_the_place_of_one_that_was_killed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "gdb.sock"))
    with Meeting(tmp_path / "gdb.sock"), socket.socket(socket.AF_UNIX) as debugger:
        debugger.connect(str(tmp_path / "gdb.sock"))


def test_vscode_files_are_made_and_then_left_alone(tmp_path: Path) -> None:
    described = app.load(shutil.copytree(HELLO, tmp_path / "hello"))
    written = vscode.write(described, "virtual-pi3")
    assert [file.name for file in written.changed] == ["launch.json", "tasks.json"]
    launch, tasks = (json.loads(file.read_text()) for file in written.files)
    labels = [task["label"] for task in tasks["tasks"]]
    assert [one["preLaunchTask"] for one in launch["configurations"]] == labels
    assert launch["configurations"][0]["miDebuggerServerAddress"] == "build/gdb.sock"
    assert vscode.write(described, "virtual-pi3").changed == ()
    assert [file.name for file in vscode.write(described, "other").changed] == ["tasks.json"]


def test_entries_and_comments_of_the_users_stay(tmp_path: Path) -> None:
    ours = {"name": "rpikit: guest", "type": "cppdbg"}
    merged = vscode.merge(LAUNCH, "configurations", "name", [ours])
    assert "// mine" in merged
    assert '{"name": "other", "type": "python", "args": ["}", "//no comment"],}' in merged
    assert "/* last */" in merged
    assert merged.index("rpikit: guest") > merged.index("other")
    assert vscode.merge(merged, "configurations", "name", [ours]) == merged
    changed = vscode.merge(merged, "configurations", "name", [{**ours, "type": "lldb"}])
    assert changed == merged.replace("cppdbg", "lldb")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is no JSON object"),
        ("[]", "is no JSON object"),
        ("{'version': 1}", 'line 1: "\'" is not JSON'),
        ('{"version": "0.2.0"}', 'has no list "configurations"'),
    ],
)
def test_a_file_that_cannot_be_read_is_left_as_it_is(text: str, why: str, tmp_path: Path) -> None:
    described = app.load(shutil.copytree(HELLO, tmp_path / "hello"))
    file = described.folder / ".vscode" / "launch.json"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(DescriptionError, match=r"launch\.json") as refused:
        vscode.write(described, "virtual-pi3")
    assert why in str(refused.value)
    assert file.read_text() == text
    assert not (file.parent / "tasks.json").exists()
