# SPDX-License-Identifier: MIT
"""The verb flash for a board without an operating system: an image into memory, and its start.

The image is gone when the power is; what a board has for good is on its card (rpikit image).
"""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rpikit import crash
from rpikit.app import App
from rpikit.build import Build
from rpikit.device import Status
from rpikit.errors import BoardError, DescriptionError, FirmwareError
from rpikit.flash import READY_WITHIN, Flashed
from rpikit.loader.link import Sent
from rpikit.loader.signature import sign_image
from rpikit.metal_line import MetalLine
from rpikit.report import Reporter, size
from rpikit.transport import Transport

_TAIL = 10  # lines of a console in an error's hint


@dataclass(frozen=True)
class Loaded(Flashed):
    """What a flash into memory did."""

    carried: Sent

    def __str__(self) -> str:
        status, carried = self.status, self.carried
        does = "runs" if status.exit is None else f"ended with {status.exit}"
        return (
            f"{self.board}: {status.name} {status.version} {does} from memory; "
            f"{size(carried.carried)} sent in {self.seconds:.1f} s at {carried.baud} baud, "
            f"{carried.skipped} of {carried.blocks} blocks were there"
        )


@dataclass(frozen=True)
class Image:
    """An image that is ready to go: it does not change any more, whoever builds."""

    app: App
    board: str  # its kind
    data: bytes
    symbols: crash.Library
    signature: bytes | None = None

    @classmethod
    def of(cls, built: Build, key: Path | None = None) -> Self:
        """Return the image of a build for `metal`, signed if there is a key to sign with."""
        symbols = crash.Library(sorted(built.folder.glob("*.debug")))
        data = built.tender.read_bytes()
        signature = sign_image(data, key) if key is not None else None
        return cls(built.app, built.board.name, data, symbols, signature)

    def put(
        self,
        transport: Transport,
        *,
        reporter: Reporter,
        ready_within: float = READY_WITHIN,
        beside: bool = False,
        trial: int | None = None,
    ) -> Loaded:
        """Load the image into the board's memory, start it, and wait until it is ready."""
        line = _line_of(transport)
        if beside or trial is not None:
            option = "--beside" if beside else "--trial"
            raise DescriptionError(
                f"{option}: {line.name}: without an operating system a board has one image at a "
                "time, and not for longer than it has power",
            )
        begun = time.monotonic()
        reporter.step(f"ask for the loader of {line.name}")
        who = line.identify()
        reporter.note(f"board revision {who.revision:x}, serial number {who.serial_number}")
        reporter.step("send what is missing")
        sent = line.load(
            self.data,
            self.signature,
            progress=lambda there: reporter.progress(there, len(self.data)),
        )
        if sent.skipped:
            reporter.note(f"already there: {sent.skipped} of {sent.blocks} blocks")
        reporter.step("verify, start and wait until it is ready")
        line.launch()
        self._wait_until_ready(line, ready_within)
        status = Status(
            home="",
            slot=None,
            name=self.app.name,
            version=self.app.version,
            board=self.board,
            digest=hashlib.sha256(self.data).hexdigest(),
            pid=None,
            running_slot=None,
            exit=line.exit_of(self.app.name),
        )
        return Loaded(
            board=line.name,
            status=status,
            digest=status.digest,
            kept=(),
            deltas=(),
            sent=sent.carried,
            resumed=0,
            seconds=time.monotonic() - begun,
            carried=sent,
        )

    def _wait_until_ready(self, line: MetalLine, within: float) -> None:
        """Wait for the line that says so; raise FirmwareError if it does not come."""
        deadline = time.monotonic() + within
        wanted = self.app.ready.encode() if self.app.ready else b""
        while not line.said() or wanted not in line.said(0.05):
            ended = line.exit_of(self.app.name)
            if ended == 0:
                return
            if ended is not None or line.is_over():
                raise self._failed(f"ended with {ended}" if ended else "did not begin", line)
            if time.monotonic() > deadline:
                awaited = f"awaited {self.app.ready!r}" if self.app.ready else "it said nothing"
                raise self._failed(f"not ready {within:.0f} s after its start: {awaited}", line)

    def _failed(self, why: str, line: MetalLine) -> FirmwareError:
        said = line.said(0.2).decode(errors="replace").splitlines()[-_TAIL:]
        told = "\n  ".join(("its console ended with:", *said)) if said else None
        hint = crash.annotated(told, self.symbols) if told else None
        return FirmwareError(f"{line.name}: {self.app.name}: {why}", hint=hint)


def _line_of(transport: Transport) -> MetalLine:
    """Return the way to a board without an operating system as such; BoardError for any other."""
    if not isinstance(transport, MetalLine):
        raise BoardError("the board runs Linux; an image for none would have to be booted there")
    return transport
