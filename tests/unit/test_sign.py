# SPDX-License-Identifier: MIT
"""Signatures: made with keys and agents, checked against lists, and wrong ones told."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_board import make_bundle
from signing import line, make_key, make_list, signed

from rpikit import bundle, sign
from rpikit.bundle import Security
from rpikit.errors import DescriptionError, VerificationError

MESSAGE = b"what is signed\n"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "keys")


@pytest.fixture
def signers(tmp_path: Path, key: Path) -> Path:
    return make_list(tmp_path, line(key))


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        yield
        process.terminate()


def test_the_same_message_and_key_give_the_same_signature(key: Path, signers: Path) -> None:
    first = sign.sign(MESSAGE, key, sign.RELEASE)
    assert first == sign.sign(MESSAGE, key, sign.RELEASE)
    signer = sign.check(MESSAGE, first, signers, sign.RELEASE, "it")
    assert signer.name == "release_key@example.com"
    assert signer.key.startswith("ED25519 key SHA256:")


def test_every_changed_byte_of_a_signature_is_refused(key: Path, signers: Path) -> None:
    good = sign.sign(MESSAGE, key, sign.BUNDLE)
    sign.check_form(good)
    for at in range(len(good)):
        for flip in (0x01, 0x20, 0x80):
            wrong = good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :]
            try:
                sign.check_form(wrong)
            except ValueError:
                continue
            if flip == 0x01:
                with pytest.raises(VerificationError):
                    sign.check(MESSAGE, wrong, signers, sign.BUNDLE, "it")


def test_a_signature_cut_short_or_with_more_behind_it_is_refused(key: Path) -> None:
    good = sign.sign(MESSAGE, key, sign.BUNDLE)
    for wrong in (
        b"",
        good[:-1],
        good + b"\n",
        b" " + good,
        good * 2,
        good.replace(b"\n", b"\r\n"),
    ):
        with pytest.raises(ValueError, match=r"is no SSH signature|is not in the form"):
            sign.check_form(wrong)


@pytest.mark.parametrize(
    ("message", "namespace", "reason"),
    [
        (b"another\n", sign.BUNDLE, "it: its signature is not of these bytes"),
        (MESSAGE, sign.SIGNERS, "or not for rpikit-signers"),
    ],
)
def test_another_message_or_purpose_does_not_fit(
    key: Path, signers: Path, message: bytes, namespace: str, reason: str
) -> None:
    made = sign.sign(MESSAGE, key, sign.BUNDLE)
    with pytest.raises(VerificationError, match=reason):
        sign.check(message, made, signers, namespace, "it")


def test_a_stranger_and_a_key_out_of_its_time_are_told(tmp_path: Path, key: Path) -> None:
    other = make_key(tmp_path / "keys", "other")
    late = make_list(tmp_path, line(other), line(key, 'valid-before="20200101"'))
    made = sign.sign(MESSAGE, key, sign.BUNDLE)
    with pytest.raises(VerificationError, match=r"does not allow .*expired"):
        sign.check(MESSAGE, made, late, sign.BUNDLE, "it")
    alone = make_list(tmp_path, line(other))
    with pytest.raises(VerificationError, match=r"it: is signed with ED25519 .* does not allow"):
        sign.check(MESSAGE, made, alone, sign.BUNDLE, "it")


def test_patterns_and_several_principals_are_understood(tmp_path: Path, key: Path) -> None:
    made = sign.sign(MESSAGE, key, sign.BUNDLE)
    listed = make_list(tmp_path, line(key, 'namespaces="rpikit-*"', "*@example.com,lab"))
    assert sign.check(MESSAGE, made, listed, sign.BUNDLE, "it").name == "*@example.com"


def test_an_agent_signs_for_a_public_key(
    agent: None, key: Path, signers: Path, tmp_path: Path
) -> None:
    public = tmp_path / "alone.pub"
    public.write_text(key.with_name("release_key.pub").read_text())
    with pytest.raises(DescriptionError, match="the agent does not have its key") as told:
        sign.sign(MESSAGE, public, sign.BUNDLE)
    assert "ssh-add" in str(told.value.hint)
    subprocess.run(["ssh-add", "-q", key], check=True)
    made = sign.sign(MESSAGE, public, sign.BUNDLE)
    assert made == sign.sign(MESSAGE, key, sign.BUNDLE)
    assert sign.check(MESSAGE, made, signers, sign.BUNDLE, "it")


def test_without_an_agent_a_public_key_alone_cannot_sign(
    key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    public = tmp_path / "alone.pub"
    public.write_text(key.with_name("release_key.pub").read_text())
    with pytest.raises(DescriptionError, match="no agent runs that has its key"):
        sign.sign(MESSAGE, public, sign.BUNDLE)


def test_a_missing_key_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="there is no such file") as told:
        sign.sign(MESSAGE, tmp_path / "none", sign.BUNDLE)
    assert "ssh-keygen -t ed25519" in str(told.value.hint)


def test_a_file_that_is_no_key_and_one_that_others_read_are_told(tmp_path: Path, key: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no key")
    text.chmod(0o600)
    with pytest.raises(DescriptionError, match=r"cannot sign with it|no agent runs|the agent does"):
        sign.sign(MESSAGE, text, sign.BUNDLE)
    key.chmod(0o644)
    key.with_name("release_key.pub").unlink()
    with pytest.raises(DescriptionError, match="others can read it"):
        sign.sign(MESSAGE, key, sign.BUNDLE)


def test_a_passphrase_without_a_terminal_is_told(tmp_path: Path) -> None:
    locked = make_key(tmp_path / "keys", "locked", "correct horse")
    program = (
        "import sys; from pathlib import Path; from rpikit import sign; "
        "sign.sign(b'x', Path(sys.argv[1]), sign.BUNDLE)"
    )
    plain = {
        name: one for name, one in os.environ.items() if name not in ("DISPLAY", "SSH_ASKPASS")
    }
    done = subprocess.run(
        [sys.executable, "-c", program, locked],
        env=plain,
        capture_output=True,
        text=True,
        start_new_session=True,  # no terminal to ask on
        check=False,
    )
    assert "its passphrase was not given, or is another" in done.stderr


def test_a_token_that_is_not_there_is_told(tmp_path: Path) -> None:
    """An ssh-keygen that knows tokens is asked to sign with one that is not plugged in."""
    stub = tmp_path / "token"
    public = "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA=="
    stub.write_text("no key")
    stub.chmod(0o600)
    stub.with_name("token.pub").write_text(f"sk-ssh-ed25519@openssh.com {public} token\n")
    said: list[str] = []
    with pytest.raises(VerificationError, match="the token did not sign"):
        sign.sign(MESSAGE, stub, sign.BUNDLE, report=said.append)
    assert "touch the token" in said[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it names nobody"),
        ("# nobody\n\n", "it names nobody"),
        ("me@example.com\n", "list:1: write: principals"),
        ("me@example.com ssh-ed25519 AAAA\n", "list:1: 'AAAA' is no key of the kind ssh-ed25519"),
        ("# first\nme namespace=x {key}", "list:2: 'namespace=x' is no option"),
        ('me valid-before="soon" {key}', 'valid-before="soon": write YYYYMMDD'),
        ('me namespaces="email" {key}', "nobody in it may sign a bundle"),
    ],
)
def test_a_list_that_is_wrong_is_told_by_its_line(key: Path, text: str, reason: str) -> None:
    public = key.with_name("release_key.pub").read_text()
    with pytest.raises(DescriptionError, match=re.escape(reason)):
        sign.parse_signers(text.replace("{key}", public), "list")


def test_a_list_is_read_as_ssh_keygen_reads_it(tmp_path: Path, key: Path) -> None:
    options = 'namespaces="rpikit-*,git",valid-after="20200101",valid-before="20990101Z"'
    path = make_list(tmp_path, "# ours\n", line(key, options, "a@x,b@x"))
    (one,) = sign.read_signers(path)[1]
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True
    )
    assert one.fingerprint == listed.stdout.split()[1]
    assert (one.principals, one.kind) == (("a@x", "b@x"), "ssh-ed25519")
    assert (one.may("rpikit-bundle"), one.may("git"), one.may("email")) == (True, True, False)
    assert str(one).endswith(", until 20990101Z")


def test_a_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="no such file") as told:
        sign.read_signers(tmp_path / "none")
    assert "allowed_signers" in str(told.value.hint)


def test_what_is_signed_of_a_bundle_stays_the_same(tmp_path: Path) -> None:
    """Signatures that are out hang on this text: no later rpikit may write it otherwise."""
    made = make_bundle(tmp_path, security=Security(version=2, expires=1_800_000_000))
    made = bundle.read(made.path)
    names = [one.partition("  ")[2] for one in made.signed.decode().splitlines()]
    assert names == ["device.sh", "launch", "manifest.json", "tender", "unikernel.hvt"]
    assert made.slot_contents["launch"].decode() == (
        "name=blink\nversion=1.0.0\nboard=virtual-pi3\n"
        f"digest={made.digest}\n"
        "run=./tender\nrun=--mem=2\nrun=--\nrun=unikernel.hvt\nready=ready\n"
        "security=2\nexpires=1800000000\n"
    )
    manifest = made.slot_contents["manifest.json"].decode()
    assert '"security": {\n    "version": 2,\n    "expires": 1800000000\n  }' in manifest


def test_a_bundle_is_read_with_the_signature_beside_it(tmp_path: Path, key: Path) -> None:
    made = signed(make_bundle(tmp_path), key)
    assert bundle.read(made.path) == made
    assert "signature" in made.slot_contents
    bundle.signature_of(made.path).write_text("rubbish")
    with pytest.raises(VerificationError, match=r"is not in the form"):
        bundle.read(made.path)


def test_a_bundle_without_security_is_written_as_the_first_ones_were(tmp_path: Path) -> None:
    assert b"security" not in make_bundle(tmp_path).manifest.encode()
