# SPDX-License-Identifier: MIT
"""A receiver at the other end of a line: commands and their answers, blobs there, files back.

Whatever is lost is asked for again; a line that stays dead for long is BoardError.
"""

import gzip
import hashlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from rpikit.errors import BoardError
from rpikit.transport.line import login
from rpikit.transport.line.check import CHECKS, Check
from rpikit.transport.line.frame import FRAME_MAX, Kind, Listener, Told, command
from rpikit.transport.line.login import Login, Step
from rpikit.transport.line.port import Port
from rpikit.transport.line.sender import Run, Sender

LOGIN_SECONDS = 90.0
DEAD_SECONDS = 20.0
_HERE = (Kind.UNKNOWN, Kind.PIECE, Kind.ANSWER)  # what only a receiver says that runs
_GOODBYES = 3  # of which noise may have the first
_PROMPT_SECONDS = 0.6
_UNCLEAR = 4  # times that a console says nothing known, before another speed is tried
_BUSY_SECONDS = 6.0  # without a word from a receiver that tells each 2 s that it is at work
_SILENCE = 0.2  # seconds that end a batch: stty's time 1, and a margin
_CHUNK = 512  # bytes handed to the port at once
_BLOCKS = (2048, 512, 128)  # bytes of a block from the board; smaller ones on a bad line
_EXIT = '[ -z "$batch$step" ] || exit 0'  # does nothing to a shell that is not the receiver
_LIST_MAX = 150  # characters of a list of runs that goes with its command


@dataclass
class Answer:
    """What a command said: its status, a value, and the blocks that followed."""

    status: int
    extra: int
    blocks: dict[int, bytes] = field(default_factory=dict)


class LostError(BoardError):
    """The receiver does not answer any more."""


class Session:
    """One receiver, from the login to its end."""

    def __init__(
        self,
        port: Port,
        name: str,
        program: str,
        *,
        patience: float = LOGIN_SECONDS,
        dead: float = DEAD_SECONDS,
    ) -> None:
        """`program` is the receiver; a login that takes longer than `patience` has failed.

        A line that says nothing for `dead` seconds more than it may is lost.
        """
        self.port = port
        self._patience = patience
        self._dead = dead
        self._recent = ""
        self.process = 0
        self._name = name
        self._program = program
        self._listener = Listener()
        self._check: Check = CHECKS[1]
        self._number = 0
        self._block = 0
        self._piece = 1024
        self._batch = 4096
        self._told: list[Told] = []
        self._console_baud = port.baud
        self._alive = 0.0  # when the receiver was last known to be at work
        self._is_awaited = False  # whether the receiver has ended all batches, and waits for one

    # From a console to the receiver.

    def open(self, way: Login, bauds: tuple[int, ...]) -> None:
        """Log in and start the receiver.

        `bauds` are the speeds at which the console may be, its own one first; at another one there
        may be a receiver that nobody ended.
        """
        deadline = self.port.now() + self._patience
        speeds = [self.port.baud, *(one for one in bauds if one != self.port.baud)]
        unclear = 0
        self._type(b"\r")
        while True:
            heard = self._heard(0.4)
            if any(one.kind in _HERE for one in self._told):
                self._end_other()
                self._go_to(bauds[0])
                speeds.sort(key=lambda one: one != bauds[0])
                self._type(b"\r")
                continue
            step = way.seen(heard)
            unclear = unclear + 1 if step is Step.OTHER else 0
            if step is Step.LOADER or (step is Step.SHELL and self._load()):
                if self._start():
                    self._console_baud = self.port.baud
                    return
                self._type(b"\r")
                continue
            if self.port.now() > deadline:
                raise self._no_shell(heard)
            if unclear >= _UNCLEAR and len(speeds) > 1:
                unclear = 0
                speeds.append(speeds.pop(0))
                self._go_to(speeds[0])
            self._type(way.answer(step))

    def _no_shell(self, heard: str) -> BoardError:
        last = heard.strip().rpartition("\n")[2][-80:]
        said = f"last came {last!r}" if last else "nothing comes"
        return BoardError(
            f"{self._name}: no shell at its console within {self._patience:.0f} s; {said}",
            hint="is it on, and is the console's speed that of bench.toml? try: "
            "rpikit board serial NAME",
        )

    def _load(self) -> bool:
        """Make the loader; say whether it waits for the receiver."""
        lines, expected = login.loader()
        for _ in range(4):
            for line in lines[:-1]:
                self._type(line)
                self._heard(0.05)
            self._type(lines[-1])
            if expected in self._heard(0.6, until=expected):
                for _ in range(2):
                    self._type(login.load())
                    if "@@" in self._heard(2.0, until="@@"):
                        return True
        return False

    def _start(self) -> bool:
        """Send the receiver to the loader; say whether it has begun."""
        if self._give_program(login.whole(self._program), "@@"):
            return True
        parts = login.parts(self._program)
        for index, part in enumerate(parts[:-1]):
            for _ in range(40):
                if self._give_program(part, f"@{index}@"):
                    return True
                if f"@{index}@" in self._recent:
                    break
            else:
                return False
        return any(self._give_program(parts[-1], "@@@") for _ in range(40))

    def _give_program(self, packed: bytes, until: str) -> bool:
        self._told.clear()
        self._type(packed)
        self._recent = ""
        deadline = self.port.now() + 2.0 + len(packed) * 10 / self.port.baud
        while self.port.now() < deadline:
            self._recent += self._heard(0.1)
            for one in self._told:
                if one.kind is Kind.HELLO and one.a in CHECKS:
                    self._greet(one)
                    return True
            if until in self._recent:
                break
        return False

    def _greet(self, hello: Told) -> None:
        self._check = CHECKS[hello.a]
        self._listener.check = self._check
        self.process = hello.b
        self._batch = hello.c
        self._told.clear()

    def _end_other(self) -> None:
        """End a receiver that another session left behind; its checks are not known."""
        self._told.clear()
        for check in CHECKS.values():
            self.port.drain()
            self.port.wait(_SILENCE)
            self._type(command(999_999, _EXIT, check))
        self._heard(0.8)
        self._told.clear()

    def _go_to(self, baud: int) -> None:
        """Speak and listen at another speed."""
        if baud != self.port.baud:
            self.port.drain()
            self.port.set_baud(baud)

    def _type(self, data: bytes) -> None:
        for at in range(0, len(data), _CHUNK):
            self.port.write(data[at : at + _CHUNK])

    def _heard(self, seconds: float, until: str = "\0") -> str:
        """Return what comes as text, until it is quiet for so long or has what is waited for."""
        heard = ""
        while data := self.port.read(seconds):
            heard += data.decode(errors="replace")
            self._told += self._listener.feed(data)
            if until in heard or len(heard) > 1 << 16:
                break
        return heard

    # Commands.

    def ask(
        self, text: str, *, seconds: float = 5.0, blocks: int = 0, silent: float | None = None
    ) -> Answer:
        """Have the receiver do a command, once, and return its answer with all its blocks.

        `seconds` is how long the command itself may take, `silent` how long it may say nothing at
        that, `blocks` the size of what follows it.
        """
        self._number += 1
        frame = command(self._number, text, self._check)
        assert len(frame) <= FRAME_MAX
        silent = seconds if silent is None else silent
        begun = self._alive = self.port.now()
        patience = 1.0 + 20.0 * len(frame) / self.port.baud
        answer: Answer | None = None
        self._listener.noise.clear()
        while answer is None:
            left = min(begun + seconds, self._alive + silent) + self._dead - self.port.now()
            if left <= 0:
                raise self.lost(text)
            noise = self._listener.noise
            if frame.partition(b"\n")[0] in noise or 2 * (login.WAITING + b"\n") in noise:
                raise self._ended()  # the receiver never echoes, and never waits for itself
            if not self._is_awaited:  # what we sent last may still be on its way
                self.port.drain()
                self.port.wait(_SILENCE)
            self.port.write(frame)
            answer = self._answer(min(patience, left), blocks)
            self._is_awaited = answer is not None
            patience = min(patience * 2, 8.0)
        return answer

    def _answer(self, patience: float, block: int) -> Answer | None:
        """Wait for the answer to the last command, and for the blocks that belong to it."""
        until = self.port.now() + patience
        answer: Answer | None = None
        missing = 0
        while self.port.now() < until:
            for one in self._events(0.05 if answer is None else 0.3):
                if one.kind is Kind.UNKNOWN and answer is None:
                    return None
                if one.kind is Kind.BUSY and one.a == self._number:
                    self._alive = self.port.now()
                    until = max(until, self._alive + _BUSY_SECONDS)
                if one.kind is Kind.ANSWER and one.a == self._number:
                    answer = answer or Answer(one.b, one.c)
                    missing = -(-answer.extra // block) if block else 0
                    until = self.port.now() + 1.0
                if one.kind is Kind.BLOCK and answer is not None:
                    answer.blocks[one.a] = one.data
                    until = self.port.now() + 0.5 + 20.0 * block / self.port.baud
            if answer is not None and len(answer.blocks) >= missing:
                return answer
        return answer

    def _events(self, timeout: float) -> list[Told]:
        data = self.port.read(timeout)
        found, self._told = self._told, []
        return [*found, *self._listener.feed(data, final=not data)]

    def fetch(
        self, file: str, text: str, *, seconds: float = 5.0, silent: float | None = None
    ) -> tuple[int, bytes]:
        """Do a command that replies with a file of the receiver's; return status and content.

        `{block}` in the command is the size of a block.
        """
        size = _BLOCKS[self._block]
        answer = self.ask(text.format(block=size), seconds=seconds, blocks=size, silent=silent)
        blocks = answer.blocks
        while missing := [i for i in range(-(-answer.extra // size)) if i not in blocks]:
            if 2 * len(missing) > -(-answer.extra // size) and self._block + 1 < len(_BLOCKS):
                # Too many were damaged: smaller ones, from what we have on.
                self._block += 1
                step = size // _BLOCKS[self._block]
                size = _BLOCKS[self._block]
                blocks = {
                    i * step + j: data[j * size : (j + 1) * size]
                    for i, data in blocks.items()
                    for j in range(step)
                    if data[j * size : (j + 1) * size]
                }
                continue
            some = missing[:48]
            indexes = " ".join(map(str, some))
            again = self.ask(f"after='give {file} {size} {indexes}' extra={len(some) * size}",
                             blocks=size)  # fmt: skip
            blocks |= {i: data for i, data in again.blocks.items() if i in some}
        content = b"".join(blocks[i] for i in sorted(blocks))
        return answer.status, content

    # Blobs.

    def upload(
        self,
        blob: bytes,
        file: str,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Make a file of the receiver's folder with these bytes, proved by their SHA-256.

        What an earlier upload of the same bytes left behind is not sent again.
        """
        digest = hashlib.sha256(blob).hexdigest()
        sink = f"{digest[:16]}.{file}.part"
        for _ in range(3):
            held = self.ask(f"open_sink {sink}").extra
            if self._carry(blob, held, f"is_whole {digest} {file}", file, progress):
                return
        raise BoardError(f"{self._name}: {len(blob)} bytes arrived damaged three times")

    def _carry(
        self,
        blob: bytes,
        held: int,
        proof: str,
        file: str,
        progress: Callable[[int], None] | None,
    ) -> bool:
        """Fill the sink, have the file made of it and proved; then the sink is not needed."""
        window = 4 * self._batch
        sender = Sender(blob, self._check, base=held, window=window)
        if held:
            sender.resume(self._scanned(held))
        self._send(sender, progress)
        runs = sender.runs()
        lists = 0
        while len(text := _list(runs)) > _LIST_MAX:
            lists += 1
            end = self.ask("extra=$length").extra
            sender = Sender(text, self._check, base=end, window=window)
            self._send(sender, None)
            runs = sender.runs()
        said = shlex.quote(text.decode().rstrip("\n"))
        steps = [f"printf '%s\\n' {said} >list.0"]
        steps += [f"join list.{i} >list.{i + 1}" for i in range(lists)]
        steps += [f"join list.{lists} >{file}", proof]
        made = self.ask(
            f"{' && '.join(steps)}; status=$?; rm -f $sink; sink=; return $status",
            seconds=30.0 + len(blob) / 20_000,
        )
        return made.status == 0

    def _scanned(self, held: int) -> list[tuple[int, int, int]]:
        """Return the pieces of a sink that is there already."""
        self._set_piece(64 if held < 4096 else 256)
        self.ask("after=scan")
        found = []
        quiet = self.port.now()
        while self.port.now() - quiet < 1.5:
            for one in self._events(0.2):
                if one.kind is Kind.PIECE:
                    found.append((one.a, one.b, one.c))
                    quiet = self.port.now()
            if found and found[-1][0] + found[-1][1] == held:
                break
        if not found or found[-1][0] + found[-1][1] < held:
            found.append((held, 0, -1))  # what follows comes behind it
        return found

    def _set_piece(self, size: int) -> None:
        if size != self._piece:
            self.ask(f"piece={size}")
            self._piece = size

    def _send(self, sender: Sender, progress: Callable[[int], None] | None) -> None:
        """Carry a blob into the sink, smaller pieces of it on a bad line."""
        heard = changed = self.port.now()
        slowness = 1.0  # of the board: what was given up too early shows how slow it is
        asked = heard  # when silence last ended in sending again
        while not sender.is_done:
            wanted = sender.advice(self._piece)
            if wanted != self._piece and sender.is_told:
                sender.quiet()
                self._set_piece(wanted)
                sender.forget_damage()
                heard = self.port.now()
            data = b"" if wanted != self._piece else sender.next(_CHUNK)
            if data:
                self.port.write(data)
                self._is_awaited = False
                if progress is not None:
                    progress(sender.covered)
            for one in self._events(0.0 if data else 0.02):
                if one.kind is Kind.PIECE:
                    if sender.piece(one.a, one.b, one.c):
                        slowness = max(1.0, slowness / 1.2)
                    heard = changed = self.port.now()
            now = self.port.now()
            limit = 0.3 if sender.is_told else 1.0 + 10.0 * sender.window / self.port.baud
            if not data and now - heard > limit * slowness:
                if changed < asked:
                    self.ask(":")  # is anybody there to take it?
                asked = now
                sender.quiet()
                slowness = min(4.0, slowness * 1.6)
                heard = self.port.now()
            if now - changed > self._dead:
                raise self.lost("an upload")
        self._is_awaited = True

    def raise_speed(self, baud: int) -> bool:
        """Try a higher speed, and stay at it if both sides can; say whether.

        The receiver goes back unless a whole command comes within 3 s. Which speed it is at when
        its answer was lost is found out by asking at both.
        """
        before = self.port.baud
        self.ask(f"after='speed {baud}'")
        self.port.wait(0.7)
        for speed in (baud, before) * 3:
            try:
                self._go_to(speed)
            except BoardError:  # this side cannot; the other goes back by itself
                continue
            if speed == before:
                self.port.wait(3.5)
            for _ in range(2):
                self._number += 1
                self.port.write(command(self._number, ":", self._check))
                if self._answer(0.8, 0) is not None:
                    return speed == baud
                self.port.wait(_SILENCE)
        raise self.lost(f"speed {baud}")

    def close(self) -> None:
        """Leave the line as it was found, if it still answers."""
        for _ in range(_GOODBYES):
            self._number += 1
            self.port.drain()
            self.port.wait(_SILENCE)
            self._told.clear()
            self.port.write(command(self._number, _EXIT, self._check))
            self.port.drain()
            heard = self.port.read(_PROMPT_SECONDS)  # of the shell, at the console's speed
            if not any(one.kind in _HERE for one in self._listener.feed(heard)):
                break
        self._go_to(self._console_baud)
        if heard:
            self._heard(_SILENCE)  # whoever comes next finds it ready

    def lost(self, what: str) -> LostError:
        """Return the error of a line that has gone silent."""
        return LostError(
            f"{self._name}: the line is silent: no answer to {what[:60]!r}",
            hint="is the board on, and the cable in its place?",
        )

    def _ended(self) -> LostError:
        """Return the error of a console that is itself again."""
        return LostError(
            f"{self._name}: the board's end of the line was ended: a shell is at its console",
            hint="did the board restart? then flash again",
        )


def unpacked(content: bytes) -> bytes:
    """Return what the receiver may have compressed."""
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _list(runs: list[Run]) -> bytes:
    return "".join(f"{run.offset} {run.size}\n" for run in runs).encode()
