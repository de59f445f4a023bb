# SPDX-License-Identifier: MIT
"""Signatures of images: those of OpenSSH, in the form that the loader checks by itself."""

import base64
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

from rpikit import sign
from rpikit.errors import DescriptionError
from rpikit.loader import protocol

_KIND = b"ssh-ed25519"


def sign_image(
    image: bytes, key: Path, *, report: Callable[[str], None] = lambda line: None
) -> bytes:
    """Return the signature of an image, as START takes it: the blob of ssh-keygen's file.

    `key` is as for sign.sign(); DescriptionError if it is not of the kind ssh-ed25519.
    """
    message = protocol.message(len(image), hashlib.sha256(image).digest())
    made = blob(sign.sign(message, key, protocol.NAMESPACE, report=report))
    if (kind := _kind_of(made)) != _KIND:
        raise DescriptionError(
            f"{key}: is a key of the kind {kind.decode(errors='replace')}; the loader of a board "
            f"checks {_KIND.decode()} only",
            hint="make one: ssh-keygen -t ed25519 -f release_key",
        )
    return made


def blob(armored: bytes) -> bytes:
    """Return the bytes of a signature file of ssh-keygen."""
    sign.check_form(armored)
    return base64.b64decode(b"".join(armored.splitlines()[1:-1]))


def _kind_of(made: bytes) -> bytes:
    """Return the kind of key that made a signature: the key is behind the magic and a version."""
    at = len(b"SSHSIG") + 4 + 4
    (size,) = struct.unpack_from(">I", made, at)
    return made[at + 4 : at + 4 + size]
