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
    if (kind := key_of(made)[0]) != _KIND:
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


def key_of(made: bytes) -> tuple[bytes, bytes]:
    """Return the key that made a signature, its kind and its bytes (PROTOCOL.sshsig of OpenSSH)."""
    key, _ = _string(made[len(b"SSHSIG") + 4 :])  # behind the magic and a version
    kind, rest = _string(key)
    return kind, _string(rest)[0]


def _string(data: bytes) -> tuple[bytes, bytes]:
    """Return a string with its size in front, and what follows it."""
    (size,) = struct.unpack_from(">I", data)
    return data[4 : 4 + size], data[4 + size :]
