# SPDX-License-Identifier: MIT
"""The git repository of an application: which commit is checked out, and whether that is all."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rpikit.errors import DescriptionError, ToolError

_SHOWN = 3


@dataclass(frozen=True)
class Commit:
    """The commit that is checked out around a folder."""

    root: Path  # the repository's
    inside: str  # the folder, from there; "." if it is the root
    id: str
    time: int  # seconds since 1970, as its committer had it

    @classmethod
    def around(cls, folder: Path) -> Self:
        """Return the commit of the repository in which a folder lies."""
        try:
            root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
        except DescriptionError as error:
            raise DescriptionError(
                f"{folder}: a release is made from a commit, and this is in no git repository",
                hint="git init; write build/ and dist/ into .gitignore; git add -A; git commit",
            ) from error
        try:
            told = _git(folder, "log", "-1", "--format=%H %ct").split()
        except DescriptionError as error:
            raise DescriptionError(
                f"{root}: has no commit yet; a release is made from one", hint="git commit"
            ) from error
        return cls(root, str(folder.resolve().relative_to(root.resolve())), told[0], int(told[1]))

    def require_clean(self, besides: Path) -> None:
        """Refuse a tree with anything that the commit has not, but for the folder `besides`."""
        words = ["status", "--porcelain", "--untracked-files=all", "--", "."]
        if besides.resolve().is_relative_to(self.root.resolve()):
            left_out = besides.resolve().relative_to(self.root.resolve())
            words.append(f":(exclude,top,literal){left_out}")
        changed = [line[3:] for line in _git(self.root, *words).splitlines()]
        if changed:
            more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
            raise DescriptionError(
                f"{self.root}: has changes that are in no commit: "
                f"{', '.join(changed[:_SHOWN])}{more}",
                hint="commit them, or name them in .gitignore; a release is made from a commit",
            )

    def require_unused(self, name: str, version: str) -> None:
        """Refuse a version whose tag is at another commit."""
        for tag in (f"v{version}", version, f"{name}-{version}", f"{name}-v{version}"):
            try:
                found = _git(
                    self.root, "rev-parse", "--verify", "-q", f"refs/tags/{tag}^{{commit}}"
                )
            except DescriptionError:
                continue
            if found.strip() != self.id:
                raise DescriptionError(
                    f"{name} {version}: the tag {tag} is at another commit, {found.strip()[:12]}",
                    hint="write a new version into rpikit.toml, or check out that tag",
                )

    def require_same(self, folder: Path) -> None:
        """Refuse to go on if another commit is checked out by now."""
        now = Commit.around(folder)
        if now.id != self.id:
            raise DescriptionError(f"{self.root}: {now.id[:12]} was checked out meanwhile")


def _git(folder: Path, *words: str) -> str:
    """Return what git prints; what it refuses is a DescriptionError in its own words."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "-c", "core.quotePath=false", *words],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise ToolError("git is not installed", hint="apt-get install git") from None
    if done.returncode != 0:
        said = next(reversed(done.stderr.strip().splitlines()), "nothing")
        raise DescriptionError(f"{folder}: git {words[0]}: {said}")
    return done.stdout
