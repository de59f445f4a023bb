# SPDX-License-Identifier: MIT
"""The software bill of materials of a bundle: CycloneDX 1.6, the same bytes for the same build."""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from rpikit import __version__
from rpikit.bundle import Bundle
from rpikit.errors import VerificationError
from rpikit.materials import File, Materials, Package

SUFFIX = ".cdx.json"

_SPACE = uuid.UUID("8c1a6d1e-6a55-5c0e-9b52-2f4a7d3f6d10")  # in which bundles have their numbers


def encode(bundle: Bundle, sha256: str, made_from: Materials, time: int) -> bytes:
    """Return the SBOM of a bundle whose file has this SHA-256; `time` is that of its commit."""
    manifest = bundle.manifest
    subject = Component(
        name=manifest.name,
        type=ComponentType.FIRMWARE,
        version=manifest.version,
        bom_ref="bundle",
        hashes=_hashes(sha256),
        properties=(
            Property(name="rpikit:board", value=manifest.board),
            Property(name="rpikit:target", value=manifest.target),
            Property(name="rpikit:manifest", value=bundle.digest),
        ),
        components=[
            Component(
                name=file.name,
                type=ComponentType.FILE,
                bom_ref=f"bundle/{file.name}",
                hashes=_hashes(file.sha256),
            )
            for file in manifest.files
        ],
    )
    parts = _parts(made_from)
    bom = Bom(
        serial_number=uuid.uuid5(_SPACE, sha256),
        metadata=BomMetaData(
            component=subject,
            timestamp=datetime.fromtimestamp(time, UTC),
            tools=ToolRepository(components=[_package("rpikit", __version__)]),
        ),
        components=parts,
    )
    bom.register_dependency(subject, parts)
    text = JsonV1Dot6(bom).output_as_string()
    return (json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n").encode()


def _parts(made_from: Materials) -> list[Component]:
    toolchain = Component(
        name=made_from.toolchain,
        type=ComponentType.APPLICATION,
        version=made_from.toolchain_version,
        bom_ref=f"toolchain/{made_from.toolchain}",
        components=_files("toolchain", made_from.programs),
    )
    return [
        *_files("source", made_from.app),
        *_files("rpikit", made_from.rpikit),
        toolchain,
        *(_python(one) for one in made_from.packages),
    ]


def subject(text: bytes, where: str) -> str:
    """Return the SHA-256 of the bundle that an SBOM is of."""
    try:
        told = json.loads(text)
        if told["bomFormat"] != "CycloneDX":
            raise ValueError
        hashes = told["metadata"]["component"]["hashes"]
        return str(next(one["content"] for one in hashes if one["alg"] == "SHA-256"))
    except (ValueError, LookupError, TypeError, StopIteration):
        raise VerificationError(f"{where}: is no CycloneDX SBOM of a bundle") from None


def _hashes(sha256: str) -> list[HashType]:
    return [HashType(alg=HashAlgorithm.SHA_256, content=sha256)]


def _files(group: str, files: Iterable[File]) -> list[Component]:
    return [
        Component(
            name=file.name,
            group=group,
            type=ComponentType.FILE,
            bom_ref=f"{group}/{file.name}/{file.sha256[:8]}",
            hashes=_hashes(file.sha256),
        )
        for file in files
    ]


def _python(one: Package) -> Component:
    if one.name == "python":
        return Component(
            name="python", type=ComponentType.PLATFORM, version=one.version, bom_ref="python"
        )
    return _package(one.name, one.version)


def _package(name: str, version: str) -> Component:
    return Component(
        name=name,
        type=ComponentType.LIBRARY,
        version=version,
        bom_ref=f"pypi/{name}",
        purl=PackageURL("pypi", None, name, version),
    )
