# SPDX-License-Identifier: MIT
"""Applications that know nothing of rpikit's build: our headers, one object, one linker script.

Built with gcc's own words as Solo5's toolchain would, they behave on hvt and spt as Solo5 has it.
"""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from rpikit import elf
from rpikit.toolchain import PREFIX
from rpikit.transport.ssh import Ssh

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "tests/guests/plain"
FOLDER = "/tmp/plain"
TAP = "tap90"
GCC = (f"{PREFIX}gcc", "-ffreestanding")
STRICT = (*GCC, "-std=c11", "-Wall", "-Wextra", "-Werror")
COMPILERS = {
    "usual": (*STRICT, "-O2", "-g", "-fstack-protector-strong"),
    "slow": (*STRICT, "-O0", "-fstack-protector-all"),
    "fixed": (*STRICT, "-Os", "-fno-pie", "-mcpu=cortex-a53", "-fstack-protector-strong"),
    "shared": (*GCC, "-O3", "-fPIC", "-ftls-model=initial-exec", "-fstack-protector-strong"),
}
PUBLIC = {
    "__stack_chk_fail",
    "__stack_chk_guard",
    "_start",
    "solo5_abort",
    "solo5_block_acquire",
    "solo5_block_read",
    "solo5_block_write",
    "solo5_clock_monotonic",
    "solo5_clock_wall",
    "solo5_console_write",
    "solo5_exit",
    "solo5_net_acquire",
    "solo5_net_read",
    "solo5_net_write",
    "solo5_set_tls_base",
    "solo5_tls_init",
    "solo5_tls_size",
    "solo5_tls_tp_offset",
    "solo5_yield",
}
OF_THE_LAYOUT = {"_stext", "_etext", "_erodata", "_end", "_stdata", "_ltdata", "_ltbss"}
SEGV, SYS = 139, 159

STATUS = {
    "": (0, 0),
    "ssp": (255, 255),
    "notls": (255, SEGV),
    "exception": (255, SEGV),
    "zeropage": (255, SEGV),
    "xnow": (1, SEGV),
    "rnow": (1, SEGV),
    "wnox": (255, SEGV),
    "seccomp": (255, SYS),
    "abort": (255, 255),
    "exit": (7, 7),
}
"""How it ends on hvt and on spt, by the word that says what it breaks."""


def run_here(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make what `scons guest` gives to other builds, for both platforms, in one folder each."""
    out = tmp_path_factory.mktemp("library")
    for platform in ("hvt", "spt"):
        scons = (sys.executable, "-m", "SCons", "-Q", "-C", str(ROOT), "guest")
        tenders = [f"{out / platform}/generic/rpikit-tender"]
        if platform == "spt":
            tenders.append(f"{out / platform}/apps/serve/rpikit-tender")
        run_here(*scons, *tenders, f"platform={platform}", f"out={out / platform}")
    return out


def link(library: Path, platform: str, words: tuple[str, ...], folder: Path) -> Path:
    """Build the application with nothing but gcc."""
    folder.mkdir()
    guest, program = library / platform / "guest", folder / f"plain.{platform}"
    for source in sorted(SOURCES.glob("*.c")):
        target = str(folder / f"{source.stem}.o")
        run_here(*words, "-I", str(guest / "include"), "-c", str(source), "-o", target)
    run_here(
        *(f"{PREFIX}gcc", "-nostdlib", "-static", "-no-pie", "-z", "max-page-size=0x1000"),
        *("-T", str(guest / f"solo5_{platform}.lds"), str(guest / f"solo5_{platform}.o")),
        *map(str, sorted(folder.glob("*.o"))),
        *("-o", str(program)),
    )
    return program


@pytest.fixture(scope="module")
def programs(library: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("plain")
    return {
        f"{name}.{platform}": link(library, platform, words, out / f"{name}-{platform}")
        for name, words in COMPILERS.items()
        for platform in ("hvt", "spt")
    }


@pytest.fixture(scope="module")
def there(library: Path, programs: dict[str, Path], virtual_ssh: Ssh) -> Iterator[Ssh]:
    """Give the board with the programs, the tenders, a tap and a disk."""
    archive = library / "plain.tgz"
    with tarfile.open(archive, mode="w:gz") as tar:
        for name, program in programs.items():
            tar.add(program, name)
        tar.add(library / "hvt/generic/rpikit-tender", "hvt")
        tar.add(library / "spt/generic/rpikit-tender", "parent")
        tar.add(library / "spt/apps/serve/rpikit-tender", "alone")
    virtual_ssh.put(archive, f"{FOLDER}.tgz")
    made = virtual_ssh.run(
        f"mkdir -p {FOLDER} && cd {FOLDER} && tar xzf {FOLDER}.tgz && rm {FOLDER}.tgz && "
        f"truncate -s 16K disk && tunctl -t {TAP} && ip link set {TAP} up"
    )
    assert made.status == 0, made.err
    yield virtual_ssh
    virtual_ssh.run(f"tunctl -d {TAP}; rm -r {FOLDER}")


def run(there: Ssh, tender: str, program: str, words: str = "", more: str = "") -> tuple[int, str]:
    platform = "hvt" if tender == "hvt" else "spt"
    devices = f"--block:storage=disk --net:service0={TAP} {more}"
    # The shell stays, so that a signal becomes a status.
    command = f"./{tender} --mem=2 {devices} -- {program}.{platform} {words} 2>&1; exit $?"
    done = there.run(f"cd {FOLDER} && {command}", timeout=120)
    return done.status, done.out


@pytest.mark.parametrize("platform", ["hvt", "spt"])
def test_the_library_shows_solo5s_names_and_needs_the_layouts(library: Path, platform: str) -> None:
    with (library / platform / "guest" / f"solo5_{platform}.o").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        seen = [one for one in table.iter_symbols() if one["st_info"]["bind"] != "STB_LOCAL"]
    undefined = {one for one in seen if one["st_shndx"] == "SHN_UNDEF"}
    assert {one.name for one in seen} - {one.name for one in undefined} == PUBLIC
    needed = {one.name for one in undefined if one["st_info"]["bind"] != "STB_WEAK"}
    assert needed == {"solo5_app_main"} | OF_THE_LAYOUT


@pytest.mark.parametrize("name", COMPILERS)
@pytest.mark.parametrize("platform", ["hvt", "spt"])
def test_the_file_keeps_solo5s_rules(programs: dict[str, Path], name: str, platform: str) -> None:
    read = elf.read(programs[f"{name}.{platform}"])
    assert (read.target, read.abi_version) == (platform, 2)
    assert read.segments[0].address == elf.GUEST_MIN
    assert not any({"w", "x"} <= set(segment.flags) for segment in read.segments)


@pytest.mark.parametrize("name", COMPILERS)
@pytest.mark.parametrize("tender", ["hvt", "alone", "parent"])
def test_it_runs_whatever_gcc_was_told(there: Ssh, tender: str, name: str) -> None:
    status, said = run(there, tender, name)
    assert (status, "SUCCESS\n" in said) == (0, True), said


@pytest.mark.parametrize("tender", ["hvt", "alone", "parent"])
@pytest.mark.parametrize("how", STATUS)
def test_it_ends_as_solo5_has_it(there: Ssh, tender: str, how: str) -> None:
    status, said = run(there, tender, "usual", f"--solo5:quiet {how}")
    assert status == STATUS[how][tender != "hvt"], said
    assert "FAILURE" not in said
    assert ("Solo5: ABORT: " in said) == (status == 255 and how != "abort")
    assert ("host/guest translation fault" in said) == (status == 1)
    if status in (0, 7) or how == "abort":
        assert "Solo5:" not in said


@pytest.mark.parametrize("tender", ["alone", "parent"])
def test_what_a_guest_writes_is_executed_only_if_its_operator_says_so(
    there: Ssh, tender: str
) -> None:
    assert run(there, tender, "usual", "wnox")[0] == SEGV
    status, said = run(there, tender, "usual", "wnox", more="--x-exec-heap")
    assert (status, "went on" in said) == (1, True)
    assert run(there, tender, "usual", "xnow", more="--x-exec-heap")[0] == SEGV


@pytest.mark.parametrize("tender", ["hvt", "alone", "parent"])
@pytest.mark.parametrize("sector", [512, 4096])
def test_blocks_have_the_size_that_the_operator_says(there: Ssh, tender: str, sector: int) -> None:
    status, said = run(there, tender, "usual", more=f"--block-sector-size:storage={sector}")
    assert (status, "SUCCESS\n" in said) == (0, True), said
