# SPDX-License-Identifier: MIT
"""SSH signatures: made with a key file, an agent or a token, checked against allowed signers.

Both are `ssh-keygen -Y`, so a board needs nothing but OpenSSH, and every kind of key that it knows
will do. What the bytes mean is not known here; a namespace keeps a signature to its purpose.
"""

import base64
import binascii
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rpikit.errors import DescriptionError, ToolError, VerificationError

BUNDLE = "rpikit-bundle"
"""The namespace of signatures over what a slot holds."""
SIGNERS = "rpikit-signers"
"""That of signatures over a new list of allowed signers."""
RELEASE = "rpikit-release"
"""That of signatures over the SHA256SUMS of a release."""

SUFFIX = ".sig"
LIST = "allowed_signers"
SIGNERS_MAX = 64 << 10  # bytes of a list, which travels as one word of a command

_PROGRAM = "ssh-keygen"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70  # characters of base64 in a line, as ssh-keygen writes them
_MAGIC = b"SSHSIG"
_MAKE = "make one: ssh-keygen -t ed25519 -f release_key"
_SECONDS = 120  # for a passphrase or a touch
_NUMBER = re.compile(r"^#[ \t]*number[ \t]+0*([0-9]{1,9})[ \t]*$", re.MULTILINE)
_DATE = re.compile(r"\d{8}(\d{4}(\d{2})?)?Z?")
_OPTION = re.compile(r'(?:cert-authority|(namespaces|valid-after|valid-before)="([^"]*)")')


@dataclass(frozen=True)
class Signer:
    """Whose signature fits."""

    name: str  # the principal of the list
    key: str  # kind and SHA-256 fingerprint, as ssh-keygen prints them

    def __str__(self) -> str:
        return f"{self.name} with {self.key}"


@dataclass(frozen=True)
class Allowed:
    """One line of a list of allowed signers."""

    principals: tuple[str, ...]
    kind: str  # of the key, such as ssh-ed25519
    fingerprint: str  # SHA256:…
    namespaces: str = ""  # patterns; "" is any
    valid_after: str = ""
    valid_before: str = ""

    def __str__(self) -> str:
        until = f", until {self.valid_before}" if self.valid_before else ""
        return f"{','.join(self.principals)}: {self.kind} {self.fingerprint}{until}"

    def may(self, namespace: str) -> bool:
        """Whether its signatures count in a namespace."""
        if not self.namespaces:
            return True
        patterns = (re.escape(one).replace(r"\*", ".*") for one in self.namespaces.split(","))
        return any(re.fullmatch(one, namespace) for one in patterns)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line; ValueError says what is wrong with it."""
        principals, *words = line.split()
        options: dict[str, str] = {}
        if words and ("=" in words[0] or words[0].startswith("cert-authority")):
            options = _options(words.pop(0))
        if len(words) < 2:
            raise ValueError("write: principals, options if any, kind of key, key")
        kind, key = words[:2]
        if _kind_of(key) != kind:
            raise ValueError(f"{key[:20]!r} is no key of the kind {kind}")
        for name in ("valid-after", "valid-before"):
            if name in options and not _DATE.fullmatch(options[name]):
                raise ValueError(f'{name}="{options[name]}": write YYYYMMDD or YYYYMMDDHHMM[SS]')
        digest = base64.b64encode(hashlib.sha256(base64.b64decode(key)).digest()).decode()
        return cls(
            tuple(principals.strip('"').split(",")),
            kind,
            f"SHA256:{digest.rstrip('=')}",
            options.get("namespaces", ""),
            options.get("valid-after", ""),
            options.get("valid-before", ""),
        )


def _options(word: str) -> dict[str, str]:
    """Return the options of a line; those that OpenSSH does not know, it would refuse, too."""
    found: dict[str, str] = {}
    rest = word
    while rest:
        match = _OPTION.match(rest)
        if match is None or (rest[match.end() :] and rest[match.end()] != ","):
            raise ValueError(
                f"{rest!r} is no option; there are cert-authority, namespaces=, valid-after= and "
                "valid-before=, their values in double quotes"
            )
        if match[1]:
            found[match[1]] = match[2]
        rest = rest[match.end() :].removeprefix(",")
    return found


def _kind_of(key: str) -> str:
    """Return the kind that a public key in base64 names itself, "" if it is none."""
    try:
        data = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return ""
    size = int.from_bytes(data[:4], "big")
    name = data[4 : 4 + size]
    return name.decode() if 0 < size <= 64 and len(name) == size and name.isascii() else ""


def number_of(text: str) -> int:
    """Return the number of a list, 0 if it has none; a board takes only lists that count up.

    It is a line by itself, `# number 3`, so that OpenSSH reads over it; the first one counts.
    """
    found = _NUMBER.search(text)
    return int(found[1]) if found else 0


def read_signers(path: Path) -> tuple[str, tuple[Allowed, ...]]:
    """Return the text of a list of allowed signers, and its lines; refuse one that is wrong."""
    try:
        data = path.read_bytes()
        text = data.decode()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(
            f"{path}: {reason}; name a list of allowed signers",
            hint=f'write one: echo "release@example.com $(cat release_key.pub)" > {LIST}',
        ) from None
    except UnicodeDecodeError:
        raise DescriptionError(f"{path}: is not UTF-8 text") from None
    if len(data) > SIGNERS_MAX:
        raise DescriptionError(f"{path}: {len(data)} bytes; a list has at most {SIGNERS_MAX}")
    return text, parse_signers(text, str(path))


def parse_signers(text: str, source: str) -> tuple[Allowed, ...]:
    """Return the lines of a list; one in which nobody may sign a bundle is refused."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            try:
                found.append(Allowed.parse(line))
            except ValueError as error:
                raise DescriptionError(f"{source}:{number}: {error}") from None
    if not any(one.may(BUNDLE) for one in found):
        who = "nobody in it may sign a bundle" if found else "it names nobody"
        raise DescriptionError(
            f"{source}: {who}",
            hint='a line: release@example.com namespaces="rpikit-*" ssh-ed25519 AAAA…',
        )
    return tuple(found)


def check_form(signature: bytes) -> None:
    """Refuse a signature with any byte other than ssh-keygen writes it: ValueError says which."""
    try:
        lines = signature.decode("ascii").splitlines()
        data = base64.b64decode("".join(lines[1:-1]), validate=True)
    except (UnicodeDecodeError, binascii.Error):
        raise ValueError("is no SSH signature") from None
    if not data.startswith(_MAGIC) or _armored(data) != signature:
        raise ValueError("is not in the form that ssh-keygen writes")


def _armored(data: bytes) -> bytes:
    text = base64.b64encode(data).decode()
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def sign(
    message: bytes, key: Path, namespace: str, *, report: Callable[[str], None] = lambda line: None
) -> bytes:
    """Return the signature over a message.

    `key` is a private key, or a public one (.pub) whose private one an agent or token holds.
    """
    if not key.is_file():
        raise DescriptionError(f"--key = {str(key)!r}: there is no such file", hint=_MAKE)
    is_token = _is_token(key)
    if is_token:
        report(f"sign with {key}: touch the token when it blinks")
    command = ["-Y", "sign", "-f", str(key), "-n", namespace]
    try:
        done = _run(command, message, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise _unsigned(key, f"no end after {_SECONDS} s", is_token) from None
    if done.returncode != 0 or not done.stdout.startswith(_BEGIN.encode()):
        raise _unsigned(key, done.stderr.decode(errors="replace"), is_token)
    return done.stdout


def _is_token(key: Path) -> bool:
    """Whether a key lives in a hardware token, as its public half tells."""
    public = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    try:
        return public.read_text(errors="replace").startswith("sk-")
    except OSError:
        return False


def _unsigned(key: Path, said: str, is_token: bool) -> VerificationError | DescriptionError:
    """Return the error for what ssh-keygen said, with what to do about it."""
    last = next(reversed([line for line in said.splitlines() if line.strip()]), "nothing")
    if "incorrect passphrase" in said:
        return DescriptionError(
            f"{key}: its passphrase was not given, or is another",
            hint=f"without a terminal: ssh-add {key}, then name {key}.pub",
        )
    if "UNPROTECTED" in said or "bad permissions" in said:
        return DescriptionError(f"{key}: others can read it", hint=f"chmod 600 {key}")
    if is_token:
        return VerificationError(
            f"{key}: the token did not sign ({last.strip()})",
            hint="plug it in, and touch it when it blinks",
        )
    if "No private key" in said or "agent" in said.lower():
        agent = os.environ.get("SSH_AUTH_SOCK")
        where = "the agent does not have its key" if agent else "no agent runs that has its key"
        return DescriptionError(
            f"{key}: {where}", hint=f"ssh-add {key.with_suffix('')}, or name the private key"
        )
    return DescriptionError(f"{key}: ssh-keygen cannot sign with it: {last.strip()}", hint=_MAKE)


def check(message: bytes, signature: bytes, signers: Path, namespace: str, what: str) -> Signer:
    """Return whose signature it is; VerificationError if it fits not or is nobody's of the list.

    `what` is the file that errors name.
    """
    _, allowed = read_signers(signers)
    key = fits(message, signature, namespace, what)
    with tempfile.NamedTemporaryFile(prefix="rpikit-", suffix=SUFFIX) as file:
        file.write(signature)
        file.flush()
        words = ["-s", file.name, "-n", namespace]
        reason = b""
        for name in dict.fromkeys(name for one in allowed for name in one.principals):
            asked = ["-Y", "verify", *words, "-f", str(signers), "-I", name]
            done = _run(asked, message)
            if done.returncode == 0:
                return Signer(name, key)
            reason = done.stderr or reason
    lines = reason.decode(errors="replace").splitlines()
    why = next((f" ({line.partition(': ')[2]})" for line in lines if ": " in line), "")
    raise VerificationError(
        f"{what}: is signed with {key}, which {signers} does not allow{why}",
        hint="have it signed by an allowed signer, or get a newer list",
    )


def fits(message: bytes, signature: bytes, namespace: str, what: str) -> str:
    """Return with which key a message was signed; VerificationError if the signature fits not."""
    try:
        check_form(signature)
    except ValueError as error:
        raise VerificationError(f"{what}{SUFFIX}: {error}", hint="fetch it again") from None
    with tempfile.NamedTemporaryFile(prefix="rpikit-", suffix=SUFFIX) as file:
        file.write(signature)
        file.flush()
        done = _run(["-Y", "check-novalidate", "-s", file.name, "-n", namespace], message)
    if done.returncode != 0:
        raise VerificationError(
            f"{what}: its signature is not of these bytes, or not for {namespace}",
            hint="fetch file and signature again from their source",
        )
    return done.stdout.decode(errors="replace").rpartition(" with ")[2].strip()


def fingerprint(key: Path) -> str:
    """Return the SHA-256 fingerprint of a key, private or public."""
    if not key.is_file():
        raise DescriptionError(f"--key = {str(key)!r}: there is no such file", hint=_MAKE)
    done = _run(["-l", "-E", "sha256", "-f", str(key)], b"")
    words = done.stdout.decode(errors="replace").split()
    if done.returncode != 0 or len(words) < 2:
        raise DescriptionError(f"--key = {str(key)!r}: is no SSH key", hint=_MAKE)
    return words[1]


def _run(
    words: list[str], message: bytes, timeout: float | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [_PROGRAM, *words], input=message, capture_output=True, check=False, timeout=timeout
        )
    except FileNotFoundError:
        raise ToolError(
            f"{_PROGRAM} is not installed", hint="apt-get install openssh-client"
        ) from None
