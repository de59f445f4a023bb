# SPDX-License-Identifier: MIT
"""The latencies that an application keeps beside its tests, to be compared with the next ones.

One file, `latency.json` beside rpikit.toml: for each measurement and each place, which is a kind
of board and the drivers of the bench, the figures that somebody last found good.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from rpikit import paths
from rpikit.errors import DescriptionError
from rpikit.units import Duration

FILE = "latency.json"


@dataclass(frozen=True)
class Figures:
    """What many samples come to; percentiles are samples themselves, by the nearest rank."""

    count: int
    best: Duration
    p50: Duration
    p90: Duration
    p99: Duration
    worst: Duration

    def of(self, name: str) -> Duration:
        """Return the figure of that name."""
        found: Duration = getattr(self, name)
        return found

    def __str__(self) -> str:
        named = [f"{name} {self.of(name)}" for name in ("best", "p50", "p90", "p99", "worst")]
        return f"{self.count} measured, {', '.join(named)}"

    def values(self) -> dict[str, int]:
        """Return them for programs, in nanoseconds."""
        return {
            name if name == "count" else f"{name}_ns": value if name == "count" else value["ns"]
            for name, value in asdict(self).items()
        }

    @classmethod
    def parse(cls, values: dict[str, Any]) -> "Figures":
        """Read what `values` said."""
        times = {
            name.removesuffix("_ns"): Duration(int(value))
            for name, value in values.items()
            if name != "count"
        }
        return cls(count=int(values["count"]), **times)


class Baselines:
    """The file of an application; `update` says whether what is measured now replaces it."""

    def __init__(self, path: Path, *, update: bool = False) -> None:
        self._path = path
        self._update = update
        self._known = self._read()

    def find(self, name: str, place: str) -> Figures | None:
        """Return what was kept of a measurement at a place."""
        kept = self._known.get(name, {}).get(place)
        try:
            return None if kept is None else Figures.parse(kept)
        except (TypeError, ValueError, KeyError, AttributeError):
            raise self._misread(f"{name!r} at {place!r} has other figures than it should") from None

    def note(self, name: str, place: str, figures: Figures) -> None:
        """Keep figures if the baseline is to be renewed; else change nothing."""
        if not self._update:
            return
        lock = paths.state_dir() / "latency.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            self._known = self._read()
            self._known.setdefault(name, {})[place] = figures.values()
            text = json.dumps(self._known, indent=2, sort_keys=True)
            paths.write(self._path, f"{text}\n")

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._misread(str(error)) from None
        if not isinstance(known, dict) or not all(isinstance(one, dict) for one in known.values()):
            raise self._misread("it would have to be measurements, and places in each")
        return known

    def _misread(self, why: str) -> DescriptionError:
        return DescriptionError(
            f"{self._path}: is no baseline of latencies: {why}",
            hint="rpikit test --update-baseline writes a new one, once this file is removed",
        )
