# SPDX-License-Identifier: MIT
"""The system calls left to each application of the tree, as its own tender tells of its filter.

They stand in docs/reference/system-calls.json, from which the table of the manual is printed;
`--update` writes that anew.
"""

import functools
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from rpikit import app, board, bundle, surface
from rpikit.app import App
from rpikit.surface import Surface
from rpikit.transport.ssh import Ssh

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs" / "reference" / "system-calls.json"
FOLDER = "/tmp/left"
MOST = 12
TREES = ("c/apps", "tests/guests", "perf")
ALL = sorted(
    (app.load(file.parent) for tree in TREES for file in (ROOT / tree).glob("*/rpikit.toml")),
    key=lambda one: one.name,
)
SHOWN = frozenset(
    "blk calls denied gpio_edges gpio_many gpio_page gpio_presses hello maxdevices net net_2if "
    "net_mtu pins serve test_led test_switch two_lines".split()
)  # of the others with devices some are made to break, and some need a bus the board lacks
APPS = [one for one in ALL if one.name in SHOWN]
PLATFORMS: tuple[Literal["hvt", "spt"], ...] = ("hvt", "spt")
TOLD = re.compile(r"(\d+) system calls left to the (\w+) \(\?: arguments checked\):(.*)")

Left = dict[str, dict[str, str]]
"""By whose it is, and the call's name: whether it is checked."""

# Waits until a tender has told of each of its processes, or ended. Both outputs are a pipe, as
# `rpikit flash` has it.
SCRIPT = f"""cd {FOLDER} || exit
left() {{ # NAME LINES TENDER WORD...: what that tender tells
    name=$1 lines=$2
    shift 2
    rm -f said pipe; mkfifo pipe; cat pipe >said & reader=$!
    "$@" >pipe 2>&1 & tender=$!
    until [ "$(grep -c sandbox: said)" -ge "$lines" ] || ! kill -0 $tender 2>/dev/null; do
        sleep 0.1
    done
    kill -KILL $tender 2>/dev/null
    wait
    echo "$name"
    cat said
}}
"""


surface_of = functools.cache(surface.of)


@dataclass(frozen=True)
class Launch:
    """How one tender is started on the board."""

    app: App
    platform: Literal["hvt", "spt"]
    tender: Path
    unikernel: Path

    @property
    def processes(self) -> int:
        """Return how many it is: with a parent an spt guest is another."""
        alone = not self.surface.calls("tender")
        return 1 if self.platform == "hvt" or alone else 2

    @property
    def surface(self) -> Surface:
        """Return what `rpikit inspect --attack-surface` says of it."""
        return surface_of(self.tender)

    @property
    def words(self) -> Iterator[str]:
        """Give its options as they are flashed."""
        options = bundle.options(self.app, board.load(board.DEFAULT))
        yield from options

    @property
    def name(self) -> str:
        return f"{self.app.name}.{self.platform}"


@pytest.fixture(scope="module")
def launches(built: Path, built_spt: Path) -> list[Launch]:
    folders = {"hvt": built, "spt": built_spt}
    return [
        Launch(
            one,
            platform,
            folders[platform] / "apps" / one.name / "rpikit-tender.debug",
            folders[platform] / "apps" / one.name / f"{one.name}.{platform}",
        )
        for one in APPS
        for platform in PLATFORMS
    ]


@pytest.fixture(scope="module")
def left(
    launches: list[Launch], virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Left]:
    """Start every application's tender as it is flashed, and return what each tells."""
    folder = tmp_path_factory.mktemp("left")
    disks = {
        one.path for launch in launches for one in launch.app.attachments if one.type == "block"
    }
    taps = {one.tap for launch in launches for one in launch.app.attachments if one.type == "net"}
    script = SCRIPT
    script += "".join(f"dd if=/dev/zero of={disk} bs=4096 count=8 2>/dev/null\n" for disk in disks)
    script += "".join(f"tunctl -t {tap}; ip link set {tap} up\n" for tap in taps)
    with tarfile.open(folder / "all.tgz", mode="w:gz") as tar:
        for one in launches:
            tar.add(one.tender.with_suffix(""), f"{one.name}-tender")
            tar.add(one.unikernel, one.name)
            words = " ".join(one.words)
            script += f"left {one.name} {one.processes} ./{one.name}-tender --verbose {words} "
            script += f"-- {one.name}\n"
        script += "".join(f"tunctl -d {tap}\n" for tap in taps)
        (folder / "run").write_text(script)
        tar.add(folder / "run", "run")
    virtual_ssh.put(folder / "all.tgz", f"{FOLDER}.tgz")
    unpack = f"mkdir -p {FOLDER} && tar xzf {FOLDER}.tgz -C {FOLDER} && rm {FOLDER}.tgz"
    done = virtual_ssh.run(f"{unpack} && sh {FOLDER}/run; rm -rf {FOLDER}", timeout=600)
    names = {one.name for one in launches}
    found: dict[str, Left] = {}
    for line in done.out.splitlines():
        if line in names:
            told = found.setdefault(line, {})
        elif match := TOLD.search(line):
            told[match[2]] = dict(map(surface.call_of, match[3].split()))
            assert len(told[match[2]]) == int(match[1])
    for one in launches:
        assert len(found[one.name]) == one.processes, done.out
    return found


def test_the_record_is_what_was_installed(
    left: dict[str, Left], request: pytest.FixtureRequest
) -> None:
    text = json.dumps(left, indent=1, sort_keys=True) + "\n"
    if request.config.getoption("--update"):
        RECORD.write_text(text, encoding="utf-8")
    assert RECORD.read_text(encoding="utf-8") == text


def test_twelve_are_left_at_most(left: dict[str, Left]) -> None:
    for name, whose in left.items():
        for calls in whose.values():
            assert 1 <= len(calls) <= MOST, name


def test_nothing_is_left_that_inspect_does_not_list(
    left: dict[str, Left], launches: list[Launch]
) -> None:
    for one in launches:
        listed = one.surface
        for whose, calls in left[one.name].items():
            assert set(calls) <= set(listed.calls(whose)), one.name
            assert len(listed.calls(whose)) <= MOST, one.name


# What is listed because its file is linked, and left only to a launch that has use for it.
DEPENDS = {
    "pread64": "lines through sysfs",
    "pwrite64": "lines through sysfs",
    "read": "edges",
    "epoll_pwait": "networks or edges",
    "timerfd_settime": "networks or edges",
    "clock_nanosleep": "neither networks nor edges",
    "restart_syscall": "neither networks nor edges",
}


def test_nothing_is_listed_that_no_launch_needs(
    left: dict[str, Left], launches: list[Launch]
) -> None:
    for one in launches:
        listed = one.surface
        for whose, calls in left[one.name].items():
            missing = set(listed.calls(whose)) - set(calls)
            if whose == "guest":
                # Rules for storage and networks are in every filter's source.
                assert missing <= {"pread64", "pwrite64", "read"}, one.name
                continue
            waits = {one.type for one in one.app.attachments} & {"net"}
            expected = {"clock_nanosleep", "restart_syscall"}
            assert missing <= DEPENDS.keys(), one.name
            assert ("epoll_pwait" in calls) != (expected <= set(calls)), one.name
            assert not waits or "epoll_pwait" in calls or one.platform == "spt", one.name
