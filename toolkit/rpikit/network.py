# SPDX-License-Identifier: MIT
"""Whether anything may be fetched: not with --offline. A way to a board is not meant by it."""

import os

from rpikit.errors import ToolError

VARIABLE = "RPIKIT_OFFLINE"


def forbid() -> None:
    """Fetch nothing from now on, in this process and in those that it starts."""
    os.environ[VARIABLE] = "1"


def is_forbidden() -> bool:
    """Say whether nothing may be fetched."""
    return os.environ.get(VARIABLE, "").lower() in ("1", "true", "yes", "on")


def require(what: str, command: str) -> None:
    """Refuse to go on without what would have to be fetched; `command` fetches it."""
    if is_forbidden():
        raise ToolError(
            f"{what}: not fetched yet, and --offline keeps from fetching it",
            hint=f"once with the network: {command}",
        )
