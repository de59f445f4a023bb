# SPDX-License-Identifier: MIT
"""Failures in a console that was kept: explained by the build that failed, and by no other."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rpikit import crash, elf, monitor
from rpikit.crash import Library
from rpikit.screen import Lines

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def program(built: Path) -> Path:
    return built / "apps" / "exception" / "exception.debug"


def addresses(program: Path) -> dict[str, int]:
    """Return where functions begin, as another program reads it."""
    said = subprocess.run(["readelf", "-sW", program], capture_output=True, text=True, check=True)
    rows = [row for line in said.stdout.splitlines() if len(row := line.split()) == 8]
    return {row[7]: int(row[1], 16) for row in rows if row[3] == "FUNC"}


def report(program: Path) -> str:
    """Return what a guest of this build says when it fails in solo5_app_main."""
    build = (elf.build_id(program) or "")[:16]
    at = addresses(program)["solo5_app_main"] + 4
    return (
        f"Solo5: trap: undefined instruction, class 0x00, build {build}\n"
        f"Solo5: trap: ESR 0x0000000002000000 ELR {at:#018x} FAR 0x0000000000000000\n"
        f"Solo5: backtrace: {at:#018x}\n"
    )


def decode(said: str | bytes, *files: Path) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    data = said.encode() if isinstance(said, str) else said
    monitor.decode(io.BytesIO(data), Lines(out, err), Library(files))
    return out.getvalue(), err.getvalue()


def test_addresses_become_lines_below_the_console_line(program: Path) -> None:
    out, err = decode(report(program), program)
    lines = out.splitlines()
    assert lines[2].startswith("    ELR 0x1")
    assert "is solo5_app_main at " in lines[2]
    assert "exception/main.c:" in lines[2]
    assert lines[4].startswith("    called from solo5_app_main at ")
    assert err == ""


def test_the_right_build_is_found_among_many(program: Path, built: Path) -> None:
    others = sorted(built.glob("apps/*/*.debug"))
    assert decode(report(program), *others) == decode(report(program), program)


def test_another_build_explains_nothing_and_is_named(program: Path, built: Path) -> None:
    said = report(program)
    hello = built / "apps/hello/hello.debug"
    out, err = decode(said, hello)
    assert out == said
    assert err.count("--- ") == 1
    assert (elf.build_id(program) or "?")[:16] in err
    assert (elf.build_id(hello) or "?")[:16] in err


def test_without_symbols_the_remedy_is_named(program: Path) -> None:
    out, err = decode(report(program))
    assert out == report(program)
    assert "no symbols are here" in err
    assert "--elf" in err


def test_what_a_tender_refuses_is_explained_unchecked_if_no_build_was_said(program: Path) -> None:
    at = addresses(program)["solo5_app_main"]
    out, err = decode(f"rpikit-tender: host/guest translation fault: pc={at:#x}\n", program)
    assert "    pc 0x" in out
    assert "solo5_app_main at " in out
    assert "unchecked" in err


@pytest.mark.parametrize(
    "line",
    [
        "the pc 0x101000 of an application's own words",
        "Solo5: trap: ESR 0x0000000002000000 ELR 0x0000000000000000 FAR 0x0",
        "rpikit-tender: pc=0xffffffffffffffffffffffff",
        "rpikit-tender: pc=0x",
        "Solo5: backtrace: 0xzz",
    ],
)
def test_what_is_no_address_of_the_guest_is_left_alone(program: Path, line: str) -> None:
    assert decode(f"{line}\n", program)[0] == f"{line}\n"


def test_noise_is_decoded_without_harm(program: Path) -> None:
    noise = bytes(range(256)) * 50 + b"\n" + report(program).encode()
    assert "solo5_app_main" in decode(noise, program)[0]


def test_a_kept_console_is_decoded_from_a_file_or_a_pipe(program: Path, tmp_path: Path) -> None:
    file = tmp_path / "console.log"
    file.write_text(report(program), encoding="utf-8")
    (tmp_path / "build").mkdir()
    shutil.copy(program, tmp_path / "build")
    for name in (str(file), "-"):
        done = subprocess.run(
            [sys.executable, "-m", "rpikit", "monitor", "--decode", name],
            cwd=tmp_path,
            input=report(program),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "is solo5_app_main at " in done.stdout


def test_a_console_in_an_error_gets_its_lines_too(program: Path) -> None:
    console = "its console ended with:\n  " + "\n  ".join(report(program).splitlines())
    lines = crash.annotated(console, Library([program])).splitlines()
    assert lines[3].startswith("      ELR 0x1")
    assert lines[5].startswith("      called from solo5_app_main at ")
    assert crash.annotated("line\n  pc 0x10", Library([program])) == "line\n  pc 0x10"
