# SPDX-License-Identifier: MIT
"""Several applications in one image: each with its own description, core and line."""

import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from metal_board import Metal

LINES = {"left": 22, "right": 23}
OF_ALL = 'restart = "on-failure"\nrestarts = 2\npause_ms = 1\n'

# Lights its own lamp, tries the other's, and ends or stays.
MAIN = """#include <solo5.h>
#include <solo5_led.h>
#include "apps/say.h"
#include "devices.h"

int solo5_app_main(const struct solo5_start_info *info)
{{
    (void)info;
    if (solo5_led_init(PIN_LAMP) != SOLO5_R_OK || solo5_led_on(PIN_LAMP) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    say("{word} lit, the other's: %d\\n", (int)solo5_led_init({other}));
    while ({stays})
        solo5_yield(solo5_clock_monotonic() + 1000000000, NULL);
    return SOLO5_EXIT_FAILURE;
}}
"""


def project(place: Path, name: str, life: str, *, stays: bool = True, word: str = "is") -> Path:
    folder = place / name
    folder.mkdir(exist_ok=True)
    (folder / "rpikit.toml").write_text(
        f'[firmware]\nname = "{name}"\nversion = "1.0.0"\nsources = ["main.c"]\nmemory = "2M"\n'
        f'[metal]\n{life}[devices.lamp]\ntype = "led"\nline = {LINES[name]}\n'
    )
    (other,) = (line for one, line in LINES.items() if one != name)
    (folder / "main.c").write_text(MAIN.format(word=word, other=other, stays=int(stays)))
    return folder


def build(first: Path, other: Path) -> tuple[str, bytes]:
    words = [sys.executable, "-m", "rpikit", "build", str(first), "--target", "metal"]
    done = subprocess.run(
        [*words, "--with", str(other)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, (first / "build/metal/kernel8.img").read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("beside")


def test_each_has_its_own_line_core_and_life(place: Path, tmp_path: Path) -> None:
    right = project(place, "right", f"core = 3\n{OF_ALL}", stays=False)
    said, image = build(project(place, "left", ""), right)
    assert f"  core 0: left 1.0.0, {place}/left/build/metal/left.hvt\n" in said
    assert f"  core 3: right 1.0.0, {place}/left/build/metal/beside/right/right.hvt\n" in said
    with Metal(image, tmp_path) as metal:
        metal.wait_for("underlay: right: restarted (2 of 2)")
        metal.wait_for("underlay: right: ended, status 1", count=3)
        metal.wait_for("[left] is lit, the other's: 2\n")
        metal.wait_for_level(LINES["left"], True)
        assert metal.said().count("[right] is lit, the other's: 2\n") == 3


def test_what_changes_in_any_of_them_is_built_anew(place: Path) -> None:
    left, right = project(place, "left", ""), project(place, "right", "")
    _, before = build(left, right)
    assert build(left, right)[1] == before
    project(place, "right", "", word="was")
    _, after = build(left, right)
    assert b"was lit" not in before
    assert b"was lit" in after
    assert b"is lit" in after  # the left one's


def test_the_underlay_serves_what_any_of_them_uses(place: Path) -> None:
    build(project(place, "left", ""), project(place, "right", ""))
    with (place / "left/build/metal/underlay.debug").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        names = {one.name for one in table.iter_symbols()}
    assert "led_init" in names
    assert "switch_init" not in names
