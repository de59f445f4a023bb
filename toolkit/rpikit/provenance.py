# SPDX-License-Identifier: MIT
"""Statements about a bundle, in in-toto's form: how it was built, and what its tests came to.

A statement names the bundle by its SHA-256, and no time or machine, so the same build gives the
same bytes. What is signed is the list of checksums that holds them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rpikit import bundle as bundles
from rpikit.bundle import Bundle
from rpikit.errors import VerificationError
from rpikit.materials import File, Materials
from rpikit.repository import Commit

SUFFIX = ".provenance.json"
TESTS_SUFFIX = ".tests.json"

STATEMENT = "https://in-toto.io/Statement/v1"
BUILT = "https://slsa.dev/provenance/v1"
TESTED = "https://in-toto.io/attestation/test-result/v0.1"

_BUILD_TYPE = "urn:rpikit:build:1"
_BUILDER = "urn:rpikit:release:1"


@dataclass(frozen=True)
class Evidence:
    """What the tests of an application came to on a board."""

    board: str
    bundle: str  # SHA-256 of the manifest that was flashed there
    unikernel: str  # SHA-256: that of the release, too
    tender: str
    passed: tuple[str, ...]
    skipped: tuple[str, ...]


def provenance(bundle: Bundle, sha256: str, made_from: Materials, commit: Commit) -> bytes:
    """Return how a bundle, whose file has this SHA-256, was built."""
    manifest = bundle.manifest
    sources = [
        {"name": "source", "digest": {"gitCommit": commit.id}},
        *_resources("source", made_from.app),
        *_resources("rpikit", made_from.rpikit),
        *_resources("toolchain", made_from.programs),
        *(
            {"uri": f"pkg:pypi/{one.name}@{one.version}"}
            for one in made_from.packages
            if one.name != "python"
        ),
    ]
    predicate = {
        "buildDefinition": {
            "buildType": _BUILD_TYPE,
            "externalParameters": {
                "app": commit.inside,
                "name": manifest.name,
                "version": manifest.version,
                "board": manifest.board,
                "target": manifest.target,
                "toolchain": made_from.toolchain,
            },
            "internalParameters": {
                "rpikit": made_from.rpikit_version,
                "toolchain": f"{made_from.toolchain} {made_from.toolchain_version}",
                "python": next(o.version for o in made_from.packages if o.name == "python"),
            },
            "resolvedDependencies": sources,
        },
        "runDetails": {
            "builder": {"id": _BUILDER, "version": {"rpikit": made_from.rpikit_version}},
            "metadata": {"invocationId": f"{commit.id}:{sha256}"},
        },
    }
    return _statement(bundle, sha256, BUILT, predicate)


def evidence(bundle: Bundle, sha256: str, tests: Evidence) -> bytes:
    """Return what the tests of a bundle came to."""
    predicate = {
        "result": "WARNED" if tests.skipped else "PASSED",
        "configuration": [
            {
                "name": tests.board,
                "digest": {"sha256": tests.bundle},
                "annotations": {"unikernel": tests.unikernel, "tender": tests.tender},
            }
        ],
        "passedTests": list(tests.passed),
        "warnedTests": list(tests.skipped),
        "failedTests": [],
    }
    return _statement(bundle, sha256, TESTED, predicate)


def read(text: bytes, kind: str, name: str, sha256: str, where: str) -> dict[str, Any]:
    """Return the predicate of a statement; refuse one that is not of this kind and this file."""
    try:
        told = json.loads(text)
        is_one = told["_type"] == STATEMENT and told["predicateType"] == kind
        (subject,) = told["subject"]
        digest, subject_name = subject["digest"]["sha256"], subject["name"]
        predicate = told["predicate"]
    except (ValueError, LookupError, TypeError):
        is_one = False
    if not is_one or not isinstance(predicate, dict):
        raise VerificationError(f"{where}: is no statement of the kind {kind}")
    if (subject_name, digest) != (name, sha256):
        raise VerificationError(
            f"{where}: is about {subject_name} with SHA-256 {digest}, not {name} with {sha256}"
        )
    return predicate


def check_built(predicate: Mapping[str, Any], bundle: Bundle, where: str) -> str:
    """Return the commit that a bundle was built from; refuse a provenance of another one."""
    manifest = bundle.manifest
    try:
        definition = predicate["buildDefinition"]
        asked, made_from = definition["externalParameters"], definition["resolvedDependencies"]
        told = {key: asked[key] for key in ("name", "version", "board", "target")}
        (commit,) = (one["digest"]["gitCommit"] for one in made_from if one.get("name") == "source")
    except (ValueError, LookupError, TypeError, AttributeError):
        raise VerificationError(f"{where}: does not say what was built from what") from None
    for key, value in told.items():
        if value != getattr(manifest, key):
            raise VerificationError(
                f"{where}: {key} = {value!r}, and the bundle has {getattr(manifest, key)!r}"
            )
    return str(commit)


def read_evidence(predicate: Mapping[str, Any], bundle: Bundle, where: str) -> Evidence:
    """Return what tests came to; refuse tests that failed, ran nothing, or ran another build."""
    listed = {file.name: file.sha256 for file in bundle.manifest.files}
    try:
        (place,) = predicate["configuration"]
        found = Evidence(
            place["name"],
            place["digest"]["sha256"],
            place["annotations"]["unikernel"],
            place["annotations"]["tender"],
            tuple(predicate["passedTests"]),
            tuple(predicate["warnedTests"]),
        )
        bad = predicate["result"] not in ("PASSED", "WARNED") or predicate["failedTests"]
    except (ValueError, LookupError, TypeError):
        raise VerificationError(f"{where}: does not say what the tests came to") from None
    if bad or not found.passed:
        raise VerificationError(f"{where}: the tests of this bundle did not pass")
    if (found.unikernel, found.tender) != (listed[bundles.UNIKERNEL], listed[bundles.TENDER]):
        raise VerificationError(f"{where}: the tests were of another unikernel or tender")
    return found


def _resources(group: str, files: Sequence[File]) -> list[dict[str, object]]:
    return [{"name": f"{group}/{one.name}", "digest": {"sha256": one.sha256}} for one in files]


def _statement(bundle: Bundle, sha256: str, kind: str, predicate: Mapping[str, object]) -> bytes:
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": bundle.path.name, "digest": {"sha256": sha256}}],
        "predicateType": kind,
        "predicate": predicate,
    }
    return (json.dumps(statement, indent=2, sort_keys=True) + "\n").encode()
