# SPDX-License-Identifier: MIT
"""What `release`, `verify` and `board trust` print: the part of results that is about trust."""

from typing_extensions import TypedDict


class Released(TypedDict):
    """A release that was made, or one in which everything was checked."""

    bundle: str
    """The file that is flashed."""
    name: str
    version: str
    board: str
    """The kind of board it is for."""
    target: str
    digest: str
    """The SHA-256 of its manifest, which boards tell, too."""
    sha256: str
    """The SHA-256 of the file."""
    commit: str
    """The commit that it was built from."""
    signer: str | None
    """Who signed it, as the list of allowed signers calls him; null if no list was looked at."""
    key: str
    """The kind and fingerprint of the key that signed it."""
    security_version: int
    expires: int | None
    """Seconds since 1970."""
    passed: list[str]
    """The tests that passed on the virtual board."""
    skipped: list[str]
    """Those that were skipped there."""
    files: dict[str, str]
    """The SHA-256 of each file of the release, by its name."""


class AllowedSigner(TypedDict):
    """One line of a list of allowed signers."""

    principals: list[str]
    kind: str
    fingerprint: str
    namespaces: str
    """Patterns of what it may sign; empty is everything."""
    valid_after: str
    valid_before: str


class Trusted(TypedDict):
    """Whose firmware a board takes."""

    board: str
    signers: list[AllowedSigner]
    """Empty if the board takes anybody's."""
    number: int
    """Of its list: another one is taken only with a higher; 0 if it has none."""
    security: dict[str, int]
    """The highest security version that was selected, by guest: nothing lower is taken."""
    changed: bool
