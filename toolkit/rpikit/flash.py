# SPDX-License-Identifier: MIT
"""The verb flash: leave a bundle running on a board, or leave the board as it was."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rpikit import claim, crash, device, hold, results
from rpikit import upload as uploads
from rpikit.bundle import Bundle
from rpikit.device import DeviceHalf, Staged, Status, UnfitError
from rpikit.errors import BoardError, FirmwareError
from rpikit.report import Reporter, size
from rpikit.transport import Transport
from rpikit.upload import Upload

READY_WITHIN = 10.0  # seconds from the start to the ready line


@dataclass(frozen=True)
class Flashed:
    """What a flash did."""

    board: str  # how the transport calls it
    status: Status
    digest: str
    kept: tuple[str, ...]  # files that the board already had
    deltas: tuple[str, ...]  # files of which only what differs was sent
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
            "deltas": list(self.deltas),
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
        carry = partial(_carry, bundle, half, transport, ours, reporter)
        install = partial(half.install, ours.token, ready_within, beside=beside, trial=trial)
        carried = [carry(whole=False)]
        reporter.step("verify, start and wait until it is ready")
        with _explained(bundle):
            try:
                status = install(upload=carried[-1].upload.sha256)
            except UnfitError as error:
                reporter.note(f"{error}; it is sent whole")
                carried.append(carry(whole=True))
                status = install(upload=carried[-1].upload.sha256)
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
    last = carried[-1]
    return Flashed(
        board=transport.name,
        status=status,
        digest=bundle.digest,
        kept=last.staged.kept,
        deltas=last.upload.deltas,
        sent=sum(len(one.upload.data) - one.resumed for one in carried),
        resumed=last.resumed,
        seconds=seconds,
    )


@dataclass(frozen=True)
class _Carried:
    """What the board was sent, and what it had."""

    staged: Staged
    upload: Upload
    resumed: int  # bytes


def _carry(
    bundle: Bundle,
    half: DeviceHalf,
    transport: Transport,
    ours: claim.Claim,
    reporter: Reporter,
    *,
    whole: bool,
) -> _Carried:
    """Stage the bundle and send what is missing; nothing as what differs if it has to be whole."""
    manifest = bundle.manifest
    reporter.step(f"stage {manifest.name} {manifest.version} on {transport.name}")
    with _abandoned_on_failure(half, ours.token):
        staged = half.stage(
            ours.token,
            str(hold.holder()),
            manifest.launch.needs,
            bundle.slot_files,
            before=ours.before,
            whole=whole,
        )
        if staged.kept:
            reporter.note(f"already there: {', '.join(staged.kept)}")
        reporter.step("send what is missing")
        upload = uploads.make(bundle, staged)
        if upload.deltas:
            reporter.note(f"only what differs: {', '.join(upload.deltas)}")
        begun = time.monotonic()
        resumed = _send(upload.data, staged, transport, reporter)
        if staged.missing and not upload.deltas and not resumed:
            count = sum(file.size for file in bundle.slot_files if file.name in staged.missing)
            reporter.note(_rate(count, len(upload.data), time.monotonic() - begun))
    return _Carried(staged, upload, resumed)


def _rate(count: int, packed: int, seconds: float) -> str:
    """Say how fast files of so many bytes went there, which were compressed."""
    fast = size(round(count / max(seconds, 0.001)))
    return f"{size(count)}, compressed to {size(packed)}, in {seconds:.1f} s: {fast}/s"


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
