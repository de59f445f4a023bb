# SPDX-License-Identifier: MIT
"""What things may cost, in instructions counted on a board of their own; never in seconds."""

import json

import promised
import pytest
from click.testing import CliRunner, Result

from rpikit.cli import rpikit

LIMITS = {
    "clock_monotonic": 20,  # upstream's: 20, and wrong after a long gap
    "switch_write_cdev": 7500,  # sysfs opened, written and closed, without any exit: 24500
    "led_on_cdev": 7500,
    "first_byte": 1_000_000,  # upstream's: 2.17 million dynamic, 1.51 million static
    "first_byte_any": 1_000_000,
    "first_byte_generic": 1_000_000,
    "peak_rss": 600,  # KiB; upstream's: 1472 dynamic, 860 static
    "peak_rss_generic": 600,
    "tender": 64 << 10,
    "tender_pins": 64 << 10,
}
CHEAPEST = 5612  # 1.05 times what KVM alone was measured at when the limit was set, 5345
OURS = 450  # instructions of an exit that are not KVM's: filter, dispatch, handler


@pytest.fixture(scope="module")
def checked() -> Result:
    """Run the command once: it boots a board, which takes longer than all tests together."""
    return CliRunner().invoke(rpikit, ["perf", "--check", "--json"])


@pytest.fixture(scope="module")
def measured(checked: Result) -> dict[str, dict[str, float]]:
    found = json.loads(checked.stdout)
    figures = {one["name"]: one["value"] for one in found["figures"]}
    return {"figures": figures, "floors": found["floors"]}


def test_nothing_is_worse_than_the_baseline_by_five_per_cent(checked: Result) -> None:
    assert json.loads(checked.stdout)["regressions"] == []
    assert checked.exit_code == 0


@pytest.mark.parametrize("name", LIMITS)
def test_no_figure_exceeds_its_limit(name: str, measured: dict[str, dict[str, float]]) -> None:
    assert measured["figures"][name] <= LIMITS[name]


def test_the_cheapest_call_is_little_more_than_the_exit(
    measured: dict[str, dict[str, float]],
) -> None:
    cheapest = min(measured["figures"][name] for name in ("clock_wall", "console_write_empty"))
    assert cheapest <= CHEAPEST
    assert cheapest - measured["floors"]["exit"] <= OURS


def test_the_character_device_is_cheaper_than_sysfs(
    measured: dict[str, dict[str, float]],
) -> None:
    for call in ("switch_write", "switch_test", "led_on"):
        assert measured["figures"][f"{call}_cdev"] < measured["figures"][f"{call}_sysfs"]


def test_a_write_costs_a_third_of_the_way_through_files_at_most(
    measured: dict[str, dict[str, float]],
) -> None:
    assert measured["figures"]["switch_write_cdev"] <= measured["floors"]["exit_files"] / 3


def test_the_result_has_the_promised_keys(checked: Result) -> None:
    promised.result("perf", checked.stdout)
