# SPDX-License-Identifier: MIT
"""The cross-toolchains: which programs make aarch64 code, and what to do when they are missing.

Two are known, by one word each: Debian's gcc, and the ziglang wheel, which is clang and lld for any
system that has Python.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rpikit import paths
from rpikit.errors import DescriptionError, ToolError

DEFAULT = "gcc"
VARIABLE = "RPIKIT_TOOLCHAIN"
PREFIX = "aarch64-linux-gnu-"
PROGRAMS = 0x10_0000_0000
"""Where programs for Linux are in memory: away from guests, and from BusyBox, whose addresses a
linker would choose for them, too. To a debugger of the whole machine an address is all there is."""
ZIGLANG = "0.17.0"
"""The one version of the wheel that is built and tested with: another makes other bytes."""

NATIVE_MACHINES = ("x86_64", "aarch64")
"""Those whose system calls c/backends/linux knows."""

SANITIZERS = (
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
)


@dataclass(frozen=True)
class Toolchain:
    """The programs of one toolchain, and the words that only this one understands."""

    name: str
    cc: tuple[str, ...]
    link: tuple[str, ...]
    ar: tuple[str, ...]
    programs: tuple[str, ...]  # the compiler and what it runs: others may make other bytes
    headers: str  # the compiler's own: stdint.h and its kin
    to_linker: str  # stands before an option of the linker
    compile_words: tuple[str, ...] = ()
    whole_program: tuple[str, ...] = ()  # when linking a program for Linux, compiled with -flto
    compiles_at_link: bool = False  # such a link names folders again, as compiling does


def find(name: str | None = None) -> Toolchain:
    """Return a toolchain by its name, else the one of RPIKIT_TOOLCHAIN, else Debian's gcc."""
    return KNOWN[name_of(name)]()


def name_of(name: str | None = None) -> str:
    """Return which toolchain is meant: `name`, else that of RPIKIT_TOOLCHAIN, else Debian's gcc."""
    asked = name or os.environ.get(VARIABLE) or DEFAULT
    if asked not in KNOWN:
        where = "--toolchain" if name else VARIABLE
        raise DescriptionError(
            f"{where} = {asked!r}: there is no such toolchain; write {' or '.join(KNOWN)}"
        )
    return asked


@cache
def _gcc() -> Toolchain:
    """Return Debian's gcc for aarch64, or say how to install it."""
    for program in (f"{PREFIX}gcc", f"{PREFIX}ar"):
        if shutil.which(program) is None:
            raise ToolError(
                f"toolchain: {program} is not installed",
                hint="apt-get install gcc-aarch64-linux-gnu, or build with --toolchain zig",
            )
    cc = f"{PREFIX}gcc"
    asked = [cc, "-print-file-name=include"]
    headers = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    return Toolchain(
        name="gcc",
        cc=(cc,),
        link=(cc, "-nostdlib", "-static", "-no-pie"),
        ar=(f"{PREFIX}ar",),
        programs=tuple(f"{PREFIX}{program}" for program in ("gcc", "ar", "as", "ld")),
        headers=headers,
        to_linker="-Wl,",
        compile_words=("-fno-tree-loop-distribute-patterns",),
        whole_program=("-O2", "-flto", f"-Wl,-Ttext-segment={PROGRAMS:#x}"),
        compiles_at_link=True,
    )


@cache
def _zig() -> Toolchain:
    """Return clang and lld of the ziglang wheel, or say how to install it.

    `zig clang` and `zig ld.lld` are the plain programs; `zig cc` would add a cache, flags and a
    libc of its own.
    """
    hint = f"pip install ziglang=={ZIGLANG}, or build with --toolchain gcc"
    found = importlib.util.find_spec("ziglang")
    if found is None or not found.submodule_search_locations:
        raise ToolError("toolchain: the Python package ziglang is not installed", hint=hint)
    version = importlib.metadata.version("ziglang")
    if version != ZIGLANG:
        raise ToolError(
            f"toolchain: ziglang {version} is installed; this needs {ZIGLANG}", hint=hint
        )
    folder = Path(next(iter(found.submodule_search_locations)))
    zig = str(folder / "zig")
    return Toolchain(
        name="zig",
        cc=(zig, "clang", "--target=aarch64-linux-none"),
        # Debian's gcc asks its linker by itself to keep clear of this fault of the Cortex-A53.
        link=(zig, "ld.lld", "-static", "--no-pie", "--fix-cortex-a53-843419"),
        ar=(zig, "ar"),
        programs=(zig,),
        headers=str(folder / "lib" / "include"),
        to_linker="",
        compile_words=("-fno-addrsig", "-Wno-unused-command-line-argument"),
        whole_program=("--lto-O2", f"--image-base={PROGRAMS:#x}"),
    )


@dataclass(frozen=True)
class Native:
    """The programs of a toolchain that makes code for this machine."""

    name: str
    cc: tuple[str, ...]
    ar: tuple[str, ...]
    headers: str  # the compiler's own: stdint.h and its kin
    compile_words: tuple[str, ...] = ()
    sanitize_words: tuple[str, ...] = ()  # none if it has no sanitizers with reports
    environment: Mapping[str, str] = field(default_factory=dict)


def native(name: str | None = None) -> Native:
    """Return the toolchain of that name for this machine; see `find`."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in NATIVE_MACHINES:
        raise ToolError(
            f"board 'host': this is {sys.platform} on {machine}; it needs Linux on "
            f"{' or '.join(NATIVE_MACHINES)}",
            hint="the virtual board runs anywhere: --board virtual-pi3",
        )
    return _NATIVE[name_of(name)]()


@cache
def _native_cc() -> Native:
    """Return this machine's own compiler, gcc unless HOSTCC names another."""
    cc = os.environ.get("HOSTCC") or "gcc"
    for program in (cc, "ar"):
        if shutil.which(program) is None:
            raise ToolError(
                f"toolchain: {program} is not installed",
                hint="apt-get install gcc libc6-dev, or build with --toolchain zig",
            )
    asked = [cc, "-print-file-name=include"]
    headers = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    return Native(cc, (cc,), ("ar",), headers, sanitize_words=SANITIZERS if _checks(cc) else ())


def _checks(cc: str) -> bool:
    """Whether a compiler came with its libraries of sanitizers, which can be packages of their own.

    It names a library's place, or gives the name back when it has none.
    """
    asked = [cc, "--version"]
    about = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    clangs = f"libclang_rt.asan-{platform.machine()}.a"
    asked = [cc, f"-print-file-name={clangs if 'clang' in about else 'libasan.so'}"]
    return "/" in subprocess.run(asked, check=True, capture_output=True, text=True).stdout


@cache
def _native_zig() -> Native:
    """Return the ziglang wheel as this machine's compiler; it brings a libc of its own."""
    zig = _zig()
    program = zig.cc[0]
    return Native(
        "zig",
        (program, "cc"),
        zig.ar,
        zig.headers,
        ("-fno-sanitize=all",),
        environment={"ZIG_GLOBAL_CACHE_DIR": str(paths.cache_dir() / "zig")},
    )


_NATIVE: Mapping[str, Callable[[], Native]] = {"gcc": _native_cc, "zig": _native_zig}
KNOWN: Mapping[str, Callable[[], Toolchain]] = {"gcc": _gcc, "zig": _zig}
