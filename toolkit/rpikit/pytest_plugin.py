# SPDX-License-Identifier: MIT
"""The pytest plugin: gives an application's tests their board, their dut and their pins.

pytest loads it in every run of an environment that has rpikit. It does nothing, and imports
nothing of weight, unless the run belongs to an application: `--rpikit-app` names its folder,
pytest was started in it, or all the tests that were named lie in it.
"""

from pathlib import Path

import pytest

from rpikit.errors import RpikitError

_DESCRIPTION = "rpikit.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `rpikit test` gives."""
    group = parser.getgroup("rpikit")
    group.addoption("--rpikit-app", type=Path, metavar="FOLDER", help="the application under test")
    group.addoption("--rpikit-board", metavar="NAME", help="a board of bench.toml")
    group.addoption(
        "--rpikit-boards",
        metavar="NAMES",
        help="several boards of bench.toml, with commas: each process of pytest-xdist has one",
    )
    group.addoption(
        "--rpikit-peer",
        action="append",
        default=[],
        metavar="ROLE=BOARD[:APP]",
        help="a further board of each test, with the same application or the one in a folder",
    )
    group.addoption("--rpikit-bench", type=Path, metavar="FILE", help="the lab's wiring")
    group.addoption(
        "--rpikit-target",
        choices=("auto", "hvt", "spt"),
        default="auto",
        help="what to build for; else what the board has",
    )
    group.addoption(
        "--rpikit-sanitize",
        choices=("yes", "no"),
        help="whether sanitizers check; else if they can",
    )
    group.addoption(
        "--rpikit-on-trial",
        action="store_true",
        help="the application is on the board already, on trial: test that",
    )
    group.addoption(
        "--rpikit-no-check",
        action="store_true",
        help="do not prove the wiring before it is flashed, and when a test has failed",
    )
    group.addoption(
        "--rpikit-update-baseline",
        action="store_true",
        help="keep the latencies that are measured now",
    )
    group.addoption(
        "--rpikit-key", type=Path, metavar="FILE", help="sign what is flashed with this SSH key"
    )
    group.addoption(
        "--rpikit-report",
        type=Path,
        metavar="FOLDER",
        help="where to write what proves the run: HTML, JUnit XML, JSON, waveforms",
    )
    group.addoption(
        "--rpikit-verdict", type=Path, metavar="FILE", help="where to write what the run came to"
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures last, so that they stand before pytest-embedded's of the same name."""
    named: Path | None = config.getoption("rpikit_app")
    folders = {named} if named is not None else _applications(config)
    if not folders:
        return
    if config.pluginmanager.has_plugin("labgrid"):
        raise pytest.UsageError(
            "the plugins of labgrid and pytest-embedded both have a fixture `target` and together "
            "skip every test; start pytest with -p no:labgrid"
        )
    if len(folders) > 1:  # each has a board and devices of its own
        return
    (folder,) = folders
    from rpikit import pytest_fixtures, pytest_recorder

    try:
        pytest_fixtures.register(config, folder)
        recorder = pytest_recorder.Recorder(config)
    except RpikitError as error:
        raise pytest.UsageError(pytest_recorder.one_line(error)) from error
    config.pluginmanager.register(recorder, "rpikit-recorder")


def _applications(config: pytest.Config) -> set[Path]:
    """Return the folders of the applications that a run belongs to, as pytest was started."""
    here = config.invocation_params.dir
    if (here / _DESCRIPTION).is_file():
        return {here}
    found = {_above(here / str(named).partition("::")[0]) for named in config.args}
    return {folder for folder in found if folder is not None}


def _above(named: Path) -> Path | None:
    """Return the nearest folder, from this one up, that describes an application."""
    place = named.resolve()
    return next((one for one in (place, *place.parents) if (one / _DESCRIPTION).is_file()), None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Have as many processes as boards for `-n auto`; pytest-xdist knows best without boards."""
    several: str | None = config.getoption("rpikit_boards")
    return len(several.split(",")) if several else None
