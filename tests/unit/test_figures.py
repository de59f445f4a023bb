# SPDX-License-Identifier: MIT
"""Figures: what is worse by more than the limit is found, across kernels, and nothing else is."""

from pathlib import Path

import pytest

from rpikit import figures, paths, perf
from rpikit.errors import DescriptionError
from rpikit.figures import Baseline
from rpikit.perf import Measured

FLOORS = dict.fromkeys(figures.FLOORS, 1000)
FIGURES = {"clock_wall": 1100, "switch_write_cdev": 2200, "peak_rss": 80, "tender": 20000}


def run(compiler: str = "gcc 12", floors: dict[str, int] = FLOORS, **changed: int) -> Baseline:
    return Baseline(
        compiler=compiler,
        kernel="6.1",
        qemu="7.2",
        floors=floors,
        figures={name: changed.get(name, value) for name, value in FIGURES.items()},
    )


def verdicts(now: Baseline, before: Baseline) -> dict[str, str]:
    return {one.name: one.verdict for one in figures.compare(now, before) if one.verdict}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"clock_wall": 1155}, {}),
        ({"clock_wall": 1157}, {"clock_wall": "regression"}),
        ({"clock_wall": 1044}, {"clock_wall": "improvement"}),
        ({"tender": 21001}, {"tender": "regression"}),
        ({"peak_rss": 84}, {}),
        ({"peak_rss": 88}, {"peak_rss": "regression"}),
    ],
)
def test_only_more_than_five_per_cent_and_one_step_is_a_change(
    changed: dict[str, int], found: dict[str, str]
) -> None:
    assert verdicts(run(**changed), run()) == found


def test_a_dearer_kernel_is_no_regression() -> None:
    dearer = dict.fromkeys(figures.FLOORS, 1200)
    now = run(floors=dearer, clock_wall=1320, switch_write_cdev=2640)
    assert verdicts(now, run()) == {}


def test_a_cheaper_kernel_hides_no_regression() -> None:
    cheaper = dict.fromkeys(figures.FLOORS, 900)
    now = run(floors=cheaper, clock_wall=1100, switch_write_cdev=1980)
    assert verdicts(now, run()) == {"clock_wall": "regression"}


def test_sizes_of_another_compiler_are_not_compared() -> None:
    now = run("gcc 14", tender=40000)
    assert verdicts(now, run()) == {"tender": "other compiler"}
    assert Measured("gcc", now, run()).regressions == []


def test_a_figure_that_is_gone_is_a_regression() -> None:
    now = run()
    fewer = now.model_copy(update={"figures": {"clock_wall": 1100}})
    assert Measured("gcc", fewer, run()).regressions == [
        f"{name}: is in the baseline and was not measured"
        for name in ("switch_write_cdev", "peak_rss", "tender")
    ]


def test_a_regression_is_said_with_both_numbers() -> None:
    (said,) = Measured("gcc", run(clock_wall=1210), run()).regressions
    assert said == (
        "clock_wall: 10.0 % more, as a ratio to its floor: 1210 instructions, 1100 in the baseline"
    )


def test_a_baseline_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    file = tmp_path / "baseline.toml"
    figures.save(file, "gcc", run())
    figures.save(file, "zig", run("clang"))
    assert figures.load(file, "gcc") == run()
    assert figures.load(file, "zig") == run("clang")
    assert [one.name for one in tmp_path.iterdir()] == ["baseline.toml"]


def test_without_a_baseline_of_the_toolchain_it_says_how_one_is_made(tmp_path: Path) -> None:
    file = tmp_path / "baseline.toml"
    figures.save(file, "gcc", run())
    with pytest.raises(DescriptionError, match="there is no baseline for zig") as caught:
        figures.load(file, "zig")
    assert caught.value.hint == "rpikit perf --toolchain zig --update"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="cannot be written") as caught:
        figures.save(tmp_path / "absent" / "baseline.toml", "gcc", run())
    assert "--baseline" in str(caught.value.hint)


def test_the_page_shows_the_baseline() -> None:
    page = (paths.data_root() / perf.PAGE).read_text(encoding="utf-8")
    known = figures.load(perf.baseline_file(), "gcc")
    assert page == perf.page_text(page, known), "rpikit perf --update writes both"


def test_the_baseline_has_every_figure_that_means_something() -> None:
    known = figures.load(perf.baseline_file(), "gcc")
    assert list(known.figures) == list(figures.MEANINGS)
    assert list(known.floors) == list(figures.FLOORS)


def on_metal(**figures_of_run: int) -> Baseline:
    known = {
        "first_byte": 500,
        "led_on_denied": 6000,
        "power_metal": 10,
        "led_on_denied_metal": 100,
    }
    return run().model_copy(update={"figures": {**known, **figures_of_run}})


def test_without_linux_a_figure_is_beside_the_same_with_it() -> None:
    beside = {one.name: (one.beside, one.times) for one in figures.compare(on_metal(), None)}
    assert beside["led_on_denied_metal"] == (6000, 60)
    assert beside["power_metal"] == (FLOORS["power"] + 500, 150)
    assert beside["led_on_denied"] == (None, None)


def test_what_linux_was_not_measured_with_has_nothing_beside_it() -> None:
    (one,) = (
        one for one in figures.compare(on_metal(gpio_set_metal=300), None) if "set" in one.name
    )
    assert (one.beside, one.times) == (None, None)


def test_without_linux_another_kernel_changes_nothing() -> None:
    dearer = on_metal(led_on_denied=9000)
    assert (
        verdicts(dearer.model_copy(update={"floors": {**FLOORS, "exit": 1500}}), on_metal()) == {}
    )
    assert verdicts(on_metal(led_on_denied_metal=106), on_metal()) == {
        "led_on_denied_metal": "regression"
    }


def test_each_is_in_one_of_the_two_tables() -> None:
    shown = [row[0] for row in (*figures.rows(on_metal()), *figures.metal_rows(on_metal()))]
    assert sorted(shown) == sorted(figures.meaning(name).says for name in on_metal().figures)
