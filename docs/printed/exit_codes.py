# SPDX-License-Identifier: MIT
"""The exit codes, from the tree of errors."""

from printed import text
from rpikit import errors


def markdown() -> str:
    """Return a table of all exit codes."""
    kinds = {kind.exit_code: kind for kind in errors.RpikitError.__subclasses__()}
    rows = [(errors.EXIT_OK, "All went well.")]
    rows += [(code, kind.__doc__ or "") for code, kind in sorted(kinds.items())]
    rows.append((errors.EXIT_INTERRUPTED, "Ctrl-C."))
    return text.table(("code", "meaning"), ((text.code(code), what) for code, what in rows))
