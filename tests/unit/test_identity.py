# SPDX-License-Identifier: MIT
"""Which board answers: another than the bench names is refused, before anything reaches it."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from rpikit import connect, identity, wiring
from rpikit.errors import BoardError
from rpikit.transport import Result, SshAddress
from rpikit.transport.local import Local
from rpikit.transport.ssh import Ssh
from rpikit.wiring import Target

NUMBER = "00000000a1b2c3d4"
OTHER_KEY = f"SHA256:{'A' * 43}"


class Numbered(Local):
    """This machine with the serial number of a chip, in the folder it is in."""

    def run(self, command: str, *, input: bytes = b"", timeout: float = 60.0) -> Result:
        command = command.replace("/proc/device-tree", str(self.folder))
        return super().run(command, input=input, timeout=timeout)


@pytest.fixture
def numbered(tmp_path: Path) -> Local:
    (tmp_path / "serial-number").write_bytes(NUMBER.encode() + b"\0")
    return Numbered(tmp_path, name="desk (this machine)")


def desk(**words: str) -> Target:
    return Target(name="desk", board="rpi3b", ssh="pi@lab3", **words)


def test_a_board_says_the_number_of_its_chip(numbered: Local) -> None:
    assert identity.read_serial_number(numbered) == NUMBER
    identity.check(desk(serial_number=NUMBER), numbered)


def test_another_board_is_refused_with_its_number(numbered: Local) -> None:
    with pytest.raises(BoardError) as caught:
        identity.check(desk(serial_number="00000000deadbeef"), numbered)
    assert str(caught.value) == (
        f"desk (this machine): another board answers: "
        f"it has serial number {NUMBER}, not 00000000deadbeef"
    )
    assert "rpikit board identify desk" in str(caught.value.hint)


def test_a_board_without_a_number_is_no_board_with_one(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=f"it has no serial number, not {NUMBER}"):
        identity.check(desk(serial_number=NUMBER), Local(tmp_path))


def test_a_board_that_the_bench_says_nothing_of_is_not_asked(tmp_path: Path) -> None:
    identity.check(desk(), Local(tmp_path / "absent"))


def test_every_way_to_a_board_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path))
    (tmp_path / wiring.FILE).write_text(
        f'[boards.shelf]\nboard = "host"\nserial_number = "{NUMBER}"\n'
    )
    shelf = wiring.load(tmp_path / wiring.FILE).target("shelf")
    with pytest.raises(BoardError, match="another board answers"), connect.connect(shelf):
        pytest.fail("it was reached")
    with pytest.raises(BoardError, match="another board answers"), connect.reached(shelf):
        pytest.fail("it was reached")
    assert connect.identify(shelf).board == "shelf"


def test_what_is_printed_is_what_the_bench_takes(tmp_path: Path) -> None:
    key = f"SHA256:{'b' * 43}"
    said = str(identity.Identity("desk", NUMBER, key))
    (tmp_path / wiring.FILE).write_text(f'{said}\nboard = "rpi3b"\nssh = "pi@lab3"\n')
    read = wiring.load(tmp_path / wiring.FILE).target("desk")
    assert (read.serial_number, read.host_key) == (NUMBER, key)


class Server(paramiko.ServerInterface):
    """Lets anyone in, and remembers who tried."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    def get_allowed_auths(self, username: str) -> str:
        self.tried.append(username)
        return "publickey,password"

    def check_auth_none(self, username: str) -> int:
        self.tried.append(username)
        return paramiko.AUTH_SUCCESSFUL

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.tried.append(username)
        return paramiko.AUTH_SUCCESSFUL


class Answering:
    """An SSH server of a board: its address, its key, and who tried to log in."""

    def __init__(self, folder: Path) -> None:
        self.key = paramiko.ECDSAKey.generate()
        self.server = Server()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._taken: list[paramiko.Transport] = []
        port = self._listening.getsockname()[1]
        user = folder / "id"
        paramiko.ECDSAKey.generate().write_private_key_file(str(user))
        known = folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {self.key.get_name()} {self.key.get_base64()}\n")
        self.address = SshAddress("127.0.0.1", port, "pi", user, known)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            transport = paramiko.Transport(one)
            transport.add_server_key(self.key)
            self._taken.append(transport)
            transport.start_server(event=threading.Event(), server=self.server)

    def close(self) -> None:
        self._listening.close()
        for one in self._taken:
            one.close()
            one.join(5)


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answering]:
    made = Answering(tmp_path)
    yield made
    made.close()


def test_a_board_with_another_host_key_is_refused_before_the_login(answering: Answering) -> None:
    with (
        Ssh(answering.address, "desk", host_key=OTHER_KEY) as ssh,
        pytest.raises(BoardError) as caught,
    ):
        ssh.run("true")
    assert str(caught.value) == (
        f"board 'desk': another board answers at {answering.address}: "
        f"its host key is {answering.key.fingerprint}, not {OTHER_KEY}"
    )
    assert answering.server.tried == []


def test_a_board_with_the_host_key_of_the_bench_is_let_in(answering: Answering) -> None:
    own = str(answering.key.fingerprint)
    with Ssh(answering.address, "desk", host_key=own) as ssh:
        assert ssh.host_key() == own
        assert identity.Identity("desk", None, ssh.host_key()).host_key == own
    assert answering.server.tried


def test_the_host_key_of_the_bench_does_not_make_it_known(answering: Answering) -> None:
    known = answering.address.known_hosts
    assert known is not None
    known.write_text("")
    own = str(answering.key.fingerprint)
    with (
        Ssh(answering.address, "desk", host_key=own) as ssh,
        pytest.raises(BoardError, match=r"the host key of .* is not known"),
    ):
        ssh.run("true")
    assert answering.server.tried == []
