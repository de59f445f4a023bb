# SPDX-License-Identifier: MIT
"""How large the underlay of an image is: its lines, counted in what was linked, and its bytes."""

from dataclasses import dataclass
from pathlib import Path

from rpikit import describe, metal, results_inspect, sources, wording
from rpikit.errors import FirmwareError
from rpikit.sources import Source

BITVISOR = 215_000
"""Lines of BitVisor, a hypervisor for PCs that shows its guest devices as the underlay does."""
BITVISOR_SOURCE = (
    "the size that is said of BitVisor as a whole, its drivers for PCs included; not counted here"
)


@dataclass(frozen=True)
class Underlay:
    """An underlay without its guests; `files` are its sources and all headers that they include."""

    image: Path
    size: int
    files: tuple[Source, ...]

    @property
    def code(self) -> int:
        """Lines without blank ones and comments."""
        return sum(one.code for one in self.files)

    @property
    def lines(self) -> int:
        """All lines."""
        return sum(one.lines for one in self.files)

    @property
    def _share(self) -> str:
        return f"{self.lines * 100 / BITVISOR:.1f} % of BitVisor's {BITVISOR:,}"

    @property
    def shown(self) -> list[str]:
        """What is printed of it."""
        limit = describe.format_size(metal.UNDERLAY_MAX)
        share = self.size * 100 // metal.UNDERLAY_MAX
        groups = sources.grouped((one.file, one.code) for one in self.files)
        return [
            f"image   {self.size:>8} bytes without guests, {share} % of {limit}",
            f"code    {self.code:>8} lines of C and assembly in {len(self.files)} files",
            *(f"        {lines:>8}  {group}" for group, lines in groups.items()),
            f"lines   {self.lines:>8} with blank ones and comments, {self._share}",
            f"                 ({BITVISOR_SOURCE})",
        ]

    def values(self) -> results_inspect.Underlay:
        """Return it as one object for programs."""
        return {
            "image": str(self.image),
            "size": self.size,
            "limit": metal.UNDERLAY_MAX,
            "code": self.code,
            "lines": self.lines,
            "files": [
                {"file": one.file, "code": one.code, "lines": one.lines} for one in self.files
            ],
            "compared": {"name": "BitVisor", "lines": BITVISOR, "source": BITVISOR_SOURCE},
        }


def read(image: Path, folders: tuple[Path, ...]) -> Underlay:
    """Count the underlay whose image was built beside its program with symbols.

    `folders` are those of applications, where handlers of their own may be. FirmwareError if the
    program or one of its sources is gone.
    """
    program = image.with_suffix(".debug")
    if not program.is_file():
        raise FirmwareError(
            f"{wording.path(program)}: there is no such file; its sources are told there",
            hint="rpikit build --target metal",
        )
    files = sources.whole(program, (image.parent, *folders))
    return Underlay(image, image.stat().st_size, tuple(files))
