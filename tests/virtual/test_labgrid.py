# SPDX-License-Identifier: MIT
"""The virtual Pi as a board of a real labgrid coordinator: tested through it, and given back.

Its sshd is the place's NetworkService, its console a NetworkSerialPort, and a small relay board,
served by HTTP, moves and tells its virtual wires. For rpikit it is a Pi 3B that nothing but the
place leads to.
"""

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import labgrid_lab
import promised
import pytest
import serial
from labgrid_lab import Lab, Relays, until
from serial import rfc2217

from rpikit import connect, labgrid_place, paths, wiring
from rpikit.bench.second_pin import Agent, SecondPin
from rpikit.bench.virtual import VirtualLine
from rpikit.device import DeviceHalf
from rpikit.errors import EXIT_INTERRUPTED, BoardError
from rpikit.transport.ssh import Ssh
from rpikit.virtual.machine import Machine
from rpikit.virtual.pins import Pins

TEST_SWITCH = paths.data_root() / "c/apps/test_switch"
BUTTON, LAMP, SECOND = 17, 18, 27
LINES = {"button": BUTTON, "lamp": LAMP}
BENCH = """\
[boards.lent]
board = "rpi3b"
place = "desk"

[boards.lent.wires]
button = { driver = "labgrid", output = "button" }
lamp = { driver = "labgrid", input = "lamp" }
"""


class Port(serial.Serial):
    """A port without modem lines: a pseudo-terminal has none, and asking for them is an error."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        """Leave it."""

    def _update_rts_state(self) -> None:
        """Leave it."""

    def _update_break_state(self) -> None:
        """Leave it."""


class Console:
    """A board's console, served to one client at a time as ser2net does it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def resource(self) -> dict[str, object]:
        """What an exporter says of it."""
        port = self._listening.getsockname()[1]
        return {"host": "127.0.0.1", "port": port, "speed": 115200, "protocol": "rfc2217"}

    def close(self) -> None:
        """Stop serving."""
        self._ends.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        self._listening.settimeout(0.1)
        while not self._ends.is_set():
            try:
                client, _ = self._listening.accept()
            except TimeoutError:
                continue
            with client, Port(str(self._path), timeout=0.01) as port:
                self._talk(client, port)

    def _talk(self, client: socket.socket, port: serial.Serial) -> None:
        class Sender:
            write = staticmethod(client.sendall)

        manager = rfc2217.PortManager(port, Sender())
        client.settimeout(0.01)
        while not self._ends.is_set():
            try:
                data = client.recv(4096)
                if not data:
                    return
                port.write(b"".join(manager.filter(data)))
            except TimeoutError:
                pass
            except OSError:
                return
            said = port.read(port.in_waiting or 1)
            if said:
                client.sendall(b"".join(manager.escape(said)))


class Jumpered:
    """What the relays move: as a relay does, they are done once the far end has followed.

    A second pin of the board drives, so a press lasts as long as the board itself takes for it,
    however slow its host is.
    """

    def __init__(self, board: Machine, ssh: Ssh) -> None:
        self._far, self._eye = Pins(board.pins_socket), Pins(board.pins_socket)
        self._far.jumper(SECOND, BUTTON)
        self._agent = Agent(ssh, "pinctrl-bcm2835")
        self._button = SecondPin(self._agent, SECOND, VirtualLine(self._far, BUTTON))
        self._asking = threading.Lock()

    def put(self, name: str, high: bool) -> None:
        """Drive the button."""
        self._button.drive(high)

    def get(self, name: str) -> bool:
        """Tell a level."""
        with self._asking:
            return self._eye.read(LINES[name])

    def close(self) -> None:
        """Put everything back."""
        self._agent.close()
        self._far.cut(SECOND, BUTTON)
        self._far.close()
        self._eye.close()


@pytest.fixture(scope="module")
def lab(
    tmp_path_factory: pytest.TempPathFactory, virtual_board: Machine, virtual_ssh: Ssh
) -> Iterator[Lab]:
    """Give a lab whose one place is the virtual Pi."""
    with (
        closing(Jumpered(virtual_board, virtual_ssh)) as wires,
        closing(Relays(wires.put, wires.get)) as relays,
        closing(Console(virtual_board.serials[-1])) as console,
        labgrid_lab.lab(tmp_path_factory.mktemp("lab")) as made,
    ):
        ssh = virtual_board.ssh
        made.start(
            {
                "NetworkService": {"address": ssh.host, "port": ssh.port, "username": ssh.user},
                "NetworkSerialPort": console.resource,
                **{name: relays.resource(name) for name in LINES},
            },
            board="rpi3b",
        )
        yield made


@pytest.fixture
def home(virtual_board: Machine, tmp_path: Path) -> Path:
    """Return a home from which SSH reaches the virtual Pi and knows it."""
    ssh = virtual_board.ssh
    assert ssh.key_file is not None
    assert ssh.known_hosts is not None
    folder = tmp_path / "home/.ssh"
    folder.mkdir(mode=0o700, parents=True)
    shutil.copy(ssh.known_hosts, folder / "known_hosts")
    (folder / "id_ed25519").write_bytes(ssh.key_file.read_bytes())
    (folder / "id_ed25519").chmod(0o600)
    return folder.parent


@pytest.fixture
def project(tmp_path: Path, virtual_ssh: Ssh) -> Iterator[Path]:
    """Return test_switch as it is in the tree, with no bench of its own."""
    folder = tmp_path / "test_switch"
    shutil.copytree(TEST_SWITCH, folder, ignore=shutil.ignore_patterns("build", wiring.FILE))
    yield folder
    DeviceHalf(virtual_ssh).stop_all()


@pytest.fixture(autouse=True)
def settings(lab: Lab, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RPIKIT_CACHE", str(paths.cache_dir()))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv(labgrid_place.PYTHON, str(lab.environment))
    monkeypatch.setenv("LG_COORDINATOR", lab.address)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    yield
    if not lab.is_free():
        lab.client("-p", "desk", "release", "--kick")


def rpikit(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "rpikit", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_unchanged_tests_pass_at_a_place_which_is_given_back(lab: Lab, project: Path) -> None:
    (project / wiring.FILE).write_text(BENCH)
    done = rpikit("test", "--place", "desk", "--json", "--report", "proof", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    promised.result("test", done.stdout)
    values = json.loads(done.stdout)
    assert (values["ran"], values["failed"], values["skipped"]) == (4, 0, 0)
    assert lab.log("coordinator").count("desk: place acquired by") == 1
    assert lab.is_free()
    report = json.loads((project / "proof/report.json").read_text())
    assert report["board"]["name"] == "lent"
    assert not report["board"]["claim"]
    assert report["board"]["claim_text"].endswith("through labgrid, no claim about milliseconds")
    ends = {wire["device"]: (wire["driver"], wire["end"]) for wire in report["wiring"]}
    assert ends == {"button": ("labgrid", "button"), "lamp": ("labgrid", "lamp")}


def test_a_tag_and_names_are_enough(lab: Lab, project: Path) -> None:
    words = ("--coordinator", lab.address, "--", "-k", "each_change")
    done = rpikit("test", "--place", "desk", *words, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert lab.is_free()


def test_a_taken_place_is_refused_before_anything_is_built(lab: Lab, project: Path) -> None:
    (project / wiring.FILE).write_text(BENCH)
    lab.client("-p", "desk", "acquire", user="bob")
    done = rpikit("flash", "--place", "desk", cwd=project)
    assert done.returncode == BoardError.exit_code
    *_, said, hint = done.stderr.splitlines()
    assert said.startswith("rpikit: place 'desk': bob on elsewhere has it since 0 min")
    assert "--wait SECONDS" in hint
    tested = rpikit("test", "--place", "desk", cwd=project)
    assert tested.returncode == BoardError.exit_code
    assert "place 'desk': bob on elsewhere has it" in tested.stdout
    assert lab.holder == "elsewhere/bob"


def test_a_coordinator_that_is_not_there_is_one_line(project: Path) -> None:
    nobody = f"127.0.0.1:{labgrid_lab.free_port()}"
    done = rpikit("test", "--place", "desk", "--coordinator", nobody, cwd=project)
    assert done.returncode == BoardError.exit_code
    said, hint = done.stderr.splitlines()
    assert said == f"rpikit: place 'desk': no labgrid coordinator answers at {nobody}"
    assert hint.startswith("  hint: ")


def test_ctrl_c_gives_the_place_back(lab: Lab, project: Path) -> None:
    (project / wiring.FILE).write_text(BENCH)
    process = subprocess.Popen(
        [sys.executable, "-m", "rpikit", "test", "--place", "desk"],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: not lab.is_free())
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == EXIT_INTERRUPTED
    assert lab.is_free()


def test_the_serial_console_of_a_place_leads_to_its_board(
    lab: Lab, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / wiring.FILE).write_text(BENCH)
    target = wiring.load(project / wiring.FILE).target("lent")
    monkeypatch.setenv(connect.VIA, "serial")
    with connect.connect(target) as there:
        assert "serial rfc2217://127.0.0.1:" in there.transport.name
        assert there.transport.run("uname -m").out == "aarch64\n"
    assert lab.is_free()
