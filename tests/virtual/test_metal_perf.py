# SPDX-License-Identifier: MIT
"""What the underlay costs beside Linux with KVM: the same guests, both in instructions of QEMU."""

import re
from pathlib import Path

import pytest
from metal_board import COUNTED, Maker, Metal

from rpikit import board
from rpikit.virtual.replay import replay

WRITES = ("switch_write", "led_on", "gpio_set", "gpio_set_many")
FIRST_BYTE = 500_000  # instructions of all cores together from power on: 460,384 when it was set

# Bound to a core, as `rpikit perf` has it; the time since the kernel began, which is less than the
# time since there was power.
SCRIPT = """
taskset -p 1 $$ > /dev/null
./rpikit-tender --mem=2 -- power.hvt --solo5:quiet
echo "uptime $(cut -d' ' -f1 /proc/uptime | tr -d .)0000000"
./rpikit-tender --mem=2 --gpio=mmio {grants} -- pins.hvt --solo5:quiet
"""


def figures(said: str) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r"^(\w+) (\d+)$", said, re.M)}


@pytest.fixture(scope="module")
def on_metal(built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    made, found = Maker(built), {}
    for name in ("power", "pins"):
        place = tmp_path_factory.mktemp(name)
        with Metal(made.image(made(name, "--solo5:quiet")), place, *COUNTED) as metal:
            found |= figures(metal.wait_for_end())
    return found


@pytest.fixture(scope="module")
def on_linux(built: Path) -> dict[str, int]:
    files = {name: built / "apps" / name[:-4] / name for name in ("power.hvt", "pins.hvt")}
    files["rpikit-tender"] = built / "generic" / "rpikit-tender"
    grants = " ".join(f"--pin:{one.name}={one.line}" for one in Maker(built)("pins").grants)
    said = replay(board.load(board.DEFAULT), SCRIPT.format(grants=grants), files, timeout=300)
    return figures(said.decode(errors="replace").replace("\r", ""))


@pytest.mark.parametrize("name", WRITES)
def test_a_write_takes_a_fifth_of_the_quickest_way_under_linux(
    name: str, on_metal: dict[str, int], on_linux: dict[str, int]
) -> None:
    assert 5 * on_metal[name] <= on_linux[name]


def test_the_first_words_come_fifty_times_as_early(
    on_metal: dict[str, int], on_linux: dict[str, int]
) -> None:
    assert on_metal["power"] <= FIRST_BYTE
    assert 50 * on_metal["power"] <= on_linux["uptime"]
