# SPDX-License-Identifier: MIT
"""The system calls that tenders keep, from the rules of the filter in their sources."""

from itertools import groupby

from printed import text
from rpikit import paths, surface


def markdown() -> str:
    """Return one table for each file of a tender that adds to the filter."""
    root = paths.data_root()
    parts = []
    files = [*(root / "c/tender").rglob("*.c"), *(root / "c/backends/linux").glob("*.c")]
    for file in sorted(files):
        name = file.relative_to(root).as_posix()
        if name.startswith("c/backends/linux/filter."):
            continue
        code = surface.without_comments(file.read_text(encoding="utf-8"))
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
