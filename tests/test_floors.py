# SPDX-License-Identifier: MIT
"""Arrows of import and include go down, never up; and whatever else holds for the whole tree."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "toolkit" / "rpikit"

# From the ground up; a module may import those of its own floor and of the floors below.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "__init__",
            "closing",
            "group",
            "errors",
            "labgrid_keeper",
            "paths",
            "results",
            "results_bench",
            "results_boards",
            "results_boot",
            "results_evidence",
            "results_fleet",
            "results_inspect",
            "results_perf",
            "results_release",
            "slots",
            "units",
        }
    ),
    frozenset(
        {"fleet", "network", "wording", "describe", "report", "waveform", "capture", "vcd"}
        | {"junit", "picture", "page", "evidence"}
        | {"toolchain", "verdict", "hints", "plugins"}
    ),
    frozenset({"completion", "console_text", "hold", "journal", "kept_log"}),
    frozenset(
        {"soc", "board", "call", "interface", "app", "wiring", "wire_host"}
        | {"attachment", "grants", "life", "nets", "security", "signals"}
    ),
    frozenset(
        {"figures", "generate", "elf", "elf_edit", "stack", "symbols", "archive", "delta", "fat"}
        | {"sign", "sources", "stamp", "transport"}
    ),
    frozenset({"claim", "crash", "screen"}),
    frozenset(
        {"device", "host", "bundle", "console", "virtual", "scons", "labgrid_place"}
        | {"card", "chip_firmware", "stored"}
        | {"half", "loader", "metal", "metal_line", "payload"}
    ),
    frozenset({"boot_partition", "identity", "labgrid_bench", "origin", "target", "upload"}),
    frozenset({"connect", "bench", "terminal"}),
    frozenset(
        {
            "build",
            "flash",
            "guests",
            "lab",
            "listing",
            "metal_flash",
            "new",
            "putting",
            "shell",
            "serial_line",
            "header",
            "gdb",
        }
    ),
    frozenset({"benching", "checks", "pressing", "trust"}),
    frozenset({"materials", "provenance", "released", "repository", "sbom"}),
    frozenset(
        {
            "bundling",
            "rollout",
            "image",
            "rollout_view",
            "run",
            "proving",
            "test",
            "demo",
            "perf",
            "doctor",
            "config",
            "verify",
            "inspection",
            "underlay",
            "surface",
            "debug",
            "debug_host",
            "vscode",
            "monitor",
        }
    ),
    frozenset({"release"}),
    frozenset({"ending"}),
    frozenset({"words"}),
    frozenset({"commands"}),
    frozenset(
        {"cli", "__main__", "pytest_plugin", "pytest_boards", "pytest_peers"}
        | {"pytest_fixtures", "pytest_recorder"}
    ),
)

# What a folder of C may include, besides itself and headers of the compiler.
INCLUDES: dict[str, frozenset[str]] = {
    "abi": frozenset(),
    "lib": frozenset({"abi"}),
    "dispatch": frozenset({"abi"}),
    "backends": frozenset({"abi", "lib"}),
    "devices": frozenset({"abi", "lib", "dispatch", "backends"}),
    "virtio": frozenset({"abi", "lib", "dispatch", "devices", "backends"}),
    "guest": frozenset({"abi", "lib"}),
    "tender": frozenset({"abi", "lib", "dispatch", "devices", "backends"}),
    "apps": frozenset({"abi", "lib"}),
    "loader": frozenset({"lib", "backends"}),
    "underlay": frozenset({"abi", "lib", "dispatch", "devices", "virtio", "backends", "loader"}),
}
LOOP = frozenset({"dispatch", "backends"})  # the guest's host is linked into the same program
FREESTANDING = ("devices", "dispatch", "virtio", "lib", "guest", "abi", "loader", "underlay")
COMPILER_HEADERS = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}


def floor_of(module: str) -> int:
    for number, floor in enumerate(FLOORS):
        if module in floor:
            return number
    raise AssertionError(f"{module} stands on no floor; give it one in {Path(__file__).name}")


def module_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_by(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "rpikit":
            names = [f"rpikit.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("rpikit.")}
    return found - {"__version__"}


MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = sorted(
    file
    for suffix in ("*.c", "*.h", "*.S")
    for file in (ROOT / "c").rglob(suffix)
    if "build" not in file.parts
)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_modules_import_from_their_floor_or_below(file: Path) -> None:
    mine = module_of(file)
    above = {name for name in imported_by(file) if floor_of(name) > floor_of(mine)}
    assert not above, f"{mine} imports from above: {', '.join(sorted(above))}"


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_c_includes_only_what_lies_below(file: Path) -> None:
    folder = file.relative_to(ROOT / "c").parts[0]
    allowed = INCLUDES[folder] | {folder}
    if file.parent.name == "loop":
        allowed |= LOOP
    text = file.read_text(encoding="utf-8")
    for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        top = name.split("/")[0]
        if "/" in name:
            assert top in allowed, f"includes {name}"
    if folder in FREESTANDING and file.parent.name != "loop":
        system = set(re.findall(r"^\s*#\s*include\s+<([^>]+)>", text, re.M))
        assert system <= COMPILER_HEADERS, f"needs a libc: {system - COMPILER_HEADERS}"


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_every_source_file_begins_with_its_licence() -> None:
    suffixes = {".py", ".c", ".h", ".S", ".toml", ".lds", ".sh"}
    bare = [
        str(file.relative_to(ROOT))
        for file in tracked()
        if file.suffix in suffixes
        and "SPDX-License-Identifier: MIT" not in file.read_bytes()[:200].decode("latin-1")
    ]
    assert not bare


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    suffixes = {".py", ".c", ".h", ".S", ".j2"}
    long = {
        str(file.relative_to(ROOT)): lines
        for file in tracked()
        if file.suffix in suffixes and (lines := len(file.read_bytes().splitlines())) > 500
    }
    assert not long, f"which noun is missing? {long}"
