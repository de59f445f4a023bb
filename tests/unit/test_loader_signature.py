# SPDX-License-Identifier: MIT
"""Signatures of images: what START carries is what ssh-keygen made and would check."""

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest

from rpikit import sign
from rpikit.errors import DescriptionError
from rpikit.loader import protocol
from rpikit.loader.signature import blob, sign_image

IMAGE = b"an image" * 100


def make_key(folder: Path, kind: str = "ed25519") -> Path:
    key = folder / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(key)], check=True)
    return key


def test_a_signature_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    made = sign_image(IMAGE, make_key(tmp_path))
    assert made.startswith(b"SSHSIG\0\0\0\1")
    assert len(made) <= protocol.SIGNATURE_MAX
    lines = base64.encodebytes(made).decode().replace("\n", "")
    text = "\n".join(lines[at : at + 70] for at in range(0, len(lines), 70))
    armored = f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n".encode()
    assert blob(armored) == made
    message = f"rpikit-metal-image {hashlib.sha256(IMAGE).hexdigest()} {len(IMAGE)}".encode()
    assert "SHA256:" in sign.fits(message, armored, "rpikit-metal", "image")


def test_a_key_that_no_loader_knows_is_refused(tmp_path: Path) -> None:
    key = make_key(tmp_path, "ecdsa")
    with pytest.raises(DescriptionError, match="of the kind ecdsa-sha2-nistp256"):
        sign_image(IMAGE, key)
