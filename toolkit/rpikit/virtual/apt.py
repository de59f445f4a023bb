# SPDX-License-Identifier: MIT
"""Debian packages of another architecture, fetched by apt with lists and archives of our own.

The machine's package state is neither read nor changed and no privilege is needed. apt checks the
signatures with the machine's Debian keyring, and each use checks the files against their SHA-256.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from rpikit import network, paths
from rpikit.errors import ToolError, VerificationError

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_APT_HINT = "on Debian or Ubuntu: sudo apt-get install apt dpkg debian-archive-keyring"
_KERNEL = "linux-image-"
_TIMEOUT_SECONDS = 570


@dataclass(frozen=True)
class _Package:
    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Archive:
    """A mirror, a suite and an architecture, and the folder that keeps what came from them."""

    folder: Path
    mirror: str
    suite: str
    architecture: str = "arm64"
    component: str = "main"
    command: str = "rpikit board up"
    """What fetches the packages, for messages."""

    def fetch(self, packages: tuple[str, ...], report: Callable[[str], None]) -> dict[str, Path]:
        """Return the package files by name, downloading what is missing.

        The name of a kernel's metapackage (linux-image-arm64) stands for the kernel it depends on.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock"):
            known = self._known()
            missing = tuple(name for name in packages if name not in known)
            if missing:
                network.require(_listed(missing), self.command)
                known |= self._download(missing, report)
                self._remember(known)
        for name in packages:
            _check(self.folder / known[name].file, known[name].sha256)
        return {name: self.folder / known[name].file for name in packages}

    def _known(self) -> dict[str, _Package]:
        """Return what earlier runs fetched and is still there."""
        try:
            facts = json.loads(self._manifest.read_text())
            known = {name: _Package(**fact) for name, fact in facts.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        return {name: fact for name, fact in known.items() if (self.folder / fact.file).exists()}

    @property
    def _manifest(self) -> Path:
        return self.folder / f"packages-{self.suite}-{self.architecture}.json"

    def _remember(self, known: dict[str, _Package]) -> None:
        facts = {name: asdict(fact) for name, fact in known.items()}
        paths.write(self._manifest, json.dumps(facts, indent=1))

    def _download(
        self, missing: tuple[str, ...], report: Callable[[str], None]
    ) -> dict[str, _Package]:
        report(f"reading the package lists of {self.mirror} {self.suite} {self.architecture}")
        partial = self.folder / "partial"
        for folder in (self.folder / "lists" / "partial", partial):
            folder.mkdir(parents=True, exist_ok=True)
        self._apt("apt-get", "-q", "update")
        real = self._resolve(missing)
        promised = self._promised(sorted(set(real.values())))
        size = sum(package.size for package in promised.values())
        report(f"downloading {len(promised)} packages, {size / 1e6:.0f} MB")
        self._apt("apt-get", "-q", "download", *sorted(promised), cwd=partial)
        for package in promised.values():
            _check(partial / package.file, package.sha256)
            (partial / package.file).rename(self.folder / package.file)
        shutil.rmtree(partial, ignore_errors=True)
        return {name: promised[package] for name, package in real.items()}

    def _promised(self, packages: list[str]) -> dict[str, _Package]:
        """Return what the signed lists say of the packages' files."""
        lines = self._apt("apt-get", "-q", "download", "--print-uris", *packages)
        found = re.findall(r"^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})$", lines, re.MULTILINE)
        return {
            file.partition("_")[0]: _Package(file, int(size), sha256)
            for file, size, sha256 in found
        }

    def _resolve(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return the package that each name stands for."""
        depends = self._apt("apt-cache", "depends", "--important", *names)
        real = dict(zip(names, names, strict=True))
        for group in re.split(r"\n(?=\S)", depends):
            name, *dependencies = re.findall(r"^(?: *Depends: )?(\S+)$", group, re.MULTILINE)
            if name in real and len(dependencies) == 1 and dependencies[0].startswith(_KERNEL):
                real[name] = dependencies[0]
        return real

    def _apt(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        if shutil.which(program) is None or not _KEYRING.exists():
            what = program if shutil.which(program) is None else str(_KEYRING)
            raise ToolError(
                f"{what} is missing: it fetches packages of Debian",
                hint=_APT_HINT,
            )
        sources = self.folder / "sources.list"
        place = f"{self.mirror} {self.suite} {self.component}"
        sources.write_text(f"deb [signed-by={_KEYRING}] {place}\n")
        (self.folder / "status").touch()
        options = {
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "APT::Sandbox::User": "",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Dir::Etc::SourceList": sources,
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State": self.folder,
            "Dir::State::Lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder,
        }
        command = [program, *(f"-o{key}={value}" for key, value in options.items()), *arguments]
        try:
            run = subprocess.run(
                command, cwd=cwd, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise ToolError(
                f"{program} {arguments[-1]}: no end after {_TIMEOUT_SECONDS} s from {self.mirror}"
            ) from error
        if run.returncode != 0:
            lines = [line for line in run.stderr.splitlines() if line.startswith(("E:", "Err"))]
            why = lines[0] if lines else f"status {run.returncode}"
            raise ToolError(f"{program} could not read {self.mirror} {self.suite}: {why}")
        return run.stdout


def _listed(names: tuple[str, ...]) -> str:
    """Return names as one line has room for them."""
    first = ", ".join(names[:3])
    return f"{first} and {len(names) - 3} more packages" if len(names) > 3 else first


@contextmanager
def contents(package: Path) -> Iterator[Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]]:
    """Give the entries of a package in their order, unpacking nothing to disk."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    try:
        unpack = subprocess.Popen(command, stdout=subprocess.PIPE)
    except FileNotFoundError as error:
        raise ToolError("dpkg-deb is missing: it opens packages", hint=_APT_HINT) from error
    with unpack, tarfile.open(fileobj=unpack.stdout, mode="r|") as archive:
        yield ((entry, archive) for entry in archive)
        unpack.kill()


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _check(file: Path, expected: str) -> None:
    actual = _sha256(file)
    if actual != expected:
        file.unlink()
        raise VerificationError(
            f"{file}: SHA-256 is {actual[:16]}..., not {expected[:16]}... as when it was fetched",
            hint="the damaged file is removed; run the command again to fetch it anew",
        )
