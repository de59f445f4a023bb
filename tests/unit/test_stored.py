# SPDX-License-Identifier: MIT
"""The loader as it goes onto a card: its keys, the image behind it, and which lists it can hold."""

import hashlib
import re
import struct
import subprocess
from pathlib import Path

import pytest

from rpikit import stored
from rpikit.errors import DescriptionError
from rpikit.loader import signature

HEADER = (Path(__file__).parents[2] / "c/loader/protocol.h").read_text()
LOADER = b"l" * (2 * 4096 - 264) + b"RPKK" + bytes(260)
IMAGE = b"image" * 1000


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return new_key(tmp_path / "key")


def new_key(file: Path, kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(file)], check=True)
    return file


def public(key: Path) -> str:
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


def signers(folder: Path, *lines: str) -> Path:
    file = folder / "allowed_signers"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def test_the_layout_is_that_of_the_loader() -> None:
    numbers = {
        name: int(value, 0)
        for name, value in re.findall(r"#define (LOADER_\w+)\s+(0x[0-9a-f]+|\d+)\b", HEADER)
    }
    assert numbers["LOADER_KEYS"] == stored.KEYS
    assert numbers["LOADER_KEYS_MAGIC"] == stored.KEYS_MAGIC
    assert numbers["LOADER_STORED_MAGIC"] == stored.STORED_MAGIC
    assert numbers["LOADER_STORED_VERSION"] == stored.VERSION
    assert numbers["LOADER_BLOCK"] == stored.BLOCK
    assert numbers["LOADER_LIMIT"] == stored.LIMIT
    sizes = dict(re.findall(r"sizeof\(struct (loader_\w+)\) == (.+?),", HEADER))
    assert (sizes["loader_keys"], sizes["loader_stored"]) == ("264", "64 + LOADER_SIGNATURE")
    assert (stored._KEYS.size, stored._STORED.size) == (264, 64 + 512)


def test_an_image_lies_behind_the_loader(key: Path) -> None:
    made = stored.kernel(LOADER, IMAGE)
    assert made[: len(LOADER)] == LOADER
    magic, version, size, digest, flags, window = struct.unpack_from(
        "<4sIQ32sII", made, len(LOADER)
    )
    assert (magic, version, size, flags, window) == (b"RPKI", 1, len(IMAGE), 0, 1000)
    assert digest == hashlib.sha256(IMAGE).digest()
    assert made[len(LOADER) + 4096 :] == IMAGE


def test_keys_are_its_last_bytes_and_the_image_has_to_be_signed(key: Path, tmp_path: Path) -> None:
    keys = stored.keys_of(signers(tmp_path, "# ours", f"a@b {public(key)}"))
    blob = signature.sign_image(IMAGE, key)
    made = stored.kernel(LOADER, IMAGE, keys=keys, signature=blob)
    assert made[len(LOADER) - 264 : len(LOADER)] == (
        b"RPKK" + struct.pack("<I", 1) + keys[0] + bytes(7 * 32)
    )
    head = made[len(LOADER) : len(LOADER) + 576]
    assert struct.unpack_from("<I", head, 56) == (len(blob),)
    assert head[64:].rstrip(b"\0") == blob.rstrip(b"\0")
    with pytest.raises(DescriptionError, match="the image is signed by nobody"):
        stored.kernel(LOADER, IMAGE, keys=keys)
    other = signature.sign_image(IMAGE, new_key(tmp_path / "other"))
    with pytest.raises(DescriptionError, match="with a key that is not in it"):
        stored.kernel(LOADER, IMAGE, keys=keys, signature=other)


def test_only_keys_that_count_for_images_are_taken(key: Path, tmp_path: Path) -> None:
    other = new_key(tmp_path / "other", "ecdsa")
    bundles = f'a namespaces="rpikit-bundle" {public(other)}'
    every = f'b namespaces="rpikit-*" {public(key)}'
    assert len(stored.keys_of(signers(tmp_path, bundles, every, every))) == 1
    with pytest.raises(DescriptionError, match="nobody in it may sign for rpikit-metal"):
        stored.keys_of(signers(tmp_path, bundles))
    with pytest.raises(
        DescriptionError, match=r"allowed_signers:2: ecdsa-sha2-nistp256: the loader"
    ):
        stored.keys_of(signers(tmp_path, every, f"c {public(other)}"))
    with pytest.raises(DescriptionError, match="has no clock"):
        stored.keys_of(signers(tmp_path, f'a valid-before="20300101" {public(key)}'))
    with pytest.raises(DescriptionError, match=r"allowed_signers:1: write: principals"):
        stored.keys_of(signers(tmp_path, "a"))
    with pytest.raises(DescriptionError, match="no such file"):
        stored.keys_of(tmp_path / "missing")


def test_what_the_loader_cannot_hold_is_refused() -> None:
    with pytest.raises(DescriptionError, match="9 signers: a loader holds 8 keys"):
        stored.with_keys(LOADER, [bytes(32)] * 9)
    with pytest.raises(DescriptionError, match="does not end with a table of keys"):
        stored.with_keys(bytes(8192), [])
    room = stored.LIMIT - len(LOADER) - 4096
    assert len(stored.with_image(LOADER, bytes(room))) == stored.LIMIT
    with pytest.raises(DescriptionError, match="are 1 too many"):
        stored.with_image(LOADER, bytes(room + 1))
