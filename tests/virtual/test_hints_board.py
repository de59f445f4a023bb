# SPDX-License-Identifier: MIT
"""Hints for failures that need a board, each made for real on the virtual one."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import app, board, build, ending, hints, paths
from rpikit.transport.ssh import Ssh
from rpikit.virtual.machine import Machine

FOLDER = "/tmp/hints"
HELLO = f"{FOLDER}/hello.tender --mem=2 -- {FOLDER}/hello"
SWITCH = (
    f"{FOLDER}/test_switch.tender --mem=2 --pin:button=17 --pin:lamp=18 -- {FOLDER}/test_switch"
)
AS_ANOTHER = "su -s /bin/sh sshd -c"


def answer(name: str, said: str) -> None:
    """See that a text finds this hint and no other."""
    hint = next(one for one in hints.known() if one.name == name)
    assert hint.answer(said) is not None, said
    assert hints.find(said) == hint.answer(said)


@pytest.fixture(scope="module")
def ssh(virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    """Put two applications with their tenders on the board."""
    virtual_ssh.run(f"mkdir -p {FOLDER}")
    for name in ("hello", "test_switch"):
        described = app.load(paths.data_root() / "c" / "apps" / name)
        out = tmp_path_factory.mktemp(name)
        built = build.build(described, board=board.load(board.DEFAULT), out=out)
        virtual_ssh.put(built.unikernel, f"{FOLDER}/{name}")
        virtual_ssh.put(built.tender, f"{FOLDER}/{name}.tender")
    virtual_ssh.run(f"chmod 755 {FOLDER}/*")
    yield virtual_ssh
    virtual_ssh.run(f"rm -rf {FOLDER}")


def test_no_kvm(ssh: Ssh) -> None:
    ssh.run("mv /dev/kvm /dev/kvm-away")
    try:
        answer("no-kvm", ssh.run(HELLO).err)
    finally:
        ssh.run("mv /dev/kvm-away /dev/kvm")


def test_kvm_that_belongs_to_others(ssh: Ssh) -> None:
    answer("kvm-denied", ssh.run(f"{AS_ANOTHER} '{HELLO}'").err)


def test_lines_that_belong_to_others(ssh: Ssh) -> None:
    answer("gpio-denied", ssh.run(f"{AS_ANOTHER} '{SWITCH}'").err)


def test_a_line_that_another_program_holds(ssh: Ssh) -> None:
    holding = (
        "gpioset -m signal gpiochip0 17=1 & holder=$!; "
        "until gpioinfo gpiochip0 | grep -q 'line *17:.*gpioset' || ! kill -0 $holder; "
        "do sleep 0.1; done"
    )
    said = ssh.run(f"{holding}; {SWITCH}; kill $holder").err
    answer("line-busy", said)
    assert (hints.find(said) or "").startswith("end gpioset on the board")


def test_a_host_key_nobody_knows(virtual_board: Machine, tmp_path: Path) -> None:
    known = f"UserKnownHostsFile={tmp_path / 'none'}"
    command = ["ssh", "-o", known, "-o", "BatchMode=yes", "-p", str(virtual_board.ssh.port)]
    done = subprocess.run(
        [*command, "root@127.0.0.1", "true"], capture_output=True, text=True, check=False
    )
    answer("host-key", done.stderr)


def test_a_machine_that_is_killed_while_it_starts(
    virtual_board: Machine, virtual_state: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "virtual"  # a cache without a snapshot, which would be given up
    ours.mkdir()
    for name in ("images", "keys", "images.lock"):
        (ours / name).symlink_to(paths.cache_dir() / "virtual" / name)
    command = [sys.executable, "-m", "rpikit", "board", "up", "killed", "--bench"]
    bench = virtual_state / "killed.toml"
    bench.write_text('[boards.killed]\nboard = "virtual-pi3"\n')
    with subprocess.Popen(
        [*command, str(bench)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "RPIKIT_CACHE": str(tmp_path)},
    ) as starting:
        while starting.poll() is None:
            for machine in machines_in(virtual_state / "boards/killed"):
                with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                    os.kill(machine, signal.SIGKILL)
            time.sleep(0.01)
        assert starting.stderr is not None
        said = starting.stderr.read()
    assert starting.returncode == 4
    answer("machine-killed", said)


def machines_in(folder: Path) -> list[int]:
    """Return the processes of QEMU that are the board of this folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = file.read_bytes().split(b"\0")
            if words[0].startswith(b"qemu-system") and any(bytes(folder) in word for word in words):
                found.append(int(file.parent.name))
    return found


def test_what_a_console_says_gets_a_hint_too(ssh: Ssh, capsys: pytest.CaptureFixture[str]) -> None:
    said = ssh.run(f"{AS_ANOTHER} '{SWITCH}'").err
    ending.complain("desk: it ended with 1", f"its console ended with:\n  {said}")
    assert "  hint: on the board: sudo usermod -aG gpio" in capsys.readouterr().err
