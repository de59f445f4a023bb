# SPDX-License-Identifier: MIT
"""A board reached by SSH."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SshAddress:
    """Where a board's sshd is, and the files that open it and prove it."""

    host: str
    port: int = 22
    user: str = "root"
    key_file: Path | None = None
    known_hosts: Path | None = None
