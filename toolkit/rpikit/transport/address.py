# SPDX-License-Identifier: MIT
"""Where a board's sshd is, as people write it: user@host:port."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from rpikit.errors import DescriptionError


@dataclass(frozen=True)
class SshAddress:
    """Where a board's sshd is, and the files that open it and prove it.

    Without a key file the user's agent and keys are tried, then the password if there is one;
    without a file of known hosts the user's own is used, together with the settings in
    ~/.ssh/config.
    """

    host: str
    port: int = 22
    user: str = "root"
    key_file: Path | None = None
    known_hosts: Path | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `pi@lab3`, `lab3:2222` or `pi@[fe80::1]:22`."""
        match = re.fullmatch(
            r"(?:([^@\s]+)@)?(\[[^\]\s]+\]|[^@:\s\[\]]+)(?::([0-9]{1,5}))?", text, re.ASCII
        )
        port = int(match[3] or 22) if match else 0
        if match is None or not 0 < port < 65536 or text.startswith("-"):
            raise DescriptionError(f"ssh = {text!r}: an address is user@host or user@host:port")
        return cls(match[2].strip("[]"), port, match[1] or "root")

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}"
