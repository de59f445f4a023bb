# SPDX-License-Identifier: MIT
"""Notes what a run of scons read and made, for the stamp of a build (stamp.py)."""

import atexit
import json
from pathlib import Path
from typing import Any

from rpikit import stamp


def keep(out: Path) -> None:
    """Write the notes when scons ends; one that failed leaves none."""
    atexit.register(_write, out / stamp.NOTES)


def _write(file: Path) -> None:
    from SCons.Node import FS
    from SCons.Script import BUILD_TARGETS, GetBuildFailures

    if list(GetBuildFailures()) or not file.parent.is_dir():
        return
    here = FS.get_default_fs()
    left = [here.Entry(one) if isinstance(one, str) else one for one in BUILD_TARGETS]
    seen: set[Any] = set()
    while left:
        node = left.pop()
        if node not in seen:
            seen.add(node)
            left += node.all_children()
    files = [node for node in seen if isinstance(node, FS.File)]
    read = sorted(node.get_abspath() for node in files if not node.is_derived())
    made = sorted(node.get_abspath() for node in files if node.is_derived())
    file.write_text(json.dumps({"read": read, "made": made}))
