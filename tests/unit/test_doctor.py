# SPDX-License-Identifier: MIT
"""Doctor: what is missing is found, named, and comes with what mends it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rpikit import board, doctor, report, wiring
from rpikit.checks import Diagnosis, Finding, host
from rpikit.checks import bench as bench_checks
from rpikit.checks import board as board_checks
from rpikit.connect import Connection
from rpikit.transport.local import Local


def of_host(what: str) -> Finding:
    return next(one for one in host.look() if one.what == what)


def ask(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rpikit.cli", "doctor", *words]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_a_machine_without_programs_is_told_how_to_get_them() -> None:
    done = ask("--json", PATH="")
    found = json.loads(done.stdout)
    failed = {one["what"]: one for one in found["findings"] if one["state"] == "fail"}
    assert {"toolchain", "qemu", "debian packages"} <= set(failed)
    assert "apt-get install" in failed["toolchain"]["mend"]
    assert done.returncode == found["status"] == 5


def test_each_finding_is_one_line_and_what_is_not_well_can_be_mended() -> None:
    for one in host.look():
        assert "\n" not in one.says
        assert (one.mend is None) == (one.state == "ok"), one
        assert (one.code == 0) == (one.state != "fail"), one


def test_a_folder_that_cannot_be_written_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPIKIT_CACHE", "/dev/null/cache")
    found = of_host("cache folder")
    assert found.state == "fail"
    assert found.mend is not None
    assert "RPIKIT_CACHE" in found.mend


def test_a_state_folder_too_deep_for_sockets_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert of_host("socket paths").state == "ok"
    monkeypatch.setenv("RPIKIT_STATE", str(tmp_path / ("x" * 100)))
    assert of_host("socket paths").state == "fail"


def test_an_unknown_toolchain_is_a_finding_not_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPIKIT_TOOLCHAIN", "brick")
    assert of_host("toolchain").state == "fail"
    assert len(list(host.look())) > 10


def test_this_machine_is_no_raspberry_pi_and_is_told_so(tmp_path: Path) -> None:
    kind = board.load(board.DEFAULT)
    target = wiring.find(None).target(board.DEFAULT)
    with Local(tmp_path) as transport:
        looked = board_checks.look(Connection(target, kind, transport), lambda line: None)
        found = {one.what: one for one in looked}
    assert found["ssh"].state == "ok"
    assert found["clock"].state == "ok"
    assert found["gpio"].state == "fail"
    assert "pinctrl-bcm2835" in found["gpio"].says
    assert found["guest"].says == "not tried"
    assert Diagnosis(tuple(found.values())).exit_code == 4


def test_a_board_says_whose_firmware_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = board.load(board.DEFAULT)
    target = wiring.find(None).target(board.DEFAULT)
    monkeypatch.setenv("RPIKIT_HOME", str(tmp_path))

    def says() -> str:
        with Local(tmp_path) as transport:
            looked = board_checks.look(Connection(target, kind, transport), lambda line: None)
            return next(one.says for one in looked if one.what == "signers")

    assert says() == "none: it takes firmware that nobody signed, too"
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "allowed_signers").write_text("# ours\na ssh-ed25519 A\nb ssh-rsa B\n")
    assert says() == "2 allowed; it takes only what they signed"


def test_a_board_out_of_reach_is_a_finding() -> None:
    target = wiring.Target(name="desk", board="rpi3b", ssh="pi@127.0.0.1:1")
    found = doctor.doctor(target, reporter=report.Silent()).findings[-1]
    assert (found.state, found.code) == ("fail", 4)
    assert "does not answer" in found.says
    assert found.mend is not None
    assert "ssh -p 1 pi@127.0.0.1" in found.mend


def test_a_bench_computer_that_lacks_a_library_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gpiod.py").write_text("raise ImportError('none', name='gpiod')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    wires = {
        "button": wiring.Wire(driver="gpiod", line=17),
        "horn": wiring.Wire(driver="second-pin", line=27),
        "lamp": wiring.Wire(driver="gpiod", line=18, host="pi@127.0.0.1:1"),
    }
    target = wiring.Target(name="desk", board="rpi3b", ssh="pi@127.0.0.1:1", wires=wires)
    here, there = bench_checks.look(target, lambda line: None)
    assert (here.where, here.what, here.state, here.code) == (
        "bench of this machine",
        "gpiod",
        "fail",
        3,
    )
    assert "the Python module gpiod is missing" in here.says
    assert here.mend == "there: sudo apt install python3-libgpiod"
    assert (there.where, there.state, there.code) == ("bench pi@127.0.0.1:1", "fail", 3)
    assert "does not answer" in there.says


def test_an_unknown_board_is_a_usage_fault() -> None:
    done = ask("--board", "nowhere")
    assert done.returncode == 2
    assert "there is no board 'nowhere'" in done.stderr
