# SPDX-License-Identifier: MIT
"""A loader at the other end of a port: who it is, an image into its memory, and its start.

    with Loader(SerialPort("/dev/ttyUSB0", protocol.BAUD, "desk"), "desk") as loader:
        loader.attention()
        sent = loader.send(image)
        loader.start(sent.digest, sent.size)
        print(loader.console(1.0))

No wait is without an end: a line that stays silent, or a board that is another, is BoardError.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from rpikit.closing import Closing
from rpikit.errors import BoardError, DescriptionError
from rpikit.loader import protocol, wrong
from rpikit.loader.blocks import Image, Window
from rpikit.loader.protocol import BAUD, BLOCK, Decoder, Frame, Kind, Status, Who
from rpikit.transport.line.port import Port

ATTENTION_SECONDS = 20.0
"""Until a board that runs something else has come back to its loader."""
RATES = (921600, 460800, 230400)
"""Bits per second that are tried, the best one first."""
_ANSWER_SECONDS = 0.3
_QUIET_SECONDS = 0.1  # before and behind ATTENTION, which a port knows by that
_SILENT_SECONDS = 4.0  # without an answer, before the loader is looked for
_WORTH_SECONDS = 1.0  # that blocks need at the usual rate, below which no other is tried
_ROOM_SECONDS = 0.5  # of the line's time that frames without an answer take
_NOISY = 0.3  # share of lost frames above which a raised rate is given up
_BREAKS = 6  # in a row in which not one block arrives
_HELLOS = 10
_LEAVE_SECONDS = 45.0  # of tries to start something, on a line that loses most of them
_PROOFS = 4  # exchanges that prove a rate


@dataclass(frozen=True)
class Sent:
    """What came of an image's way into memory."""

    size: int
    digest: str
    """The SHA-256 of the image, in hexadecimal."""
    blocks: int
    skipped: int
    """Blocks that were there before."""
    carried: int
    """Bytes that were written to the line, all told."""
    lost: int
    """Frames that had to be sent again."""
    baud: int
    """Bits per second at which most of it went: the last rate."""
    seconds: float


class _SilentError(Exception):
    """Nobody answers at this rate: the board was reset, or the line is cut."""


class _NoisyError(Exception):
    """Too much is lost at this rate."""


class Loader(Closing):
    """The loader of one board, at a port that it closes in the end."""

    def __init__(self, port: Port, board: str, *, serial_number: str | None = None) -> None:
        """`board` is what errors call it; any other than that with `serial_number` is refused."""
        self.port = port
        self._board = board
        self._serial_number = serial_number
        self._decoder = Decoder()
        self._number = secrets.randbelow(256)
        self._nonce = secrets.randbits(32)
        self._ceiling = RATES[0]
        self._frame_size = BLOCK
        self._carried = 0
        self._lost = 0

    # Who is there.

    def attention(self, seconds: float = ATTENTION_SECONDS) -> Who:
        """Bring whatever runs back to the loader, and return who it is.

        A loader that waits already, or is amid a frame, answers at once.
        """
        if self.port.baud != BAUD:
            if who := self._hello(_ANSWER_SECONDS, 2):
                return who
            self._to(BAUD)
        until = self.port.now() + seconds
        tries = 0
        while self.port.now() < until:
            if who := self._hello(_ANSWER_SECONDS, 1):
                return who
            if tries % 4 == 0 and not self._is_waiting():
                self._listen(_QUIET_SECONDS)
                self._write(protocol.ATTENTION)
                self._listen(_QUIET_SECONDS)
            tries += 1
        raise wrong.no_answer(self._board, seconds, self._decoder.text)

    def hello(self) -> Who:
        """Ask a loader that waits who it is."""
        begun = self.port.now()
        who = self._hello(_ANSWER_SECONDS, _HELLOS)
        if who is None:
            raise wrong.no_answer(self._board, self.port.now() - begun, self._decoder.text)
        return who

    def _hello(self, within: float, tries: int) -> Who | None:
        frame = self._ask(Kind.HELLO, protocol.hello(self._nonce), within, tries)
        if frame is None:
            return None
        if (spoken := protocol.protocol_of(frame.payload)) != protocol.VERSION:
            raise wrong.other_protocol(self._board, spoken)
        try:
            who = Who.parse(frame.payload)
        except ValueError:
            raise wrong.other_protocol(self._board, spoken) from None
        if self._serial_number not in (None, who.serial_number):
            raise wrong.other_board(self._board, who.serial_number, str(self._serial_number))
        return who

    def _is_waiting(self) -> bool:
        """Whether the loader has said that it waits; what was heard is forgotten."""
        return protocol.WAITING in self._decoder.take_text()

    # An image into memory.

    def send(self, image: bytes, *, progress: Callable[[int], None] = lambda done: None) -> Sent:
        """Have an image in the board's memory, of which only what is not there yet goes.

        `progress` is told how many bytes of it are there. Damage, a rate that the line does not
        carry and a board that is reset meanwhile cost time only; BoardError if nothing helps.
        """
        begun = self.port.now()
        self._carried = self._lost = 0
        self._frame_size = BLOCK
        who = self.hello()
        if not 0 < len(image) <= who.limit:
            raise wrong.size(self._board, len(image), who.limit)
        whole = Image(image)
        skipped, fewest, breaks = None, len(whole.blocks) + 1, 0
        while True:
            try:
                missing = whole.missing(self._crcs(len(whole.blocks)))
                if skipped is None:
                    skipped = len(whole.blocks) - len(missing)
                if not missing:
                    break
                breaks = 0 if len(missing) < fewest else breaks + 1
                fewest = min(fewest, len(missing))
                if breaks > _BREAKS:
                    raise wrong.noisy(self._board, len(image) - len(missing) * BLOCK, len(image))
                self._raise_rate(who, len(missing) * BLOCK)
                self._carry(
                    Window(whole, missing, who.window, self._frame_size), len(image), progress
                )
            except _NoisyError:
                self._ceiling = self.port.baud - 1
                self._usual_rate_again()
            except _SilentError:
                self.attention()
        progress(len(image))
        return Sent(
            len(image),
            hashlib.sha256(image).hexdigest(),
            len(whole.blocks),
            skipped,
            self._carried,
            self._lost,
            self.port.baud,
            self.port.now() - begun,
        )

    def _crcs(self, count: int) -> list[int]:
        """Return the CRCs of so many blocks in the board's memory; fewer at once if that fails."""
        found: list[int] = []
        step = protocol.CRCS_MAX
        while len(found) < count:
            wanted = min(step, count - len(found))
            request = protocol.crcs(len(found), wanted)
            within = _ANSWER_SECONDS + 0.001 * wanted + 2 * 10 * 4 * wanted / self.port.baud
            frame = self._ask(Kind.CRCS, request, within, 2 if wanted > 8 else 8)
            if frame is None and wanted <= 8:
                raise _SilentError
            if frame is None:
                step = max(8, wanted // 4)
                continue
            self._check(frame)
            found += protocol.crcs_of(frame.payload)[:wanted]
        return found

    def _carry(self, window: Window, size: int, progress: Callable[[int], None]) -> None:
        """Send blocks until all are answered."""
        heard = self.port.now()
        slowest = 0.0  # seconds from a frame to its answer, of late
        lost = self._lost
        progress(max(0, size - window.left))
        try:
            while not window.is_done:
                now = self.port.now()
                room = _ROOM_SECONDS * self.port.baud / 10
                data = window.next(self._number + 1, now, room)
                if data is not None:
                    self._say(Kind.BLOCK, data)
                for frame in self._answers(0.02 if data is None else 0.0):
                    if frame.kind is not Kind.BLOCK:
                        continue
                    self._check(frame)
                    sent_at = window.answered(frame.number)
                    if sent_at is not None:
                        heard = self.port.now()
                        slowest = max(heard - sent_at, 0.9 * slowest)
                        progress(max(0, size - window.left))
                now = self.port.now()
                patience = 0.2 + 12.5 * window.pending / self.port.baud + 1.5 * slowest
                if window.oldest is not None and now - max(heard, window.oldest) > patience:
                    window.silent()
                    slowest = min(1.0, 2 * slowest + 0.1)
                if now - heard > _SILENT_SECONDS:
                    raise _SilentError
                if self.port.baud > BAUD and window.loss > _NOISY:
                    raise _NoisyError
        finally:
            self._lost = lost + window.lost
            self._frame_size = window.size

    # Rates.

    def _raise_rate(self, who: Who, size: int) -> None:
        """Go to the best rate that both sides and the line have, if it is worth the while."""
        if self.port.baud != BAUD or 10 * size / BAUD < _WORTH_SECONDS:
            return
        for rate in RATES:
            if rate <= min(self._ceiling, who.max_baud):
                if self._try_rate(rate):
                    return
                self._ceiling = rate - 1

    def _try_rate(self, rate: int) -> bool:
        """Go to a rate and prove it; or be back at the usual one, and return False."""
        before = self.hello().errors
        frame = self._ask(Kind.BAUD, protocol.baud(rate), _ANSWER_SECONDS, 1)
        if frame is not None and frame.status != Status.OK:
            return False
        try:
            self._to(rate)
        except BoardError:  # this side has no such rate; the other one goes back by itself
            self._to_usual_rate()
            return False
        for _ in range(_PROOFS):
            who = self._hello(_ANSWER_SECONDS / 2, 2)
            if who is None or who.errors > before + 1:  # one for the change itself
                self._to_usual_rate()
                return False
        return True

    def _to_usual_rate(self) -> None:
        """Be at the rate at which all begins; a loader that hears nothing goes there, too."""
        if self.port.baud != BAUD:
            self._ask(Kind.BAUD, protocol.baud(BAUD), _ANSWER_SECONDS / 2, 2)
            self._to(BAUD)
        if self._hello(_ANSWER_SECONDS, _HELLOS) is None:
            raise _SilentError

    def _to(self, rate: int) -> None:
        self.port.drain()
        self.port.set_baud(rate)
        self.port.wait(0.02)
        self._decoder.forget()

    # From the loader to what it starts.

    def start(self, digest: str, size: int, signature: bytes | None = None) -> None:
        """Have the board check what was sent, and start it; `digest` and `size` are Sent's.

        `signature` is sign_image()'s. VerificationError if it does not fit, or has to be there.
        """
        if signature is not None and len(signature) > protocol.SIGNATURE_MAX:
            raise DescriptionError(
                f"a signature of {len(signature)} bytes; a loader takes {protocol.SIGNATURE_MAX}"
            )
        request = protocol.start(size, bytes.fromhex(digest), signature or b"")
        self._leave(Kind.START, request, 1.0 + size / 1e6)

    def boot(self) -> None:
        """Have the board start the image that is stored behind its loader."""
        self._leave(Kind.BOOT, b"", 4.0)

    def reset(self) -> None:
        """Have the chip's watchdog reset the board, which comes to its loader again."""
        self._usual_rate_again()
        frame = self._ask(Kind.RESET, b"", 1.0, 5)
        if frame is None:
            raise wrong.no_answer(self._board, 5.0, self._decoder.text)
        self._check(frame)

    def console(self, timeout: float) -> bytes:
        """Return what the board has said since it was started, b"" if nothing within `timeout`."""
        return self._decoder.take_text() or self.port.read(timeout)

    def close(self) -> None:
        """Let go of the port; a loader at a raised rate goes back to the usual one by itself."""
        self.port.close()

    def _leave(self, kind: Kind, request: bytes, within: float) -> None:
        """Ask for what ends the loader; its answer may be lost, and it is gone then.

        It is silent while it is at work, for `within` seconds at most; one that answers HELLO has
        not heard it, or has refused it.
        """
        self._usual_rate_again()
        begun = self.port.now()
        numbers: set[int] = set()
        while (spent := self.port.now() - begun) < _LEAVE_SECONDS + 4 * within:
            self._decoder.forget()
            frame = self._ask(kind, request, within, 1, numbers)
            if frame is not None:
                self._check(frame)
                return
            if self._hello(_ANSWER_SECONDS, 4) is None and self._has_left():
                return
        raise wrong.no_answer(self._board, spent, self._decoder.text)

    def _has_left(self) -> bool:
        """Whether something else than the loader has been heard."""
        text = self._decoder.text
        return bool(text) and protocol.WAITING not in text

    def _usual_rate_again(self) -> None:
        """Be at the usual rate, also with a board that was reset meanwhile."""
        try:
            self._to_usual_rate()
        except _SilentError:
            self.attention()

    # Frames.

    def _ask(
        self,
        kind: Kind,
        payload: bytes,
        within: float,
        tries: int,
        numbers: set[int] | None = None,
    ) -> Frame | None:
        """Return the answer to a request; it is asked again after `within` seconds without one."""
        numbers = set() if numbers is None else numbers
        for _ in range(tries):
            numbers.add(self._say(kind, payload))
            until = self.port.now() + within
            while (left := until - self.port.now()) > 0:
                for frame in self._answers(left):
                    if frame.kind is kind and (frame.number in numbers):
                        return frame
        return None

    def _answers(self, timeout: float) -> list[Frame]:
        frames = self._decoder.feed(self.port.read(timeout))
        return [one for one in frames if one.status is not None]

    def _listen(self, seconds: float) -> None:
        """Say nothing for a while."""
        until = self.port.now() + seconds
        while (left := until - self.port.now()) > 0:
            self._answers(left)

    def _say(self, kind: Kind, payload: bytes) -> int:
        """Send a request; return its number."""
        self._number = (self._number + 1) & 0xFF
        self._write(protocol.encoded(kind, self._number, payload))
        return self._number

    def _write(self, data: bytes) -> None:
        self._carried += len(data)
        self.port.write(data)

    def _check(self, frame: Frame) -> None:
        """Raise what an answer that is not OK means."""
        if frame.status != Status.OK:
            raise wrong.refused(self._board, frame)
