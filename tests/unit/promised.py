# SPDX-License-Identifier: MIT
"""What --json prints has to be as its schema says: every key of it, and no other."""

import json
from typing import Any

from pydantic import TypeAdapter

from rpikit import results


def result(command: str, printed: str) -> dict[str, Any]:
    """Return the result of a command, which has to be as its schema says."""
    return _checked(results.RESULTS[command], printed)


def events(printed: str) -> list[dict[str, Any]]:
    """Return the events that a command printed, each of which has to be as its schema says."""
    return [
        _checked(results.EVENTS[json.loads(line)["event"]], line) for line in printed.splitlines()
    ]


def _checked(kind: Any, printed: str) -> dict[str, Any]:
    found: dict[str, Any] = TypeAdapter(kind).validate_json(printed, strict=True, extra="forbid")
    return found
