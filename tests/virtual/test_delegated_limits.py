# SPDX-License-Identifier: MIT
"""Limits for a user who is not root, on the virtual Pi: kept in a control group given to him."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import bundle, device
from rpikit.bundle import Bundle, Launch, Limits
from rpikit.device import DeviceHalf
from rpikit.errors import BoardError
from rpikit.flash import flash
from rpikit.report import Silent
from rpikit.transport.ssh import Ssh

FOLDER = "/tmp/lab"
GROUP = "/sys/fs/cgroup/lab"
USER = 1000
LIMITS = Limits(cpu=20, memory=8 << 20, required=True)

# What systemd does for a user's services: the group is his, and its controllers are on.
DELEGATE = f"""
for one in cpu memory pids; do echo +$one >/sys/fs/cgroup/cgroup.subtree_control || exit; done
mkdir -p {GROUP}/session {FOLDER} || exit
chown {USER} {FOLDER} {GROUP} {GROUP}/cgroup.procs {GROUP}/cgroup.subtree_control
chown {USER} {GROUP}/session {GROUP}/session/cgroup.procs
cat >{FOLDER}/sh <<END
#!/bin/sh
[ "\\$IN" = outside ] || echo \\$\\$ >{GROUP}/session/cgroup.procs
exec su -s /bin/sh -c 'exec sh "\\$@"' -- lab sh "\\$@"
END
chmod 755 {FOLDER}/sh
grep -q ^lab: /etc/passwd || echo lab:x:{USER}:{USER}::{FOLDER}:/bin/sh >>/etc/passwd
"""


@pytest.fixture
def board(virtual_ssh: Ssh) -> Iterator[Ssh]:
    """Have a user on the board, with a control group that he may divide."""
    done = virtual_ssh.run(DELEGATE)
    assert done.status == 0, done.err
    yield virtual_ssh
    DeviceHalf(virtual_ssh, home=f"{FOLDER}/home").stop_all()
    clean = f"rm -rf {FOLDER}; sed -i /^lab:/d /etc/passwd; rmdir {GROUP}/*/* {GROUP}/* {GROUP}"
    virtual_ssh.run(clean)


def script(out: Path) -> Bundle:
    """Return a bundle whose tender is a shell script."""
    contents = {
        device.HALF: device.script().encode(),
        bundle.TENDER: b"#!/bin/sh\necho ready\nexec sleep 600\n",
        bundle.UNIKERNEL: b"none\n",
    }
    launch = Launch(options=(), needs=(), ready="ready", limits=LIMITS)
    return bundle.write(
        bundle.describe("tenant", "1.0.0", "virtual-pi3", launch, contents), contents, out
    )


def test_a_user_keeps_a_guest_to_its_limits_in_his_own_control_group(
    board: Ssh, tmp_path: Path
) -> None:
    half = DeviceHalf(board, home=f"{FOLDER}/home", shell=f"{FOLDER}/sh")
    status = flash(script(tmp_path), board, reporter=Silent(), half=half, ready_within=60).status
    group = f"{GROUP}/rpikit-tmp-lab-home/tenant"
    assert board.run(f"cat {group}/cgroup.procs").out.split() == [str(status.pid)]
    assert board.run(f"cat {group}/cpu.max").out.split() == ["20000", "100000"]
    assert board.run(f"cat {group}/memory.max").out.split() == [str(LIMITS.memory)]
    owner = board.run(f"stat -c %u /proc/{status.pid}").out
    assert owner.strip() == str(USER)
    half.of("tenant").stop()
    assert board.run(f"ls {group}").status != 0


def test_a_user_without_one_is_refused_limits_that_are_required(board: Ssh, tmp_path: Path) -> None:
    half = DeviceHalf(board, home=f"{FOLDER}/home", shell=f"env IN=outside {FOLDER}/sh")
    with pytest.raises(BoardError, match="cannot limit the cpu and memory of tenant"):
        flash(script(tmp_path), board, reporter=Silent(), half=half, ready_within=60)
