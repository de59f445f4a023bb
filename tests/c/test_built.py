# SPDX-License-Identifier: MIT
"""Each toolchain builds without a warning and to the same rules."""

from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from rpikit import app, board, build, elf, toolchain
from rpikit.build import Build
from rpikit.errors import ToolError

HELLO = Path(__file__).parents[2] / "c" / "apps" / "hello"


@pytest.fixture(scope="module", params=list(toolchain.KNOWN))
def hello(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    try:
        toolchain.find(request.param)
    except ToolError as error:
        pytest.skip(f"{error}; {error.hint}")
    return build.build(
        app.load(HELLO),
        board=board.load(board.DEFAULT),
        toolchain=request.param,
        out=tmp_path_factory.mktemp(request.param),
    )


def test_the_unikernel_keeps_solo5s_rules(hello: Build) -> None:
    read = elf.read(hello.unikernel)
    assert (read.target, read.abi_version) == ("hvt", 2)
    assert read.segments[0].address == elf.GUEST_MIN
    assert not any({"w", "x"} <= set(segment.flags) for segment in read.segments)


def test_the_bindings_show_their_public_names_only(hello: Build) -> None:
    with (hello.folder / "bindings.o").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        shown = {
            symbol.name
            for symbol in table.iter_symbols()
            if symbol["st_info"]["bind"] != "STB_LOCAL" and symbol["st_shndx"] != "SHN_UNDEF"
        }
    assert "_start" in shown
    assert all(name == "_start" or name.startswith(("solo5_", "__stack_chk_")) for name in shown)


def test_a_program_without_symbols_has_the_same_segments(hello: Build) -> None:
    with hello.unikernel.open("rb") as small, (hello.folder / "hello.debug").open("rb") as large:
        stripped, whole = ELFFile(small), ELFFile(large)
        pairs = zip(stripped.iter_segments(), whole.iter_segments(), strict=True)
        assert all((a.header, a.data()) == (b.header, b.data()) for a, b in pairs)
        assert stripped.get_section_by_name(".symtab") is None
        assert stripped.get_section_by_name(".note.gnu.build-id") is not None
