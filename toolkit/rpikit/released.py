# SPDX-License-Identifier: MIT
"""A release: a folder with a bundle and all that proves it; the verb `verify` checks every byte.

Two signatures hold it together: the bundle's, which a board checks, too, and that of SHA256SUMS,
which lists all the rest. So nothing in the folder is believed that nobody signed.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rpikit import bundle as bundles
from rpikit import provenance, results, sbom, sign
from rpikit.bundle import Bundle
from rpikit.errors import DescriptionError, VerificationError
from rpikit.materials import digest
from rpikit.provenance import Evidence
from rpikit.sign import Signer

SUMS = "SHA256SUMS"
SUMS_SIGNATURE = SUMS + sign.SUFFIX
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._+-]*)")
_FETCH = "fetch the whole folder of the release again from its source"
_SIZE_MAX = 16 << 20  # bytes of a file beside the bundle


@dataclass(frozen=True)
class Released:
    """A release in which everything fits."""

    bundle: Bundle
    sha256: str
    commit: str
    signer: Signer
    tests: Evidence
    files: Mapping[str, str]
    is_allowed: bool = True  # whether a list of allowed signers was asked

    def __str__(self) -> str:
        manifest, security = self.bundle.manifest, self.bundle.manifest.security
        skipped = f", {len(self.tests.skipped)} skipped" if self.tests.skipped else ""
        who = f"{self.signer}" if self.is_allowed else self.signer.key
        what = f"{manifest.name} {manifest.version} for {manifest.board} ({manifest.target})"
        lines = [
            f"{self.bundle.path}: {what}",
            f"  bundle      {len(manifest.files)} files, SHA-256 {self.sha256}",
            f"  signed by   {who}",
            f"  built from  commit {self.commit}",
            f"  tested      {len(self.tests.passed)} passed{skipped}, on {self.tests.board}",
        ]
        if security is not None:
            until = f", until {_day(security.expires)}" if security.expires is not None else ""
            lines.append(f"  security    version {security.version}{until}")
        return "\n".join(lines)

    def values(self) -> results.Released:
        """Return it as one object for programs."""
        manifest, security = self.bundle.manifest, self.bundle.manifest.security
        return {
            "bundle": str(self.bundle.path.absolute()),
            "name": manifest.name,
            "version": manifest.version,
            "board": manifest.board,
            "target": manifest.target,
            "digest": self.bundle.digest,
            "sha256": self.sha256,
            "commit": self.commit,
            "signer": self.signer.name if self.is_allowed else None,
            "key": self.signer.key,
            "security_version": security.version if security else 0,
            "expires": security.expires if security else None,
            "passed": list(self.tests.passed),
            "skipped": list(self.tests.skipped),
            "files": dict(self.files),
        }


def verify(file: Path, signers: Path | None) -> Released:
    """Check a bundle and all that lies beside it; VerificationError names the first fault.

    Without a list of allowed signers anybody's signature counts, if it fits.
    """
    path = _bundle_in(file)
    made = bundles.read(path)
    if made.signature is None:
        raise VerificationError(
            f"{bundles.signature_of(path)}: is missing, so the bundle is not signed", hint=_FETCH
        )
    signer = _check(made.signed, made.signature, signers, sign.BUNDLE, str(path))
    security = made.manifest.security
    if security is not None and security.expires is not None and security.expires <= time.time():
        raise VerificationError(
            f"{path}: expired on {_day(security.expires)}", hint="get a newer release"
        )
    files = _check_sums(path.parent, signers)
    if path.name not in files:
        raise VerificationError(f"{path.parent / SUMS}: does not list {path.name}", hint=_FETCH)
    sha256 = files[path.name]
    stem = path.name.removesuffix(bundles.SUFFIX)
    texts = {
        suffix: _text(path.parent, stem + suffix, files)
        for suffix in (sbom.SUFFIX, provenance.SUFFIX, provenance.TESTS_SUFFIX)
    }
    where = {suffix: str(path.parent / (stem + suffix)) for suffix in texts}
    of = sbom.subject(texts[sbom.SUFFIX], where[sbom.SUFFIX])
    if of != sha256:
        raise VerificationError(
            f"{where[sbom.SUFFIX]}: is about a bundle with SHA-256 {of}, not {sha256}", hint=_FETCH
        )
    built, tested = (
        provenance.read(texts[suffix], kind, path.name, sha256, where[suffix])
        for suffix, kind in (
            (provenance.SUFFIX, provenance.BUILT),
            (provenance.TESTS_SUFFIX, provenance.TESTED),
        )
    )
    commit = provenance.check_built(built, made, where[provenance.SUFFIX])
    tests = provenance.read_evidence(tested, made, where[provenance.TESTS_SUFFIX])
    return Released(made, sha256, commit, signer, tests, files, signers is not None)


def _bundle_in(file: Path) -> Path:
    """Return the bundle that is meant: the file, or the only one in the folder."""
    if not file.is_dir():
        return file
    found = sorted(file.glob(f"*{bundles.SUFFIX}"))
    if len(found) != 1:
        raise DescriptionError(f"{file}: has {len(found)} bundles; name one ({bundles.SUFFIX})")
    return found[0]


def _check(
    message: bytes, signature: bytes, signers: Path | None, namespace: str, what: str
) -> Signer:
    if signers is None:
        return Signer("", sign.fits(message, signature, namespace, what))
    return sign.check(message, signature, signers, namespace, what)


def _check_sums(folder: Path, signers: Path | None) -> dict[str, str]:
    """Return the SHA-256 of each file of a release, once all are as they were signed."""
    text = _bytes(folder / SUMS)
    _check(text, _bytes(folder / SUMS_SIGNATURE), signers, sign.RELEASE, str(folder / SUMS))
    listed: dict[str, str] = {}
    for line in text.decode(errors="replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None or match[2] in listed:
            raise VerificationError(f"{folder / SUMS}: {line!r} is no line of sha256sum")
        listed[match[2]] = match[1]
    for name, sha256 in listed.items():
        try:
            found = digest(folder / name)
        except OSError:
            raise VerificationError(f"{folder / name}: is missing", hint=_FETCH) from None
        if found != sha256:
            raise VerificationError(f"{folder / name}: has not the SHA-256 of {SUMS}", hint=_FETCH)
    there = {one.name for one in folder.iterdir()} - {SUMS, SUMS_SIGNATURE}
    for name in sorted(there - listed.keys()):
        raise VerificationError(f"{folder / name}: is not listed in {SUMS}, so nobody signed it")
    return listed


def _text(folder: Path, name: str, files: Mapping[str, str]) -> bytes:
    if name not in files:
        raise VerificationError(f"{folder / SUMS}: does not list {name}", hint=_FETCH)
    return _bytes(folder / name)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_MAX + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise VerificationError(f"{path}: {reason}", hint=_FETCH) from None
    if len(data) > _SIZE_MAX:
        raise VerificationError(f"{path}: is larger than {_SIZE_MAX >> 20} MiB", hint=_FETCH)
    return data


def _day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
