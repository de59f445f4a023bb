# SPDX-License-Identifier: MIT
"""The verb flash: leave a bundle running on a board, or leave the board as it was."""

import contextlib
import gzip
import hashlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rpikit import bundle as bundles
from rpikit import claim, crash, device, results
from rpikit.bundle import Bundle
from rpikit.device import DeviceHalf, Staged, Status
from rpikit.errors import BoardError, FirmwareError
from rpikit.report import Reporter, size
from rpikit.transport import Transport

READY_WITHIN = 10.0  # seconds from the start to the ready line


@dataclass(frozen=True)
class Flashed:
    """What a flash did."""

    board: str  # how the transport calls it
    status: Status
    digest: str
    kept: tuple[str, ...]  # files that the board already had
    sent: int  # bytes
    resumed: int  # bytes of the upload that were there, from one that broke off
    seconds: float

    def __str__(self) -> str:
        status = self.status
        does = f"runs as process {status.pid}" if status.running else f"ended with {status.exit}"
        said = (
            f"{self.board}: {status.name} {status.version} {does} "
            f"from slot {status.slot}; {size(self.sent)} sent in {self.seconds:.1f} s"
        )
        if status.trial is None:
            return said
        name = self.board.partition(" ")[0]
        return (
            f"{said}; on trial for {status.trial.seconds} s: "
            f"rpikit confirm {status.name} --board {name}"
        )

    def values(self) -> results.Flashed:
        """Return it as one flat object for programs."""
        status = self.status
        return {
            "board": self.board,
            "name": status.name,
            "version": status.version,
            "digest": self.digest,
            "home": status.home,
            "slot": status.slot,
            "pid": status.pid,
            "exit": status.exit,
            "kept": list(self.kept),
            "sent": self.sent,
            "resumed": self.resumed,
            "seconds": round(self.seconds, 3),
            "stopped": list(status.stopped),
            "trial": status.trial.seconds if status.trial else None,
        }


def flash(
    bundle: Bundle,
    transport: Transport,
    *,
    reporter: Reporter,
    ready_within: float = READY_WITHIN,
    half: DeviceHalf | None = None,
    beside: bool = False,
    trial: int | None = None,
) -> Flashed:
    """Flash the bundle: stage, send what is missing, then verify, try and select on the board.

    The board's other guests are stopped, unless it is to run beside them. With `trial` it runs for
    so many seconds, and what ran before is back after that unless somebody confirms it.
    """
    manifest = bundle.manifest
    half = (half or DeviceHalf(transport)).of(manifest.name)
    begun = time.monotonic()

    with claim.claimed(transport) as ours:
        token = ours.token
        reporter.step(f"stage {manifest.name} {manifest.version} on {transport.name}")
        with _abandoned_on_failure(half, token):
            staged = half.stage(
                token,
                str(claim.holder()),
                manifest.launch.needs,
                bundle.slot_files,
                before=ours.before,
            )
            if staged.kept:
                reporter.note(f"already there: {', '.join(staged.kept)}")
            reporter.step("send what is missing")
            upload = _archive(bundle, staged)
            resumed = _send(upload, staged, transport, reporter)

        reporter.step("verify, start and wait until it is ready")
        with _explained(bundle):
            name = hashlib.sha256(upload).hexdigest() if upload else ""
            status = half.install(token, ready_within, beside=beside, trial=trial, upload=name)
    if status.trial is not None:  # what it tells is of the confirmed slot
        status = replace(
            status,
            name=manifest.name,
            version=manifest.version,
            digest=bundle.digest,
            slot=status.trial.slot,
        )
    if status.stopped:
        reporter.note(f"stopped: {', '.join(status.stopped)}; --beside leaves others running")
    for note in status.notes:
        reporter.note(f"{manifest.name} {note}")
    seconds = time.monotonic() - begun
    sent = len(upload) - resumed
    return Flashed(transport.name, status, bundle.digest, staged.kept, sent, resumed, seconds)


def _archive(bundle: Bundle, staged: Staged) -> bytes:
    """Return the missing files as one compressed archive, the same for the same files."""
    if not staged.missing:
        return b""
    contents = bundle.slot_contents
    archive = bundles.pack({name: contents[name] for name in staged.missing})
    return gzip.compress(archive, mtime=0)


def _send(upload: bytes, staged: Staged, transport: Transport, reporter: Reporter) -> int:
    """Send what of the upload the board has not; return how many bytes it had already."""
    total = len(upload)
    held = staged.held(upload)
    if held:
        reporter.note(f"goes on where an upload broke off: {size(held)} of {size(total)} are there")
    if held == total:
        return held
    with tempfile.NamedTemporaryFile(prefix="rpikit-") as file:
        file.write(upload)
        file.flush()
        try:
            transport.put(
                Path(file.name),
                staged.incoming,
                offset=held,
                progress=lambda sent: reporter.progress(sent, total),
            )
        except BaseException:
            reporter.note("broken off; what arrived is kept for the next flash")
            raise
    return held


@contextlib.contextmanager
def _abandoned_on_failure(half: DeviceHalf, token: str) -> Iterator[None]:
    """Take back what was staged if sending it fails; a full board is then told as such."""
    try:
        yield
    except BaseException as error:
        try:
            free = half.abandon(token)
        except BoardError:
            raise error from None  # the board is gone; its lock dies with our connection
        if isinstance(error, BoardError) and free is not None and free < device.FULL:
            raise BoardError(
                f"{half.transport.name}: no space left for the upload",
                hint="make room on the board",
            ) from error
        raise


@contextlib.contextmanager
def _explained(bundle: Bundle) -> Iterator[None]:
    """Add functions and source lines to the console of a guest that failed at once."""
    try:
        yield
    except FirmwareError as error:
        if error.hint:
            symbols = crash.Library(sorted(bundle.path.parent.glob("*.debug")))
            error.hint = crash.annotated(error.hint, symbols)
        raise
