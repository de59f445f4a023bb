# SPDX-License-Identifier: MIT
"""Storage and networks on the virtual board: attached, used, and refused."""

import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rpikit import toolchain
from rpikit.transport.ssh import Ssh

ROOT = Path(__file__).parents[2]
FOLDER = "/tmp/attached"
GUESTS = ("blk", "maxdevices", "net", "net_2if", "net_mtu")
DISKS = 62
"""Of the guest maxdevices, which has a network besides."""


@dataclass(frozen=True)
class Ended:
    """How a run of the tender ended and what it said."""

    status: int
    out: str
    err: str


class Tender:
    """The generic tender on the board, with the guests and what is attached to them beside it."""

    def __init__(self, ssh: Ssh) -> None:
        self._ssh = ssh

    def shell(self, command: str) -> Ended:
        """Run a command in the folder."""
        done = self._ssh.run(f"cd {FOLDER} || exit; {command}", timeout=120)
        return Ended(done.status, done.out, done.err)

    def run(self, guest: str, options: str = "", words: str = "", before: str = "") -> Ended:
        """Run a guest to its end."""
        return self.shell(
            f"{before} ./rpikit-tender --mem=2 {options} -- {guest}.hvt --solo5:quiet {words}"
        )

    def ping(
        self, guest: str, options: str, count: int, addresses: tuple[str, ...], by: str = ""
    ) -> Ended:
        """Run a guest that ends with so many pings, and ping it at each address until then."""
        pings = " ".join(
            f'ping -i 0.01 -w 100 {address} >/dev/null & pings="$pings $!";'
            for address in addresses
        )
        return self.shell(
            f"{by} ./rpikit-tender --mem=2 {options} -- {guest}.hvt --solo5:quiet {count} "
            ">run.out 2>run.err & guest=$!; "
            "until grep -q ready run.out || ! kill -0 $guest; do sleep 0.1; done 2>/dev/null; "
            "pings=; "
            f"{pings} wait $guest; status=$?; {{ kill $pings; wait; }} 2>/dev/null; "
            "cat run.out; cat run.err >&2; "
            "exit $status"
        )


def _hand_tap(folder: Path) -> Path:
    """Build the program that opens a tap for the tender."""
    chain = toolchain.find()
    program = folder / "hand_tap"
    words = [*chain.cc, "-O1", "-static", "-nostdlib", "-ffreestanding", f"-I{ROOT / 'c'}"]
    sources = [ROOT / "tests/virtual/hand_tap.c", ROOT / "c/lib/string.c"]
    subprocess.run([*words, "-o", program, *sources], check=True)
    return program


@pytest.fixture(scope="module")
def tender(
    built: Path, virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tender]:
    aside = tmp_path_factory.mktemp("attached")
    with tarfile.open(aside / "all.tgz", mode="w:gz") as tar:
        tar.add(built / "generic" / "rpikit-tender", "rpikit-tender")
        tar.add(_hand_tap(aside), "hand_tap")
        for name in GUESTS:
            tar.add(built / "apps" / name / f"{name}.hvt", f"{name}.hvt")
    assert virtual_ssh.run(f"mkdir {FOLDER}").status == 0
    virtual_ssh.put(aside / "all.tgz", f"{FOLDER}/all.tgz")
    assert virtual_ssh.run(f"cd {FOLDER} && tar xzf all.tgz").status == 0
    yield Tender(virtual_ssh)
    virtual_ssh.run(f"rm -r {FOLDER}")


@pytest.fixture(scope="module")
def taps(tender: Tender) -> Iterator[None]:
    """Give the board two taps, 10.0.0.1 and 10.1.0.1, and one that is down."""
    made = "tunctl -t tap{0} && ip addr add 10.{1}.0.1/24 dev tap{0} && ip link set tap{0} up"
    assert tender.shell(made.format(100, 0)).status == 0
    assert tender.shell(made.format(101, 1)).status == 0
    assert tender.shell("tunctl -t tap102").status == 0
    yield
    tender.shell("for tap in tap100 tap101 tap102; do tunctl -d $tap; done")


def assert_success(ended: Ended) -> None:
    assert (ended.status, ended.err) == (0, "")
    assert "SUCCESS\n" in ended.out


@pytest.mark.parametrize("sector", [512, 4096])
def test_every_block_is_written_and_read(tender: Tender, sector: int) -> None:
    tender.shell("rm -f disk.img && truncate -s 128K disk.img")
    options = f"--block:storage=disk.img --block-sector-size:storage={sector}"
    ended = tender.run("blk", options if sector != 512 else options.split()[0])
    assert_success(ended)
    assert f"capacity 131072, blocks of {sector}" in ended.out
    assert tender.shell("stat -c %s disk.img").out == "131072\n"


BLOCK_REFUSALS = {
    "--block:storage=odd.img": "Backing storage size must be block aligned",
    "--block:storage=empty.img": "Backing storage size must be block aligned",
    "--block:storage=disk.img --block-sector-size:storage=8192": "must be block aligned",
    "--block:storage=disk.img --block-sector-size:storage=1000": (
        "Block size must be a multiple of 2 greater than or equal 512"
    ),
    "--block:storage=disk.img --block-sector-size:storage=256": (
        "Block size must be a multiple of 2 greater than or equal 512"
    ),
    "--block:storage=disk.img --block-sector-size:storage=65536": "at most 32768",
    "--block:storage=disk.img --block-sector-size:storage=4k": "Block size must be",
    "--block:storage=none.img": "No such file or directory",
    "--block:storage=.": "Is a directory",
    "--block:storage=/dev/null": "Neither a file nor a block device",
    "--block:other=disk.img": "the manifest declares no block device of that name",
    "--block:storage=disk.img --block:storage=disk.img": "was attached before",
    "--block-sector-size:other=512": "the manifest declares no block device of that name",
    "--net:storage=tap100": "the manifest declares no network device of that name",
    "": "Device 'storage' of type BLOCK_BASIC declared but not attached.",
}


@pytest.mark.parametrize(("options", "message"), list(BLOCK_REFUSALS.items()))
def test_storage_that_does_not_fit_is_refused(tender: Tender, options: str, message: str) -> None:
    files = "truncate -s 4608 disk.img; truncate -s 1000 odd.img; : >empty.img;"
    ended = tender.run("blk", options, before=f"rm -f *.img; {files}")
    assert ended.status == 1
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_storage_that_is_full_fails_the_guests_call_and_is_told(tender: Tender) -> None:
    mount = "mkdir full && mount -t tmpfs -o size=64k none full && truncate -s 128K full/disk.img;"
    ended = tender.run("blk", "--block:storage=full/disk.img", before=mount)
    tender.shell("umount full; rmdir full")
    assert ended.status == 1
    assert "not so: solo5_block_write" in ended.out
    assert "1 transfers failed, the last one of block device storage: No space left" in ended.err


RING = pytest.mark.parametrize("ring", ["", "--no-net-ring"], ids=["ring", "calls"])


@RING
def test_a_guest_answers_pings(tender: Tender, taps: None, ring: str) -> None:
    options = f"--net:uplink=tap100 --net-mac:uplink=52:54:00:aB:cd:01 {ring}"
    ended = tender.ping("net", options, 50, ("10.0.0.2",))
    assert_success(ended)
    assert "MTU is 1500, MAC is 52:54:00:ab:cd:01" in ended.out


def test_the_thread_of_the_ring_has_no_rights_either(tender: Tender, taps: None) -> None:
    ended = tender.shell(
        "./rpikit-tender --mem=2 --net:uplink=tap100 -- net.hvt --solo5:quiet 1 >run.out & "
        "guest=$!; until grep -q ready run.out 2>/dev/null; do sleep 0.1; done; "
        "cat /proc/$guest/task/*/status; kill $guest; wait $guest"
    )
    assert ended.out.count("CapEff:\t0000000000000000") == 2
    assert ended.out.count("Seccomp:\t2") == 2


def test_a_tap_may_be_inherited(tender: Tender, taps: None) -> None:
    ended = tender.ping("net", "--net:uplink=@7", 20, ("10.0.0.2",), by="./hand_tap tap100")
    assert_success(ended)
    assert "MTU is 1500" in ended.out


@RING
def test_a_guest_answers_on_two_networks_at_once(tender: Tender, taps: None, ring: str) -> None:
    options = f"--net:left=tap100 --net:right=tap101 {ring}"
    ended = tender.ping("net_2if", options, 30, ("10.0.0.2", "10.1.0.2"))
    assert_success(ended)


def test_addresses_are_random_local_and_each_its_own(tender: Tender, taps: None) -> None:
    found = set()
    for _ in range(2):
        ended = tender.run("net_2if", "--net:left=tap100 --net:right=tap101", "0")
        assert_success(ended)
        macs = [line.split()[-1] for line in ended.out.splitlines() if "MAC is" in line]
        assert all(int(mac[:2], 16) & 3 == 2 for mac in macs)
        found |= set(macs)
    assert len(found) == 4


def test_the_tap_decides_the_mtu(tender: Tender, taps: None) -> None:
    before = "ip link set tap101 mtu 9000;"
    ended = tender.run("net_mtu", "--net:uplink=tap101", before=before)
    tender.shell("ip link set tap101 mtu 1500")
    assert_success(ended)
    assert "MTU is 9000" in ended.out


NET_REFUSALS = {
    "--net:uplink=tap102": "Could not attach interface: tap102: Network is down",
    "--net:uplink=tap999": "Could not attach interface: tap999: No such device",
    "--net:uplink=lo": "Could not attach interface: lo: not a tap",
    "--net:uplink=averyverylongname": "No such device",
    "--net:uplink=": "No such device",
    "--net:uplink=@9": "Could not attach interface: @9: Bad file descriptor",
    "--net:uplink=@2": "the number of a descriptor from 3 on is expected",
    "--net:uplink=@three": "the number of a descriptor from 3 on is expected",
    "--net:other=tap100": "the manifest declares no network device of that name",
    "--net:uplink=tap100 --net:uplink=tap101": "was attached before",
    "--net:uplink=tap100 --net-mac:uplink=52:54:00:12:34": "an address such as",
    "--net:uplink=tap100 --net-mac:uplink=52:54:00:12:34:5g": "an address such as",
    "--net:uplink=tap100 --net-mac:uplink=52:54:00:12:34:56:78": "an address such as",
    "--net:uplink=tap100 --net-mac:uplink=01:54:00:12:34:56": "not a group's",
    "": "Device 'uplink' of type NET_BASIC declared but not attached.",
}


@pytest.mark.parametrize(("options", "message"), list(NET_REFUSALS.items()))
def test_a_network_that_does_not_fit_is_refused(
    tender: Tender, taps: None, options: str, message: str
) -> None:
    ended = tender.run("net_mtu", options)
    assert ended.status == 1
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_an_inherited_descriptor_that_is_no_tap_is_refused(tender: Tender) -> None:
    ended = tender.shell("./rpikit-tender --mem=2 --net:uplink=@7 -- net_mtu.hvt 7</dev/null")
    assert ended.status == 1
    assert "Could not attach interface: @7: not open on a tap" in ended.err


def test_a_manifest_may_be_full(tender: Tender, taps: None) -> None:
    disks = " ".join(f"--block:disk{n}=disk{n}.img" for n in range(DISKS))
    fill = (
        f"for n in $(seq 0 {DISKS - 1}); do printf %02d $n >disk$n.img; "
        "truncate -s 512 disk$n.img; done;"
    )
    assert_success(tender.run("maxdevices", f"{disks} --net:uplink=tap100", before=fill))
