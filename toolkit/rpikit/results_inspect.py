# SPDX-License-Identifier: MIT
"""What `inspect --json` prints: the part of results that is about files, not about boards."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class Abi(TypedDict):
    """What a unikernel was linked for."""

    target: str
    version: int


class Segment(TypedDict):
    """What is loaded together."""

    address: int
    file_size: int
    memory_size: int
    flags: str
    """Of r, w and x."""


class Entry(TypedDict):
    """A device of the manifest."""

    name: str
    type: str
    line: int | None
    flags: list[str]


class Frame(TypedDict):
    """What one call of a function takes of the stack."""

    function: str
    place: str
    size: int
    kind: str
    """static, dynamic or bounded; `size` is the least there is unless it is static."""


class SourceSize(TypedDict):
    """A source of which the underlay was linked, or a header that one includes."""

    file: str
    """Within rpikit, the application or the build."""
    code: int
    """Lines without blank ones and comments."""
    lines: int


class Compared(TypedDict):
    """A size to compare with, which others state."""

    name: str
    lines: int
    source: str
    """Who counted, and what."""


class Underlay(TypedDict):
    """What runs a guest on bare metal."""

    image: str
    size: int
    """Bytes of the image without guests."""
    limit: int
    """Bytes that it may have."""
    code: int
    """Lines of C and assembly, without blank ones and comments."""
    lines: int
    files: list[SourceSize]
    compared: Compared


class Inspection(TypedDict):
    """What is in a unikernel."""

    file: str
    abi: Abi
    entry: int
    build_id: str | None
    segments: list[Segment]
    sizes: dict[str, int]
    limits: dict[str, int]
    """By the names of `sizes`."""
    manifest: list[Entry]
    interfaces: dict[str, dict[str, int]]
    """The number of each call, by its name, by its interface."""
    stack: list[Frame]
    """The largest first."""
    underlay: NotRequired[Underlay]
    """Of a build for `metal`."""


class SurfaceFile(TypedDict):
    """A source of which instructions are in a tender."""

    file: str
    """Within rpikit, the application or the build."""
    lines: int
    """Of code: without blank lines and comments."""
    before: bool
    """It runs only before the guest's first instruction."""


class SystemCall(TypedDict):
    """A system call that a filter may allow."""

    name: str
    by: Literal["tender", "guest"]
    """Whose it is; `guest` is the process that an spt guest is."""
    checks: list[str]
    """What its arguments must be, in the words of the source; empty for any."""
    place: str
    """Where the rule is."""


class Surface(TypedDict):
    """What of the host a guest can reach."""

    tender: str
    reached: int
    """Lines of code that can run once the guest runs."""
    before: int
    """Lines of code that run only before, on the guest's ELF file among others."""
    files: list[SurfaceFile]
    system_calls: list[SystemCall]
    """The most there can be; a rule for what was not granted is not installed."""
