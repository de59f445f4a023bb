# SPDX-License-Identifier: MIT
"""The loader's file as it goes onto a card: whose images it starts, and the one behind it.

Knows the layout of what c/loader/protocol.h has at the end of loader.img, and behind it.
"""

import base64
import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

from rpikit import payload, sign
from rpikit.errors import DescriptionError
from rpikit.loader import protocol
from rpikit.loader.signature import key_of

LOADER = "loader.img"
BLOCK = protocol.BLOCK
KEYS = 8
"""Keys that a loader holds at most."""
KEY = 32
"""Bytes of a key."""
KIND = "ssh-ed25519"
WINDOW_MS = 1000
"""How long a loader listens before it starts the image behind it, unless told otherwise."""
KEYS_MAGIC = 0x4B4B5052
STORED_MAGIC = 0x494B5052
VERSION = 1
LIMIT = payload.OWN - payload.IMAGE
"""Bytes of an image."""

_KEYS = struct.Struct(f"<II{KEYS * KEY}s")
_STORED = struct.Struct(f"<IIQ32sIIII{protocol.SIGNATURE_MAX}s")


def with_keys(loader: bytes, keys: Sequence[bytes]) -> bytes:
    """Return a loader that starts only what one of these keys signed."""
    if len(keys) > KEYS:
        raise DescriptionError(f"{len(keys)} signers: a loader holds {KEYS} keys at most")
    magic, _, _ = _KEYS.unpack(loader[-_KEYS.size :])
    if magic != KEYS_MAGIC or len(loader) % BLOCK:
        raise DescriptionError(f"{LOADER}: does not end with a table of keys; build it anew")
    return loader[: -_KEYS.size] + _KEYS.pack(KEYS_MAGIC, len(keys), b"".join(keys))


def with_image(
    loader: bytes, image: bytes, *, window_ms: int = WINDOW_MS, signature: bytes = b""
) -> bytes:
    """Return a loader with an image behind it, which it starts when nobody asks for anything.

    `signature` is that of loader.signature.sign_image(), `window_ms` how long it listens before.
    """
    digest = hashlib.sha256(image).digest()
    head = _STORED.pack(
        STORED_MAGIC, VERSION, len(image), digest, 0, window_ms, len(signature), 0, signature
    )
    made = loader + bytes(-len(loader) % BLOCK)
    made += head + bytes(-len(head) % BLOCK) + image
    if len(made) > LIMIT:
        raise DescriptionError(
            f"kernel8.img: its {len(made)} bytes are {len(made) - LIMIT} too many",
            hint="the unikernels in it have to be smaller, or fewer",
        )
    return made


def kernel(
    loader: bytes, image: bytes | None, *, keys: Sequence[bytes] = (), signature: bytes = b""
) -> bytes:
    """Return what the firmware boots: the loader, with its keys, and an image behind it if any.

    DescriptionError if the loader would not start the image: it is not signed by one of the keys.
    """
    made = with_keys(loader, keys)
    if image is None:
        return made
    if keys and (not signature or key_of(signature)[1] not in keys):
        what = "with a key that is not in it" if signature else "by nobody"
        raise DescriptionError(
            f"--signers: the loader starts only what they signed, and the image is signed {what}",
            hint="name the key of one of them: --key FILE",
        )
    return with_image(made, image, signature=signature)


def keys_of(signers: Path) -> tuple[bytes, ...]:
    """Return the keys of a list of allowed signers that count for images.

    A loader has neither a clock nor names, and one kind of key: a list that needs more is refused.
    """
    try:
        text = signers.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise DescriptionError(f"--signers {signers}: {str(reason).lower()}") from None
    found: dict[bytes, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{signers}:{number}"
        try:
            one = sign.Allowed.parse(line)
        except ValueError as error:
            raise DescriptionError(f"{where}: {error}") from None
        if not one.may(protocol.NAMESPACE):
            continue
        if one.kind != KIND:
            raise DescriptionError(
                f"{where}: {one.kind}: the loader of a board checks {KIND} only",
                hint="make one: ssh-keygen -t ed25519 -f release_key",
            )
        if one.valid_after or one.valid_before:
            raise DescriptionError(
                f"{where}: the loader of a board has no clock for valid-after and valid-before",
                hint="leave them out, in a list for boards without Linux",
            )
        words = line.split()
        blob = base64.b64decode(words[words.index(KIND) + 1])
        found[blob[-KEY:]] = None
    if not found:
        raise DescriptionError(
            f"{signers}: nobody in it may sign for {protocol.NAMESPACE}",
            hint='a line: release@example.com namespaces="rpikit-*" ssh-ed25519 AAAA…',
        )
    return tuple(found)
