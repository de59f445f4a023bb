# SPDX-License-Identifier: MIT
"""Bundles: the same files give the same bytes, and nothing else is ever read."""

import hashlib
import io
import json
import random
import tarfile
from pathlib import Path

import pytest

from rpikit import app, board, bundle, device
from rpikit.app import App, Device
from rpikit.bundle import Bundle, Launch, Manifest
from rpikit.errors import DescriptionError, VerificationError

BUTTON = Device(
    name="button",
    type="switch",
    line=17,
    direction="in",
    pull="down",
    active="low",
    drive="push-pull",
)
LAMP = Device(
    name="lamp",
    type="led",
    line=22,
    direction="out",
    pull="none",
    active="high",
    drive="push-pull",
)


def an_app(folder: Path, **changes: object) -> App:
    wish = app.App(
        folder=folder,
        name="switch-led",
        version="1.2.3",
        sources=(),
        memory=4 << 20,
        interfaces=("clock", "console", "halt", "led", "poll", "switch"),
        devices=(BUTTON, LAMP),
        ready="ready",
    )
    return wish.model_copy(update=changes)


def make(folder: Path, **changes: object) -> Bundle:
    (folder / "unikernel").write_bytes(b"\x7fELF guest" * 100)
    (folder / "tender").write_bytes(b"\x7fELF tender" * 77)
    return bundle.make(
        an_app(folder, **changes),
        board.load("virtual-pi3"),
        folder / "unikernel",
        folder / "tender",
        folder / "out",
    )


def refused(path: Path, data: bytes, reason: str) -> None:
    path.write_bytes(data)
    with pytest.raises(VerificationError, match=reason) as caught:
        bundle.read(path)
    assert caught.value.exit_code == 6
    assert str(path) in str(caught.value)


def test_a_bundle_is_named_after_app_version_and_board(tmp_path: Path) -> None:
    assert make(tmp_path).path == tmp_path / "out/switch-led-1.2.3-virtual-pi3.rpk"


def test_a_board_without_slots_has_no_bundle(tmp_path: Path) -> None:
    metal = board.load(board.WITHOUT_LINUX)
    with pytest.raises(DescriptionError, match="this one has none") as caught:
        bundle.make(an_app(tmp_path), metal, tmp_path / "guest", tmp_path / "tender", tmp_path)
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_what_was_made_can_be_read(tmp_path: Path) -> None:
    made = make(tmp_path)
    read = bundle.read(made.path)
    assert (read.manifest, dict(read.contents)) == (made.manifest, dict(made.contents))
    assert read.digest == hashlib.sha256(read.manifest.encode()).hexdigest()


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    first = make(tmp_path).path.read_bytes()
    (tmp_path / "other").mkdir()
    assert make(tmp_path / "other").path.read_bytes() == first


def test_any_tar_can_list_a_bundle(tmp_path: Path) -> None:
    with tarfile.open(make(tmp_path).path) as archive:
        members = {member.name: member.mode for member in archive}
    assert members == {
        "manifest.json": 0o644,
        "manifest.sha256": 0o644,
        "device.sh": 0o755,
        "tender": 0o755,
        "unikernel.hvt": 0o644,
    }


def test_each_device_is_granted_as_it_is_declared(tmp_path: Path) -> None:
    assert make(tmp_path).manifest.launch.options == (
        "--mem=4",
        "--gpio-chip=pinctrl-bcm2835",
        "--pin:button=17,in,pull-down,active-low",
        "--pin:lamp=22,out",
    )


def test_an_app_without_devices_needs_no_gpio(tmp_path: Path) -> None:
    launch = make(tmp_path, devices=(), ready=None).manifest.launch
    assert launch == Launch(options=("--mem=4",), needs=("/dev/kvm",), ready=None)


def test_the_tender_is_told_where_a_chip_reports_no_edges(tmp_path: Path) -> None:
    watched = an_app(tmp_path, devices=(BUTTON.model_copy(update={"edges": "both"}), LAMP))
    assert "--gpio-edges=sampled" in bundle.options(watched, board.load("virtual-pi3"))
    real = (
        bundle.options(watched, board.load("rpi3b")),
        bundle.options(an_app(tmp_path), board.load("virtual-pi3")),
    )
    assert "--gpio-edges" not in str(real)
    assert "--gpio-edges=reported" in bundle.options(watched, board.load("virtual-pi3-edges"))


def test_a_slot_gets_the_files_the_manifest_and_how_to_launch(tmp_path: Path) -> None:
    made = make(tmp_path)
    launch = made.slot_contents[device.LAUNCH].decode().splitlines()
    assert launch[:4] == [
        "name=switch-led",
        "version=1.2.3",
        "board=virtual-pi3",
        f"digest={made.digest}",
    ]
    assert launch[4] == "run=./tender"
    assert launch[-3:] == ["run=--", "run=unikernel.hvt", "ready=ready"]
    tender = next(file for file in made.slot_files if file.name == "tender")
    assert str(tender) == f"{hashlib.sha256(made.contents['tender']).hexdigest()} 847 755 tender"


def test_every_flipped_byte_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path).path
    data = path.read_bytes()
    chance = random.Random(2)
    for at in chance.sample(range(len(data)), 2000):
        damaged = bytearray(data)
        damaged[at] ^= 1 << chance.randrange(8)
        refused(path, bytes(damaged), "the bundle ")


def test_every_cut_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path).path
    data = path.read_bytes()
    for length in range(0, len(data), 97):
        refused(path, data[:length], "the bundle ")
    refused(path, data + b"\0", "does not end as it should")


def members(made: Bundle, manifest: bytes | None = None) -> dict[str, bytes]:
    """Return a bundle's members, or what they are with another manifest that fits its sum."""
    text = made.manifest.encode() if manifest is None else manifest
    line = f"{hashlib.sha256(text).hexdigest()}  {bundle.MANIFEST}\n"
    return {bundle.MANIFEST: text, bundle.DIGEST: line.encode(), **made.contents}


def test_a_changed_member_is_named(tmp_path: Path) -> None:
    made = make(tmp_path)
    changed = members(made) | {"tender": b"other"}
    refused(made.path, bundle.pack(changed), "member 'tender' has not the SHA-256")


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    made = make(tmp_path)
    left = {name: data for name, data in members(made).items() if name != "tender"}
    refused(made.path, bundle.pack(left), "member 'tender' is missing")


def test_an_extra_member_is_named(tmp_path: Path) -> None:
    made = make(tmp_path)
    more = members(made) | {"extra": b""}
    refused(made.path, bundle.pack(more), "member 'extra' is not in the manifest")


def test_a_path_out_of_the_slot_is_refused(tmp_path: Path) -> None:
    made = make(tmp_path)
    for name in ("../tender", "/etc/passwd", "a/b", "SHA256SUMS"):
        more = members(made) | {name: b"x"}
        refused(made.path, bundle.pack(more), "is not in the manifest")


def test_a_member_that_comes_twice_is_refused(tmp_path: Path) -> None:
    made = make(tmp_path)
    data = made.path.read_bytes()
    again = bundle.pack({"tender": made.contents["tender"]})
    refused(made.path, data[:-1024] + again, "member 'tender' is there twice")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, b"x", b"L"])
def test_links_pipes_and_long_names_are_refused(tmp_path: Path, kind: bytes) -> None:
    made = make(tmp_path)
    info = tarfile.TarInfo("tender")
    info.type = kind
    info.linkname = "/bin/sh"
    start = made.path.read_bytes()[:-1024]
    odd = info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)
    refused(made.path, start + odd, "member 'tender' has a header")


def test_a_bundle_of_another_tar_program_is_refused(tmp_path: Path) -> None:
    made = make(tmp_path)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members(made).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
    refused(made.path, out.getvalue(), "has a header that rpikit would not write")


def test_a_bundle_that_is_too_large_is_not_even_parsed(tmp_path: Path) -> None:
    path = tmp_path / "large.rpk"
    with path.open("wb") as file:
        file.truncate(bundle.SIZE_MAX + 1)
    with pytest.raises(VerificationError, match="larger than 64 MiB"):
        bundle.read(path)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("format", 2, "format: "),
        ("target", "xen", "target: "),
        ("name", "../up", "name: "),
        ("version", "1\n2", "version: "),
        ("surprise", 1, "surprise: "),
        ("files", [], "it lists no tender"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    tmp_path: Path, key: str, value: object, reason: str
) -> None:
    made = make(tmp_path)
    text = json.dumps(json.loads(made.manifest.encode()) | {key: value}, indent=2) + "\n"
    refused(made.path, bundle.pack(members(made, text.encode())), reason)


@pytest.mark.parametrize("option", ["rm -rf", "--pin:a=1\nrun=sh", "--x\0y", "-", ""])
def test_an_option_that_would_be_another_line_is_refused(tmp_path: Path, option: str) -> None:
    made = make(tmp_path)
    values = json.loads(made.manifest.encode())
    values["launch"]["options"] = [option]
    with pytest.raises(ValueError, match=r"launch\.options"):
        Manifest.model_validate_json(json.dumps(values))


def test_a_manifest_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    made = make(tmp_path)
    text = made.manifest.encode().replace(b'"format": 1,', b'"format": 1,\n  "format": 1,')
    refused(made.path, bundle.pack(members(made, text)), "not in the form")
