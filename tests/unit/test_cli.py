# SPDX-License-Identifier: MIT
"""The command line: whatever the world does to it, one line, an exit code and no traceback."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rich_click as click
from click.testing import CliRunner

from rpikit import connect, paths
from rpikit.build import LOCK
from rpikit.cli import rpikit
from rpikit.commands import options as choices
from rpikit.words import SHELLS, commands, options

HELLO = paths.data_root() / "c" / "apps" / "hello"
COMMANDS = dict(commands(rpikit))
PROGRAM = (sys.executable, "-m", "rpikit")


def ask(
    *words: str | bytes | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command with its own state folder and see that it never shows a traceback."""
    done = subprocess.run(
        [*PROGRAM, *words],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "fault of rpikit itself" not in done.stderr
    return done


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "state"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(HELLO, tmp_path / "hello", ignore=shutil.ignore_patterns("build"))
    return tmp_path / "hello"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_has_a_variable_and_help_shows_it(name: str) -> None:
    shown = "".join(ask(*name.split(), "--help", COLUMNS="400").stdout.split())
    for option in options(COMMANDS[name]):
        assert isinstance(option.envvar, str)
        assert option.envvar.startswith("RPIKIT_")
        assert f"[envvar:{option.envvar}]" in shown


def test_one_variable_means_the_same_everywhere() -> None:
    meaning: dict[str, str] = {}
    for command in COMMANDS.values():
        for option in options(command):
            word = max(option.opts, key=len)
            assert meaning.setdefault(str(option.envvar), word) == word


def test_a_variable_stands_for_its_option(tmp_path: Path) -> None:
    done = ask("build", str(HELLO), RPIKIT_BOARD="nowhere", RPIKIT_OUT=str(tmp_path))
    assert done.returncode == 2
    assert "there is no board 'nowhere'" in done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_is_taught_our_words(shell: str) -> None:
    done = ask("completion", shell)
    assert done.returncode == 0
    assert "_RPIKIT_COMPLETE" in done.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


def test_bash_completes_commands_options_and_boards(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text('[boards.desk]\nboard = "rpi3b"\nssh = "pi@lab3"\n')

    def complete(words: str) -> set[str]:
        at = str(len(words.split(" ")) - 1)
        done = ask(cwd=tmp_path, COMP_WORDS=words, COMP_CWORD=at, _RPIKIT_COMPLETE="bash_complete")
        return {line.partition(",")[2] for line in done.stdout.splitlines()}

    assert complete("rpikit fl") == {"flash"}
    assert "--board" in complete("rpikit flash --b")
    assert complete("rpikit flash --board ") == {
        "desk",
        "host",
        "virtual-pi3",
        "virtual-pi3-bench",
        "virtual-pi3-beside",
        "virtual-pi3-edges",
        "virtual-pi3-metal",
        "virtual-pi3-no-kvm",
    }
    assert complete("rpikit board up d") == {"desk"}


@pytest.mark.parametrize("words", [("--help",), ("doctor",), ("config", "schema", "app")])
def test_a_closed_pipe_ends_a_command_without_a_word(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*PROGRAM, *words], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.returncode in (0, 1)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_are_no_fault(closed: str) -> None:
    command = f"{sys.executable} -m rpikit config lint {HELLO}/rpikit.toml {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_standard_output_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "config", "schema", "app"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr


def test_a_folder_that_takes_no_files_is_told(project: Path, tmp_path: Path) -> None:
    (project / "build").write_text("a file where the folder should be\n")
    done = ask("build", project)
    assert done.returncode == 2
    assert "hello/build: cannot be made (file exists)" in done.stderr
    assert ask("board", "up", RPIKIT_STATE="/dev/null/state").returncode == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a folder read-only")
def test_a_read_only_folder_is_told_with_a_hint(project: Path) -> None:
    mount = f"mount --bind {project} {project} && mount -o remount,ro,bind {project}"
    (project / "build").mkdir()
    command = f"{mount} && exec {sys.executable} -m rpikit build {project}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", command], capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    assert done.returncode == 2
    assert "Read-only file system" in done.stderr
    assert "hint: name a folder that can be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("build", str(HELLO)), 5),
        (("flash", str(HELLO)), 5),
        (("run", str(HELLO)), 5),
        (("board", "up"), 5),
        (("doctor",), 5),
        (("board", "list"), 0),
        (("board", "status"), 4),
        (("board", "down"), 0),
        (("completion", "bash"), 0),
    ],
)
def test_missing_programs_are_told(words: tuple[str, ...], status: int, tmp_path: Path) -> None:
    done = ask(*words, PATH="", RPIKIT_TOOLCHAIN="gcc", RPIKIT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == status
    if status == 5 and words != ("doctor",):
        assert "hint: " in done.stderr


@pytest.mark.parametrize("second", [0, 315532800, 4102444800])
def test_sources_from_another_time_build(project: Path, second: int, tmp_path: Path) -> None:
    for file in project.rglob("*"):
        os.utime(file, (second, second))
    assert ask("build", project, "--out", tmp_path / "out").returncode == 0


def test_a_name_that_is_not_utf8_builds_or_is_refused_in_words(
    project: Path, tmp_path: Path
) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff\xfe odd"
    project.rename(os.fsdecode(odd))
    done = ask("build", odd)
    assert done.returncode in (0, 2)
    assert ask("build", odd, "--json").returncode == done.returncode
    assert ask("config", "lint", odd + b"/rpikit.toml").returncode == 0
    assert ask("config", "lint", odd + b"/none.toml").returncode == 2
    assert ask("build", b"/\xff\xfe").returncode == 2


def test_two_builds_in_one_folder_take_turns(project: Path) -> None:
    both = [
        subprocess.Popen([*PROGRAM, "build", project], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [one.communicate(timeout=120)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert (project / "build" / "hello.hvt").is_file()


def at_work_in(folder: Path) -> set[str]:
    """Return the processes whose folder is this one, or one below."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if (process / "cwd").readlink().is_relative_to(folder):
                found.add((process / "comm").read_text())
    return found


@pytest.mark.parametrize("after", [0.0, 1.5])
def test_ctrl_c_ends_a_build_and_the_next_one_works(project: Path, after: float) -> None:
    build = subprocess.Popen(
        [*PROGRAM, "build", project], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (project / "build" / LOCK).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(after)  # then compilers are at work
    build.send_signal(signal.SIGINT)
    said = build.communicate(timeout=120)[1]
    assert build.returncode == 130
    assert said.endswith("rpikit: interrupted\n")
    assert not at_work_in(project)
    assert ask("build", project).returncode == 0


@pytest.mark.parametrize("after", [0.03, 0.06, 0.1, 0.15, 0.25])
def test_ctrl_c_at_any_moment_shows_no_traceback_of_ours(after: float) -> None:
    process = subprocess.Popen([*PROGRAM, "doctor"], stderr=subprocess.PIPE, text=True)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    if process.returncode not in (0, 130, -signal.SIGINT):
        assert "<frozen" in said  # the start of Python itself, before any line of ours
    assert "rpikit/" not in said


def test_ctrl_c_ends_a_test_also_while_pytest_still_loads(project: Path) -> None:
    (project / "tests" / "conftest.py").write_text(
        "import os, signal, time\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    assert ask("test", project, "--board", "host").returncode == 130


def test_a_wrong_word_is_a_usage_fault_also_for_programs() -> None:
    assert ask("brew").returncode == 2
    done = ask("build", "--colour", "--json")
    assert done.returncode == 2
    assert json.loads(done.stderr)["event"] == "error"


def test_every_command_that_reports_has_json() -> None:
    others = {"completion", "config schema", "board shell", "board serial"}  # files, and people
    without = {
        name
        for name, command in COMMANDS.items()
        if not any("--json" in option.opts for option in options(command))
    }
    assert without <= others


def test_help_loads_nothing_that_only_the_commands_need() -> None:
    heavy = set("elftools fabric jinja2 paramiko pydantic pytest SCons serial".split())
    program = f"import sys\nfrom rpikit import cli\nprint({heavy} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_the_top_is_a_group() -> None:
    assert isinstance(rpikit, click.Group)


def test_the_way_to_a_board_has_one_variable() -> None:
    assert choices.VIA == connect.VIA  # written twice, so that `--help` loads no transport


def test_a_way_is_taken_for_one_command_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(choices.VIA, raising=False)
    refused = CliRunner().invoke(rpikit, ["flash", "/nowhere", "--via", "serial"])
    assert "there is no such file" in str(refused.exception)
    assert choices.VIA not in os.environ
    monkeypatch.setenv(choices.VIA, "ssh")
    CliRunner().invoke(rpikit, ["flash", "/nowhere", "--via", "serial"])
    assert os.environ[choices.VIA] == "ssh"


@pytest.mark.parametrize("last", ["--no-such-option", "--trial=soon"])
def test_words_that_are_refused_leave_no_way_behind(
    last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(choices.VIA, raising=False)
    refused = CliRunner().invoke(rpikit, ["flash", "--via", "serial", last])
    assert refused.exit_code == 2
    assert choices.VIA not in os.environ
