# SPDX-License-Identifier: MIT
"""The image that boots beneath a kernel: each toolchain builds it, and it lies where it must."""

from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from rpikit import toolchain
from rpikit.errors import DescriptionError, ToolError
from rpikit.virtual import underlay

BASE = 0x80000  # where the firmware and QEMU put an image


@pytest.mark.parametrize("chain", list(toolchain.KNOWN))
def test_the_image_is_its_program_as_it_lies_in_memory(
    chain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        toolchain.find(chain)
    except ToolError as error:
        pytest.skip(f"{error}; {error.hint}")
    monkeypatch.setenv(toolchain.VARIABLE, chain)
    image = underlay.build(tmp_path, lambda line: None).read_bytes()
    with (tmp_path / "underlay/kernel8.debug").open("rb") as file:
        program = ELFFile(file)
        loads = list(program.iter_segments("PT_LOAD"))
        assert program.header["e_entry"] == BASE == loads[0]["p_vaddr"]
        assert not any(one["p_flags"] & 3 == 3 for one in loads)
        for one in loads:
            at = one["p_vaddr"] - BASE
            assert image[at : at + one["p_filesz"]] == one.data()
        assert max(one["p_vaddr"] + one["p_memsz"] for one in loads) <= underlay.POSTS
        assert len(image) == max(one["p_vaddr"] - BASE + one["p_filesz"] for one in loads)


def test_a_toolchain_that_is_not_there_is_told_as_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(toolchain.VARIABLE, "turbo")
    with pytest.raises(DescriptionError, match="there is no such toolchain; write gcc or zig"):
        underlay.build(tmp_path, lambda line: None)


def test_a_build_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "underlay").write_text("in the way\n")
    with pytest.raises(ToolError, match=r"does not build:\n(.*\n)*.*underlay") as caught:
        underlay.build(tmp_path, lambda line: None)
    assert (caught.value.hint or "").startswith("by hand: ")
