# SPDX-License-Identifier: MIT
"""Another package adds a command, a board, an interface, a bench driver; pip installs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "package"
BENCH = """\
[boards.desk]
board = "acme-pi"
ssh = "pi@lab3"

[boards.desk.wires]
button = { driver = "acme-relay", line = 3 }
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
