# SPDX-License-Identifier: MIT
"""A release's folder: what is in it, that it comes out again, and that nothing wrong gets by."""

import hashlib
import json
import random
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import promised
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from local_board import make_bundle
from signing import line, make_key, make_list

from rpikit import bundle, materials, release, released, sign
from rpikit.bundle import Security
from rpikit.errors import DescriptionError, VerificationError
from rpikit.materials import File, Materials, Package
from rpikit.provenance import Evidence
from rpikit.release import Proof
from rpikit.repository import Commit

STEM = "blink-1.0.0-virtual-pi3"
ID = "0123456789abcdef0123456789abcdef01234567"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


MATERIALS = Materials(
    app=(File("main.c", digest("main")), File("rpikit.toml", digest("toml"))),
    rpikit=(File("c/guest/start.c", digest("start")),),
    rpikit_version="0.1.0",
    toolchain="gcc",
    toolchain_version="(Debian 12.2.0) 12.2.0",
    programs=(File("cc1", digest("cc1")),),
    packages=(Package("jinja2", "3.1.6"), Package("python", "3.11.2")),
)


def proof(made: bundle.Bundle, **differs: object) -> Proof:
    listed = {file.name: file.sha256 for file in made.manifest.files}
    evidence = Evidence(
        "virtual-pi3",
        made.digest,
        listed[bundle.UNIKERNEL],
        listed[bundle.TENDER],
        ("tests.test_blink::test_blinks",),
        (),
    )
    values = {
        name: value for name, value in differs.items() if name in Evidence.__dataclass_fields__
    }
    return Proof(
        Commit(Path("/nowhere"), ".", ID, 1_700_000_000),
        MATERIALS,
        replace(evidence, **values),
    )


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "keys")


@pytest.fixture
def signers(tmp_path: Path, key: Path) -> Path:
    return make_list(tmp_path, line(key))


@pytest.fixture
def made(tmp_path: Path, key: Path) -> Path:
    """Give the folder of a release."""
    return make(tmp_path / "dist", key)


def make(out: Path, key: Path, security: Security | None = None, **differs: object) -> Path:
    packed = make_bundle(out, security=security)
    release.write_beside(packed, proof(packed, **differs), key)
    return out


def sign_again(folder: Path, key: Path) -> None:
    """Write the sums of a release anew and sign them, as a faulty tool could."""
    names = sorted({one.name for one in folder.iterdir()} - {"SHA256SUMS", "SHA256SUMS.sig"})
    sums = "".join(f"{materials.digest(folder / name)}  {name}\n" for name in names).encode()
    (folder / "SHA256SUMS").write_bytes(sums)
    (folder / "SHA256SUMS.sig").write_bytes(sign.sign(sums, key, sign.RELEASE))


def test_a_release_is_checked_by_its_bundle_and_by_its_folder(made: Path, signers: Path) -> None:
    found = released.verify(made, signers)
    assert found == released.verify(made / f"{STEM}.rpk", signers)
    assert found.commit == ID
    assert found.signer.name == "release_key@example.com"
    assert found.sha256 == materials.digest(made / f"{STEM}.rpk")
    assert "1 passed, on virtual-pi3" in str(found)
    promised.result("verify", json.dumps(found.values()))


def test_two_releases_in_two_folders_are_the_same_to_the_byte(tmp_path: Path, key: Path) -> None:
    one, other = make(tmp_path / "one", key), make(tmp_path / "far" / "other", key)
    files = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in (one, other)]
    assert files[0] == files[1]
    assert len(files[0]) == 7


def test_plain_programs_can_check_a_release_by_hand(made: Path, signers: Path) -> None:
    script = (
        f"ssh-keygen -Y verify -n rpikit-release -I release_key@example.com -f {signers} "
        "-s SHA256SUMS.sig < SHA256SUMS && sha256sum -c SHA256SUMS"
    )
    done = subprocess.run(["sh", "-c", script], cwd=made, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{STEM}.rpk: OK" in done.stdout


def test_the_bill_of_materials_is_cyclonedx_and_has_all_that_shaped_the_bundle(made: Path) -> None:
    text = (made / f"{STEM}.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    told = json.loads(text)
    names = {one["name"]: one for one in told["components"]}
    assert names.keys() == {"main.c", "rpikit.toml", "c/guest/start.c", "gcc", "jinja2", "python"}
    assert names["main.c"]["hashes"] == [{"alg": "SHA-256", "content": digest("main")}]
    assert names["gcc"]["components"][0]["hashes"][0]["content"] == digest("cc1")
    assert names["jinja2"]["purl"] == "pkg:pypi/jinja2@3.1.6"
    assert told["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"


def test_the_provenance_is_a_statement_of_slsa_about_the_bundle(made: Path) -> None:
    told = json.loads((made / f"{STEM}.provenance.json").read_text())
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["predicateType"] == "https://slsa.dev/provenance/v1"
    (subject,) = told["subject"]
    assert subject == {
        "name": f"{STEM}.rpk",
        "digest": {"sha256": materials.digest(made / f"{STEM}.rpk")},
    }
    built = told["predicate"]["buildDefinition"]
    assert {"name": "source", "digest": {"gitCommit": ID}} in built["resolvedDependencies"]
    assert {"name": "toolchain/cc1", "digest": {"sha256": digest("cc1")}} in built[
        "resolvedDependencies"
    ]


def flipped(data: bytes, at: int, by: int) -> bytes:
    return data[:at] + bytes([data[at] ^ by]) + data[at + 1 :]


def test_every_changed_byte_of_a_bundle_is_refused(made: Path, tmp_path: Path) -> None:
    """The archive in every form but one is refused, so this needs no signature."""
    path = made / f"{STEM}.rpk"
    whole = path.read_bytes()
    chance = random.Random(5)
    changed = tmp_path / "changed.rpk"
    tried = 0
    for at in [*range(0, len(whole), 31), *(chance.randrange(len(whole)) for _ in range(1500))]:
        changed.write_bytes(flipped(whole, at, 1 << chance.randrange(8)))
        with pytest.raises(VerificationError):
            bundle.read(changed)
        tried += 1
    assert tried > 2000


def test_every_file_of_a_release_is_refused_when_a_byte_changes(made: Path, signers: Path) -> None:
    chance = random.Random(6)
    for path in sorted(made.iterdir()):
        whole = path.read_bytes()
        for _ in range(12):
            path.write_bytes(flipped(whole, chance.randrange(len(whole)), 1 << chance.randrange(8)))
            with pytest.raises(VerificationError):
                released.verify(made / f"{STEM}.rpk", signers)
        path.write_bytes(whole)
    released.verify(made, signers)


def test_every_file_of_a_release_is_missed(made: Path, signers: Path) -> None:
    for path in sorted(made.iterdir()):
        if path.suffix == ".rpk":
            continue
        whole = path.read_bytes()
        path.unlink()
        with pytest.raises(VerificationError, match=path.name):
            released.verify(made, signers)
        path.write_bytes(whole)


def test_a_file_too_many_is_refused(made: Path, signers: Path) -> None:
    (made / "NOTES").write_text("nobody signed this")
    with pytest.raises(VerificationError, match="NOTES: is not listed in SHA256SUMS"):
        released.verify(made, signers)


def other_subject(text: bytes) -> bytes:
    return text.replace(json.loads(text)["subject"][0]["digest"]["sha256"].encode(), b"0" * 64)


def other_bom(text: bytes) -> bytes:
    told = json.loads(text)["metadata"]["component"]["hashes"][0]["content"]
    return text.replace(told.encode(), b"0" * 64)


@pytest.mark.parametrize(
    ("suffix", "change", "reason"),
    [
        (".provenance.json", other_subject, "is about .* with SHA-256 0000"),
        (".tests.json", other_subject, "is about .* with SHA-256 0000"),
        (".cdx.json", other_bom, "is about a bundle with SHA-256 0000"),
        (".provenance.json", lambda text: b"{}", "is no statement of the kind"),
        (".provenance.json", lambda text: b"[1, 2", "is no statement of the kind"),
        (".cdx.json", lambda text: b'{"bomFormat": 1}', "is no CycloneDX SBOM"),
        (
            ".provenance.json",
            lambda text: text.replace(b'"version": "1.0.0"', b'"version": "9.0.0"'),
            "version = '9.0.0', and the bundle has '1.0.0'",
        ),
        (
            ".provenance.json",
            lambda text: text.replace(b"gitCommit", b"svnRevision"),
            "does not say what was built from what",
        ),
        (
            ".tests.json",
            lambda text: text.replace(b'"PASSED"', b'"FAILED"'),
            "the tests of this bundle did not pass",
        ),
        (
            ".tests.json",
            lambda text: text.replace(b"passedTests", b"pastTests"),
            "does not say what the tests came to",
        ),
    ],
)
def test_what_proves_another_bundle_is_refused_although_it_is_signed(
    made: Path,
    key: Path,
    signers: Path,
    suffix: str,
    change: Callable[[bytes], bytes],
    reason: str,
) -> None:
    path = made / f"{STEM}{suffix}"
    text = path.read_bytes()
    path.write_bytes(change(text))
    assert path.read_bytes() != text
    sign_again(made, key)
    with pytest.raises(VerificationError, match=reason):
        released.verify(made, signers)


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"passed": ()}, "did not pass"),
        ({"unikernel": digest("another")}, "of another unikernel or tender"),
        ({"tender": digest("another")}, "of another unikernel or tender"),
    ],
)
def test_evidence_of_nothing_or_of_another_build_is_refused(
    tmp_path: Path, key: Path, signers: Path, differs: dict[str, object], reason: str
) -> None:
    folder = make(tmp_path / "dist", key, **differs)
    with pytest.raises(VerificationError, match=reason):
        released.verify(folder, signers)


def test_skipped_tests_are_told(tmp_path: Path, key: Path, signers: Path) -> None:
    folder = make(tmp_path / "dist", key, skipped=("tests.test_blink::test_far",))
    found = released.verify(folder, signers)
    assert "1 passed, 1 skipped" in str(found)
    assert (
        json.loads((folder / f"{STEM}.tests.json").read_text())["predicate"]["result"] == "WARNED"
    )


def test_an_unsigned_a_foreign_and_an_expired_release_are_refused(
    tmp_path: Path, made: Path, key: Path, signers: Path
) -> None:
    stranger = make_list(tmp_path / "keys", line(make_key(tmp_path / "keys", "other")))
    with pytest.raises(VerificationError, match="does not allow"):
        released.verify(made, stranger)
    (made / f"{STEM}.rpk.sig").unlink()
    with pytest.raises(VerificationError, match="so the bundle is not signed"):
        released.verify(made, signers)
    old = make(tmp_path / "old", key, Security(version=1, expires=1_600_000_000))
    with pytest.raises(VerificationError, match="expired on 2020-09-13"):
        released.verify(old, signers)


def test_a_signature_that_fits_is_enough_where_nobody_is_listed(made: Path) -> None:
    found = released.verify(made, None)
    assert not found.is_allowed
    assert found.values()["signer"] is None
    assert found.values()["key"].startswith("ED25519 key SHA256:")


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=us", "-c", "user.email=us@example.com", "-c", "init.defaultBranch=main")
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "app").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "app" / "main.c").write_text("int x;\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_the_commit_around_a_folder_is_known(repository: Path) -> None:
    commit = Commit.around(repository / "app")
    assert (commit.root, commit.inside) == (repository, "app")
    assert commit.id == git(repository, "rev-parse", "HEAD").strip()
    commit.require_clean(repository / "app" / "dist")
    commit.require_same(repository / "app")


@pytest.mark.parametrize("change", ["edit", "new", "staged", "removed"])
def test_a_tree_that_is_not_the_commit_is_refused(repository: Path, change: str) -> None:
    commit = Commit.around(repository)
    source = repository / "app" / "main.c"
    if change == "removed":
        source.unlink()
    else:
        (source if change == "edit" else repository / "häßlich.c").write_text("int y;\n")
    if change == "staged":
        git(repository, "add", ".")
    with pytest.raises(DescriptionError, match=r"changes that are in no commit: (app/main.c|häß)"):
        commit.require_clean(repository / "dist")


def test_what_was_released_before_does_not_make_a_tree_dirty(repository: Path) -> None:
    commit = Commit.around(repository / "app")
    (repository / "app" / "dist").mkdir()
    (repository / "app" / "dist" / "a.rpk").write_text("a")
    commit.require_clean(repository / "app" / "dist")
    with pytest.raises(DescriptionError, match=r"in no commit: app/dist/a\.rpk"):
        commit.require_clean(repository / "elsewhere")


@pytest.mark.parametrize("tag", ["v1.0.0", "1.0.0", "blink-1.0.0", "blink-v1.0.0"])
def test_a_version_is_used_if_its_tag_is_at_another_commit(repository: Path, tag: str) -> None:
    git(repository, "tag", "-a", tag, "-m", "a release")
    Commit.around(repository).require_unused("blink", "1.0.0")
    git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    with pytest.raises(DescriptionError, match=f"the tag {tag} is at another commit"):
        Commit.around(repository).require_unused("blink", "1.0.0")
    Commit.around(repository).require_unused("blink", "1.0.1")


def test_a_folder_outside_of_git_and_one_without_a_commit_are_told(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="is in no git repository"):
        Commit.around(tmp_path)
    git(tmp_path, "init", "-q")
    with pytest.raises(DescriptionError, match="has no commit yet"):
        Commit.around(tmp_path)
