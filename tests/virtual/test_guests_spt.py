# SPDX-License-Identifier: MIT
"""Guests as sandboxed processes, without KVM; how each ends is in test_guests_everywhere."""

import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rpikit.transport.ssh import Ssh

ROOT = Path(__file__).parents[2]
FOLDER = "/tmp/guests-spt"
NAMES = ["hello", *(path.parent.name for path in (ROOT / "tests/guests").glob("*/rpikit.toml"))]


@pytest.fixture(scope="module")
def there(built_spt: Path, virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> Ssh:
    """Give the board with all guests, the generic tender, and one that leaves a guest alone."""
    out = built_spt
    archive = tmp_path_factory.mktemp("guests") / "guests.tgz"
    with tarfile.open(archive, mode="w:gz") as tar:
        tar.add(out / "generic" / "rpikit-tender", "parent")
        tar.add(out / "apps" / "hello" / "rpikit-tender", "alone")
        tar.add(out / "apps" / "blk" / "rpikit-tender", "disk")
        for name in NAMES:
            tar.add(out / "apps" / name / f"{name}.spt", f"{name}.spt")
    virtual_ssh.put(archive, "/tmp/guests-spt.tgz")
    unpack = f"mkdir -p {FOLDER} && tar xzf /tmp/guests-spt.tgz -C {FOLDER} && rm {FOLDER}.tgz"
    assert virtual_ssh.run(unpack).status == 0
    return virtual_ssh


def run(there: Ssh, words: str) -> tuple[int, str, str]:
    # The shell stays, so that a signal becomes a status.
    done = there.run(f"cd {FOLDER} && ./{words}; exit $?", timeout=120)
    return done.status, done.out, done.err


@pytest.mark.parametrize("tender", ["alone", "parent"])
def test_hello_echoes_its_command_line(there: Ssh, tender: str) -> None:
    status, out, said = run(there, f"{tender} --mem=2 -- hello.spt Hello_Solo5 twice")
    assert (status, said) == (0, "")
    assert "Hello_Solo5 twice" in out
    assert "SUCCESS\n" in out


@pytest.mark.parametrize(("word", "status"), [("0", 0), ("7", 7), ("263", 7), ("abort", 255)])
def test_the_guests_status_is_the_processes(there: Ssh, word: str, status: int) -> None:
    assert run(there, f"alone --mem=2 exit.spt {word}")[0] == status


@pytest.mark.parametrize("tender", ["disk", "parent"])
@pytest.mark.parametrize("size", [512, 4096])
def test_blocks_are_moved_whole_within_the_filter(there: Ssh, tender: str, size: int) -> None:
    there.run(f"dd if=/dev/zero of={FOLDER}/disk.img bs=4096 count=8")
    options = f"--mem=2 --block:storage=disk.img --block-sector-size:storage={size}"
    status, out, _ = run(there, f"{tender} {options} blk.spt")
    assert (status, "SUCCESS\n" in out) == (0, True)


def test_a_device_that_is_not_attached_is_refused(there: Ssh) -> None:
    status, _, said = run(there, "disk --mem=2 blk.spt")
    assert status == 1
    assert "declared but not attached" in said


def test_the_parent_refuses_what_was_not_granted(there: Ssh) -> None:
    status, out, said = run(there, "parent --mem=2 --pin:button=17 -- denied.spt")
    assert status == 0
    assert "SUCCESS" in out
    assert "calls refused: line not granted" in said


def test_a_call_of_ours_is_forbidden_where_nobody_serves_it(there: Ssh) -> None:
    assert run(there, "alone --mem=2 denied.spt")[0] == 159


@pytest.mark.parametrize("tender", ["alone", "parent"])
def test_a_full_console_or_a_reader_that_is_gone_loses_text_only(there: Ssh, tender: str) -> None:
    assert run(there, f"{tender} --mem=2 output.spt > /dev/full")[0] == 0
    told = there.run(f"cd {FOLDER} && (./{tender} --mem=2 output.spt; echo ended $? >&2) | true")
    assert told.err == "ended 0\n"


def test_a_file_that_is_no_guest_of_spt_is_refused(there: Ssh) -> None:
    status, _, said = run(there, "alone --mem=2 parent")
    assert status == 1
    assert len(said.splitlines()) == 1


def test_nothing_of_the_tender_is_left_in_the_guests_process(
    there: Ssh, behind: Callable[[str], str]
) -> None:
    done = there.run(
        f"cd {FOLDER} || exit; {behind('./alone --mem=2 clock_gap.spt 3')}; "
        "cat /proc/$!/maps; grep -E 'CapEff|Seccomp:|NoNewPrivs' /proc/$!/status; wait $!"
    )
    assert done.status == 0
    for left in ("[stack]", "[vdso]", "[heap]", "/"):
        assert left not in done.out
    for dropped in ("CapEff:\t0000000000000000", "Seccomp:\t2", "NoNewPrivs:\t1"):
        assert dropped in done.out
    rights = re.findall(r"^[0-9a-f]+-[0-9a-f]+ (\S+)", done.out, re.M)
    assert any("x" in right for right in rights)
    assert not any("w" in right and "x" in right for right in rights)


def test_the_guest_ends_with_its_parent_and_the_parent_with_its_guest(
    there: Ssh, behind: Callable[[str], str]
) -> None:
    runs = behind("./parent --mem=2 clock_gap.spt 30")
    done = there.run(
        f"cd {FOLDER} || exit; {runs}; P=$!; "
        "C=$(tr -d ' ' < /proc/$P/task/$P/children); kill $P; wait $P; echo $?; "
        "while test -e /proc/$C; do sleep 0.1; done; echo gone; "
        f"{runs}; P=$!; "
        "C=$(tr -d ' ' < /proc/$P/task/$P/children); kill -SEGV $C; wait $P; echo $?"
    )
    assert done.out.split() == ["1", "gone", "139"]
