# SPDX-License-Identifier: MIT
"""A bundle: one file with everything that one application needs on one kind of board.

It is a tar archive with one possible form only: `manifest.json`, its SHA-256, then the files that
it lists, each header as written here. So the same files give the same bytes, and every other byte
is refused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from rpikit import archive, device, host, paths, sign, signals
from rpikit.app import App, Attachment, Device
from rpikit.archive import Entry
from rpikit.board import Board, Platform
from rpikit.describe import fault
from rpikit.device import SlotFile
from rpikit.errors import DescriptionError, VerificationError
from rpikit.security import Release

SUFFIX = ".rpk"
MANIFEST = "manifest.json"
DIGEST = "manifest.sha256"
TENDER = "tender"
UNIKERNEL = device.UNIKERNEL
SIZE_MAX = 64 << 20  # bytes of a whole bundle

_MODES = {TENDER: 0o755, device.HALF: 0o755}
_MADE = {MANIFEST, DIGEST, device.LAUNCH, device.SUMS, device.SIGNATURE}

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,79}$")]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$")]
Node = Annotated[str, Field(pattern=r"^/(dev|sys)/[A-Za-z0-9./_-]+$")]
Signal = Annotated[str, Field(pattern=r"^[0-9]{1,2} [A-Z][A-Z0-9_]{0,31}$")]
Option = Annotated[str, Field(pattern=r"^--[^\x00-\x1f\x7f]+$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class File(_Part):
    """A file of the bundle and how it is told from every other."""

    name: Name
    size: int = Field(ge=0, le=SIZE_MAX)
    mode: Literal["0644", "0755"]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Limits(_Part):
    """What the tender and its guest may use: per cent of one core, bytes."""

    cpu: int | None = Field(default=None, ge=1, le=9999)
    memory: int | None = Field(default=None, ge=1 << 20)
    required: bool = False  # on a board that cannot keep a limit it does not run


class Launch(_Part):
    """How the tender is started: its options with the grants, the nodes it opens, its sign."""

    options: tuple[Option, ...]
    needs: tuple[Node, ...]
    ready: Line | None
    limits: Limits | None = None  # None is not written: it was not known to the first bundles
    signals: tuple[Signal, ...] = ()  # line and signal, of buses and channels; the same goes for ()

    @model_serializer(mode="wrap")
    def _serialize(self, inner: SerializerFunctionWrapHandler) -> dict[str, object]:
        values: dict[str, object] = inner(self)
        for later in ("limits", "signals"):
            if not values[later]:
                del values[later]
        return values


class Security(_Part):
    """What a board that holds allowed signers looks at besides the signature."""

    version: int = Field(default=0, ge=0, lt=1 << 31)  # a lower one is refused after a higher one
    expires: int | None = Field(default=None, ge=0)  # seconds since 1970


class Manifest(_Part):
    """What a bundle says of itself."""

    format: Literal[1]
    name: Name
    version: Name
    board: Name
    target: Platform
    files: tuple[File, ...]
    launch: Launch
    security: Security | None = None  # None is not written: it was not known to the first bundles

    @model_serializer(mode="wrap")
    def _serialize(self, inner: SerializerFunctionWrapHandler) -> dict[str, object]:
        values: dict[str, object] = inner(self)
        if self.security is None:
            del values["security"]
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [file.name for file in self.files]
        for needed in (TENDER, UNIKERNEL, device.HALF):
            if needed not in names:
                raise ValueError(f"it lists no {needed}")
        if names != sorted(set(names)):
            raise ValueError("its files are not in order, each once")
        for file in self.files:
            if int(file.mode, 8) != _mode(file.name):
                raise ValueError(f"its mode of {file.name} is not {_mode(file.name):04o}")
        for taken in _MADE & set(names):
            raise ValueError(f"it lists {taken}, which is made on the way")
        return self

    def encode(self) -> bytes:
        """Return the one text of this manifest."""
        return (json.dumps(self.model_dump(mode="json"), indent=2) + "\n").encode()

    @property
    def digest(self) -> str:
        """The SHA-256 of the text, which names all the other files."""
        return hashlib.sha256(self.encode()).hexdigest()


@dataclass(frozen=True)
class Bundle:
    """A bundle whose every byte has been checked against its manifest."""

    path: Path
    manifest: Manifest
    contents: Mapping[str, bytes]  # of the listed files, by name
    signature: bytes | None = None  # over `signed`, from the file beside it

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the manifest."""
        return self.manifest.digest

    @property
    def slot_contents(self) -> dict[str, bytes]:
        """What a slot holds: the listed files, the manifest, how to launch, and the signature."""
        signature = {} if self.signature is None else {device.SIGNATURE: self.signature}
        return self._signed_contents | signature

    @property
    def signed(self) -> bytes:
        """What is signed, so that a board can tell it from a slot: `sha256sum *` of the rest."""
        lines = (
            f"{hashlib.sha256(data).hexdigest()}  {name}\n"
            for name, data in sorted(self._signed_contents.items())
        )
        return "".join(lines).encode()

    @property
    def _signed_contents(self) -> dict[str, bytes]:
        return {
            **self.contents,
            MANIFEST: self.manifest.encode(),
            device.LAUNCH: self._launch().encode(),
        }

    @property
    def slot_files(self) -> tuple[SlotFile, ...]:
        """The files of a slot as the device half is told of them."""
        return tuple(
            SlotFile(name, len(data), _mode(name), hashlib.sha256(data).hexdigest())
            for name, data in self.slot_contents.items()
        )

    def _launch(self) -> str:
        manifest, launch = self.manifest, self.manifest.launch
        words = (f"./{TENDER}", *launch.options, "--", UNIKERNEL)
        lines = [
            f"name={manifest.name}",
            f"version={manifest.version}",
            f"board={manifest.board}",
            f"digest={self.digest}",
            *(f"run={word}" for word in words),
        ]
        if launch.ready is not None:
            lines.append(f"ready={launch.ready}")
        lines += [f"signal={signal}" for signal in launch.signals]
        if launch.limits is not None:
            limits = launch.limits
            lines += [f"limit_cpu={limits.cpu}"] if limits.cpu else []
            lines += [f"limit_memory={limits.memory}"] if limits.memory else []
            lines += ["limits_required=yes"] if limits.required else []
        if manifest.security is not None:
            security = manifest.security
            lines.append(f"security={security.version}")
            lines += [f"expires={security.expires}"] if security.expires is not None else []
        return "\n".join(lines) + "\n"


def make(app: App, board: Board, unikernel: Path, tender: Path, out: Path) -> Bundle:
    """Write the bundle of an application for a board into the folder `out`.

    DescriptionError for a board without an operating system, which has no slots.
    """
    if board.platform == "metal":
        raise DescriptionError(
            f"{board.name}: a bundle is for slots of a board with Linux, and this one has none",
            hint=f"rpikit flash --board {board.name} loads one board; rpikit image makes a card",
        )
    contents = {
        device.HALF: device.script().encode(),
        TENDER: tender.read_bytes(),
        UNIKERNEL: unikernel.read_bytes(),
    }
    launch = Launch(
        options=options(app, board),
        needs=needs(app, board),
        ready=app.ready,
        limits=_limits(app),
        signals=tuple(f"{line} {signal}" for line, signal in signals.of(app, board)),
    )
    manifest = describe(
        app.name,
        app.version,
        board.name,
        launch,
        contents,
        target=board.guests,
        security=_security(app),
    )
    return write(manifest, contents, out)


def describe(
    name: str,
    version: str,
    board: str,
    launch: Launch,
    contents: Mapping[str, bytes],
    *,
    target: Platform = "hvt",
    security: Security | None = None,
) -> Manifest:
    """Return the manifest of these files."""
    files = tuple(
        File(
            name=file,
            size=len(data),
            mode="0755" if _mode(file) == 0o755 else "0644",
            sha256=hashlib.sha256(data).hexdigest(),
        )
        for file, data in sorted(contents.items())
    )
    return Manifest(
        format=1,
        name=name,
        version=version,
        board=board,
        target=target,
        files=files,
        launch=launch,
        security=security,
    )


def options(app: App, board: Board) -> tuple[str, ...]:
    """Return the tender's options: the memory, and a grant for each device as it is declared."""
    memory = (f"--mem={app.memory >> 20}",)
    label = host.PINS_FROM_SLOT if board.platform == "loop" else board.soc.gpio.chip_label
    chip = (f"--gpio-chip={label}",) if app.devices else ()
    watched = any(one.edges != "none" for one in app.devices)
    edges = (f"--gpio-edges={board.edges}",) if watched and _knows_edges(board) else ()
    pins = tuple(f"--pin:{_grant(one)}" for one in app.devices)
    pins += _trust(app, board)
    on_buses = board.platform == "loop" and any(one.is_wired for one in app.attachments)
    buses = (f"--buses={Path(label).parent}",) if on_buses else ()
    attached = tuple(word for one in app.attachments for word in _attach(app, one, board))
    return memory + chip + edges + pins + buses + attached


def _knows_edges(board: Board) -> bool:
    """Whether it is certain how edges are known; the tender finds out by itself otherwise."""
    return board.edges == "sampled" or (board.virtual is not None and board.virtual.underlay)


def _trust(app: App, board: Board) -> tuple[str, ...]:
    """Return what gives a guest the registers of every pin, if its operator granted them."""
    if not app.has_all_pins:
        return ()
    if board.platform != "hvt":
        remedy = "only a guest of hvt, in a machine of its own, can be given the pins' registers"
        raise fault(app.source, "firmware.all_pins", True, remedy)
    return ("--gpio=mmio", device.TRUST)


def _limits(app: App) -> Limits | None:
    wish = app.limits
    if wish.cpu is None and wish.memory is None:
        return None
    return Limits(cpu=wish.cpu, memory=wish.memory, required=wish.required)


def _security(app: App) -> Security | None:
    wish = app.release
    if wish == Release():
        return None
    return Security(version=wish.security_version, expires=wish.expires_at)


def _attach(app: App, one: Attachment, board: Board) -> tuple[str, ...]:
    if one.type == "block" and one.path is None:
        remedy = f"{app.name} runs under Linux here; write its file or block device on the board"
        raise fault(app.source, f"devices.{one.name}.path", None, remedy)
    return one.options(None if one.line is None else signals.channel_of(board, one.line))


def _grant(wish: Device) -> str:
    """Return the grant; what it does not say, such as the drive, the guest's own manifest does."""
    words = [f"{wish.name}={wish.line}", wish.direction]
    if wish.pull != "none":
        words.append(f"pull-{wish.pull}")
    if wish.active == "low":
        words.append("active-low")
    return ",".join(words)


def needs(app: App, board: Board) -> tuple[str, ...]:
    """Return the device nodes that the tender will open on the board."""
    if board.platform == "loop":
        return ()
    pins = ("/dev/gpiochip0",) if app.devices else ()
    attached = dict.fromkeys(one.node for one in app.attachments if one.node is not None)
    kvm = ("/dev/kvm",) if board.platform == "hvt" else ()
    return (*kvm, *pins, *attached)


def write(manifest: Manifest, contents: Mapping[str, bytes], out: Path) -> Bundle:
    """Write a bundle aside and rename it into the folder `out`."""
    special = "-spt" if manifest.target == "spt" else ""
    path = out / f"{manifest.name}-{manifest.version}-{manifest.board}{special}{SUFFIX}"
    out.mkdir(parents=True, exist_ok=True)
    paths.write(path, _archive(manifest, contents))
    return Bundle(path, manifest, dict(contents))


def read(path: Path) -> Bundle:
    """Read a bundle and refuse it unless every byte is as `write` would have it."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_MAX + 1)
    except OSError as error:
        raise DescriptionError(f"{path}: {error.strerror}; name a bundle ({SUFFIX})") from None
    if len(data) > SIZE_MAX:
        raise _refusal(path, f"is larger than {SIZE_MAX >> 20} MiB")
    try:
        members = {entry.name: entry.data for entry in archive.unpack(data)}
    except ValueError as error:
        raise _refusal(path, str(error)) from None
    if MANIFEST not in members:
        raise _refusal(path, f"has no {MANIFEST}")
    manifest = _manifest(path, members.pop(MANIFEST))
    if members.pop(DIGEST, b"") != _sum(manifest):
        raise _refusal(path, f"member {DIGEST!r} has not the SHA-256 of {MANIFEST}")
    listed = {file.name: file for file in manifest.files}
    for name in sorted(members.keys() ^ listed.keys()):
        where = "is missing" if name in listed else "is not in the manifest"
        raise _refusal(path, f"member {name!r} {where}")
    for name, content in members.items():
        if hashlib.sha256(content).hexdigest() != listed[name].sha256:
            raise _refusal(path, f"member {name!r} has not the SHA-256 of the manifest")
    if _archive(manifest, members) != data:
        raise _refusal(path, "is not in the form that rpikit writes")
    return Bundle(path, manifest, members, _signature(path))


def signature_of(path: Path) -> Path:
    """Return where the signature of a bundle lies: beside it."""
    return path.with_name(path.name + sign.SUFFIX)


def _signature(path: Path) -> bytes | None:
    beside = signature_of(path)
    try:
        data = beside.read_bytes()
        sign.check_form(data)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise VerificationError(f"{beside}: {error}", hint="fetch it again") from None
    return data


def _manifest(path: Path, text: bytes) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(map(str, detail["loc"]))
        reason = f"{place}: {detail['msg']}" if place else detail["msg"]
        raise _refusal(path, f"member {MANIFEST!r}: {reason}") from None
    if manifest.encode() != text:
        raise _refusal(path, f"member {MANIFEST!r} is not in the form that rpikit writes")
    return manifest


def _archive(manifest: Manifest, contents: Mapping[str, bytes]) -> bytes:
    made = {MANIFEST: manifest.encode(), DIGEST: _sum(manifest)}
    return pack(made | {file.name: contents[file.name] for file in manifest.files})


def pack(contents: Mapping[str, bytes]) -> bytes:
    """Return the archive of files of a bundle, in this order."""
    return archive.pack(Entry(name, _mode(name), data) for name, data in contents.items())


def _sum(manifest: Manifest) -> bytes:
    """Return the line that `sha256sum -c` reads."""
    return f"{manifest.digest}  {MANIFEST}\n".encode()


def _mode(name: str) -> int:
    return _MODES.get(name, 0o644)


def _refusal(path: Path, reason: str) -> VerificationError:
    return VerificationError(
        f"{path}: the bundle {reason}", hint="build it again, or fetch it again from its source"
    )
