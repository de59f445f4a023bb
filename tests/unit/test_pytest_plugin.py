# SPDX-License-Identifier: MIT
"""The plugin and the verb test, with an application whose wires lead to fake lines.

Only the board is missing: its fixtures are overridden in the application's own conftest.py, as
a lab with a board of its own kind would do it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import promised
import pytest

from rpikit import app as apps
from rpikit import capture, evidence
from rpikit import test as verb
from rpikit.errors import NothingRanError

RPIKIT_TOML = """\
[firmware]
name = "follow"
version = "1.0.0"
sources = ["main.c"]
memory = "2M"

[devices.button]
type = "switch"
line = 17
direction = "in"

[devices.lamp]
type = "led"
line = 18

[devices.target]
type = "led"
line = 19
"""

BENCH_TOML = """\
[boards.virtual-pi3]
board = "virtual-pi3"

[boards.virtual-pi3.wires]
button = { driver = "fake", line = 17 }
lamp = { driver = "fake", line = 18 }
target = { driver = "fake", line = 19 }
"""

CONFTEST = """\
import pytest

from rpikit import wiring
from rpikit.bench.fake import Fake
from rpikit.bench.wires import Site, Wires

MS = 1_000_000


@pytest.fixture(scope="session")
def bench(app):
    fake = Fake()
    fake.on_change(17, lambda high: fake.plan(2 * MS, lambda: fake.set(18, high)))
    fake.on_change(17, lambda high: print("button", int(high)))
    target = wiring.find(app.folder).target("virtual-pi3")
    with Wires(app, target, Site(fake=fake)) as wires:
        yield wires
        print("released")


@pytest.fixture(scope="session")
def firmware():
    return None
"""

ALONE = ("-p", "no:pytest_embedded")  # half a second less, where it does not matter

Make = Callable[[str], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Give what writes an application with one test file into a folder."""

    def write(tests: str) -> Path:
        folder = tmp_path / "follow"
        (folder / "tests").mkdir(parents=True)
        (folder / "main.c").touch()
        (folder / "rpikit.toml").write_text(RPIKIT_TOML)
        (folder / "bench.toml").write_text(BENCH_TOML)
        (folder / "tests/conftest.py").write_text(CONFTEST)
        (folder / "tests/test_follow.py").write_text(tests)
        return folder

    return write


class Run:
    """A run of `rpikit test`: its exit status and what it printed."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str], **options: Any) -> None:
        given = {"board_name": "virtual-pi3", "pytest_args": ALONE} | options
        self.status = verb.run(apps.load(folder), **given)
        self.out, self.err = capfd.readouterr()


def test_a_test_presses_and_expects(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    folder = make(
        "from rpikit.units import ms\n"
        "def test_follow(button, lamp):\n"
        "    press = button.press(50 * ms)\n"
        "    on = lamp.expect('on', within=10 * ms, since=press)\n"
        "    assert on - press.down == 2 * ms\n"
    )
    run = Run(folder, capfd)
    assert run.status == 0, run.out
    assert "1 passed" in run.out


def test_a_failure_draws_the_pins(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    folder = make(
        "from rpikit.units import ms\n"
        "def test_early(button, lamp):\n"
        "    press = button.press(50 * ms)\n"
        "    lamp.expect('on', within=1 * ms, since=press)\n"
    )
    run = Run(folder, capfd)
    assert run.status == 1
    assert "lamp: expected on within 1.0 ms of button on; it came after 2.0 ms" in run.out
    assert "E       lamp   ▁▁" in run.out
    assert "bench/pin.py" not in run.out


def test_any_other_failure_shows_the_pins_too(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make(
        "from rpikit.units import ms\n"
        "def test_it(button, pins):\n    button.press(50 * ms)\n    assert 1 == 2\n"
    )
    run = Run(folder, capfd)
    assert run.status == 1
    assert "- Pins -" in run.out
    assert "\nbutton ▁▁" in run.out


def test_a_fault_of_the_bench_ends_the_run_in_a_sentence(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make(
        "from rpikit.units import ms\n"
        "def test_one(lamp):\n    lamp.press(50 * ms)\n"
        "def test_two(lamp):\n    print('second')\n    assert False\n"
    )
    run = Run(folder, capfd)
    assert run.status == 3
    assert "lamp: an output of the firmware cannot be driven from the bench" in run.out
    assert "Traceback" not in run.out
    assert "second" not in run.out


def report_of(folder: Path) -> dict[str, Any]:
    """Return the report of a run, which has to be as its schema says and whole in each form."""
    text = (folder / evidence.JSON).read_text()
    promised.result("test --report", text)
    report: dict[str, Any] = json.loads(text)
    suite = ElementTree.parse(folder / evidence.JUNIT).find("testsuite/properties")
    assert suite is not None
    facts = {one.attrib["name"]: one.attrib["value"] for one in suite}
    assert facts["outcome"] == report["outcome"]
    assert f"<h1>{report['outcome']}</h1>" in (folder / evidence.PAGE).read_text()
    return report


def test_a_run_leaves_its_evidence(
    make: Make, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = make(
        "from rpikit.units import ms\n"
        "def test_good(bench, button, lamp):\n"
        "    bench.latency(button, lamp, presses=3).check(worst=2 * ms)\n"
        "def test_bad(button, lamp, scope):\n"
        "    press = button.press(50 * ms)\n"
        "    scope.hear('switch on')\n"
        "    lamp.expect('on', within=1 * ms, since=press)\n"
    )
    run = Run(folder, capfd, report=tmp_path / "report", update_baseline=True)
    assert run.status == 1
    assert f"report: {tmp_path}/report/report.html" in run.out
    report = report_of(tmp_path / "report")
    assert (report["status"], report["outcome"]) == (1, "firmware failed")
    good, bad = report["tests"]
    assert (good["outcome"], bad["outcome"]) == ("passed", "failed")
    assert good["latencies"][0]["samples_ns"] == [2_000_000] * 6
    assert good["latencies"][0]["claim_text"] == "the time of a fake, no claim about a board"
    assert bad["message"] == "lamp: expected on within 1.0 ms of button on; it came after 2.0 ms"
    assert "lamp   ▁▁" in bad["text"]
    assert bad["capture"]["console"]["lines"][0][1] == "switch on"
    again = capture.load(tmp_path / "report" / bad["vcd"])
    (down, _), (up, _) = again.traces["button"].edges
    assert up - down == 50_000_000
    known = json.loads((folder / "latency.json").read_text())
    assert known["button to lamp"]["virtual-pi3 by fake"]["p99_ns"] == 2_000_000


@pytest.mark.parametrize(
    ("tests", "status", "outcome"),
    [
        (
            "from rpikit.units import ms\ndef test_one(lamp):\n    lamp.press(50 * ms)\n",
            3,
            "bench fault",
        ),
        ("import pytest\n@pytest.mark.skip('no horn')\ndef test_it(): pass\n", 7, "nothing ran"),
        ("def broken(:\n", 1, "firmware failed"),
    ],
    ids=["bench", "nothing", "unreadable"],
)
def test_the_evidence_says_what_was_at_fault(
    make: Make,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    tests: str,
    status: int,
    outcome: str,
) -> None:
    run = Run(make(tests), capfd, report=tmp_path / "report", as_json=True)
    assert run.status == status
    assert json.loads(run.out)["report"] == str(tmp_path / "report")
    report = report_of(tmp_path / "report")
    assert (report["status"], report["outcome"]) == (status, outcome)
    assert [test["message"] for test in report["tests"]] != [""]


def test_a_run_that_could_not_begin_has_a_report_all_the_same(
    make: Make, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = make("def test_it(): pass\n")
    run = Run(folder, capfd, report=tmp_path / "report", board_name="desk")
    assert run.status == 2
    assert report_of(tmp_path / "report")["outcome"] == "wrong description"


def test_every_test_leaves_a_waveform_without_being_asked(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make(
        "from rpikit.units import ms\n"
        "def test_it(button):\n    button.press(50 * ms)\n    assert 1 == 2\n"
    )
    run = Run(folder, capfd)
    assert "- Waveform -" in run.out
    (named,) = [line for line in run.out.splitlines() if line.endswith("/pins.vcd")]
    assert len(capture.load(Path(named)).traces["button"].edges) == 2


def test_a_board_that_is_absent_is_no_failed_test(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make(
        "import pytest\n"
        "from rpikit.errors import BoardError\n"
        "@pytest.fixture(scope='session')\n"
        "def board():\n    raise BoardError('desk: no answer', hint='switch it on')\n"
        "@pytest.mark.parametrize('n', range(5))\n"
        "def test_it(board, n):\n    pass\n"
    )
    run = Run(folder, capfd)
    assert run.status == 4
    # With CI set, pytest's summary says everything a second time.
    assert run.out.count("hint: switch it on") == (2 if os.environ.get("CI") else 1)


@pytest.mark.parametrize(
    ("tests", "status"),
    [
        ("import pytest\n@pytest.mark.skip('no bench')\ndef test_it(lamp): pass\n", 7),
        ("", 7),
        ("import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n", 0),
        ("def broken(:\n", 1),
    ],
    ids=["all skipped", "none there", "expected to fail", "unreadable"],
)
def test_what_a_run_without_a_pass_comes_to(
    make: Make, capfd: pytest.CaptureFixture[str], tests: str, status: int
) -> None:
    assert Run(make(tests), capfd).status == status


def test_an_application_without_tests_is_refused(tmp_path: Path, make: Make) -> None:
    folder = make("")
    (folder / "tests").rename(folder / "moved")
    with pytest.raises(NothingRanError, match="follow"):
        verb.run(apps.load(folder), board_name="virtual-pi3")


def test_an_unknown_board_is_a_wrong_option(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    run = Run(make("def test_it(): pass\n"), capfd, board_name="desk")
    assert run.status == 2
    assert "there is no board 'desk'" in run.err


def test_json_is_all_that_standard_output_gets(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    run = Run(make("def test_it(lamp): pass\n"), capfd, as_json=True)
    assert run.status == 0
    assert run.out.startswith('{"ran": 1, "failed": 0,')
    assert run.out.count("\n") == 1
    assert "1 passed" in run.err


def test_pytest_embedded_writes_its_junit_report_without_a_warning(
    make: Make, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = make("def test_it(lamp): pass\n")
    run = Run(folder, capfd, pytest_args=("--junitxml", str(tmp_path / "junit.xml")))
    assert run.status == 0, run.out
    assert "warning" not in run.out
    assert 'name="test_it"' in (tmp_path / "junit.xml").read_text()


def test_a_device_that_has_the_name_of_a_fixture_is_in_pins(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make(
        "def test_it(pins, target):\n"
        "    assert target is None\n"
        "    assert set(pins) == {'button', 'lamp', 'target'}\n"
    )
    run = Run(folder, capfd, pytest_args=())
    assert run.status == 0, run.out


def test_our_dut_stands_before_that_of_pytest_embedded(
    make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make(
        "def test_it(request):\n"
        "    before, ours = request._fixturemanager.getfixturedefs('dut', request.node)\n"
        "    assert before.func.__module__ == 'pytest_embedded.plugin'\n"
        "    assert ours.func.__module__ == 'rpikit.pytest_fixtures'\n"
    )
    run = Run(folder, capfd, pytest_args=())
    assert run.status == 0, run.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_lets_go_of_its_pins(make: Make, number: signal.Signals) -> None:
    folder = make(
        "import time\ndef test_it(button):\n    with button.pressed():\n        time.sleep(60)\n"
    )
    call = (
        "import pathlib, sys; from rpikit import app, test; sys.exit(test.run("
        "app.load(pathlib.Path(sys.argv[1])), board_name='virtual-pi3', pytest_args=sys.argv[2:]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", call, str(folder), "-s", *ALONE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = ""
        while "button 1" not in said:
            said += process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(number)
        said += process.stdout.read()
    assert process.returncode == 130
    assert said.index("button 0") < said.index("released")


def plain_pytest(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run pytest as somebody would who does not know of rpikit."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_run_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it(request):\n"
        "    assert 'rpikit.pytest_plugin' in sys.modules\n"
        "    assert not {'rpikit.pytest_fixtures', 'pydantic', 'paramiko'} & set(sys.modules)\n"
        "    assert not request.config.pluginmanager.has_plugin('rpikit-fixtures')\n"
    )
    status, said = plain_pytest(tmp_path)
    assert status == 0, said


def test_pytest_alone_in_the_applications_folder_is_enough(make: Make) -> None:
    folder = make("def test_it(lamp):\n    assert lamp.level() == 'off'\n")
    status, said = plain_pytest(folder, "-p", "no:labgrid", "tests")
    assert status == 0, said


def test_labgrids_plugin_beside_ours_is_refused(make: Make, tmp_path: Path) -> None:
    (tmp_path / "labgrid.py").touch()
    status, said = plain_pytest(make(""), "-p", "labgrid", PYTHONPATH=str(tmp_path))
    assert status == 4
    assert "start pytest with -p no:labgrid" in said


def test_with_labgrid_installed_nothing_is_skipped(
    make: Make,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = tmp_path / "site"
    (installed / "labgrid-26.0.dist-info").mkdir(parents=True)
    (installed / "labgrid-26.0.dist-info/METADATA").write_text("Name: labgrid\nVersion: 26.0\n")
    (installed / "labgrid-26.0.dist-info/entry_points.txt").write_text(
        "[pytest11]\nlabgrid = labgrid\n"
    )
    (installed / "labgrid.py").write_text(
        "import pytest\n\n"
        "@pytest.fixture(scope='session', autouse=True)\n"
        "def target():\n    pytest.skip('no environment')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(installed))
    folder = make("def test_it(lamp): pass\n")
    run = Run(folder, capfd, pytest_args=(), report=tmp_path / "report")
    assert run.status == 0, run.out
    assert "1 passed" in run.out
    assert report_of(tmp_path / "report")["outcome"] == "passed"
    status, said = plain_pytest(folder, "tests")
    assert status == 4, said
    assert "start pytest with -p no:labgrid" in said
