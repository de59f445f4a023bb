# SPDX-License-Identifier: MIT
"""The verb release: from a clean commit to a signed folder that anybody can check.

It appears under its name only when everything in it has been checked.
"""

import hashlib
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rpikit import board as boards
from rpikit import bundle as bundles
from rpikit import materials, provenance, released, sbom, sign, verify
from rpikit import target as targets
from rpikit import test as testing
from rpikit.app import App
from rpikit.board import Board
from rpikit.build import Build
from rpikit.bundle import Bundle
from rpikit.errors import DescriptionError, FirmwareError, NothingRanError, VerificationError
from rpikit.provenance import Evidence
from rpikit.released import Released
from rpikit.report import Reporter
from rpikit.repository import Commit

FOLDER = "dist"


@dataclass(frozen=True)
class Wish:
    """What is released, and how."""

    app: App
    board: Board  # the kind that the bundle is for
    target: str  # as --target has it
    toolchain: str | None
    key: Path
    signers: Path | None  # the allowed signers, to whom the key has to belong
    out: Path


@dataclass(frozen=True)
class Proof:
    """What is known of a bundle: from which commit and materials it came, and that it works."""

    commit: Commit
    made_from: materials.Materials
    tests: Evidence


def release(wish: Wish, *, reporter: Reporter) -> Released:
    """Build twice, test on the virtual board, sign, and write the release's folder."""
    app = wish.app
    _check_key(wish)
    commit = Commit.around(app.folder)
    place = wish.out / _name(app, wish.board)
    if place.exists():
        raise DescriptionError(
            f"{place}: {app.name} {app.version} has been released already",
            hint="write a new version into rpikit.toml, and commit it",
        )
    commit.require_clean(wish.out)
    commit.require_unused(app.name, app.version)

    reporter.step(f"build {app.name} {app.version} twice")
    built = verify.verify(app, board=wish.board, toolchain=wish.toolchain).build
    unikernel, tender = built.unikernel.read_bytes(), built.tender.read_bytes()
    made_from = materials.of(built)

    reporter.step(f"test it on {boards.DEFAULT}")
    tests = _test(wish, built)
    commit.require_same(app.folder)
    commit.require_clean(wish.out)
    if (built.unikernel.read_bytes(), built.tender.read_bytes()) != (unikernel, tender):
        raise VerificationError(
            f"{built.folder}: what was tested is not what was built before",
            hint="sources or toolchain were changed meanwhile; start again",
        )

    reporter.step(f"sign with {wish.key}")
    wish.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=wish.out) as aside:
        folder = Path(aside) / place.name
        bundle = bundles.make(app, wish.board, built.unikernel, built.tender, folder)
        proof = Proof(commit, made_from, tests)
        write_beside(bundle, proof, wish.key, report=reporter.note)
        done = released.verify(bundle.path, wish.signers)
        folder.rename(place)
    reporter.note(f"the commit is {commit.id[:12]}; name it: git tag v{app.version}")
    return replace(done, bundle=replace(done.bundle, path=place / bundle.path.name))


def _name(app: App, board: Board) -> str:
    special = "-spt" if board.platform == "spt" else ""
    return f"{app.name}-{app.version}-{board.name}{special}"


def key_named(key: Path | None) -> Path:
    """Return the key, which somebody has to have named."""
    if key is None:
        raise DescriptionError(
            "--key: a release is signed, and no key is named",
            hint="ssh-keygen -t ed25519 -f release_key, outside of the repository",
        )
    return key


def signers_named(signers: Path | None, *folders: Path) -> Path | None:
    """Return the list of allowed signers: the one that is named, else one that lies there."""
    there = (folder / sign.LIST for folder in (Path(), *folders))
    return signers or next((path for path in there if path.is_file()), None)


def signers_required(signers: Path | None) -> Path:
    """Return the same, to check a release: what comes with it cannot say whom to believe."""
    found = signers_named(signers)
    if found is None:
        raise DescriptionError(
            f"--signers: nothing says whose signature counts; there is no {sign.LIST} here",
            hint=f'echo "release@example.com $(cat release_key.pub)" > {sign.LIST}',
        )
    return found


def _check_key(wish: Wish) -> None:
    """See before the work that the key is there, and its owner on the list."""
    known = sign.fingerprint(wish.key)
    if wish.signers is None:
        return
    allowed = {one.fingerprint for one in sign.read_signers(wish.signers)[1]}
    if known not in allowed:
        public = f"{str(wish.key).removesuffix('.pub')}.pub"
        raise VerificationError(
            f"{wish.key}: its key {known} is not in {wish.signers}, so no board would take it",
            hint=f'echo "release@example.com $(cat {public})" >> {wish.signers}',
        )


def _test(wish: Wish, built: Build) -> Evidence:
    """Run the application's tests on the virtual board; return what passed there."""
    app = wish.app
    kind = targets.expected(boards.load(boards.DEFAULT), wish.target)
    with tempfile.TemporaryDirectory(prefix="rpikit-release-") as folder:
        report = Path(folder) / "tests.xml"
        status, verdict = testing.judge(
            app,
            board_name=boards.DEFAULT,
            target=kind.platform,
            pytest_args=("--junit-xml", str(report)),
            quiet=True,
        )
        if status == NothingRanError.exit_code:
            raise NothingRanError(
                f"{app.name}: no test ran on {boards.DEFAULT}, so nothing was proved",
                hint="rpikit test shows why each was skipped",
            )
        if status != 0:
            raise FirmwareError(
                f"{app.name}: {verdict.why} on {boards.DEFAULT}; nothing is released",
                hint="rpikit test",
            )
        passed, skipped = _names(report)
    with tempfile.TemporaryDirectory(prefix="rpikit-release-") as folder:
        flashed = bundles.make(app, kind, built.unikernel, built.tender, Path(folder))
    digests = {file.name: file.sha256 for file in flashed.manifest.files}
    return Evidence(
        boards.DEFAULT,
        flashed.digest,
        digests[bundles.UNIKERNEL],
        digests[bundles.TENDER],
        passed,
        skipped,
    )


def _names(report: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the tests that passed, and of those that were skipped."""
    passed: list[str] = []
    skipped: list[str] = []
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        (skipped if case.find("skipped") is not None else passed).append(name)
    return tuple(sorted(passed)), tuple(sorted(skipped))


def write_beside(
    bundle: Bundle, proof: Proof, key: Path, *, report: Callable[[str], None] = lambda line: None
) -> None:
    """Write everything that goes with a bundle into its folder, the sums of it all last."""
    folder, stem = bundle.path.parent, bundle.path.name.removesuffix(bundles.SUFFIX)
    sha256 = materials.digest(bundle.path)
    commit, made_from = proof.commit, proof.made_from

    def signed(message: bytes, namespace: str) -> bytes:
        return sign.sign(message, key, namespace, report=report)

    files = {
        bundle.path.name: bundle.path.read_bytes(),
        bundle.path.name + sign.SUFFIX: signed(bundle.signed, sign.BUNDLE),
        stem + sbom.SUFFIX: sbom.encode(bundle, sha256, made_from, commit.time),
        stem + provenance.SUFFIX: provenance.provenance(bundle, sha256, made_from, commit),
        stem + provenance.TESTS_SUFFIX: provenance.evidence(bundle, sha256, proof.tests),
    }
    sums = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())
    ).encode()
    files |= {released.SUMS: sums, released.SUMS_SIGNATURE: signed(sums, sign.RELEASE)}
    for name, data in files.items():
        (folder / name).write_bytes(data)
