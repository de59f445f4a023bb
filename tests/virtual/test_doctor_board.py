# SPDX-License-Identifier: MIT
"""Doctor on a board that is well but for its clock, and on one without its rights."""

from rpikit import doctor, report, wiring
from rpikit.transport.ssh import Ssh
from rpikit.virtual.machine import Machine


def states(board: Machine) -> dict[str, str]:
    target = wiring.find(None).target(board.name)
    found = doctor.doctor(target, reporter=report.Silent()).findings
    return {one.what: one.state for one in found if one.where.startswith(board.name)}


def test_a_virtual_board_runs_a_guest_and_has_no_clock(virtual_board: Machine) -> None:
    found = states(virtual_board)
    assert found.pop("clock") in ("ok", "warn")  # it has none of its own; nobody may have set it
    assert set(found.values()) == {"ok"}
    assert {"ssh", "system", "/dev/kvm", "gpio", "landlock", "disk", "guest"} <= set(found)


def test_a_board_without_kvm_is_told(virtual_board: Machine, virtual_ssh: Ssh) -> None:
    virtual_ssh.run("mv /dev/kvm /dev/kvm-away")
    try:
        found = states(virtual_board)
    finally:
        virtual_ssh.run("mv /dev/kvm-away /dev/kvm")
    assert found["/dev/kvm"] == "warn"
    assert found["guest"] == "ok"  # as a sandboxed process
