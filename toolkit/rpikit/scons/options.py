# SPDX-License-Identifier: MIT
"""What a run of scons was asked for; an unknown word stops it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rpikit import app, paths
from rpikit.app import App
from rpikit.errors import DescriptionError
from rpikit.metal import BESIDE

TOOLS = str(Path(__file__).parent)
KNOWN = {"app", "beside", "out", "generic", "toolchain", "platform", "sanitize", "cache", "console"}

_TOOLS_OF = {
    "hvt": (
        *("cross", "interface", "unikernel", "tender", "loop", "fuzz"),
        *("measuring", "bare", "loader", "metal", "underlay", "docs"),
    ),
    "metal": ("cross", "interface", "unikernel", "tender", "bare", "loader", "metal"),
    "spt": ("cross", "interface", "unikernel", "tender"),
    "loop": ("native", "interface", "inside"),
}


@dataclass(frozen=True)
class Settings:
    """One run: which applications, into which folder, for which interfaces, by whom."""

    root: Path
    out: Path
    apps: tuple[App, ...]
    generic: bool
    toolchain: str | None
    everything: bool
    platform: str = "hvt"
    sanitize: bool = False
    cache: Path | None = None
    console: str = "PL011"

    @property
    def tools(self) -> tuple[str, ...]:
        """Return the tools of this folder that build for the platform."""
        return _TOOLS_OF[self.platform]

    @property
    def guests(self) -> str:
        """Return what its unikernels are: those of bare metal are hvt's, byte for byte."""
        return "hvt" if self.on_metal else self.platform

    @property
    def on_metal(self) -> bool:
        """Whether the host's side is the underlay instead of a tender."""
        return self.platform == "metal"

    @property
    def measures(self) -> bool:
        """Whether programs that measure, test or document go with it: with the first platform."""
        return "measuring" in self.tools

    def folder(self, described: App) -> Path:
        """Return where an application's own files are built."""
        if self.everything:
            return self.out / "apps" / described.name
        return self.out if described is self.apps[0] else self.out / BESIDE / described.name

    @property
    def common(self) -> Path:
        """Return where that is built which applications share."""
        return self.out / "common"


def read(arguments: Mapping[str, str], words: Iterable[tuple[str, str]] = ()) -> Settings:
    """Read the NAME=VALUE words of the command line; in `words` each as often as it was said."""
    for name in arguments:
        if name not in KNOWN:
            known = ", ".join(sorted(KNOWN))
            raise DescriptionError(f"scons: unknown option {name!r}; there are {known}")
    root = paths.data_root()
    if "app" in arguments:
        folders = [Path(arguments["app"])]
        folders += [Path(value) for name, value in words if name == BESIDE]
    else:
        trees = (root / "c" / "apps", root / "tests" / "guests", root / "perf")
        folders = sorted(found.parent for tree in trees for found in tree.glob("*/rpikit.toml"))
    return Settings(
        root=root,
        out=Path(arguments.get("out", root / "build")).absolute(),
        apps=tuple(app.load(folder.absolute()) for folder in folders),
        generic=arguments.get("generic", "no") == "yes",
        toolchain=arguments.get("toolchain"),
        everything="app" not in arguments,
        platform=arguments.get("platform", "hvt"),
        sanitize=arguments.get("sanitize", "no") == "yes",
        cache=Path(arguments["cache"]) if "cache" in arguments else None,
        console=arguments.get("console", "PL011"),
    )


def environment() -> dict[str, str]:
    """Return the variables that programs are run with: what differs elsewhere is left out."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "SOURCE_DATE_EPOCH": "0"}
