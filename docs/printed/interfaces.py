# SPDX-License-Identifier: MIT
"""The manual pages of the interfaces, by the generator that prints them for every build."""

import re

from printed import text
from rpikit import generate, interface


def markdown() -> str:
    """Return the manual pages of rpikit's own interfaces, one heading further down."""
    return text.page(_page(name) for name in sorted(interface.names()))


def _page(name: str) -> str:
    printed = generate.interface(interface.load_all((name,), None)[0])[f"{name}.md"]
    without_comments = re.sub(r"^<!--.*-->\n", "", printed, flags=re.M)
    return re.sub(r"^(#+ )", r"#\1", without_comments, flags=re.M)
