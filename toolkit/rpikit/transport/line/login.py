# SPDX-License-Identifier: MIT
"""From whatever a console shows to the receiver: what to type next, after what was heard last.

Nothing that is typed here does harm when bytes of it are lost or flipped: words in variables, whose
sum is asked for before they are used; the receiver comes compressed, so gzip's CRC guards it.
"""

import gzip
import hashlib
import re
import secrets
import shlex
from enum import Enum, auto

from rpikit.errors import BoardError

WAITING = b"@@"
"""What the loader says while it waits for the receiver, or a part of it."""

_LOADER = (
    ("a", "s=$(stty -g);stty raw -echo min 0 time 2;i=;"),
    ("b", "p=$(dd bs=9k count=1 iflag=fullblock|gzip -dc)"),
    ("c", "i=x$i;[ ${#i} -gt 200 ]&&break;echo @@"),
    ("e", 'exec 2>/dev/null;eval "$a";until eval "$b"'),
    ("f", '&&eval "$p";do eval "$c";done;stty $s'),
)
_RESUME = "\x11"  # XON: what came before may have been the XOFF that stops a terminal's output
_LOAD = '(eval "$e$f")'
_PART = 700  # characters of the receiver in one part


class Step(Enum):
    """What a console shows."""

    USER = auto()
    PASSWORD = auto()
    REFUSED = auto()
    SHELL = auto()
    LOADER = auto()
    OTHER = auto()


class Login:
    """Leads to a shell; the one who types waits for quiet before each step."""

    def __init__(self, board: str, user: str | None, password: str | None) -> None:
        self._board = board
        self._user = user
        self._password = password
        self._probe = ""
        self._refusals = 0
        self._typed_password = False

    def seen(self, heard: str) -> Step:
        """Say what a console shows that said this since the last step."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", heard)
        last = text.rstrip().rpartition("\n")[2].strip()
        if self._probe and self._probe in text:
            return Step.SHELL
        if re.search(r"@@\s*$", text):
            return Step.LOADER
        if re.search(r"assword(?: for \S+)?: ?$", last):
            return Step.PASSWORD
        if re.search(r"[Ll]ogin incorrect|[Aa]uthentication failure", text):
            return Step.REFUSED
        if re.search(r"(?:login|Login|user name|username): ?$", last):
            return Step.USER
        return Step.OTHER

    def answer(self, step: Step) -> bytes:
        """Return what to type at such a console; BoardError if nothing helps."""
        if step in (Step.USER, Step.REFUSED):
            if step is Step.REFUSED or self._typed_password:
                self._refusals += 1
                self._typed_password = False
            if self._user is None or self._refusals > 3:
                raise self._unknown_user()
            return self._user.encode() + b"\r" if step is Step.USER else b"\r"
        if step is Step.PASSWORD:
            if self._user is None or self._password is None:
                raise self._unknown_user()
            self._typed_password = True
            return self._password.encode() + b"\r"
        number = secrets.randbelow(900) + 100
        self._probe = f"rpikit{number * 7}is"
        return f"{_RESUME}\x03\recho rpikit$(({number}*7))is\r".encode()

    def _unknown_user(self) -> BoardError:
        if self._user is None or self._password is None:
            missing = "a user" if self._user is None else "a password"
            return BoardError(
                f"board {self._board!r}: its console asks for {missing}",
                hint=f'write console = {{ user = "pi", password = "..." }} below '
                f"[boards.{self._board}] in bench.toml",
            )
        return BoardError(
            f"board {self._board!r}: its console refuses user {self._user!r} and the password",
            hint=f"mend console below [boards.{self._board}] in bench.toml",
        )


def loader() -> tuple[list[bytes], str]:
    """Return the lines that make the loader, and the sum that the last of them prints."""
    lines = [b"\x03\r", *(f"{name}={shlex.quote(text)}\r".encode() for name, text in _LOADER)]
    words = "".join(f"${name}" for name, _ in _LOADER)
    lines.append(f'echo "{words}"|sha256sum\r'.encode())
    text = "".join(text for _, text in _LOADER) + "\n"
    return lines, hashlib.sha256(text.encode()).hexdigest()[:16]


def load() -> bytes:
    """Return the line that starts the loader."""
    return f"{_LOAD}\r".encode()


def _stripped(program: str) -> str:
    """Return a shell program without its comments and indentation."""
    lines = (line.strip() for line in program.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"


def whole(program: str) -> bytes:
    """Return what the loader runs at once, if it arrives in one piece."""
    return _packed(f'sh -c {shlex.quote(_stripped(program))} rpikit "$s"')


def parts(program: str) -> list[bytes]:
    """Return the same in parts for a bad line; each may come again, the last one when all came."""
    text = _stripped(program)
    pieces = [text[at : at + _PART] for at in range(0, len(text), _PART)]
    made = [
        _packed(f"r{i}={shlex.quote(piece)};echo @{i}@;false") for i, piece in enumerate(pieces)
    ]
    words = "".join(f"$r{i}" for i in range(len(pieces)))
    return [*made, _packed(f'sh -c "{words}" rpikit "$s"')]


def _packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)
