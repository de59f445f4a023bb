# SPDX-License-Identifier: MIT
"""The keys of the virtual boards: one pair that opens them, one that names them; made once.

They open only boards on this machine, are never taken from one machine to another, and are readable
by their user alone.
"""

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from rpikit import paths


@dataclass(frozen=True)
class Keys:
    """Files of the user's key pair and of the boards' host key pair."""

    folder: Path

    @property
    def user(self) -> Path:
        """The private key that logs in as root."""
        return self.folder / "id_ed25519"

    @property
    def host(self) -> Path:
        """The private key by which a virtual board proves itself."""
        return self.folder / "host_ed25519"

    def public(self, private: Path) -> str:
        """Return the line of the public half of one of the two."""
        return private.with_suffix(".pub").read_text()


def prepare(folder: Path) -> Keys:
    """Return the keys kept in `folder`, making them the first time."""
    keys = Keys(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(folder / "lock"):
        for private in (keys.user, keys.host):
            if not (private.exists() and private.with_suffix(".pub").exists()):
                _make(private)
    return keys


def _make(private: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    for path, content in (
        (private, secret),
        (private.with_suffix(".pub"), public + b" rpikit-virtual\n"),
    ):
        paths.write(path, content, mode=0o600)
