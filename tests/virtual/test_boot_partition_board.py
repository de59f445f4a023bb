# SPDX-License-Identifier: MIT
"""An image beside a board's Linux over SSH, with the programs, the tree and the user of the board.

The folder stands for the boot partition: the virtual board has none, and no firmware of the chip.
"""

import hashlib
import shlex
from collections.abc import Iterator

import pytest

from rpikit.boot_partition import BootPartition
from rpikit.errors import BoardError
from rpikit.transport.ssh import Ssh

FOLDER = "/tmp/boot partition"
LINUX = "# Linux\nkernel=vmlinuz\n"
IMAGE = bytes(range(256)) * 300


@pytest.fixture
def partition(virtual_ssh: Ssh) -> Iterator[BootPartition]:
    place = shlex.quote(FOLDER)
    made = virtual_ssh.run(
        f"mkdir {place} && cd {place} && printf {shlex.quote(LINUX)} >config.txt && "
        "echo start >start.elf && echo fixup >fixup.dat && echo Linux >vmlinuz"
    )
    assert made.status == 0, made.err
    yield BootPartition("virtual-pi3", virtual_ssh, FOLDER)
    virtual_ssh.run(f"rm -r {place}")


def files(ssh: Ssh) -> dict[str, str]:
    """Return the files of the partition, each with its SHA-256."""
    said = ssh.run(f"cd {shlex.quote(FOLDER)} && sha256sum *").out
    return {name: digest for digest, name in (line.split("  ") for line in said.splitlines())}


def test_an_image_is_put_beside_linux_confirmed_and_taken_away(
    virtual_ssh: Ssh, partition: BootPartition
) -> None:
    before, uploads = files(virtual_ssh), virtual_ssh.run("ls -d /tmp/rpikit-*").out
    digest = hashlib.sha256(IMAGE).hexdigest()
    found = partition.install(IMAGE)
    assert (found.state, found.way, found.image, found.size) == (
        ("ready", "tryboot", digest, len(IMAGE))
    )
    there = files(virtual_ssh)
    assert there[f"rpikit-{digest[:12]}.img"] == digest
    assert {name: there[name] for name in before} == before
    assert partition.confirm().state == "confirmed"
    config = virtual_ssh.get(f"{FOLDER}/config.txt").decode()
    assert f"kernel=rpikit-{digest[:12]}.img\n" in config
    assert partition.rollback().state == "none"
    assert files(virtual_ssh) == before
    assert virtual_ssh.run("ls -d /tmp/rpikit-*").out == uploads


def test_a_trial_that_the_board_cannot_end_is_refused(partition: BootPartition) -> None:
    """Its kernel is not Raspberry Pi's, so that nothing could bring Linux back."""
    with pytest.raises(BoardError, match="does not know tryboot"):
        partition.install(IMAGE, trial=True)
    assert partition.status().state == "ready"


def test_what_is_no_boot_partition_is_left_alone(virtual_ssh: Ssh) -> None:
    for folder, said in (("/opt", "/opt is no boot partition of a Pi"), ("", "at /boot/firmware")):
        with pytest.raises(BoardError, match=said):
            BootPartition("virtual-pi3", virtual_ssh, folder).install(IMAGE)
