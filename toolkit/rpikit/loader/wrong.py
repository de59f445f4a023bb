# SPDX-License-Identifier: MIT
"""What can be wrong with a board behind a loader, each in a sentence that says what to do."""

import re

from rpikit import describe
from rpikit.errors import BoardError, DescriptionError, RpikitError, VerificationError
from rpikit.loader import protocol
from rpikit.loader.protocol import Frame, Status

_PRINTED = re.compile(rb"[ -~]{8,}")


def no_answer(board: str, seconds: float, text: bytes) -> BoardError:
    """Return the error of a board whose loader says nothing; `text` is what came instead."""
    words = [line for line in _PRINTED.findall(text) if line.strip()]
    if words:
        said = f"last came {words[-1].decode().strip()[-80:]!r}"
    else:
        said = "what comes is no text" if text else "nothing comes"
    return BoardError(
        f"board {board!r}: no answer of its loader within {seconds:.0f} s; {said}",
        hint="is it on, with a loader as its kernel8.img, and its TX at our RX? "
        "turn it off and on, and try again",
    )


def other_protocol(board: str, spoken: int | None) -> BoardError:
    """Return the error of a loader of another version."""
    what = "no protocol of ours" if spoken is None else f"protocol {spoken}"
    return BoardError(
        f"board {board!r}: its loader speaks {what}; this rpikit speaks {protocol.VERSION}",
        hint="put the loader of this rpikit on its card: rpikit image",
    )


def other_board(board: str, found: str, wanted: str) -> BoardError:
    """Return the error of a board that has not the serial number of the bench."""
    return BoardError(
        f"board {board!r}: another board answers: it has serial number {found}, not {wanted}",
        hint="look where it is plugged in; if it was exchanged, write its number into bench.toml",
    )


def size(board: str, found: int, limit: int) -> DescriptionError:
    """Return the error of an image that does not fit."""
    if found == 0:
        return DescriptionError(f"board {board!r}: an image of 0 bytes starts nothing")
    return DescriptionError(
        f"board {board!r}: an image of {describe.format_size(found)}; its loader takes "
        f"{describe.format_size(limit)}",
        hint="fewer guests, or smaller ones",
    )


def noisy(board: str, there: int, size: int) -> BoardError:
    """Return the error of a line on which nothing arrives any more."""
    return BoardError(
        f"board {board!r}: the line is too noisy: {max(0, there)} of {size} bytes arrived, and no "
        "more of them do",
        hint="a shorter cable, with ground beside TX and RX; the next flash goes on from there",
    )


def refused(board: str, frame: Frame) -> RpikitError:
    """Return what an answer that is not OK means."""
    name = f"board {board!r}"
    if frame.status == Status.UNSIGNED:
        return VerificationError(
            f"{name}: its loader starts signed images only, and this one has no signature",
            hint="sign it: --key release_key, whose public half the loader has",
        )
    if frame.status == Status.SIGNATURE:
        return VerificationError(
            f"{name}: the signature is not of this image, or of none of the keys in its loader",
            hint="sign with one of them, or put yours into the loader: rpikit image --signers",
        )
    if frame.status == Status.SHA256:
        return VerificationError(
            f"{name}: what it has in its memory is not the image: the SHA-256 is another",
            hint="send it again; if that stays so, its memory is at fault",
        )
    if frame.status == Status.SIZE:
        return DescriptionError(f"{name}: its loader does not start an image of that size")
    if frame.status == Status.STORED:
        return BoardError(
            f"{name}: no image is stored behind its loader",
            hint="send one: rpikit flash; or write a card with one: rpikit image",
        )
    text = frame.payload.decode(errors="replace").strip("\0 \r\n")
    said = f" ({text})" if text else ""
    return BoardError(
        f"{name}: its loader refuses {frame.kind.name} with status {frame.status}{said}",
        hint="is it of this rpikit? put this one's on its card: rpikit image",
    )
