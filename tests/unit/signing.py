# SPDX-License-Identifier: MIT
"""Keys, lists of allowed signers, and signed bundles for tests."""

import subprocess
from dataclasses import replace
from pathlib import Path

from rpikit import bundle, sign
from rpikit.bundle import Bundle


def make_key(folder: Path, name: str = "release_key", passphrase: str = "") -> Path:
    """Make a key of the kind that signs the same way each time."""
    folder.mkdir(exist_ok=True)
    key = folder / name
    words = ["-q", "-t", "ed25519", "-C", name, "-N", passphrase, "-f", str(key)]
    subprocess.run(["ssh-keygen", *words], check=True)
    return key


def line(key: Path, options: str = "", name: str = "") -> str:
    """Return the line of a list that allows a key."""
    public = key.with_name(f"{key.name}.pub").read_text()
    return " ".join(filter(None, (name or f"{key.name}@example.com", options, public)))


def numbered(number: int) -> str:
    """Return the line of a list that says which it is."""
    return f"# number {number}\n"


def make_list(folder: Path, *lines: str) -> Path:
    """Write a list of allowed signers."""
    path = folder / sign.LIST
    path.write_text("".join(lines))
    return path


def signed(made: Bundle, key: Path) -> Bundle:
    """Return a bundle with a signature, which lies beside it, too."""
    signature = sign.sign(made.signed, key, sign.BUNDLE)
    bundle.signature_of(made.path).write_bytes(signature)
    return replace(made, signature=signature)
