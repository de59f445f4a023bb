# SPDX-License-Identifier: MIT
"""What is printed from interfaces: golden copies, every number ever given, and the same bytes."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpikit import generate, interface

GOLDEN = Path(__file__).parents[1] / "golden"
NUMBERS = GOLDEN / "call_numbers.txt"


def golden_files() -> Iterator[tuple[str, str]]:
    for name in ("console", "switch"):
        for file in generate.interface(interface.load(interface.find(name))):
            yield name, file


@pytest.mark.parametrize(("name", "file"), list(golden_files()))
def test_generated_file_equals_its_golden_copy(
    name: str, file: str, request: pytest.FixtureRequest
) -> None:
    text = generate.interface(interface.load(interface.find(name)))[file]
    golden = GOLDEN / "interface" / f"{file}.golden"
    if request.config.getoption("--update"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_call_number_ever_given_still_means_the_same_call() -> None:
    given = dict(line.split(" ", 1) for line in NUMBERS.read_text().splitlines())
    now = {
        f"{call.number:#x}": f"{name}.{call.name}"
        for name in interface.names()
        for call in interface.load(interface.find(name)).call
    }
    missing = {number: call for number, call in now.items() if given.get(number) != call}
    assert not missing, f"append these to {NUMBERS.name}; never change a line of it: {missing}"


def test_call_numbers_are_listed_once_each() -> None:
    numbers = [line.split()[0] for line in NUMBERS.read_text().splitlines()]
    assert len(numbers) == len(set(numbers))


def test_printing_twice_gives_the_same_bytes() -> None:
    loaded = interface.load_all(interface.names())
    assert [generate.interface(i) for i in loaded] == [generate.interface(i) for i in loaded]


def test_generated_lines_are_as_short_as_typed_ones() -> None:
    for i in interface.load_all(interface.names()):
        for name, text in generate.interface(i).items():
            if name.endswith((".c", ".h")):
                long = [line for line in text.splitlines() if len(line) > 120]
                assert not long, f"{name}: {long}"


def test_the_python_twin_packs_and_unpacks(tmp_path: Path) -> None:
    generate.write(generate.interface(interface.load(interface.find("switch"))), tmp_path)
    spec = importlib.util.spec_from_file_location("switch_twin", tmp_path / "switch.py")
    assert spec is not None
    assert spec.loader is not None
    twin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(twin)
    block = twin.Write(pin=18, value=1, result=2)
    assert block.pack() == bytes([18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])
    assert twin.Write.unpack(block.pack()) == block
    assert [call.NUMBER for call in twin.CALLS] == [0x200010 + n for n in range(6)]


def test_a_comment_cannot_be_closed_by_what_it_says() -> None:
    i = interface.load(interface.find("led"))
    hostile = i.call[0].model_copy(update={"doc": "ends here */ int x; /* or here"})
    text = generate.interface(i.model_copy(update={"call": (hostile,)}))["abi_led.h"]
    assert "*/ int x" not in text


TEXTS = """
[interface]
name = "names"
title = "Names"
version = 1
since = "0.1.0"
numbers = [0x300000, 0x30000f]
doc = "Looks for names."

[[constant]]
name = "found"
value = 0x10
doc = "There is one."

[[call]]
name = "look"
number = 0x300000
doc = "Look."

[[call.fields]]
name = "name"
type = "buffer"
of = "char"
direction = "in"
length = "size"
text = true
doc = "It."

[[call.fields]]
name = "size"
type = "u64"
direction = "in"
doc = "Its size."

[[call.fields]]
name = "flags"
type = "u32"
direction = "out"
doc = "SOLO5_NAMES_FOUND or 0."
"""


@pytest.fixture
def names(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "names.toml").write_text(TEXTS)
    return generate.interface(interface.load(tmp_path / "names.toml"))


def test_the_stub_counts_a_text_and_the_handler_is_told(names: dict[str, str]) -> None:
    assert "void solo5_names_look(const char *name, uint32_t *flags);" in names["solo5_names.h"]
    assert ".size = strlen(name)," in names["guest_names.c"]
    handler = (
        "void names_look(struct host *host, const char *name, uint64_t size, uint32_t *flags);"
    )
    assert handler in names["host_names.h"]


def test_a_constant_has_its_name_for_guest_host_reader_and_python(names: dict[str, str]) -> None:
    for header in ("solo5_names.h", "abi_names.h"):
        assert "#define SOLO5_NAMES_FOUND UINT32_C(0x10)" in names[header]
    assert "| `SOLO5_NAMES_FOUND` | 0x10 | There is one. |" in names["names.md"]
    assert "FOUND = 0x10" in names["names.py"]
