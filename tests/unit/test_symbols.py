# SPDX-License-Identifier: MIT
"""Symbols of real programs: an address becomes the line that somebody wrote."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest

from rpikit import elf
from rpikit.errors import FirmwareError
from rpikit.symbols import Symbols

ROOT = Path(__file__).parents[2]

PROGRAM = """\
static volatile int level;

static inline __attribute__((always_inline)) void set(int value)
{
    level = value;
}

static inline __attribute__((always_inline)) void press(void)
{
    set(1);
}

__attribute__((noinline)) int hold(int times)
{
    while (times--)
        press();
    return level;
}

int main(void)
{
    return hold(3);
}
"""


def line_of(file: Path, text: str) -> int:
    """Return the number of the one line that has a text."""
    lines = file.read_text(encoding="utf-8").splitlines()
    (number,) = [at for at, line in enumerate(lines, 1) if text in line]
    return number


def listed(file: Path) -> list[list[str]]:
    """Return the rows of a symbol table, as another program reads them."""
    said = subprocess.run(["readelf", "-sW", file], capture_output=True, text=True, check=True)
    return [row for line in said.stdout.splitlines() if len(row := line.split()) == 8]


def symbol(file: Path, name: str) -> tuple[int, int]:
    """Return address and size of a function; some have namesakes, then the first."""
    row = next(row for row in listed(file) if row[7] == name)
    return int(row[1], 16), int(row[2], 0)


@pytest.fixture(scope="module")
def unikernel(built: Path) -> Path:
    return built / "apps" / "exception" / "exception.debug"


@pytest.mark.parametrize("version", [4, 5])
def test_what_was_inlined_is_shown_as_the_calls_it_stands_for(tmp_path: Path, version: int) -> None:
    source, program = tmp_path / "main.c", tmp_path / "program"
    source.write_text(PROGRAM, encoding="utf-8")
    compiler = shutil.which("aarch64-linux-gnu-gcc") or "gcc"
    words = [compiler, "-O2", f"-gdwarf-{version}", "-nostdlib", "-static", "-Wl,-emain"]
    subprocess.run([*words, "-fno-pie", "-no-pie", "-o", program, source], check=True)
    symbols = Symbols.load(program)
    begin, size = symbol(program, "hold")
    seen = {symbols.places(address) for address in range(begin, begin + size)}
    chains = [places for places in seen if len(places) == 3]
    assert chains, seen
    for set_, press, hold in chains:
        assert [one.function for one in (set_, press, hold)] == ["set", "press", "hold"]
        assert (set_.inlined, press.inlined, hold.inlined) == (True, True, False)
        assert set_.line == line_of(source, "level = value")
        assert press.line == line_of(source, "    set(1)")
        assert hold.line == line_of(source, "        press()")
        assert str(press).endswith(f"main.c:{press.line} (inlined)")


def test_a_unikernels_lines_are_those_of_the_tree(unikernel: Path) -> None:
    symbols = Symbols.load(unikernel)
    assert symbols.build_id == elf.build_id(unikernel)
    begin, size = symbol(unikernel, "solo5_app_main")
    source = ROOT / "tests/guests/exception/main.c"
    places = {symbols.places(address)[-1] for address in range(begin, begin + size)}
    assert {place.function for place in places} == {"solo5_app_main"}
    assert line_of(source, ".inst 0") in {place.line for place in places}
    assert all((place.file or "").endswith("exception/main.c") for place in places)


def test_every_function_of_a_unikernel_is_found(unikernel: Path) -> None:
    symbols = Symbols.load(unikernel)
    functions = [row for row in listed(unikernel) if row[3] == "FUNC" and row[2] != "0"]
    assert len(functions) > 20
    for _, address, *_, name in functions:
        # A compiler that specialises a function adds a word behind a dot.
        assert symbols.places(int(address, 16))[-1].function == name.split(".")[0]


def test_assembly_has_names_too(unikernel: Path) -> None:
    symbols = Symbols.load(unikernel)
    address, _ = symbol(unikernel, "exception_vectors")
    (place,) = symbols.places(address + 8)
    assert place.function.startswith("exception_vectors")
    assert (place.file or "").endswith("vectors.S")


def test_the_tender_has_places_although_it_was_optimised_as_one(built: Path) -> None:
    tender = built / "generic" / "rpikit-tender.debug"
    symbols = Symbols.load(tender)
    named = [name for name, size in elf.functions(tender).items() if size]
    assert any((symbols.places(symbol(tender, name)[0]) or ()) for name in named[:3])


def test_an_address_outside_is_not_explained(unikernel: Path) -> None:
    symbols = Symbols.load(unikernel)
    assert symbols.places(0) == symbols.places(0x50) == symbols.places(1 << 40) == ()
    assert symbols.caller(0) == ()


def test_a_stripped_program_has_nothing_to_say(unikernel: Path) -> None:
    stripped = unikernel.with_suffix(".hvt")
    symbols = Symbols.load(stripped)
    assert symbols.build_id == elf.build_id(unikernel)
    assert symbols.places(symbol(unikernel, "solo5_app_main")[0]) == ()


@pytest.mark.parametrize("cut", [0, 40, 3000, 30000])
def test_a_damaged_program_is_refused_in_one_line(
    unikernel: Path, tmp_path: Path, cut: int
) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(unikernel.read_bytes()[:cut])
    with pytest.raises(FirmwareError, match="damaged: is no program with symbols") as raised:
        Symbols.load(damaged)
    assert "\n" not in str(raised.value)


def test_noise_in_the_debug_information_is_no_fault_of_ours(
    unikernel: Path, tmp_path: Path
) -> None:
    whole = bytearray(unikernel.read_bytes())
    damaged = tmp_path / "damaged"
    for at in range(len(whole) // 3, len(whole), 997):
        whole[at] ^= 0xA5
    damaged.write_bytes(whole)
    with contextlib.suppress(FirmwareError):
        Symbols.load(damaged).places(0x101000)
