# SPDX-License-Identifier: MIT
"""What a tender has given up once its guest runs, as Linux tells of its processes."""

import re
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rpikit import toolchain
from rpikit.transport.ssh import Ssh

ROOT = Path(__file__).parents[2]
FOLDER = "/tmp/sandboxed"
GUEST = "clock_gap"  # sleeps for as many seconds as it is told
TENDERS = {"hvt": "hvt", "alone": "spt", "parent": "spt"}
NOBODY = "65534"
Look = Callable[[str, str, str], str]


@pytest.fixture(scope="module")
def there(
    built: Path, built_spt: Path, virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory
) -> Ssh:
    """Give the board with a tender of each kind, and guests that sleep."""
    archive = tmp_path_factory.mktemp("sandboxed") / "files.tgz"
    with tarfile.open(archive, mode="w:gz") as tar:
        tar.add(built / "generic" / "rpikit-tender", "hvt")
        tar.add(built_spt / "generic" / "rpikit-tender", "parent")
        tar.add(built_spt / "apps" / GUEST / "rpikit-tender", "alone")
        tar.add(built / "apps" / GUEST / f"{GUEST}.hvt", "guest.hvt")
        tar.add(built / "apps" / "blk" / "blk.hvt", "blk.hvt")
        tar.add(built_spt / "apps" / GUEST / f"{GUEST}.spt", "guest.spt")
    virtual_ssh.put(archive, f"{FOLDER}.tgz")
    unpack = f"mkdir -p {FOLDER} && tar xzf {FOLDER}.tgz -C {FOLDER} && rm {FOLDER}.tgz"
    assert virtual_ssh.run(unpack).status == 0
    return virtual_ssh


@pytest.fixture
def while_it_runs(there: Ssh, behind: Callable[[str], str]) -> Look:
    """Return what asks for what (look) prints while the guest of a tender sleeps.

    $P is the tender, $ALL it and its child.
    """

    def ask(tender: str, options: str, look: str) -> str:
        runs = behind(f"./{tender} --mem=2 {options} guest.{TENDERS[tender]} 60")
        done = there.run(
            f'cd {FOLDER} || exit; {runs}; P=$!; ALL="$P $(cat /proc/$P/task/$P/children)"; '
            f"{look}; kill -KILL $P; wait $P"
        )
        assert done.out, done.err
        return done.out

    return ask


def hand_made(folder: Path, name: str, *sources: str) -> Path:
    """Build the program NAME.c beside this file for the board."""
    program = folder / name
    words = [*toolchain.find().cc, "-O1", "-static", "-nostdlib", "-ffreestanding"]
    files = [ROOT / "tests" / "virtual" / f"{name}.c", *(ROOT / "c" / one for one in sources)]
    subprocess.run([*words, f"-I{ROOT / 'c'}", "-o", program, *files], check=True)
    return program


def of_each(look: str) -> str:
    return f"for one in $ALL; do {look}; done"


@pytest.mark.parametrize("tender", list(TENDERS))
@pytest.mark.parametrize(
    ("options", "user", "group"),
    [("", NOBODY, NOBODY), ("--user=1000:44", "1000", "44"), ("--user=0", "0", "0")],
)
def test_no_process_is_roots_or_has_a_right(
    while_it_runs: Look, tender: str, options: str, user: str, group: str
) -> None:
    shown = while_it_runs(tender, options, of_each("cat /proc/$one/status"))
    said = re.findall(r"^(\w+):\t?(.*?) *$", shown, re.M)
    processes = 2 if tender == "parent" else 1
    for key, value in {
        "Uid": "\t".join([user] * 4),
        "Gid": "\t".join([group] * 4),
        "Groups": "",
        "CapPrm": "0" * 16,
        "CapEff": "0" * 16,
        "CapInh": "0" * 16,
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }.items():
        assert [found for name, found in said if name == key] == [value] * processes, key


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_a_guest_ends_with_its_tender_whoever_they_are(while_it_runs: Look, signal: str) -> None:
    gone = "while test -e /proc/$one; do sleep 0.1; done; echo gone"
    look = f"kill -{signal} $P; for one in ${{ALL#* }}; do {gone}; done"
    assert while_it_runs("parent", "", look) == "gone\n"


def test_only_root_becomes_another(there: Ssh) -> None:
    done = there.run(
        f"cd {FOLDER} && su nobody -s /bin/sh -c './alone --user=1000 --mem=2 guest.spt 1'"
    )
    assert done.status == 1
    assert "only root can" in done.err


def test_nothing_with_a_path_can_be_opened_or_made(virtual_ssh: Ssh, tmp_path: Path) -> None:
    program = hand_made(tmp_path, "hand_landlock", "tender/landlock.c")
    virtual_ssh.put(program, "/tmp/hand_landlock")
    assert virtual_ssh.run("chmod +x /tmp/hand_landlock && /tmp/hand_landlock").status == 0


@pytest.mark.parametrize("tender", ["hvt", "parent"])
def test_what_was_granted_cannot_be_rewritten(while_it_runs: Look, tender: str) -> None:
    shown = while_it_runs(tender, "", "cat /proc/$P/maps")
    rights = re.findall(rf"^\S+ (\S+) .*{FOLDER}/{tender}$", shown, re.M)
    assert rights == ["r-xp", "r--p", "rw-p"]


def test_limits_leave_no_room(while_it_runs: Look) -> None:
    shown = while_it_runs("parent", "", of_each("cat /proc/$one/limits"))
    for name, most in {
        "Max core file size": 0,
        "Max processes": 0,
        "Max locked memory": 0,
        "Max open files": 1,
        "Max file size": 0,
    }.items():
        assert re.findall(rf"^{name} +(\w+) +(\w+)", shown, re.M) == [(str(most),) * 2] * 2, name


def test_only_files_take_a_place_to_read_or_write_at(virtual_ssh: Ssh, tmp_path: Path) -> None:
    program = hand_made(tmp_path, "hand_places", "lib/string.c")
    virtual_ssh.put(program, "/tmp/hand_places")
    assert virtual_ssh.run("chmod +x /tmp/hand_places && /tmp/hand_places").status == 0


@pytest.mark.parametrize(
    ("output", "check"),
    [("| cat > /dev/null", ""), ("> file", "?"), ("> /dev/null", "?")],
)
def test_storage_is_checked_unless_no_output_is_like_a_file(
    there: Ssh, output: str, check: str
) -> None:
    """What is told is read from the filter itself; standard error is a pipe each time."""
    done = there.run(
        f"cd {FOLDER} && dd if=/dev/zero of=disk bs=4096 count=8 2>/dev/null; "
        f"./hvt --verbose --mem=2 --block:storage=disk blk.hvt {output}"
    )
    assert done.status == 0, done.err
    assert re.search(rf" 67\{check} 68\{check} " if check else " 67 68 ", done.err)
