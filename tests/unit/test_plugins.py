# SPDX-License-Identifier: MIT
"""Another package adds a command, a board, an interface, a transport, a driver; pip installs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from local_board import make_bundle

from rpikit import paths

HELLO = paths.data_root() / "c" / "apps" / "hello"
PACKAGE = Path(__file__).parents[1] / "package"
BENCH = """\
[boards.desk]
board = "acme-pi"
ssh = "pi@lab3"

[boards.desk.wires]
button = { driver = "acme-relay", line = 3 }
"""
TRANSPORT = """\
[boards.desk]
board = "acme-pi"
transport = "{transport}"
address = "{address}"
"""
FLASH = """\
import io, sys
from pathlib import Path
from rpikit import bundle, connect, flash, run, wiring
from rpikit.device import DeviceHalf
from rpikit.report import Silent
target = wiring.load(Path(sys.argv[1])).target("desk")
with connect.connect(target) as there:
    half = DeviceHalf(there.transport, home=sys.argv[3])
    made = bundle.read(Path(sys.argv[2]))
    print(flash.flash(made, there.transport, reporter=Silent(), half=half))
    console = io.BytesIO()
    print(run.show(half, console), console.getvalue())
    print(there.transport.get(sys.argv[3] + "/current/launch") != b"")
"""
APP = """\
[firmware]
name = "counter"
version = "1.0.0"
sources = ["main.c"]
memory = "2M"
interfaces = ["tally"]
"""
MAIN = """\
#include <solo5.h>
#include <solo5_tally.h>

int solo5_app_main(const struct solo5_start_info *info)
{
    uint32_t total;

    (void)info;
    return solo5_tally_add(1, &total) == SOLO5_R_OK ? SOLO5_EXIT_SUCCESS : SOLO5_EXIT_FAILURE;
}
"""
OPEN = """\
from rpikit.app import Device
from rpikit.bench.wires import Site, driver
from rpikit.wiring import Wire
device = Device(name="button", type="switch", line=17, direction="in")
line = driver("acme-relay")(Wire(driver="acme-relay", line=3), device, Site())
line.drive(True)
print(line.read())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package into a folder of its own."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(PACKAGE, folder / "source")
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--no-cache-dir")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *options]
    subprocess.run([*command, "--target", folder / "site", folder / "source"], check=True)
    return folder / "site"


def python(*words: str, site: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(site), "RPIKIT_STATE": str(site / "state")}
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )


def test_a_command_appears_in_help_and_works(site: Path) -> None:
    shown = python("-m", "rpikit", "--help", site=site).stdout
    assert "Greet NAME." in shown
    assert "Build APP" in shown
    assert python("-m", "rpikit", "greet", "Ada", site=site).stdout == "Hello, Ada\n"


def test_its_errors_end_as_ours_do(site: Path) -> None:
    done = python("-m", "rpikit", "greet", "nobody", site=site)
    assert done.returncode == 4
    assert done.stderr == "rpikit: there is nobody to greet\n  hint: rpikit greet you\n"


def test_a_broken_one_says_whose_it_is_and_harms_nothing_else(site: Path) -> None:
    done = python("-m", "rpikit", "broken", "--word", site=site)
    assert done.returncode == 5
    assert done.stderr.startswith("rpikit: acme-rpikit: its rpikit.commands 'broken' cannot be")
    assert "pip uninstall acme-rpikit" in done.stderr


def test_a_name_of_ours_stays_ours(site: Path) -> None:
    assert "Greet" not in python("-m", "rpikit", "build", "--help", site=site).stdout


def test_a_board_and_a_driver_can_be_named_on_a_bench(site: Path) -> None:
    bench = site / "bench.toml"
    bench.write_text(BENCH)
    done = python("-m", "rpikit", "config", "lint", str(bench), site=site)
    assert done.returncode == 0, done.stdout
    listed = python("-m", "rpikit", "board", "list", "--bench", str(bench), site=site)
    assert "acme-pi" in listed.stdout


def test_without_the_package_both_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text(BENCH)
    done = python("-m", "rpikit", "config", "lint", str(tmp_path / "bench.toml"), site=tmp_path)
    assert done.returncode == 2


def test_a_driver_opens_a_wire(site: Path) -> None:
    done = python("-c", OPEN, site=site)
    assert done.stdout == "True\n", done.stderr


def test_an_interface_is_built_into_firmware(site: Path, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "rpikit.toml").write_text(APP)
    done = python("-m", "rpikit", "build", str(tmp_path), "--json", site=site)
    assert done.returncode == 0, done.stderr
    assert "tally" in json.loads(done.stdout)["interfaces"]


def test_without_the_package_the_interface_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "rpikit.toml").write_text(APP)
    done = python("-m", "rpikit", "build", str(tmp_path), site=tmp_path)
    assert done.returncode == 2
    assert "there is no interface 'tally'" in done.stderr


def desk(folder: Path, transport: str, address: str) -> Path:
    (folder / "bench.toml").write_text(TRANSPORT.format(transport=transport, address=address))
    return folder / "bench.toml"


def test_a_transport_carries_a_flash_and_a_console(site: Path, tmp_path: Path) -> None:
    bench = desk(tmp_path, "acme", f"env -C {tmp_path} sh -c")
    made = make_bundle(tmp_path, "echo ready\nsleep 1\necho done\nexit 5\n")
    words = (str(bench), str(made.path), str(tmp_path / "home"))
    done = python("-c", FLASH, *words, site=site)
    assert "desk (through env): blink 1.0.0 runs as process" in done.stdout, done.stderr
    assert "5 b'ready\\ndone\\n'" in done.stdout, done.stderr
    assert not (tmp_path / "home/slots/new").exists()


def test_a_transport_is_listed_and_runs_a_command(site: Path, tmp_path: Path) -> None:
    bench = ("--bench", str(desk(tmp_path, "acme", f"env -C {tmp_path} sh -c")))
    listed = python("-m", "rpikit", "board", "list", *bench, site=site)
    assert f"acme: env -C {tmp_path} sh -c" in listed.stdout, listed.stderr
    shown = python(
        *"-m rpikit board shell desk".split(), *bench, *"-- pwd; exit 3".split(), site=site
    )
    assert (shown.returncode, shown.stdout) == (3, f"{tmp_path}\n"), shown.stderr


@pytest.mark.parametrize(
    ("transport", "address", "status", "said"),
    [
        ("acme", "no-such-program", 4, "FileNotFoundError: "),
        ("acme", "'", 4, "board 'desk': not reached through \"'\": ValueError: No closing"),
        ("acme-bare", "x", 5, "acme-rpikit: its rpikit.transports 'acme-bare' gives a tuple"),
        ("acme-gone", "x", 5, "acme-rpikit: its rpikit.transports 'acme-gone' cannot be loaded"),
        ("acme", "false", 4, "the device half ended with status 1 and said 'nothing'"),
    ],
)
def test_a_faulty_transport_is_told_with_its_package(
    transport: str, address: str, status: int, said: str, site: Path, tmp_path: Path
) -> None:
    bench = desk(tmp_path, transport, address)
    words = ("flash", str(HELLO), "--board", "desk", "--bench", str(bench))
    done = python("-m", "rpikit", *words, site=site)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert ("acme-rpikit" in done.stderr) == (address != "false")
    assert "Traceback" not in done.stderr


def test_without_the_package_a_transport_is_unknown(tmp_path: Path) -> None:
    bench = desk(tmp_path, "acme", "sh -c")
    done = python("-m", "rpikit", "config", "lint", str(bench), site=tmp_path)
    assert done.returncode == 2
    assert "no installed package adds a transport" in done.stdout


def test_what_is_no_command_says_whose_it_is(site: Path) -> None:
    done = python("-m", "rpikit", "bare", site=site)
    assert done.returncode == 5
    assert "acme-rpikit: its rpikit.commands 'bare' is <" in done.stderr
    assert "no command of click" in done.stderr


def test_a_fault_in_a_command_is_told_as_that_of_its_package(site: Path) -> None:
    done = python("-m", "rpikit", "crash", site=site)
    assert done.returncode == 5
    assert done.stderr.startswith("rpikit: acme-rpikit: a fault in its own code: IndexError")
    assert "Traceback" not in done.stderr
