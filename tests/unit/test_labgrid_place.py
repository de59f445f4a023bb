# SPDX-License-Identifier: MIT
"""A place of a real labgrid coordinator: taken, used, and given back in every end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import labgrid_lab
import pytest
from labgrid_lab import Lab, Relays, until

from rpikit import labgrid_bench, labgrid_place, wiring
from rpikit.bench.labgrid import PlaceLine
from rpikit.errors import BenchError, BoardError, DescriptionError, ToolError

_HOLD = """\
import sys
from rpikit import labgrid_place
with labgrid_place.held("desk", sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def levels() -> dict[str, bool]:
    return {}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, levels: dict[str, bool]) -> Iterator[Lab]:
    def put(name: str, high: bool) -> None:
        levels["lamp"] = levels[name] = high  # the lamp follows whatever is driven

    relays = Relays(put, levels.__getitem__)
    with labgrid_lab.lab(tmp_path_factory.mktemp("lab")) as made:
        made.start(
            {
                "NetworkService": {"address": "lab3.example", "username": "pi", "port": 2222},
                "NetworkSerialPort": {"host": "lab3.example", "port": 4001, "protocol": "raw"},
                "button": relays.resource("button"),
                "lamp": relays.resource("lamp"),
                "broken": relays.resource("nothing"),
            },
            board="rpi3b",
        )
        yield made
    relays.close()


@pytest.fixture(autouse=True)
def settings(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(labgrid_place.PYTHON, str(lab.environment))
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / "state"))
    for name in ("LG_COORDINATOR", "LG_PLACE", labgrid_place.WAIT, labgrid_place.COORDINATOR):
        monkeypatch.delenv(name, raising=False)
    yield
    if not lab.is_free():
        lab.client("-p", "desk", "release", "--kick")


def test_a_place_is_taken_described_and_given_back(lab: Lab) -> None:
    told: list[str] = []
    with labgrid_place.held("desk", lab.address, report=told.append) as place:
        assert lab.holder != ""
        assert str(place.ssh) == "pi@lab3.example:2222"
        assert place.serial == "socket://lab3.example:4001"
        assert place.outputs == ("broken", "button", "lamp")
    assert lab.is_free()
    assert told == [f"place desk: taken from the labgrid coordinator at {lab.address}"]


def test_outputs_are_driven_read_and_watched(lab: Lab, levels: dict[str, bool]) -> None:
    with labgrid_place.held("desk", lab.address) as place:
        button, lamp = PlaceLine(place, "button"), PlaceLine(place, "lamp")
        button.drive(False)
        with lamp.watch() as watch:
            for high in (True, False) * 10:
                before = time.monotonic_ns()
                at_ns = button.drive(high)
                assert before < at_ns < time.monotonic_ns()
                assert levels["button"] == high
                assert lamp.read() == high
                edge = watch.next(60)
                assert edge is not None
                assert edge.high == high
                assert edge.at_ns > at_ns
            assert watch.next(0.1) is None


def test_an_output_that_fails_is_a_fault_of_the_bench(lab: Lab) -> None:
    with labgrid_place.held("desk", lab.address) as place:
        with pytest.raises(BenchError, match="place 'desk': output 'broken': 503"):
            place.get("broken")
        with pytest.raises(BenchError, match="button: place 'desk' has no digital output 'knob'"):
            place.output("knob", "button")


def test_a_taken_place_is_refused_with_who_has_it(lab: Lab) -> None:
    lab.client("-p", "desk", "acquire", user="bob")
    with (
        pytest.raises(BoardError, match=r"'desk': bob on elsewhere has it since [0-9]+ min"),
        labgrid_place.held("desk", lab.address),
    ):
        pass
    assert lab.holder == "elsewhere/bob"


def test_a_taken_place_is_waited_for(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.client("-p", "desk", "acquire", user="bob")
    told: list[str] = []

    def report(line: str) -> None:
        told.append(line)
        if "waiting; bob" in line:
            lab.client("-p", "desk", "release", user="bob")

    monkeypatch.setenv(labgrid_place.WAIT, "120")
    with labgrid_place.held("desk", lab.address, report=report):
        assert len(told) == 2
    assert lab.is_free()


def test_what_the_user_had_already_stays_the_users(lab: Lab) -> None:
    lab.client("-p", "desk", "acquire")
    with labgrid_place.held("desk", lab.address):
        pass
    assert not lab.is_free()


def test_what_another_process_of_ours_has_is_refused(lab: Lab) -> None:
    with (
        labgrid_place.held("desk", lab.address),
        pytest.raises(BoardError, match=f"process {os.getpid()} of this machine has it"),
        labgrid_place.held("desk", lab.address),
    ):
        pass
    assert lab.is_free()


def test_a_place_kept_for_several_connections_is_taken_once(lab: Lab) -> None:
    with labgrid_place.kept("desk", lab.address):
        with labgrid_place.held("desk", lab.address) as place:
            assert place.outputs
        assert not lab.is_free()
    assert lab.is_free()


def test_an_exception_gives_it_back(lab: Lab) -> None:
    with pytest.raises(RuntimeError), labgrid_place.held("desk", lab.address):
        raise RuntimeError
    assert lab.is_free()


def started(lab: Lab) -> "subprocess.Popen[str]":
    """Start a process that holds the place."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, lab.address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert not lab.is_free()
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_gives_it_back(lab: Lab, number: signal.Signals) -> None:
    with started(lab) as process:
        process.send_signal(number)
        process.wait(60)
    until(lab.is_free)


def test_what_even_the_keeper_left_is_taken_over_and_given_back(lab: Lab) -> None:
    with started(lab) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        process.kill()
    assert not lab.is_free()
    with labgrid_place.held("desk", lab.address):
        pass
    assert lab.is_free()


def test_a_place_that_is_taken_away_is_told(lab: Lab) -> None:
    def lose() -> None:
        with labgrid_place.held("desk", lab.address) as place:
            lab.client("-p", "desk", "release", "--kick")
            place.get("lamp")

    with pytest.raises(BoardError, match="lost while in use: somebody released it"):
        lose()


def test_a_lost_coordinator_is_told_with_how_to_free_the_place(tmp_path: Path) -> None:
    with labgrid_lab.lab(tmp_path) as short:
        short.start({"NetworkService": {"address": "lab3.example", "username": "pi"}})
        with pytest.raises(BoardError) as caught, labgrid_place.held("desk", short.address):
            short.stop("coordinator")
        assert "place 'desk': could not be given back" in str(caught.value)
        freeing = f"free it: labgrid-client -x {short.address} -p desk release"
        assert caught.value.hint == freeing


def test_no_coordinator_is_said_in_one_line() -> None:
    nobody = f"127.0.0.1:{labgrid_lab.free_port()}"
    with (
        pytest.raises(BoardError, match=f"no labgrid coordinator answers at {nobody}$"),
        labgrid_place.held("desk", nobody),
    ):
        pass


def test_a_place_that_is_not_there_is_said_with_those_that_are(lab: Lab) -> None:
    with pytest.raises(BoardError, match=r"place 'dusk': .* no such place; it has bare, desk"):
        labgrid_place.show("dusk", lab.address)


def test_a_board_comes_from_the_bench_file_or_from_the_tag(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text('[boards.mine]\nboard = "zero2w"\nplace = "desk"\n')
    with labgrid_bench.at(wiring.load(file), "desk", None) as (name, made):
        assert (name, made) == ("mine", None)
    with labgrid_bench.at(wiring.find(tmp_path / "none"), "desk", lab.address) as (name, made):
        assert made is not None
        found = wiring.load(made).target(name)
        assert (found.board, found.place, found.coordinator) == ("rpi3b", "desk", lab.address)


def test_a_place_that_nothing_describes_is_refused(lab: Lab, tmp_path: Path) -> None:
    with (
        pytest.raises(BoardError, match="what kind of board is there: it has no tag board"),
        labgrid_bench.at(wiring.find(tmp_path), "bare", lab.address),
    ):
        pass


def test_labgrid_is_asked_for_where_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(labgrid_place.PYTHON)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="labgrid is not installed") as caught:
        labgrid_place.python()
    assert "pipx install labgrid" in str(caught.value.hint)


def test_labgrid_is_found_beside_its_client(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(labgrid_place.PYTHON)
    monkeypatch.setenv("PATH", str(lab.environment / "bin"))
    assert Path(labgrid_place.python()).parent == lab.environment / "bin"


@pytest.mark.parametrize("text", ["soon", "-1", "1e9"])
def test_a_patience_that_is_no_time_is_refused(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(labgrid_place.WAIT, text)
    with (
        pytest.raises(DescriptionError, match="write seconds, 0 to 604800"),
        labgrid_place.held("desk", lab.address),
    ):
        pass
