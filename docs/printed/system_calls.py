# SPDX-License-Identifier: MIT
"""The system calls that tenders keep: as they were installed, and from the filter's rules."""

import json
from itertools import groupby

from printed import text
from rpikit import paths, sources, surface

INSTALLED = "docs/reference/system-calls.json"
"""Written by tests/virtual/test_system_calls.py, from what each tender tells."""


def installed() -> str:
    """Return a table with one row for each process of each application."""
    left = json.loads((paths.data_root() / INSTALLED).read_text(encoding="utf-8"))
    rows = []
    for name, whose in left.items():
        app, platform = name.rsplit(".", 1)
        for process, calls in whose.items():
            names = ", ".join(
                f"{text.code(call)}{'' if check == 'checked' else ' *'}"
                for call, check in calls.items()
            )
            rows.append((text.code(app), platform, process, str(len(calls)), names))
    return text.table(("application", "platform", "process", "left", "system calls"), rows) + "\n"


def rules() -> str:
    """Return one table for each file of a tender that adds to the filter."""
    root = paths.data_root()
    parts = []
    files = [*(root / "c/tender").rglob("*.c"), *(root / "c/backends/linux").glob("*.c")]
    for file in sorted(files):
        name = file.relative_to(root).as_posix()
        if name.startswith("c/backends/linux/filter."):
            continue
        code = sources.without_comments(file.read_text(encoding="utf-8"))
        rules = sorted({str(one): one for one in surface.rules_of(code, name)}.items())
        if rules:
            rows = [
                (text.code(call), "; ".join(map(_checks, same)))
                for call, same in groupby((rule for _, rule in rules), lambda rule: rule.name)
            ]
            parts += [f"### {name}", text.table(("system call", "allowed if"), rows)]
    return text.page(parts)


def _checks(rule: surface.Rule) -> str:
    return ", ".join(rule.checks) or "always"
