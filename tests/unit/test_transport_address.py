# SPDX-License-Identifier: MIT
"""Addresses as people write them, and what is said when nobody answers there."""

import socket

import pytest

from rpikit.errors import BoardError, DescriptionError
from rpikit.transport import SshAddress
from rpikit.transport.ssh import Ssh

RIGHT = {
    "lab3": SshAddress("lab3", 22, "root"),
    "pi@lab3": SshAddress("lab3", 22, "pi"),
    "pi@lab3:2222": SshAddress("lab3", 2222, "pi"),
    "lab3.example.org:22": SshAddress("lab3.example.org", 22, "root"),
    "pi@[fe80::1]:2222": SshAddress("fe80::1", 2222, "pi"),
}

WRONG = ["", "pi@", "@lab3", "lab3:", "lab3:0", "lab3:65536", "lab3:ssh", "pi@la b3", "-oProxy=x"]


@pytest.mark.parametrize("text", RIGHT)
def test_addresses_are_read(text: str) -> None:
    assert SshAddress.parse(text) == RIGHT[text]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(DescriptionError, match="an address is user@host or user@host:port"):
        SshAddress.parse(text)


def test_an_address_is_written_whole() -> None:
    assert str(SshAddress.parse("pi@lab3")) == "pi@lab3:22"


def test_a_closed_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        ssh = Ssh(SshAddress("127.0.0.1", port, "pi"), "desk")
        with ssh, pytest.raises(BoardError) as refused:
            ssh.run("true")
    expected = f"board 'desk' does not answer at pi@127.0.0.1:{port}: connection refused"
    assert str(refused.value) == expected


def test_something_that_is_no_sshd_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ssh = Ssh(SshAddress("127.0.0.1", port, "pi"), "desk")
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
        server.close()
        with ssh, pytest.raises(BoardError, match="board 'desk' does not answer at"):
            ssh.run("true")


def test_something_that_stays_mute_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ssh = Ssh(SshAddress("127.0.0.1", server.getsockname()[1], "pi"), "desk")
        with ssh, pytest.raises(BoardError, match="said nothing of SSH"):
            ssh.run("true")


def test_an_unknown_name_is_one_clear_line() -> None:
    ssh = Ssh(SshAddress.parse("pi@board.invalid"), "desk")
    with ssh, pytest.raises(BoardError, match=r"does not answer at pi@board\.invalid:22"):
        ssh.run("true")
